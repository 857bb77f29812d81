"""The life cycle of a work order as a table: the entity obeys it, buttons and documentation are read from it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Status(StrEnum):
    """Where an order stands."""

    DRAFT = "draft"
    CREATED = "created"
    CANCELLED = "cancelled"


class Action(StrEnum):
    """What can be done to an order's status."""

    CREATE = "create"
    CANCEL = "cancel"


MOVES: Mapping[tuple[Status, Action], Status] = {
    (Status.DRAFT, Action.CREATE): Status.CREATED,
    (Status.DRAFT, Action.CANCEL): Status.CANCELLED,
    (Status.CREATED, Action.CANCEL): Status.CANCELLED,
}
"""(from, action) → to. What is not here is refused."""

EDITABLE = frozenset({Status.DRAFT, Status.CREATED})
"""States in which people may change fields."""

HEARING = frozenset({Status.DRAFT})
"""States in which speech may change fields."""

OPEN = frozenset({Status.CREATED})
"""States that count as work still to do; a draft is not yet work."""


def actions(status: Status) -> tuple[Action, ...]:
    """What may be done in ``status``, in the order of the table."""
    return tuple(action for (at, action) in MOVES if at is status)
