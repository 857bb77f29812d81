"""A browser that sends what the page sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientResponse, ClientSession, ClientWebSocketResponse


@dataclass
class Browser:
    """Sends what the page sends: cookie, Origin and CSRF token."""

    client: ClientSession
    origin: str
    csrf_token: str | None = None

    async def log_in(self, body: Mapping[str, str]) -> ClientResponse:
        response = await self.post("/api/session", body)
        if response.status == 200:
            self.csrf_token = (await response.json())["csrf_token"]
        return response

    def headers(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        own = ({"Origin": self.origin} if self.origin else {}) | (
            {"X-CSRF-Token": self.csrf_token} if self.csrf_token else {}
        )
        return own | dict(extra or {})

    async def get(self, path: str, **options: Any) -> ClientResponse:
        return await self.client.get(path, **options)

    async def send(self, method: str, path: str, body: object = None, **headers: str) -> ClientResponse:
        """``headers`` are written with underscores: ``If_Match=…``."""
        extra = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.request(method, path, json=body, headers=self.headers(extra))

    async def post(self, path: str, body: object, **headers: str) -> ClientResponse:
        return await self.send("POST", path, body, **headers)

    async def socket(self, **options: Any) -> ClientWebSocketResponse:
        return await self.client.ws_connect("/api/agent/socket", origin=self.origin, **options)
