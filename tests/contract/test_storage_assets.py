"""Appliances, contracts, makers' terms and the warranty of orders, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from callcenter.storage.database import Database
from workorder.commands import (
    AddAsset,
    CreateCustomer,
    CreateOrder,
    EditAsset,
    MoveOrder,
    NewAsset,
    NewTerms,
    OpenDraft,
    ReplaceTerms,
    SaveContract,
    SetAsset,
    SetCustomer,
)
from workorder.errors import Conflict, Invalid, NotFound
from workorder.policy.phones import parse_phone
from workorder.services import customers, lifecycle, order_customer, orders, trail
from workorder.services.assets import add_asset, edit_asset, find_assets, set_asset
from workorder.services.contracts import list_terms, replace_terms, save_contract
from workorder.services.customer_file import changes_of_customer, record
from workorder.services.warranty import asset_warranty, order_warranty

AT = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
TODAY = AT.date()
AIR = NewAsset(
    appliance="空调", brand="格力", model="KFR-35GW", serial="G100", purchased_on=date(2026, 3, 5), invoice_no="1"
)


async def run(database: Database, service, command):
    """The service's answer, committed."""
    async with database.write() as work:
        answer = await service(work.session, command)
        await work.commit()
    return answer


async def customer(database: Database, name="王芳", phone="13800138000") -> str:
    card = await run(database, customers.create_customer, CreateCustomer(by="u", at=AT, name=name, phones=(phone,)))
    return card.customer_id


async def asset(database: Database, customer_id: str, new: NewAsset = AIR):
    return await run(database, add_asset, AddAsset(by="u", at=AT, customer_id=customer_id, asset=new))


async def order(database: Database, customer_id: str, at=AT, **fields):
    values = {"service_type": "repair", "appliance": "空调", "brand": "格力", "fault": "不制冷"} | fields
    values["address"] = {"city": "杭州市", "district": "西湖区", "detail": "文三路1号", "province": None}
    draft = await run(database, orders.open_draft, OpenDraft(by="u", at=at, customer_id=customer_id, fields=values))
    return await run(database, orders.create_order, CreateOrder(by="u", at=at, order_id=draft.order_id))


async def test_an_appliance_carries_its_warranty_to_the_pop(database):
    """The law's year is worked out when it is put on file, and the card of the pop shows it."""
    who = await customer(database)
    made = await asset(database, who)
    assert (made.warranty, made.warranty_until, made.warranty_basis) == ("in", date(2027, 3, 5), "law")
    async with database.read() as work:
        card = await customers.card_by_phone(work.session, parse_phone("13800138000"), on=TODAY)
        assert [(shown.warranty, shown.warranty_basis) for shown in card.assets] == [("in", "law")]
        later = await customers.card_by_phone(work.session, parse_phone("13800138000"), on=date(2027, 3, 6))
        assert later.assets[0].warranty == "out"


async def test_appliances_are_found_by_the_beginning_of_their_numbers(database):
    """Serial and model; nothing asked finds nothing."""
    who = await customer(database)
    made = await asset(database, who)
    async with database.read() as work:
        for wanted in ({"serial": "G1"}, {"model": "KFR"}, {"customer_id": who}):
            assert (await find_assets(work.session, on=TODAY, **wanted)).items == (made,)
        for other in ({"serial": "H"}, {}, {"serial": "%"}):
            assert (await find_assets(work.session, on=TODAY, **other)).items == ()


