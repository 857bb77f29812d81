"""The connection to the NATS server: made in the background and made again for as long as the process runs."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

import structlog

from callcenter.config_sections import BusSettings
from callcenter.errors import ConfigInvalid

if TYPE_CHECKING:
    from nats.aio.client import Client

log = structlog.get_logger(__name__)

RECONNECT_S = 1
PING_S = 5
"""A server that does not answer two pings in a row is given up."""
FOR_EVER = -1


class NatsConnection:
    """One connection shared by all that speaks NATS in this process; ``up`` says whether it stands right now."""

    def __init__(self, client: Client, url: str) -> None:
        self.client = client
        self.url = url
        self.last_error: str | None = None
        self._first: asyncio.Task[None] | None = None

    @classmethod
    def open(cls, settings: BusSettings, *, name: str) -> NatsConnection:
        """Begin to connect; an absent server is no error. Raises ConfigInvalid: no url, unreadable file, no package."""
        try:
            from nats.aio.client import Client
        except ImportError as error:
            raise ConfigInvalid(
                "the package nats-py is not installed", field="bus.url", fix="pip install 'callcenter-desk[nats]'"
            ) from error
        if settings.url is None:
            raise ConfigInvalid("no NATS server is named", field="bus.url", fix="e.g. nats://10.0.0.9:4222")
        connection = cls(Client(), settings.url)
        connection._first = asyncio.create_task(
            connection.client.connect(
                settings.url,
                name=name,
                user=settings.user,
                password=settings.secret(),
                error_cb=connection._failed,
                disconnected_cb=connection._lost,
                reconnected_cb=connection._back,
                reconnect_time_wait=RECONNECT_S,
                max_reconnect_attempts=FOR_EVER,
                ping_interval=PING_S,
                tls=_tls(settings) if settings.url.startswith("tls://") else None,
            ),
            name="nats:connect",
        )
        return connection

    @property
    def up(self) -> bool:
        """Whether messages go through right now."""
        return bool(self.client.is_connected)

    async def wait_up(self, timeout_s: float) -> bool:
        """Wait for the first connection, at most so long; False when it does not stand yet."""
        if self._first is not None:
            await asyncio.wait({self._first}, timeout=timeout_s)
        return self.up

    async def wait_first(self) -> None:
        """Wait for the first connection, however long it takes."""
        while not await self.wait_up(60):
            log.warning("nats.away", url=self.url, reason=self.last_error)

    async def aclose(self) -> None:
        """Send what is pending and close."""
        if self._first is not None and not self._first.done():
            self._first.cancel()
            await asyncio.gather(self._first, return_exceptions=True)
        await self.client.close()

    async def _failed(self, error: Exception) -> None:
        text = str(error) or type(error).__name__
        if text != self.last_error:  # Once: it is tried every second.
            log.warning("nats.failed", url=self.url, reason=text)
        self.last_error = text

    async def _lost(self) -> None:
        log.warning("nats.lost", url=self.url)

    async def _back(self) -> None:
        self.last_error = None
        log.info("nats.back", url=self.url)


def _tls(settings: BusSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except OSError as error:
        raise ConfigInvalid(
            f"cannot read {settings.ca_file}: {error.strerror}", field="bus.ca_file", fix="name a PEM file"
        ) from error
