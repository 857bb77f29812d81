"""Which requests may reach a handler at all: our host name, our own page as origin, and from where.

Host: a page of another site that points its own name at our address (DNS rebinding) sends that name; it is refused.
Literal addresses cannot be rebound and are accepted, so that health checks and a first visit need no settings.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

from aiohttp import web

from callcenter.config_sections import WebSettings
from callcenter.web.errors import HostUnknown, OriginForeign

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[0-9a-z._-]+)(:\d+)?")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


class Guard:
    """The checks that come before any route."""

    def __init__(self, settings: WebSettings) -> None:
        self._public = urlsplit(settings.public_url) if settings.public_url else None
        own = {"localhost", settings.host.lower(), socket.gethostname().lower()}
        self._names = {self._public.hostname, "localhost"} if self._public else own

    def check_host(self, host: str) -> None:
        """Raise HostUnknown unless ``host`` (the Host header) names us or is a literal address."""
        name = _hostname(host)
        if name is None or not (name in self._names or _address(name)):
            raise HostUnknown(
                "this server does not answer to that host name",
                field="Host",
                fix="open the address in web.public_url, or set web.public_url in config.yaml to the one you use",
            )

    def check_origin(self, headers: Mapping[str, str], host: str) -> None:
        """Raise OriginForeign unless the Origin header is that of our own page."""
        origin = headers.get("Origin")
        if origin is None or not self._own(origin, host):
            raise OriginForeign(
                "the request does not come from our own page",
                field="Origin",
                fix=f"send Origin: {self.origin(host)}; behind a proxy set web.public_url",
            )

    def origin(self, host: str) -> str:
        """Our own origin, as a browser says it."""
        return f"{self._public.scheme}://{self._public.netloc}" if self._public else f"http://{host}"

    def _own(self, origin: str, host: str) -> bool:
        if self._public:
            return origin.lower() == self.origin(host).lower()
        parts = urlsplit(origin.lower())
        return parts.scheme in {"http", "https"} and parts.netloc == host.lower() and not parts.path

    def local(self, request: web.Request) -> bool:
        """Whether somebody on this very machine asks, not a proxy on behalf of somebody else."""
        name = _hostname(request.host)
        direct = not any(header in request.headers for header in FORWARDED)
        return direct and _loopback(request.remote) and (name == "localhost" or _loopback(name))


def client_address(request: web.Request) -> str:
    """Where the request comes from; a proxy on this machine is believed about its last hop."""
    if _loopback(request.remote) and (hops := request.headers.get("X-Forwarded-For")):
        return hops.rpartition(",")[2].strip()[:64]
    return request.remote or "unknown"


def _hostname(host: str) -> str | None:
    found = _HOST.fullmatch(host.lower())
    return found["name"].strip("[]") if found else None


@lru_cache(maxsize=1024)
def _address(name: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name or "")
    except ValueError:
        return None


def _loopback(name: str | None) -> bool:
    address = _address(name)
    return address is not None and address.is_loopback
