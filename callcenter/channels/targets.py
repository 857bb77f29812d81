"""Which addresses our messages may go to: a webhook's address must not become a way into our own network.

Every address that a name resolves to is judged when the connection is made, so a name that changes its mind between
check and use gains nothing. Link-local addresses (with the metadata services of clouds), multicast and the
unspecified address are never allowed; loopback and private networks only where ``allow_networks`` names them.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult

from callcenter.channels.port import Refused, Unreachable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Targets(AbstractResolver):
    """Resolves names for aiohttp and lets only allowed addresses through."""

    def __init__(self, allow_networks: Iterable[str] = ()) -> None:
        self._allowed = [ipaddress.ip_network(network) for network in allow_networks]

    def allows(self, address: Address) -> bool:
        """Whether we may connect to ``address``."""
        plain = getattr(address, "ipv4_mapped", None) or address
        if plain.is_link_local or plain.is_multicast or plain.is_unspecified:
            return False
        if any(plain.version == network.version and plain in network for network in self._allowed):
            return True
        return bool(plain.is_global)

    def check_url(self, url: str) -> None:
        """Raise Refused for another scheme than http(s), credentials in the address, or a forbidden literal address."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
            raise Refused("the address must be http(s)://host/… without a user name", fix="correct it in notify")
        try:
            literal = ipaddress.ip_address(parts.hostname)
        except ValueError:
            return
        if not self.allows(literal):
            raise _forbidden()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Aiohttp's port: all addresses of the name, if every one is allowed."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
        except socket.gaierror as error:
            raise Unreachable("the host name cannot be resolved") from error
        addresses = [str(entry[4][0]) for entry in found]
        if not all(self.allows(ipaddress.ip_address(address.partition("%")[0])) for address in addresses):
            raise _forbidden()
        return [
            ResolveResult(
                hostname=host, host=address, port=port, family=entry[0], proto=entry[2], flags=socket.AI_NUMERICHOST
            )
            for address, entry in zip(addresses, found, strict=True)
        ]

    async def close(self) -> None:
        """Nothing to close."""


def _forbidden() -> Refused:
    return Refused(
        "the address leads into a network that messages may not go to",
        field="notify.allow_networks",
        fix="name the network there if it is meant",
    )