async def test_a_serial_number_is_on_file_once(database):
    """A second one names whose it is; changing hands moves it."""
    first, second = await customer(database), await customer(database, "李雷", "13900139000")
    made = await asset(database, first)
    with pytest.raises(Conflict, match=first):
        await asset(database, second)
    command = EditAsset(by="u", at=AT, asset_id=made.asset_id, changes={"customer_id": second}, edit_version=1)
    moved = await run(database, edit_asset, command)
    assert (moved.customer_id, moved.edit_version) == (second, 2)
    async with database.read() as work:
        assert (await record(work.session, first)).assets == ()
        assert [line.field for line in (await changes_of_customer(work.session, second)).items] == ["asset"]
    with pytest.raises(Conflict, match="somebody else"):
        await run(database, edit_asset, command)
    # Among other changes, so that there is something to write before the owner is looked up.
    unknown = {"purchased_on": None, "replaced_on": date(2026, 1, 2), "customer_id": "nobody"}
    with pytest.raises(NotFound, match="nobody"):
        await run(database, edit_asset, EditAsset(by="u", at=AT, asset_id=made.asset_id, changes=unknown))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"appliance": " "}, "appliance"),
        ({"purchased_on": date(1900, 1, 1)}, "purchased_on"),
        ({"serial": "x" * 81}, "serial"),
        ({"notes": "a\x00"}, "notes"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_bad_parts_are_named(database, changes, field):
    """And nothing changes."""
    made = await asset(database, await customer(database))
    with pytest.raises(Invalid) as caught:
        await run(database, edit_asset, EditAsset(by="u", at=AT, asset_id=made.asset_id, changes=changes))
    assert caught.value.errors[0].field == field


async def test_a_contract_lengthens_the_cover_and_shows_as_such(database):
    """延保 from the day after the law's year: no gap, and the short answer is the contract's last day."""
    who = await customer(database)
    made = await asset(database, who)
    command = SaveContract(
        by="u",
        at=AT,
        number="YB-1",
        customer_id=who,
        kind="extended",
        starts_on=date(2027, 3, 6),
        ends_on=date(2029, 3, 5),
        asset_id=made.asset_id,
    )
    await run(database, save_contract, command)
    async with database.read() as work:
        found = await record(work.session, who)
        assert [contract.number for contract in found.contracts] == ["YB-1"]
        assert found.assets[0].warranty_until == date(2029, 3, 5)
        late = await asset_warranty(work.session, made.asset_id, on=date(2028, 1, 1))
        assert (late.state, late.basis) == ("extended", "contract")
    other = await customer(database, "李雷", "13900139000")
    with pytest.raises(Conflict, match="another customer"):
        await run(
            database,
            save_contract,
            SaveContract(
                by="u",
                at=AT,
                number="YB-1",
                customer_id=other,
                kind="extended",
                starts_on=TODAY,
                ends_on=TODAY,
            ),
        )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"number": " "}, "number"),
        ({"kind": "gold"}, "kind"),
        ({"ends_on": TODAY - timedelta(days=1)}, "ends_on"),
        ({"visits_included": -1}, "visits_included"),
    ],
)
async def test_a_bad_contract_is_named(database, change, field):
    """One entry per fault."""
    values = {"number": "1", "kind": "extended", "starts_on": TODAY, "ends_on": TODAY} | change
    command = SaveContract(by="u", at=AT, customer_id=await customer(database), **values)
    with pytest.raises(Invalid) as caught:
        await run(database, save_contract, command)
    assert [problem.field for problem in caught.value.errors] == [field]


async def test_makers_terms_change_every_warranty_they_touch(database):
    """Loaded, they count at once; taken away, the law is left; a bad line changes nothing."""
    made = await asset(database, await customer(database))
    terms = NewTerms(brand="格力", appliance="空调", whole_months=72, source="card", part_months={"压缩机": 120})
    assert await run(database, replace_terms, ReplaceTerms(by="u", at=AT, terms=(terms,))) == 1
    async with database.read() as work:
        (found,) = (await find_assets(work.session, on=TODAY, serial="G100")).items
        assert (found.warranty_until, found.warranty_basis) == (date(2032, 3, 5), "maker")
        part = await asset_warranty(work.session, made.asset_id, on=TODAY, part="压缩机")
        assert part.until == date(2036, 3, 5)
    bad = NewTerms(brand="格力", appliance="空调", whole_months=-1, source="card")
    with pytest.raises(Invalid, match="months"):
        await run(database, replace_terms, ReplaceTerms(by="u", at=AT, terms=(bad,)))
    async with database.read() as work:
        assert [one.whole_months for one in await list_terms(work.session)] == [72]
    await run(database, replace_terms, ReplaceTerms(by="u", at=AT, terms=()))
    async with database.read() as work:
        (found,) = (await find_assets(work.session, on=TODAY, serial="G100")).items
        assert found.warranty_basis == "law"


@pytest.mark.parametrize(
    ("claim", "bought", "state", "agrees"),
    [
        (True, date(2026, 3, 5), "in", True),
        (True, date(2020, 3, 5), "out", False),
        (False, date(2026, 3, 5), "in", False),
        (None, date(2020, 3, 5), "out", None),
    ],
)
async def test_an_order_finds_its_appliance_and_checks_the_claim(database, claim, bought, state, agrees):
    """The one that fits is named at creation; an alert says when the customer's word and the file differ."""
    who = await customer(database)
    made = await asset(database, who, NewAsset(appliance="空调", brand="格力", purchased_on=bought))
    await asset(database, who, NewAsset(appliance="冰箱", brand="海尔", purchased_on=bought))
    claimed = {} if claim is None else {"in_warranty_claim": claim}
    created = await order(database, who, **claimed)
    assert (created.asset_id, created.warranty) == (made.asset_id, state)
    assert ("warranty" in [alert.kind for alert in created.alerts]) == (agrees is False)
    async with database.read() as work:
        verdict = await order_warranty(work.session, created.order_id, on=TODAY)
    assert (verdict.claimed, verdict.agrees, verdict.warranty.state) == (claim, agrees, state)


