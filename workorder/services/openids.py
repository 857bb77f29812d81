"""Who customers are to our WeChat accounts: whose report it is, what is kept of it, and where messages reach them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from workorder.model.customers import Customer, CustomerChange
from workorder.model.reports import OrderReport
from workorder.policy.channels import Channel
from workorder.policy.customers import OPENID, OPENIDS
from workorder.services.customer_file import facts, loaded, note
from workorder.services.customers import ON_FILE
from workorder.views.orders import OrderView

_ON_RECORD: Mapping[Channel, InstrumentedAttribute[str | None]] = {
    channel: getattr(Customer, name) for channel, name in OPENIDS.items()
}


async def customer_with(session: AsyncSession, channel: Channel, openid: str | None) -> str | None:
    """The one customer on file with this openid of the channel's account; None when none has it, or several."""
    column = _ON_RECORD.get(channel)
    if column is None or not openid:
        return None
    found = (await session.scalars(select(Customer.customer_id).where(column == openid, ON_FILE).limit(2))).all()
    return found[0] if len(found) == 1 else None


async def openid_of(session: AsyncSession, order: OrderView, channel: Channel) -> str | None:
    """Where the channel's account reaches the customer of an order: whoever reported it there, else who is on file."""
    sent = select(OrderReport.sender).where(
        OrderReport.order_id == order.order_id, OrderReport.channel == channel, OrderReport.sender.is_not(None)
    )
    reporter = await session.scalar(sent.order_by(OrderReport.at, OrderReport.report_id).limit(1))
    if reporter is not None or order.customer_id is None:
        return reporter
    return await session.scalar(select(_ON_RECORD[channel]).where(Customer.customer_id == order.customer_id, ON_FILE))


async def keep_openid(
    session: AsyncSession, customer_id: str, channel: Channel, openid: str | None, *, by: str, at: datetime
) -> None:
    """Put the sender of a customer's report on the record, so that later orders' messages reach them there too.

    Nothing is replaced: whoever knows a phone number could turn somebody's messages to themselves. Not kept either is
    the openid of another customer, and one that was taken off this record before: that was a wish not to be written to.
    """
    column = _ON_RECORD.get(channel)
    if column is None or not openid or not OPENID.fullmatch(openid):
        return
    own = and_(Customer.customer_id == customer_id, column.is_not(None))
    if await session.scalar(select(Customer.customer_id).where(ON_FILE, or_(own, column == openid)).limit(1)):
        return
    taken_off = select(CustomerChange.before).where(
        CustomerChange.customer_id == customer_id, CustomerChange.field == column.key
    )
    if openid in (await session.scalars(taken_off)).all():
        return
    customer = await loaded(session, customer_id, lock=True)
    if customer.gone or getattr(customer, column.key) is not None:
        return
    before = facts(customer)
    setattr(customer, column.key, openid)
    await note(session, customer, before, by=by, at=at)
