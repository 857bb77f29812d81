"""Repair records: what each visit found, did, put in, and how long it took."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from callcenter.web.api.work_orders import stamp
from callcenter.web.ask import Ask, Id, Input, PageQuery
from workorder.commands import RecordRepair
from workorder.fields import UsedPart
from workorder.services import repairs
from workorder.views.casework import PastRepairView, RepairView
from workorder.views.pages import Page

Words = Annotated[str, StringConstraints(min_length=1, max_length=repairs.LONGEST)]
Short = Annotated[str, StringConstraints(min_length=1, max_length=80)]


class Part(Input):
    """A part that went in; ``code`` is its part number."""

    name: Short
    quantity: int = Field(default=1, ge=1, le=repairs.MOST_OF_ONE)
    code: Annotated[str, StringConstraints(max_length=80)] = ""


class NewRepair(Input):
    """What was found, what was done about it, the parts that went in, and the minutes at work.

    ``corrects``: the record of the same visit that it stands in for.
    """

    finding: Words
    action: Words
    parts: Annotated[tuple[Part, ...], Field(max_length=repairs.MOST_PARTS)] = ()
    minutes: int | None = Field(default=None, ge=1, le=repairs.MOST_MINUTES)
    corrects: Id | None = None


class PastQuery(PageQuery):
    """A page of what was repaired, of all, of a customer, of an appliance on file."""

    customer_id: Id | None = None
    asset_id: Id | None = None


async def find(ask: Ask, order_id: Id) -> Page[RepairView]:
    """The order's visits, oldest first, those corrected since among them."""
    return Page(await repairs.repairs_of(ask.rows, order_id))


async def past(ask: Ask, query: PastQuery) -> Page[PastRepairView]:
    """Visits that hold, the newest first, each with its order and appliance."""
    return await repairs.past_repairs(
        ask.rows, customer_id=query.customer_id, asset_id=query.asset_id, cursor=query.cursor, limit=query.limit
    )


async def record(ask: Ask, order_id: Id, body: NewRepair) -> RepairView:
    """Put a visit on record, also afterwards; nothing on record is changed, whoever erred adds what is right."""
    parts = tuple(UsedPart(part.name, part.quantity, part.code) for part in body.parts)
    command = RecordRepair(
        **stamp(ask),
        order_id=order_id,
        finding=body.finding,
        action=body.action,
        parts=parts,
        minutes=body.minutes,
        corrects=body.corrects,
    )
    return await repairs.record_repair(ask.rows, command)