async def test_two_that_fit_are_not_guessed_between(database):
    """The agent names the one it is about; another customer's is refused."""
    who, other = await customer(database), await customer(database, "李雷", "13900139000")
    first = await asset(database, who, NewAsset(appliance="空调", brand="格力", purchased_on=date(2026, 3, 5)))
    await asset(database, who, NewAsset(appliance="空调", brand="格力", purchased_on=date(2019, 3, 5)))
    foreign = await asset(database, other)
    created = await order(database, who)
    assert (created.asset_id, created.warranty) == (None, None)
    command = SetAsset(by="u", at=AT, order_id=created.order_id, asset_id=first.asset_id)
    named = await run(database, set_asset, command)
    assert (named.asset_id, named.warranty, named.edit_version) == (
        first.asset_id,
        "in",
        created.edit_version + 1,
    )
    with pytest.raises(Conflict, match="another customer"):
        await run(database, set_asset, SetAsset(by="u", at=AT, order_id=created.order_id, asset_id=foreign.asset_id))


async def test_an_order_without_an_appliance_on_file_is_judged_by_what_was_said(database):
    """The purchase date of the form counts, when it is one."""
    who = await customer(database)
    created = await order(database, who, purchase_date="2026-03-05", in_warranty_claim=True)
    vague = await order(database, who, purchase_date="去年")
    async with database.read() as work:
        assert (await order_warranty(work.session, created.order_id, on=TODAY)).agrees is True
        assert (await order_warranty(work.session, vague.order_id, on=TODAY)).warranty.state == "unknown"
        with pytest.raises(NotFound):
            await order_warranty(work.session, "01NOPE", on=TODAY)


async def test_the_days_of_a_repair_are_added_when_it_is_done(database):
    """Taken down on 20 November, completed on the 30th: the year ends ten days later, on a working day."""
    who = await customer(database)
    made = await asset(database, who)
    created = await order(database, who)
    for step, action in enumerate(("dispatch", "accept", "depart", "arrive", "begin", "complete")):
        at = AT + timedelta(days=2 * step)
        command = MoveOrder(by="u", at=at, order_id=created.order_id, action=action)
        await run(database, lifecycle.move_order, command)
    async with database.read() as work:
        (found,) = (await find_assets(work.session, on=TODAY, serial="G100")).items
        # 5 March 2027 and ten days; 15 March 2027 is a Monday.
        assert found.warranty_until == date(2027, 3, 15)
        verdict = await asset_warranty(work.session, made.asset_id, on=date(2027, 3, 10))
    assert verdict.state == "in"
    assert "repair_days_added" in [reason.code for reason in verdict.reasons]


async def test_an_order_that_gets_another_customer_gets_that_customers_appliance(database):
    """With its warranty; the first one's appliance and name go, the trail says both, a closed order stays whose it is."""
    mistaken, right = await customer(database), await customer(database, "李强", "13911112222")
    first, own = await asset(database, mistaken), await asset(database, right, replace(AIR, serial="G2"))
    taken = await order(database, mistaken)
    assert (taken.asset_id, taken.warranty) == (first.asset_id, "in")
    command = SetCustomer(by="u", at=AT, order_id=taken.order_id, customer_id=right, edit_version=taken.edit_version)
    now = await run(database, order_customer.set_customer, command)
    assert (now.customer_id, now.asset_id, now.warranty) == (right, own.asset_id, "in")
    assert (now.fields["customer_name"].value, now.edit_version) == ("李强", taken.edit_version + 1)
    async with database.read() as work:
        lines = (await trail.trail(work.session, taken.order_id, limit=200)).items
    assert [(line.before, line.after) for line in lines if line.field == "asset_id"] == [(first.asset_id, own.asset_id)]
    with pytest.raises(Conflict, match="somebody else"):
        await run(database, order_customer.set_customer, replace(command, customer_id=mistaken))
    await run(
        database, lifecycle.move_order, MoveOrder(by="u", at=AT, order_id=taken.order_id, action="cancel", reason="x")
    )
    with pytest.raises(Conflict, match="is cancelled"):
        await run(database, order_customer.set_customer, replace(command, customer_id=mistaken, edit_version=None))


async def test_a_report_without_a_known_number_is_given_to_a_customer_afterwards(database):
    """It finds the appliance then, and the warranty with it."""
    who = await customer(database)
    mine = await asset(database, who)
    values = {"service_type": "repair", "appliance": "空调", "brand": "格力", "fault": "不制冷"}
    values |= {"contact_phone": "13700000000", "address": {"city": "杭州市", "district": "西湖区", "detail": "1号"}}
    draft = await run(database, orders.open_draft, OpenDraft(by="u", at=AT, fields=values))
    made = await run(database, orders.create_order, CreateOrder(by="u", at=AT, order_id=draft.order_id))
    assert (made.customer_id, made.asset_id, made.warranty) == (None, None, None)
    command = SetCustomer(by="u", at=AT, order_id=made.order_id, customer_id=who)
    now = await run(database, order_customer.set_customer, command)
    assert (now.customer_id, now.asset_id, now.warranty) == (who, mine.asset_id, "in")
    assert (now.fields["customer_name"].value, now.fields["contact_phone"].value) == ("王芳", "13700000000")
