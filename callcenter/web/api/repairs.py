"""Repair records: what each visit found, did, put in, and how long it took."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from callcenter.web.api.work_orders import stamp
from callcenter.web.ask import Ask, Id, Input
from workorder.commands import RecordRepair
from workorder.fields import UsedPart
from workorder.services import repairs
from workorder.views import Page, RepairView

Words = Annotated[str, StringConstraints(min_length=1, max_length=repairs.LONGEST)]
Short = Annotated[str, StringConstraints(min_length=1, max_length=80)]


class Part(Input):
    """A part that went in; ``code`` is its part number."""

    name: Short
    quantity: int = Field(default=1, ge=1, le=repairs.MOST_OF_ONE)
    code: Annotated[str, StringConstraints(max_length=80)] = ""


class NewRepair(Input):
    """What was found, what was done about it, the parts that went in, and the minutes at work."""

    finding: Words
    action: Words
    parts: Annotated[tuple[Part, ...], Field(max_length=repairs.MOST_PARTS)] = ()
    minutes: int | None = Field(default=None, ge=1, le=repairs.MOST_MINUTES)


async def find(ask: Ask, order_id: Id) -> Page[RepairView]:
    """The order's visits, oldest first."""
    return Page(await repairs.repairs_of(ask.rows, order_id))


async def record(ask: Ask, order_id: Id, body: NewRepair) -> RepairView:
    """Put a visit on record, also afterwards; nothing on record is changed, whoever erred adds what is right."""
    parts = tuple(UsedPart(part.name, part.quantity, part.code) for part in body.parts)
    command = RecordRepair(
        **stamp(ask), order_id=order_id, finding=body.finding, action=body.action, parts=parts, minutes=body.minutes
    )
    return await repairs.record_repair(ask.rows, command)
