"""The link to the PBX: one AMI connection that is kept up, watched, and never lies about its state.

panoramisk 1.4 is the transport (socket protocol, action ids, list answers). Everything above the socket is ours,
because its manager drops connections on odd answers, never notices a dead peer, repeats unanswered Originates after a
reconnect and cannot be stopped while it waits (tests/integration/test_ami_link.py tests each of its twelve defects).

Threads: one event loop. Order: ``events`` yields what the PBX sent in the order it was sent, between a ``Connected``
and the ``Disconnected`` that ends it. Nothing an action's sender does can reorder or delay it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Self, TypeVar

import structlog

from callcenter.clock import Clock
from callcenter.config_sections import PbxSettings
from callcenter.errors import Unavailable
from callcenter.storage.journal import OFF, Journal
from callcenter.telephony.ami_session import AmiSession, LinkDown, Loss, Lost, Reply, Value, check_action

__all__ = [
    "FIXES",
    "AmiLink",
    "Connected",
    "Disconnected",
    "LinkDown",
    "LinkEvent",
    "LinkState",
    "LoginRefused",
    "LookAgain",
    "Loss",
    "NoAnswer",
    "Reply",
    "Value",
]

log = structlog.get_logger(__name__)

T = TypeVar("T")

QUEUE_LIMIT = 200_000
"""Unread messages at which the link gives up and starts over with a snapshot: minutes of a busy PBX."""
REFUSED_WAIT_S = (30.0, 300.0)
"""First and longest wait after a refused login: slow enough not to be banned."""

FIXES = {
    Loss.UNREACHABLE: "check pbx.host and pbx.port, that Asterisk runs and that manager.conf has enabled = yes",
    Loss.REFUSED_AT_LOGIN: "check pbx.username, its secret, and deny/permit of that user in manager.conf",
    Loss.CLOSED_AT_LOGIN: "check firewalls and the ACLs of manager.conf for this host",
    Loss.NOT_AMI: "check pbx.port: it must be the AMI port, usually 5038",
}
"""What to do, where we know."""


class LoginRefused(LinkDown):
    """The PBX does not let us in."""

    code = "pbx_login_refused"


class NoAnswer(Unavailable):
    """The PBX did not answer in time; ``accepted``: it took the action, but the rest of the answer is missing."""

    code = "pbx_no_answer"

    def __init__(self, message: str, *, accepted: bool) -> None:
        super().__init__(message)
        self.accepted = accepted


@dataclass(frozen=True, slots=True)
class Connected:
    """Logged in. ``version`` is the AMI version of the banner. What follows is the stream of this session."""

    at: datetime
    version: str


@dataclass(frozen=True, slots=True)
class Disconnected:
    """No link (any more); ``detail`` is a sentence. While down it is sent again only when the reason changes.

    ``heard_at``: when the PBX last said anything, None if it never did. What happened after it may be unknown to us.
    """

    at: datetime
    reason: Loss
    detail: str
    heard_at: datetime | None


@dataclass(frozen=True, slots=True)
class LookAgain:
    """A note that the consumer puts into the stream for itself: time to take another snapshot."""

    attempt: int


LinkEvent = Connected | Disconnected | LookAgain | dict[str, str]


@dataclass(frozen=True, slots=True)
class LinkState:
    """``since``: when it became so; ``last_error``: why it is or last was down."""

    connected: bool
    since: datetime
    last_error: str | None


@dataclass(slots=True)
class _Backoff:
    """Doubling waits with jitter (between half and all of it), so that many clients do not come back in step."""

    shortest_s: float
    longest_s: float
    jitter: Callable[[], float]
    _failures: int = field(default=0)

    def reset(self) -> None:
        self._failures = 0

    def next(self, reason: Loss) -> float:
        first, longest = REFUSED_WAIT_S if reason is Loss.REFUSED_AT_LOGIN else (self.shortest_s, self.longest_s)
        wait: float = min(longest, first * 2 ** min(self._failures, 16))
        self._failures += 1
        return wait * (0.5 + 0.5 * self.jitter())


class AmiLink:
    """Keeps one AMI session up from ``start`` to ``aclose``.

    Contract: ``events`` is read by exactly one consumer. ``send`` may be called by many; it fails at once with LinkDown
    while there is no link, and nothing is ever sent twice. A silent peer is noticed after at most
    ``ping_interval_s + ping_timeout_s``.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        username: str,
        secret: str,
        clock: Clock,
        ping_interval_s: float = 4.0,
        ping_timeout_s: float = 8.0,
        reconnect_min_s: float = 0.5,
        reconnect_max_s: float = 3.0,
        action_timeout_s: float = 5.0,
        jitter: Callable[[], float] = random.random,
        journal: Journal = OFF,
    ) -> None:
        self.host = host
        self.port = port
        self.events: asyncio.Queue[LinkEvent] = asyncio.Queue()
        self._username = username
        self._login_action = {"Action": "Login", "Username": username, "Secret": secret, "Events": "on"}
        check_action(self._login_action)
        self._clock = clock
        self._ping_interval_s = ping_interval_s
        self._ping_timeout_s = ping_timeout_s
        self._action_timeout_s = action_timeout_s
        self._backoff = _Backoff(reconnect_min_s, reconnect_max_s, jitter)
        self._journal = journal
        self._sessions = 0
        self._session: AmiSession | None = None
        self._task: asyncio.Task[None] | None = None
        self._state = LinkState(connected=False, since=clock.now(), last_error=None)
        self._lost: Lost | None = None
        self._heard_at: datetime | None = None
        self._changed = asyncio.Event()

    @classmethod
    def from_settings(cls, pbx: PbxSettings, *, secret: str, clock: Clock, journal: Journal = OFF) -> Self:
        """The link that config.yaml describes."""
        return cls(
            host=pbx.host,
            port=pbx.port,
            username=pbx.username,
            secret=secret,
            clock=clock,
            ping_interval_s=pbx.ping_interval_s,
            ping_timeout_s=pbx.ping_timeout_s,
            reconnect_min_s=pbx.reconnect_min_s,
            reconnect_max_s=pbx.reconnect_max_s,
            action_timeout_s=pbx.action_timeout_s,
            journal=journal,
        )

    # State

    @property
    def state(self) -> LinkState:
        """The truth about the link right now."""
        return self._state

    @property
    def unparsed(self) -> tuple[int, bytes]:
        """The number of the session, and the beginning of a message of it whose end has not come yet."""
        return self._sessions, self._session.unparsed if self._session else b""

    @property
    def connected(self) -> bool:
        """Logged in, and the peer answered the last ping that is due."""
        return self._state.connected

    @property
    def peer_address(self) -> str:
        """The IP address of the PBX while connected, else the configured host."""
        transport = self._session.transport if self._session else None
        peer = transport.get_extra_info("peername") if transport else None
        return str(peer[0]) if peer else self.host

    async def wait_connected(self, timeout_s: float) -> None:
        """Return once logged in; raises LoginRefused as soon as the PBX refuses us, LinkDown after ``timeout_s``."""
        timer = asyncio.ensure_future(self._clock.sleep(timeout_s))
        try:
            while not self.connected:
                if self._lost is not None and self._lost.reason is Loss.REFUSED_AT_LOGIN:
                    raise self._down(LoginRefused)
                if timer.done():
                    raise self._down(LinkDown)
                self._changed.clear()
                changed = asyncio.ensure_future(self._changed.wait())
                await asyncio.wait({timer, changed}, return_when=asyncio.FIRST_COMPLETED)
                changed.cancel()
        finally:
            timer.cancel()

    # Life

    def start(self) -> None:
        """Begin to connect, in the background."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="ami-link")

    async def aclose(self) -> None:
        """Stop at once and for good, in whatever state; actions that wait fail with LinkDown."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def drop(self, reason: Loss, detail: str) -> None:
        """Give this session up; the link connects again."""
        if self._session is not None:
            self._session.drop(Lost(reason, detail))

    async def _run(self) -> None:
        try:
            while True:
                try:
                    lost = await self._one_session()
                except Exception as error:
                    # A defect of ours must not end the link for good, nor show it as up.
                    log.exception("pbx.session_failed")
                    lost = Lost(Loss.CLOSED, f"internal error: {error!r}")
                self._went_down(lost)
                await self._clock.sleep(self._backoff.next(lost.reason))
        finally:
            self._went_down(Lost(Loss.STOPPED, "closed by us"))

    async def _one_session(self) -> Lost:
        """Connect, log in, and watch until it is over; returns why."""
        self._sessions += 1
        session = AmiSession(self._receive, self._came_up, self._clock, partial(self._journal.raw, self._sessions))
        try:
            await self._connect(session)
            await self._login(session)
            return await self._watch(session)
        except Lost as lost:
            return lost
        finally:
            self._session = None
            self._heard_at = session.heard_at or self._heard_at
            session.drop(Lost(Loss.STOPPED, "closed by us"))

    async def _connect(self, session: AmiSession) -> None:
        loop = asyncio.get_running_loop()
        try:
            connecting = asyncio.ensure_future(loop.create_connection(lambda: session, self.host, self.port))
            await self._within(self._action_timeout_s, connecting)
        except TimeoutError:
            raise Lost(Loss.UNREACHABLE, f"no connection to {self.host}:{self.port} in time") from None
        except OSError as error:
            raise Lost(Loss.UNREACHABLE, f"{self.host}:{self.port}: {error.strerror or error}") from None

    async def _login(self, session: AmiSession) -> None:
        try:
            reply = await self._ask(session, self._login_action, as_list=False, timeout_s=self._ping_timeout_s)
        except LinkDown:
            raise await session.gone from None
        except NoAnswer:
            raise Lost(Loss.SILENT, "no answer to the login") from None
        if not reply.success:
            raise Lost(Loss.REFUSED_AT_LOGIN, f"login as {self._username}: {reply.message}")

    async def _watch(self, session: AmiSession) -> Lost:
        """Ping until the session ends or a ping stays unanswered."""
        while True:
            try:
                return await self._within(self._ping_interval_s, asyncio.shield(session.gone))
            except TimeoutError:
                pass
            try:
                await self._ask(session, {"Action": "Ping"}, as_list=False, timeout_s=self._ping_timeout_s)
            except NoAnswer:
                return Lost(Loss.SILENT, f"no answer to a ping within {self._ping_timeout_s:g} s")
            except LinkDown:
                return await session.gone

    def _receive(self, headers: dict[str, str]) -> bool:
        if self.events.qsize() >= QUEUE_LIMIT:
            self.drop(Loss.OVERLOADED, f"{QUEUE_LIMIT} events wait unread")
            return False
        self.events.put_nowait(headers)
        return True

    def _came_up(self, session: AmiSession) -> None:
        self._session = session
        self._lost = None
        self._backoff.reset()
        now = self._clock.now()
        self._set_state(LinkState(connected=True, since=now, last_error=self._state.last_error))
        self.events.put_nowait(Connected(now, session.ami_version))
        log.info("pbx.connected", host=self.host, port=self.port, ami=session.ami_version)

    def _went_down(self, lost: Lost) -> None:
        known = self._lost
        self._lost = lost
        if known is not None and known.reason is lost.reason:
            return
        now = self._clock.now()
        detail = lost.detail if lost.reason is Loss.STOPPED else f"{lost.reason}: {lost.detail}"
        since = now if self._state.connected else self._state.since
        self._set_state(LinkState(connected=False, since=since, last_error=detail))
        self.events.put_nowait(Disconnected(now, lost.reason, lost.detail, self._heard_at))
        say = log.info if lost.reason is Loss.STOPPED else log.warning
        say("pbx.disconnected", host=self.host, port=self.port, reason=lost.reason.value, why=lost.detail)

    def _set_state(self, state: LinkState) -> None:
        self._state = state
        self._changed.set()

    def _down(self, kind: type[LinkDown]) -> LinkDown:
        reason = self._lost.reason if self._lost else None
        detail = self._state.last_error or "not connected yet"
        fix = FIXES.get(reason) if reason else None
        return kind(f"no link to the PBX at {self.host}:{self.port}: {detail}", fix=fix)

    # Actions

    async def send(
        self, action: Mapping[str, Value], *, as_list: bool = False, timeout_s: float | None = None
    ) -> Reply:
        """Send one action and wait for its answer; with ``as_list`` for the whole list.

        A refusal by the PBX is a Reply without ``success``. Raises Invalid (unsafe value), LinkDown (no link, or lost
        while waiting), NoAnswer (after ``timeout_s``, default the link's). Cancelling forgets the answer.
        """
        check_action(action)
        session = self._session
        if session is None or session.closed:
            raise self._down(LinkDown)
        return await self._ask(session, action, as_list=as_list, timeout_s=timeout_s or self._action_timeout_s)

    async def _ask(self, session: AmiSession, action: Mapping[str, Value], *, as_list: bool, timeout_s: float) -> Reply:
        answer, action_id = session.ask(action, as_list=as_list)
        try:
            got = await self._within(timeout_s, answer)
        except TimeoutError:
            message = f"the PBX did not answer {action['Action']} within {timeout_s:g} s"
            raise NoAnswer(message, accepted=session.accepted(action_id)) from None
        finally:
            session.forget(action_id)
        messages = [dict(message) for message in (got if isinstance(got, list) else [got])]
        return Reply(messages[0], tuple(item for item in messages[1:] if item.get("EventList") != "Complete"))

    async def _within(self, seconds: float, future: asyncio.Future[T]) -> T:
        """``asyncio.wait_for`` on the link's clock; a late future is cancelled."""
        timer = asyncio.ensure_future(self._clock.sleep(seconds))
        waited: set[asyncio.Future[Any]] = {future, timer}
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if not future.done():
                raise TimeoutError
            return future.result()
        finally:
            timer.cancel()
            future.cancel()
