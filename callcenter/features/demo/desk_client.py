"""An agent's desk without a browser: logs in, opens the agent socket, edits and saves, as the page does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson

from callcenter.errors import Unavailable
from callcenter.ids import new_id

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of the agent socket and when it came (``time.time`` seconds)."""

    at: float
    type: str
    body: Json


@dataclass(slots=True)
class Desk:
    """One logged-in user. ``frames`` holds everything the socket has said so far."""

    http: aiohttp.ClientSession
    base_url: str
    csrf_token: str = ""
    frames: list[Frame] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def log_in(self, login_token: str) -> Json:
        """Use a one-time link's token."""
        session = await self.request("POST", "/api/session", {"login_token": login_token})
        self.csrf_token = session["csrf_token"]
        return session

    async def request(self, method: str, path: str, body: Json | None = None, *, version: int | None = None) -> Json:
        """One call of the HTTP interface; Unavailable with the server's own words when it refuses."""
        headers = {"Origin": self.base_url, "X-CSRF-Token": self.csrf_token}
        if method == "POST":
            headers["Idempotency-Key"] = new_id()
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        async with self.http.request(method, self.base_url + path, json=body, headers=headers) as response:
            answer = orjson.loads(await response.read() or b"{}")
            if not response.ok:
                raise Unavailable(f"{method} {path}: {response.status} {answer.get('code')} {answer.get('detail')}")
            result: Json = answer
            return result

    async def download(self, path: str, *, byte_range: str | None = None) -> tuple[int, bytes]:
        """Status and bytes of a file of the HTTP interface."""
        headers = {"Range": byte_range} if byte_range else {}
        async with self.http.get(self.base_url + path, headers=headers) as response:
            return response.status, await response.read()

    async def wait(self, wanted: Callable[[Frame], bool], *, timeout_s: float, what: str) -> Frame:
        """The first frame, past or coming, that ``wanted`` accepts; Unavailable naming ``what`` when none comes."""
        seen = 0
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    for frame in self.frames[seen:]:
                        seen += 1
                        if wanted(frame):
                            return frame
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            kinds = sorted({frame.type for frame in self.frames})
            raise Unavailable(f"no {what} within {timeout_s:g} s; the desk received {kinds}") from None

    async def listen(self) -> None:
        """Read the agent socket until it closes."""
        url = self.base_url + "/api/agent/socket"
        async with self.http.ws_connect(url, headers={"Origin": self.base_url}, max_msg_size=0) as socket:
            async for message in socket:
                body: Json = orjson.loads(message.data)
                self.frames.append(Frame(time.time(), str(body["type"]), body))
                self._changed.set()


@asynccontextmanager
async def open_desk(base_url: str, login_token: str, *, live: bool = True) -> AsyncIterator[Desk]:
    """A logged-in desk; ``live`` opens the agent socket as well."""
    # The cookie jar must keep cookies of literal addresses: the demo runs on 127.0.0.1.
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        desk = Desk(http, base_url)
        await desk.log_in(login_token)
        reader = asyncio.create_task(desk.listen()) if live else None
        try:
            yield desk
        finally:
            if reader is not None:
                reader.cancel()
                await asyncio.gather(reader, return_exceptions=True)
