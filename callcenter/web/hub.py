"""Delivers frames to the agents' browsers: one bounded outbox per socket, filled without ever waiting.

A frame's body is serialised once, however many sockets it goes to; each socket adds its own ``seq`` when the frame
leaves. A browser that does not read is cut (close code 4408) and comes back for a fresh snapshot; it never slows
anybody else.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge

from callcenter.auth.permissions import Permission
from callcenter.web.encode import encode

TOO_SLOW = 4408
SESSION_OVER = 4401
BAD_FRAME = 4400
GOING_AWAY = 1001
DEFECT = 1011

COALESCED: Mapping[str, tuple[str, ...]] = {
    "transcript.partial": ("call_id", "speaker"),
    "wallboard": (),
    "order.changed": ("order_id",),
}
"""Frame types of which only the last waiting one per value of these fields matters: it replaces the one before."""


class OutboxClosed(Exception):  # noqa: N818
    """No more frames: the socket is to be closed with ``Outbox.close_code``."""


class Outbox:
    """Frames waiting for one socket, in order.

    ``send_now`` may be set by the socket's owner: given a whole frame it either sends it at once, or returns False when
    the browser has not taken all before it. What may be replaced by something newer always waits for its turn.
    """

    def __init__(self, limit: int) -> None:
        self.send_now: Callable[[bytes], bool] = _busy
        self._limit = limit
        self._frames: OrderedDict[Hashable, bytes] = OrderedDict()
        self._order = itertools.count(1)
        self._sent = 0
        self._wake = asyncio.Event()
        self.closed = asyncio.Event()
        self.close_code: int | None = None

    def put(self, kind: str, body: Mapping[str, object]) -> None:
        """Queue a frame for this socket alone."""
        self.put_encoded(*_frame(kind, body))

    def put_encoded(self, key: Hashable, tail: bytes) -> bool:
        """Queue a frame that ``_frame`` made; False when it replaced an older one. A full outbox cuts the socket."""
        if self.closed.is_set():
            return True
        if key is None and not self._frames and self.send_now(b'{"seq":%d,%b' % (self._sent + 1, tail)):
            self._sent += 1
            return True
        replaced = key is not None and self._frames.pop(key, None) is not None
        if len(self._frames) >= self._limit:
            self.close(TOO_SLOW)
            return True
        self._frames[next(self._order) if key is None else key] = tail
        self._wake.set()
        return not replaced

    async def next(self) -> bytes:
        """The next frame, numbered; waits for one. Raises OutboxClosed."""
        while not self._frames:
            if self.closed.is_set():
                raise OutboxClosed
            self._wake.clear()
            await self._wake.wait()
        _, tail = self._frames.popitem(last=False)
        self._sent += 1
        return b'{"seq":%d,%b' % (self._sent, tail)

    def close(self, code: int) -> None:
        """Drop what waits and have the socket closed with ``code``; the first call decides."""
        if not self.closed.is_set():
            self.close_code = code
            self._frames.clear()
            self.closed.set()
            self._wake.set()

    def __len__(self) -> int:
        """Frames waiting."""
        return len(self._frames)


def _busy(_frame: bytes) -> bool:
    return False


class WallScreens:
    """The sockets of those who may see the wallboard. Implements ``callcenter.features.wallboard.Screens``."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def watched(self) -> bool:
        """Whether anybody looks."""
        return self._hub.permitted(Permission.WALLBOARD) > 0

    def show(self, body: Mapping[str, object]) -> None:
        """One frame to each."""
        self._hub.push_permitted(Permission.WALLBOARD, "wallboard", body)


class OrderLists:
    """The sockets of those who may see orders. Implements ``callcenter.features.order_watch.Lists``."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def show(self, body: Mapping[str, object]) -> None:
        """One ``order.changed`` frame to each."""
        self._hub.push_permitted(Permission.ORDERS, "order.changed", body)


class UserNotices:
    """The sockets of one user. Implements ``callcenter.features.notify.planner.Notices``."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def told(self, user_id: str, body: Mapping[str, object]) -> None:
        """One ``notice`` frame to each."""
        self._hub.push_user(user_id, "notice", body)


