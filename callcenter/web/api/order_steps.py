"""Move work orders through their life, say how urgent they are, put parts together, read their audit trail."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from callcenter.web.api.calls import Moment
from callcenter.web.api.work_orders import Word, business_day, changed, check_version, stamp
from callcenter.web.ask import Ask, Id, Input, PageQuery
from workorder.commands import AttachPart, MoveOrder, SetPriority
from workorder.policy.lifecycle import Action, Confirmation, Priority
from workorder.services import lifecycle, orders
from workorder.services import progress as order_progress
from workorder.services import trail as order_trail
from workorder.services.trail import TrailReport
from workorder.views.orders import ChangeView, OrderView, ProgressView
from workorder.views.pages import Page

Reason = Annotated[str, StringConstraints(max_length=500)]


class Step(Input):
    """What to do, and what the step needs: ``moves[].needs`` of the order says it. ``eta`` goes with depart."""

    action: Action
    reason: Reason | None = None
    confirmation: Confirmation | None = None
    eta: Moment | None = None


class NewPriority(Input):
    """How urgent the work is, and why."""

    priority: Priority
    reason: Reason | None = None


class Whole(Input):
    """The order that this one is a part of; null takes it out."""

    parent_id: Id | None


class TrailQuery(Input):
    """A page of the trail; ``field`` "status" for the steps alone."""

    field: Word | None = None
    cursor: Word | None = None
    limit: int = Field(default=100, ge=1, le=200)


class Newest(Input):
    """How many orders, the newest ones."""

    newest: int = Field(default=1000, ge=1, le=5000)


async def move(ask: Ask, order_id: Id, edit_version: int, body: Step) -> OrderView:
    """Take one step of the life cycle; `moves` of the order lists those possible now."""
    await check_version(ask, order_id, edit_version)
    command = MoveOrder(
        **stamp(ask),
        order_id=order_id,
        edit_version=edit_version,
        action=body.action,
        reason=body.reason,
        confirmation=body.confirmation,
        eta=body.eta,
        business_day=business_day(ask),
        roles=ask.who.roles,
    )
    return changed(ask, await lifecycle.move_order(ask.rows, command))


async def prioritise(ask: Ask, order_id: Id, edit_version: int, body: NewPriority) -> OrderView:
    """Say how urgent the work is."""
    await check_version(ask, order_id, edit_version)
    command = SetPriority(
        **stamp(ask), order_id=order_id, edit_version=edit_version, priority=body.priority, reason=body.reason
    )
    return changed(ask, await lifecycle.set_priority(ask.rows, command))


async def set_parent(ask: Ask, order_id: Id, edit_version: int, body: Whole) -> OrderView:
    """Make the order a part of another, or take it out."""
    await check_version(ask, order_id, edit_version)
    command = AttachPart(**stamp(ask), order_id=order_id, edit_version=edit_version, parent_id=body.parent_id)
    return changed(ask, await lifecycle.attach_part(ask.rows, command))


async def parts(ask: Ask, order_id: Id, query: PageQuery) -> Page[OrderView]:
    """The orders that are parts of this one, oldest first."""
    await orders.get_order(ask.rows, order_id)
    return await lifecycle.parts_of(ask.rows, order_id, cursor=query.cursor, limit=query.limit)


async def changes(ask: Ask, order_id: Id, query: TrailQuery) -> Page[ChangeView]:
    """The order's audit trail, oldest first: who changed what, when, from what to what, why."""
    return await order_trail.trail(ask.rows, order_id, field=query.field, cursor=query.cursor, limit=query.limit)


async def verify(ask: Ask, order_id: Id) -> TrailReport:
    """Prove the hash chain of the order's audit trail: every line touched behind the application's back is named."""
    return await order_trail.verify(ask.rows, order_id=order_id)


async def verify_newest(ask: Ask, query: Newest) -> TrailReport:
    """Prove the trails of the newest orders; `callcenter order verify` proves all, however many."""
    return await order_trail.verify(ask.rows, newest=query.newest)


async def progress(ask: Ask, order_id: Id) -> ProgressView:
    """How the order goes, in what a customer may see: its milestones and times, no names, no reasons."""
    return await order_progress.progress(ask.rows, order_id)
