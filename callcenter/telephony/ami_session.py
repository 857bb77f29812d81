"""One AMI connection: panoramisk's protocol with our framing, its pending actions, and what may be sent on it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message

from callcenter.clock import Clock
from callcenter.errors import Invalid, Unavailable
from callcenter.telephony.ami_stream import AmiMalformed, AmiParser
from callcenter.telephony.call_stream import is_unasked

Value = str | Sequence[str]
"""A header's value, or several for a header that is repeated."""

LINE_BYTES = 1000
"""Longest ``Key: value`` of an action; Asterisk's buffer for a line is 1024 bytes."""

_KEY = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_UNSAFE = re.compile(r"[\r\n\0\ud800-\udfff]")
"""Line ends inject, NUL cuts, lone surrogates have no UTF-8 form."""


class Loss(StrEnum):
    """Why there is no link."""

    UNREACHABLE = "unreachable"
    """Nobody accepts connections there."""
    REFUSED_AT_LOGIN = "refused_at_login"
    """The PBX answered the login with an error: unknown user, wrong secret, or this host is not permitted."""
    CLOSED_AT_LOGIN = "closed_at_login"
    """The peer closed the connection before it answered the login."""
    NOT_AMI = "not_ami"
    """Something else listens on that port."""
    CLOSED = "closed"
    """The PBX or the network closed the connection."""
    SILENT = "silent"
    """No answer to a ping or to the login in time."""
    OVERLOADED = "overloaded"
    """We did not keep up with the PBX."""
    STOPPED = "stopped"
    """We closed it."""


class LinkDown(Unavailable):
    """There is no link to the PBX, or it was lost while an action waited for its answer."""

    code = "pbx_down"


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer to an action: the response's headers and, for list actions, the headers of each item."""

    headers: Mapping[str, str]
    items: tuple[Mapping[str, str], ...] = ()

    @property
    def success(self) -> bool:
        """Whether the PBX accepted the action."""
        return self.headers.get("Response") in ("Success", "Goodbye")

    @property
    def message(self) -> str:
        """The PBX's own words."""
        return self.headers.get("Message", "")


def check_action(action: Mapping[str, Value]) -> None:
    """Refuse what would inject or be cut: raises Invalid naming the header (never its value: it may be a secret)."""
    for key, value in action.items():
        for text in (value,) if isinstance(value, str) else value:
            if not _KEY.fullmatch(key) or _UNSAFE.search(text):
                raise Invalid("has characters that an AMI action cannot carry", field=key, fix="remove line breaks")
            if len(f"{key}: {text}".encode()) > LINE_BYTES:
                raise Invalid(f"longer than {LINE_BYTES} bytes", field=key, fix="shorten it")


class Lost(Exception):  # noqa: N818 - a signal between session and link, never seen outside
    """The session is over, and why."""

    def __init__(self, reason: Loss, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class AmiSession(AMIProtocol):  # type: ignore[misc]  # panoramisk ships no types
    """One connection: panoramisk's bookkeeping of actions with our framing, and without its reconnects."""

    encoding = "utf8"
    transport: asyncio.Transport | None = None
    closed = False

    def __init__(
        self,
        receive: Callable[[dict[str, str]], bool],
        on_login: Callable[[AmiSession], None],
        clock: Clock,
        on_bytes: Callable[[int, bytes], None] = lambda _taken, _received: None,
    ) -> None:
        self.responses: dict[str | None, Any] = {}
        self._parser = AmiParser()
        self._receive = receive
        self._on_login = on_login
        self._on_bytes = on_bytes
        self._clock = clock
        self._login_id = ""
        self.logged_in = False
        self.heard_at: datetime | None = None
        self.gone: asyncio.Future[Lost] = asyncio.get_running_loop().create_future()

    @property
    def ami_version(self) -> str:
        """What the banner said."""
        return self._parser.version or ""

    @property
    def unparsed(self) -> bytes:
        """The beginning of a message whose end has not come yet."""
        return self._parser.rest

    def data_received(self, data: bytes) -> None:
        """Hand on every complete message; a message that we cannot use never harms the next."""
        if self.closed:
            return
        self.heard_at = self._clock.now()
        try:
            messages = self._parser.feed(data)
        except AmiMalformed as error:
            self._on_bytes(0, data)
            self.drop(Lost(Loss.NOT_AMI, error.message))
            return
        self._on_bytes(sum([self._take(headers) for headers in messages]), data)
        if messages and self._parser.version is None:
            self.drop(Lost(Loss.NOT_AMI, "the peer sent no AMI banner"))

    def _take(self, headers: dict[str, str]) -> bool:
        """Whether it was an event that went on to the tracker."""
        action = self.responses.get(headers.get("ActionID"))
        if action is None:
            # Late answers to actions that nobody waits for any more are dropped.
            return is_unasked(headers) and self._receive(headers)
        if headers.get("Response") == "Error":
            # panoramisk waits forever for the end of a list that was refused.
            action.as_list = False
        self.handle_message(Message(headers))
        if headers.get("ActionID") == self._login_id and headers.get("Response") == "Success":
            # Now, not when the future's waiter runs: events may follow in the same packet.
            self.logged_in = True
            self._on_login(self)
        return False

    def ask(self, action: Mapping[str, Value], *, as_list: bool) -> tuple[asyncio.Future[Any], str]:
        """Send an action; the future fails with LinkDown when the connection goes first."""
        request = Action(dict(action))
        if action["Action"] == "Login":
            self._login_id = request.id
        return self.send(request, as_list=as_list), request.id

    def accepted(self, action_id: str) -> bool:
        """Whether the first part of a longer answer came."""
        action = self.responses.get(action_id)
        return action is not None and bool(action.responses)

    def forget(self, action_id: str) -> None:
        """Nobody waits for this answer any more."""
        action = self.responses.pop(action_id, None)
        if action is not None:
            action.future.cancel()

    def drop(self, lost: Lost) -> None:
        """Cut the connection for a reason of ours."""
        if not self.gone.done():
            self.gone.set_result(lost)
        self.closed = True
        if self.transport is not None:
            self.transport.abort()
        self._fail_pending(lost)

    def connection_lost(self, exc: Exception | None) -> None:
        """The peer or the network ended it."""
        self.closed = True
        lost = Lost(Loss.CLOSED if self.logged_in else Loss.CLOSED_AT_LOGIN, str(exc or "closed by the peer"))
        if not self.gone.done():
            self.gone.set_result(lost)
        self._fail_pending(lost)

    def _fail_pending(self, lost: Lost) -> None:
        pending, self.responses = self.responses, {}
        for action in pending.values():
            if not action.future.done():
                action.future.set_exception(
                    LinkDown(f"the link to the PBX was lost before {action['Action']} was answered: {lost.detail}")
                )
                # The waiter may be gone too; the loss itself is reported by the link.
                action.future.exception()
