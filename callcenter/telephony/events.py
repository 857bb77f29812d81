"""What happens to calls and agents, as the rest of the application sees it.

One frozen dataclass per fact, past tense. ``call_tracker`` derives them from AMI events; nothing else creates them.
Order: for one call they are published in the order given by the PBX, CallArrived first and CallEnded last, each once.

Common fields: ``at`` aware UTC (the PBX's own timestamp when it stamps events, else time of arrival);
``call_id`` our ULID of the call; ``linkedid`` the PBX's current id of the call (it may change during a transfer);
``uniqueid`` the channel the event is about; ``interface`` the agent's device (``PJSIP/1001``); ``number`` the other
party as sent by the PBX, ``None`` when hidden.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Direction(StrEnum):
    """Which way the call was set up, seen from the call centre."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class MissReason(StrEnum):
    """Why a device that was offered the call did not get it."""

    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REJECTED = "rejected"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    CALLER_ABANDONED = "caller_abandoned"
    UNREACHABLE = "unreachable"
    TRANSFERRED = "transferred"


class TransferKind(StrEnum):
    """How a party was handed over."""

    BLIND = "blind"
    ATTENDED = "attended"
    PICKUP = "pickup"
    FORWARD = "forward"


class AgentState(StrEnum):
    """What an agent's device is doing, as far as the PBX knows."""

    OFFLINE = "offline"
    AVAILABLE = "available"
    RINGING = "ringing"
    ON_CALL = "on_call"
    ON_HOLD = "on_hold"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEvent:
    """Base of all events about one call."""

    at: datetime
    call_id: str
    linkedid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallArrived(CallEvent):
    """A new call exists: ``uniqueid`` is its first party's channel, ``dialled`` the number or extension asked for."""

    uniqueid: str
    number: str | None
    name: str | None
    dialled: str | None
    direction: Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQueued(CallEvent):
    """The party on ``uniqueid`` waits in ``queue``, since ``waited_s`` seconds (0 unless the join went unseen)."""

    uniqueid: str
    queue: str
    waited_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallUnqueued(CallEvent):
    """It waits there no longer, for whatever reason."""

    uniqueid: str
    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOffered(CallEvent):
    """An agent's device starts to ring: exactly one per (call, device) for each time it is offered. The screen-pop."""

    uniqueid: str
    interface: str
    number: str | None
    name: str | None
    queue: str | None
    direction: Direction
    caller_uniqueid: str
    """The other party's channel: the leg to listen to for the caller's speech. Empty while there is none yet

    (click-to-call rings the agent first; CallPartyChanged then names the customer's channel)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered(CallEvent):
    """The device picked up; ``uniqueid`` is the agent's channel.

    Without a CallOffered before it, the agent dialled out and the other party picked up.
    """

    uniqueid: str
    interface: str
    caller_uniqueid: str
    queue: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallMissed(CallEvent):
    """The device stopped ringing without getting the call: the pop is to disappear."""

    uniqueid: str
    interface: str
    reason: MissReason


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHeld(CallEvent):
    """The agent put the other party on hold."""

    uniqueid: str
    interface: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResumed(CallEvent):
    """Hold is over."""

    uniqueid: str
    interface: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPartyChanged(CallEvent):
    """The agent now talks to somebody else (attended transfer): the pop shows the new party."""

    uniqueid: str
    interface: str
    number: str | None
    name: str | None
    caller_uniqueid: str | None
    moved_from: str | None = None
    """The call in which this leg was offered and answered until now, when the transfer joined two calls.

    The leg belongs to ``call_id`` from here on, without a CallOffered of its own; ``moved_from`` ends next.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTransferred(CallEvent):
    """A party was handed to ``target`` (extension, or device once known)."""

    uniqueid: str
    """The transferring party's channel."""
    kind: TransferKind
    interface: str | None
    target: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLegEnded(CallEvent):
    """An agent's answered leg is over: one for each CallAnswered. The call may go on (after a transfer)."""

    uniqueid: str
    interface: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerAbandoned(CallEvent):
    """The caller left the queue unanswered (hung up, or the queue's time was over)."""

    uniqueid: str
    queue: str | None
    wait_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(CallEvent):
    """The last channel of the call is gone. ``cause`` is the Q.850 code of the first party's hang-up, 0 if unknown."""

    cause: int
    answered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStateChanged:
    """A device or queue member changed its state."""

    at: datetime
    interface: str
    state: AgentState
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiGap:
    """The link to the PBX was down between ``since`` and ``until``; what a resync could and could not recover."""

    at: datetime
    since: datetime
    until: datetime
    calls_reconstructed: int
    calls_ended_unseen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxLinkChanged:
    """The link to the PBX came up or went down; ``reason`` is for people (``wrong secret for user callcenter``)."""

    at: datetime
    connected: bool
    reason: str