class Hub:
    """All open sockets, by device, login session and permission. Implements ``callcenter.features.desk.Desk``."""

    def __init__(self, *, queue_limit: int, metrics: CollectorRegistry) -> None:
        self._queue_limit = queue_limit
        self._by_interface: defaultdict[str | None, set[Outbox]] = defaultdict(set)
        self._by_session: defaultdict[str, set[Outbox]] = defaultdict(set)
        self._by_user: defaultdict[str | None, set[Outbox]] = defaultdict(set)
        self._by_permission: dict[Permission, set[Outbox]] = {permission: set() for permission in Permission}
        self._all: set[Outbox] = set()
        self._attached = asyncio.Event()
        self._frames = Counter(
            "callcenter_desk_frames", "Frames queued to browsers, by type", ["type"], registry=metrics
        )
        self._coalesced = Counter(
            "callcenter_desk_coalesced", "Frames replaced before they were sent", registry=metrics
        )
        self._cut = Counter("callcenter_desk_cut", "Browsers cut because they did not read", registry=metrics)
        sockets = Gauge("callcenter_desk_sockets", "Open agent sockets", registry=metrics)
        sockets.set_function(lambda: float(len(self._all)))

    def attach(
        self,
        interface: str | None,
        session_id: str,
        permissions: Collection[Permission] = frozenset(),
        user_id: str | None = None,
    ) -> Outbox:
        """A new socket: frames pushed from now on wait in its outbox."""
        outbox = Outbox(self._queue_limit)
        for group in (*self._groups(interface, session_id), *(self._by_permission[one] for one in permissions)):
            group.add(outbox)
        self._by_user[user_id].add(outbox)
        self._attached.set()
        return outbox

    def detach(self, outbox: Outbox, interface: str | None, session_id: str) -> None:
        """The socket is gone."""
        for group in (*self._groups(interface, session_id), *self._by_permission.values()):
            group.discard(outbox)
        for user_id in [key for key, sockets in self._by_user.items() if outbox in sockets]:
            self._by_user[user_id].discard(outbox)
            if not self._by_user[user_id]:
                del self._by_user[user_id]
        if not self._by_interface[interface]:
            del self._by_interface[interface]
        if not self._by_session[session_id]:
            del self._by_session[session_id]
        if outbox.close_code == TOO_SLOW:
            self._cut.inc()

    def push(self, interface: str | None, kind: str, body: Mapping[str, object]) -> None:
        """``Desk.push``: one frame to every socket of the device, or to all sockets when ``interface`` is None."""
        self._send(self._all if interface is None else self._by_interface.get(interface, ()), kind, body)

    def push_permitted(self, permission: Permission, kind: str, body: Mapping[str, object]) -> None:
        """One frame to every socket of every user with the permission."""
        self._send(self._by_permission[permission], kind, body)

    def push_user(self, user_id: str, kind: str, body: Mapping[str, object]) -> None:
        """One frame to every socket of the user."""
        self._send(self._by_user.get(user_id, ()), kind, body)

    def permitted(self, permission: Permission) -> int:
        """Open sockets of users with the permission."""
        return len(self._by_permission[permission])

    def _send(self, targets: Collection[Outbox], kind: str, body: Mapping[str, object]) -> None:
        if not targets:
            return
        key, tail = _frame(kind, body)
        for outbox in targets:
            if not outbox.put_encoded(key, tail):
                self._coalesced.inc()
        self._frames.labels(kind).inc(len(targets))

    async def wait_watched(self, interface: str) -> None:
        """Return once a desk of this device is open somewhere."""
        while not self._by_interface.get(interface):
            self._attached.clear()
            await self._attached.wait()

    def close_session(self, session_id: str) -> None:
        """The login is over: its sockets close."""
        for outbox in self._by_session.get(session_id, ()):
            outbox.close(SESSION_OVER)

    def close_all(self) -> None:
        """The server stops."""
        for outbox in self._all:
            outbox.close(GOING_AWAY)

    def _groups(self, interface: str | None, session_id: str) -> tuple[set[Outbox], ...]:
        return self._all, self._by_interface[interface], self._by_session[session_id]


def _frame(kind: str, body: Mapping[str, object]) -> tuple[Hashable, bytes]:
    """The key under which the frame may be replaced (None: never), and its JSON without the opening brace."""
    fields = COALESCED.get(kind)
    key = None if fields is None else (kind, *(body[field] for field in fields))
    return key, encode({"type": kind, **body})[1:]
