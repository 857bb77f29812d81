"""Facts that features tell each other over the bus."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from nlp.types import SlotValue


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerIdentified:
    """Who the other party of a call is: ``customer_id`` None when nobody, or more than one, has the number."""

    at: datetime
    call_id: str
    customer_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerDescribed:
    """What a caller whom nobody has identified says about who they are has changed: ``slots`` is all understood so far.

    ``number`` is the number shown, None when hidden.
    """

    at: datetime
    call_id: str
    number: str | None
    slots: tuple[SlotValue, ...]
