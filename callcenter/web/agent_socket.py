"""The agent socket: a snapshot first, then every change, numbered (docs/reference/api.md, Agent socket)."""

from __future__ import annotations

import asyncio
import struct
from contextlib import suppress
from functools import partial
from typing import Annotated, Literal

import structlog
from aiohttp import WSMsgType, web
from pydantic import Field, TypeAdapter, ValidationError

from callcenter.auth.permissions import Permission
from callcenter.auth.sessions import Principal
from callcenter.clock import Clock
from callcenter.errors import Unavailable
from callcenter.features.wallboard import frame
from callcenter.web.ask import Ask, Id, Input
from callcenter.web.hub import BAD_FRAME, DEFECT, SESSION_OVER, Outbox, OutboxClosed
from callcenter.web.services import LiveCalls

log = structlog.get_logger(__name__)

HEARTBEAT_S = 15.0
LOGIN_CHECK_S = 30.0
"""A user who is kept out, or whose password was changed by another process, sees calls for no longer than this."""
CLOSE_WAIT_S = 2.0
TEXT_FRAME = 0x80 | WSMsgType.TEXT
MAX_FRAME = 4096
"""Bytes of one frame from the page; its frames are small."""


class Ping(Input):
    """The page asks whether we live, and for our clock."""

    type: Literal["ping"]
    t: float


class PopPainted(Input):
    """The pop is visible since ``painted_at`` (ms, the server's clock as the page knows it)."""

    type: Literal["pop.painted"]
    call_id: Id
    painted_at: float


class CallDone(Input):
    """The agent puts a finished call away."""

    type: Literal["call.done"]
    call_id: Id


Frame = Annotated[Ping | PopPainted | CallDone, Field(discriminator="type")]
FRAME: TypeAdapter[Ping | PopPainted | CallDone] = TypeAdapter(Frame)


async def agent_socket(ask: Ask) -> web.WebSocketResponse:
    """Open the agent's live desk (WebSocket)."""
    services, who = ask.services, ask.who
    socket = web.WebSocketResponse(
        heartbeat=HEARTBEAT_S, timeout=CLOSE_WAIT_S, max_msg_size=MAX_FRAME, writer_limit=0, compress=False
    )
    await socket.prepare(ask.http)
    # Nothing waits between these lines: no frame falls between the snapshots and the stream, none comes twice.
    outbox = services.hub.attach(who.interface, who.session_id, who.permissions, who.user_id)
    outbox.put("snapshot", services.live_calls.snapshot(who.interface))
    if Permission.WALLBOARD in who.permissions:
        outbox.put("wallboard", frame(services.wallboard.snapshot()))
    outbox.send_now = partial(_send_now, ask.http)
    writer = asyncio.create_task(_write(socket, outbox), name=f"desk:{who.user_id}")
    try:
        await _converse(socket, outbox, ask)
        await _close(socket, outbox, ask.http)
    finally:
        services.hub.detach(outbox, who.interface, who.session_id)
        writer.cancel()
        await asyncio.wait({writer})
    return socket


async def _converse(socket: web.WebSocketResponse, outbox: Outbox, ask: Ask) -> None:
    """Run until the page leaves, the outbox closes or the login is over."""
    services, who = ask.services, ask.who
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(_read(socket, outbox, who, services.live_calls, services.clock)),
                group.create_task(_watch_login(outbox, ask)),
                group.create_task(_until_closed(outbox)),
            ]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
    except Exception:  # the border of the socket session
        log.exception("desk.session_failed", user_id=who.user_id)
        outbox.close(DEFECT)


async def _until_closed(outbox: Outbox) -> None:
    await outbox.closed.wait()


async def _write(socket: web.WebSocketResponse, outbox: Outbox) -> None:
    """Send what waits. A slow browser holds this task in ``send_frame`` while its outbox fills."""
    with suppress(OutboxClosed, ConnectionError):
        while True:
            await socket.send_frame(await outbox.next(), WSMsgType.TEXT)


def _send_now(request: web.Request, frame: bytes) -> bool:
    """Write a frame without waiting for a turn of the writer, if the browser has taken everything before it.

    A text frame from a server is its length and the text (RFC 6455, 5.2); nothing is compressed or fragmented here, so
    whole frames may be written beside aiohttp's own.
    """
    transport = request.transport
    if transport is None or transport.is_closing() or transport.get_write_buffer_size():
        return False
    transport.write(_frame_head(len(frame)) + frame)
    return True


def _frame_head(length: int) -> bytes:
    if length < 126:
        return struct.pack("!BB", TEXT_FRAME, length)
    if length < 1 << 16:
        return struct.pack("!BBH", TEXT_FRAME, 126, length)
    return struct.pack("!BBQ", TEXT_FRAME, 127, length)


async def _watch_login(outbox: Outbox, ask: Ask) -> None:
    """Until the login expires, or is found to have been ended."""
    auth, clock = ask.services.auth, ask.services.clock
    token = ask.http.cookies.get(auth.cookie_name)
    while (left_s := (ask.who.expires_at - clock.now()).total_seconds()) > 0:
        await clock.sleep(min(left_s, LOGIN_CHECK_S))
        # While the database is away nobody can be asked, and the desk goes on.
        with suppress(Unavailable):
            if await auth.lookup(token) is None:
                break
    outbox.close(SESSION_OVER)


async def _read(socket: web.WebSocketResponse, outbox: Outbox, who: Principal, calls: LiveCalls, clock: Clock) -> None:
    async for message in socket:
        if message.type is not WSMsgType.TEXT:
            outbox.close(BAD_FRAME)
            return
        try:
            _handle(FRAME.validate_json(message.data), outbox, who, calls, clock)
        except ValidationError as error:
            log.warning("desk.bad_frame", user_id=who.user_id, problem=error.errors(include_input=False)[0]["msg"])
            outbox.close(BAD_FRAME)
            return


def _handle(
    frame: Ping | PopPainted | CallDone, outbox: Outbox, who: Principal, calls: LiveCalls, clock: Clock
) -> None:
    match frame:
        case Ping():
            outbox.put("pong", {"t": frame.t, "server_time": clock.now()})
        case PopPainted() if who.interface:
            calls.painted(who.interface, frame.call_id, frame.painted_at)
        case CallDone() if who.interface:
            calls.done(who.interface, frame.call_id)


async def _close(socket: web.WebSocketResponse, outbox: Outbox, request: web.Request) -> None:
    """Say why. A browser that does not even read that loses its connection.

    The writer must not be cancelled before: it may wait for the browser in aiohttp's one drain future per connection,
    and cancelling that would break ``close``, which waits there too.
    """
    if outbox.close_code is None:
        return
    transport = request.transport
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_WAIT_S):
            await socket.close(code=outbox.close_code, drain=False)
    if transport is not None:
        transport.abort()
