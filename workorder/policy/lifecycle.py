"""The life cycle of a work order as a table: the entity obeys it, buttons and documentation are read from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """Where an order stands."""

    DRAFT = "draft"
    CREATED = "created"
    DISPATCHED = "dispatched"
    ACCEPTED = "accepted"
    DEPARTED = "departed"
    ARRIVED = "arrived"
    WORKING = "working"
    WAITING_PARTS = "waiting_parts"
    RESCHEDULED = "rescheduled"
    ESCALATED = "escalated"
    COMPLETED = "completed"
    REOPENED = "reopened"
    CONFIRMED = "confirmed"
    FOLLOWED_UP = "followed_up"
    CANCELLED = "cancelled"


STATUS_LABELS: Mapping[Status, str] = {
    Status.DRAFT: "草稿",
    Status.CREATED: "已建单",
    Status.DISPATCHED: "已派工",
    Status.ACCEPTED: "已接单",
    Status.DEPARTED: "已出发",
    Status.ARRIVED: "已到达",
    Status.WORKING: "处理中",
    Status.WAITING_PARTS: "等配件",
    Status.RESCHEDULED: "已改约",
    Status.ESCALATED: "已升级",
    Status.COMPLETED: "已完工",
    Status.REOPENED: "返修",
    Status.CONFIRMED: "已确认",
    Status.FOLLOWED_UP: "已回访",
    Status.CANCELLED: "已取消",
}


class Priority(StrEnum):
    """How urgent the work is, lowest first."""

    NORMAL = "normal"
    HIGH = "high"
    CRITICAL = "critical"


class Action(StrEnum):
    """What can be done to an order's status."""

    CREATE = "create"
    DISPATCH = "dispatch"
    ACCEPT = "accept"
    DEPART = "depart"
    ARRIVE = "arrive"
    BEGIN = "begin"
    WAIT_FOR_PARTS = "wait_for_parts"
    RESCHEDULE = "reschedule"
    ESCALATE = "escalate"
    COMPLETE = "complete"
    REOPEN = "reopen"
    CONFIRM = "confirm"
    FOLLOW_UP = "follow_up"
    CANCEL = "cancel"


class Guard(StrEnum):
    """What must be true for a move besides the status."""

    FIELDS_COMPLETE = "fields_complete"
    """Every field the service type requires has a value."""
    PARTS_CLOSED = "parts_closed"
    """No order that belongs to this one is still open."""
    WHOLE_OPEN = "whole_open"
    """The order that this one is a part of, if any, is not closed."""
    CONFIRMATION = "confirmation"
    """The customer said so, or the appliance was seen to work again."""
    REASON = "reason"
    """Somebody said why."""


class Confirmation(StrEnum):
    """On whose word an order counts as done."""

    CUSTOMER = "customer"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """``action`` leads from any of ``sources`` to ``target`` if every guard holds; labels are for buttons."""

    action: Action
    sources: frozenset[Status]
    target: Status
    label: str
    label_en: str
    guards: tuple[Guard, ...] = ()


_S, _A, _G = Status, Action, Guard
_UNDERWAY = frozenset({_S.DISPATCHED, _S.ACCEPTED, _S.DEPARTED, _S.ARRIVED, _S.WORKING})
_DONE = frozenset({_S.COMPLETED, _S.CONFIRMED, _S.FOLLOWED_UP})
_STALLED = frozenset({_S.WAITING_PARTS, _S.RESCHEDULED, _S.ESCALATED, _S.REOPENED})
_UNDONE = frozenset({_S.CREATED}) | _UNDERWAY | _STALLED


def _move(action: Action, sources: Iterable[Status], target: Status, label: str, label_en: str, *guards: Guard) -> Move:
    return Move(action=action, sources=frozenset(sources), target=target, label=label, label_en=label_en, guards=guards)


_TABLE = (
    _move(_A.CREATE, [_S.DRAFT], _S.CREATED, "建单", "Create", _G.FIELDS_COMPLETE),
    _move(_A.DISPATCH, _STALLED | {_S.CREATED, _S.DISPATCHED, _S.ACCEPTED}, _S.DISPATCHED, "派工", "Dispatch"),
    _move(_A.ACCEPT, [_S.DISPATCHED], _S.ACCEPTED, "接单", "Accept"),
    _move(_A.DEPART, [_S.ACCEPTED, _S.RESCHEDULED, _S.WAITING_PARTS], _S.DEPARTED, "出发", "Depart"),
    _move(_A.ARRIVE, [_S.DEPARTED], _S.ARRIVED, "到达", "Arrive"),
    _move(_A.BEGIN, [_S.ARRIVED, _S.WAITING_PARTS], _S.WORKING, "开工", "Begin work"),
    _move(
        _A.WAIT_FOR_PARTS, [_S.ACCEPTED, _S.ARRIVED, _S.WORKING], _S.WAITING_PARTS, "等配件", "Await parts", _G.REASON
    ),
    _move(_A.RESCHEDULE, _UNDONE - {_S.RESCHEDULED, _S.REOPENED}, _S.RESCHEDULED, "改约", "Reschedule", _G.REASON),
    _move(_A.ESCALATE, _UNDONE - {_S.ESCALATED}, _S.ESCALATED, "升级", "Escalate", _G.REASON),
    _move(_A.COMPLETE, [_S.WORKING], _S.COMPLETED, "完工", "Complete", _G.PARTS_CLOSED),
    _move(
        _A.REOPEN, [_S.COMPLETED, _S.CONFIRMED, _S.FOLLOWED_UP], _S.REOPENED, "返修", "Reopen", _G.REASON, _G.WHOLE_OPEN
    ),
    _move(_A.CONFIRM, [_S.COMPLETED], _S.CONFIRMED, "确认", "Confirm", _G.PARTS_CLOSED, _G.CONFIRMATION),
    _move(_A.FOLLOW_UP, [_S.CONFIRMED], _S.FOLLOWED_UP, "回访", "Follow up"),
    _move(_A.CANCEL, _UNDONE | {_S.DRAFT}, _S.CANCELLED, "取消", "Cancel", _G.REASON, _G.PARTS_CLOSED),
)

MOVES: Mapping[Action, Move] = {move.action: move for move in _TABLE}
"""Every action with where it leads from and to. What is not here is refused."""

CLOSED = frozenset({Status.CONFIRMED, Status.FOLLOWED_UP, Status.CANCELLED})
"""Nothing is left to do; a parent may close."""

OPEN = frozenset(Status) - CLOSED - {Status.DRAFT}
"""States that count as work still to do; a draft is not yet work."""

EDITABLE = (OPEN - {Status.COMPLETED}) | {Status.DRAFT}
"""States in which people may change fields."""

HEARING = frozenset({Status.DRAFT})
"""States in which speech may change fields."""


def actions(status: Status) -> tuple[Action, ...]:
    """What may be done in ``status``, in the order of the table."""
    return tuple(action for action, move in MOVES.items() if status in move.sources)
