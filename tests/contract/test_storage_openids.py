"""Openids of customers on every database: kept from their reports, never taken from anybody, off when taken off."""

from __future__ import annotations

from datetime import timedelta

import pytest

from callcenter.storage.database import Database
from tests.contract.test_storage_customers import created, edited
from tests.contract.test_storage_reports import AT, REPAIR, take
from workorder.policy.customers import OPENIDS
from workorder.services import openids
from workorder.services.customer_file import changes_of_customer, record
from workorder.views.casework import IntakeView

LATER = AT + timedelta(minutes=5)
ACCOUNTS = pytest.mark.parametrize(("channel", "name"), list(OPENIDS.items()))


async def sent(db: Database, channel: str, sender: str, phone: str = "13800138000") -> IntakeView:
    form = {**REPAIR, "contact_phone": phone}
    return await take(db, channel, at=LATER, sender=sender, fields=form, attach=False)


async def on_file(db: Database, customer_id: str) -> tuple[str | None, str | None]:
    async with db.read() as work:
        found = await record(work.session, customer_id)
    return found.openid, found.miniprogram_openid


@ACCOUNTS
async def test_a_report_puts_its_sender_on_its_customers_record(database: Database, channel: str, name: str) -> None:
    """In the place of that account alone, with a line in the history; the next one needs no number."""
    customer = await created(database)
    await sent(database, channel, "oM_wang")
    expected = {**dict.fromkeys(OPENIDS.values()), name: "oM_wang"}
    assert await on_file(database, customer.customer_id) == tuple(expected.values())
    async with database.read() as work:
        (line,) = (await changes_of_customer(work.session, customer.customer_id)).items
    assert (line.field, line.before, line.after, line.by, line.at) == (name, None, "oM_wang", "u1", LATER)
    numberless = await take(database, channel, sender="oM_wang", fields={"service_type": "enquiry"})
    assert numberless.order.customer_id == customer.customer_id
    other = next(one for one in OPENIDS if one != channel)
    elsewhere = await take(database, other, sender="oM_wang", fields={"service_type": "enquiry"})
    assert elsewhere.order.customer_id is None


@ACCOUNTS
async def test_what_is_on_file_stays_whoever_writes_with_the_number(
    database: Database, channel: str, name: str
) -> None:
    """Knowing somebody's number turns no messages away from them; an openid of one customer never is another's too."""
    kept = await created(database, **{name: "oM_wang"})
    other = await created(database, name="李雷", phones=("13900139000",))
    stranger = await sent(database, channel, "oM_stranger")
    assert stranger.order.customer_id == kept.customer_id
    await sent(database, channel, "oM_wang", "13900139000")
    async with database.read() as work:
        assert getattr(await record(work.session, kept.customer_id), name) == "oM_wang"
        assert getattr(await record(work.session, other.customer_id), name) is None
        # The order's own reporter is written to all the same.
        assert await openids.openid_of(work.session, stranger.order, channel) == "oM_stranger"


async def test_what_was_taken_off_the_record_stays_off(database: Database) -> None:
    """A report puts back what a person took off never, but another openid, or the same put there by a person, is kept."""
    customer = await created(database, miniprogram_openid="oM_wang")
    await edited(database, customer.customer_id, miniprogram_openid="")
    await sent(database, "miniprogram", "oM_wang")
    assert await on_file(database, customer.customer_id) == (None, None)
    await edited(database, customer.customer_id, miniprogram_openid="oM_wang")
    await edited(database, customer.customer_id, miniprogram_openid="")
    await sent(database, "miniprogram", "oM_new_phone")
    assert await on_file(database, customer.customer_id) == (None, "oM_new_phone")


@pytest.mark.parametrize(
    ("channel", "sender"),
    [("web", "oM_wang"), ("email", "wang@example.com"), ("chat", "oM_wang"), ("wechat", "王 芳"), ("wechat", "o" * 65)],
)
async def test_other_channels_senders_are_no_openids(database: Database, channel: str, sender: str) -> None:
    """Nor is what WeChat would never give as one."""
    customer = await created(database)
    done = await sent(database, channel, sender)
    assert done.order.customer_id == customer.customer_id
    assert await on_file(database, customer.customer_id) == (None, None)


async def test_several_customers_with_one_openid_are_nobody(database: Database) -> None:
    """People can write the same one on two records: a report with it waits for an agent."""
    await created(database, miniprogram_openid="oM_wang")
    await created(database, name="李雷", phones=("13900139000",), miniprogram_openid="oM_wang")
    done = await take(database, "miniprogram", sender="oM_wang", fields={"service_type": "enquiry"})
    assert done.order.customer_id is None
