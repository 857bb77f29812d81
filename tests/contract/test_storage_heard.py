"""What the domain keeps of heard values, and whom it finds by what was heard, on every database."""

from __future__ import annotations

import pytest

from callcenter.storage.database import Database
from tests.contract.test_storage_orders import AT, COMPLETE, create, edit, heard, open_draft, revise
from workorder.commands import CreateCustomer, SetCustomer
from workorder.errors import Invalid
from workorder.fields import FieldState
from workorder.model.outcomes import Outcome
from workorder.services import customers, order_customer
from workorder.services.lookalikes import lookalikes
from workorder.services.outcomes import OutcomeView, outcomes_since


async def outcomes(db: Database) -> dict[str, OutcomeView]:
    async with db.read() as work:
        return {row.field: row for row in await outcomes_since(work.session)}


async def heard_draft(db: Database):
    draft = await open_draft(db, call_id="C1")
    said = {name: heard(name, value) for name, value in COMPLETE.items()}
    return await revise(db, draft.order_id, said | {"model": heard("model", None, state=FieldState.WITHDRAWN)})


async def test_what_a_person_makes_of_heard_values_is_kept(database):
    """Ticked, retyped as it was, corrected and emptied values each have their outcome, with what was heard and how."""
    draft = await heard_draft(database)
    await edit(database, draft, {"brand": "格力", "fault": "不制冷", "appliance": None, "model": "KFR"}, "service_type")
    kept = await outcomes(database)
    assert {name: row.outcome for name, row in kept.items()} == {
        "service_type": Outcome.ACCEPTED,
        "brand": Outcome.ACCEPTED,
        "fault": Outcome.CORRECTED,
        "appliance": Outcome.EMPTIED,
    }
    fault = kept["fault"]
    assert (fault.heard, fault.final, fault.rule, fault.confidence) == ("漏水", "不制冷", "fault.rule", 0.8)
    assert (fault.call_id, fault.by, fault.at, fault.evidence[0].segment_id) == ("C1", "u1", AT, "seg1")


async def test_creating_the_order_counts_the_rest_as_left(database):
    """Values nobody touched are left; those decided on before keep their outcome; nothing typed is counted."""
    draft = await heard_draft(database)
    edited = await edit(database, draft, {"fault": "不制冷", "description": "急"})
    await create(database, edited)
    kept = await outcomes(database)
    assert {name for name, row in kept.items() if row.outcome is Outcome.LEFT} == set(COMPLETE) - {"fault"}
    assert kept["fault"].outcome is Outcome.CORRECTED
    assert "description" not in kept


async def test_a_change_of_mind_changes_the_outcome_not_what_was_heard(database):
    """Back to the heard value is accepted; a correction after the order was made counts too."""
    draft = await heard_draft(database)
    edited = await edit(database, await edit(database, draft, {"fault": "不制冷"}), {"fault": "漏水"})
    assert (await outcomes(database))["fault"].outcome is Outcome.ACCEPTED
    await edit(database, await create(database, edited), {"brand": "美的"})
    brand = (await outcomes(database))["brand"]
    assert (brand.outcome, brand.heard, brand.final) == (Outcome.CORRECTED, "格力", "美的")


async def test_a_change_that_is_not_committed_leaves_no_outcome(database):
    """The decision and what is kept of it become true together."""
    draft = await heard_draft(database)
    with pytest.raises(Invalid):
        await edit(database, draft, {"fault": "不制冷"}, "onset")
    assert await outcomes(database) == {}


PEOPLE = (
    ("王建国", "西湖区", "文三路288号12幢501室"),
    ("汪剑国", "西湖区", "学院路7号"),
    ("王芳", "西湖区", "文三路30号"),
    ("李雷", "西湖", "文三路288号"),
    ("王建国", "江干区", "凤起路1号"),
)


async def people(db: Database) -> None:
    async with db.write() as work:
        for position, (name, district, detail) in enumerate(PEOPLE):
            address = {"city": "杭州市", "district": district, "detail": detail}
            await customers.create_customer(
                work.session,
                CreateCustomer(by="u1", at=AT, name=name, phones=(f"1380000000{position}",), address=address),
            )
        await work.commit()


@pytest.mark.parametrize(
    ("name", "address", "found"),
    [
        ("望见国", {}, [0, 1, 4]),
        ("王女士", {"district": "西湖区"}, [0, 1, 2]),
        ("王先生", {"district": "西湖", "detail": "文山路288号"}, [0, 3]),
        ("王女士", {}, []),
        (None, {"district": "西湖区", "detail": "文三路288号"}, [0, 3]),
        (None, {"district": "西湖区"}, []),
        (None, {"city": "杭州市", "detail": "1号"}, []),
        ("'; DROP", {"district": "%", "detail": "%1_"}, []),
        (None, {}, []),
    ],
)
async def test_customers_are_found_by_sound_and_place(database, name, address, found):
    """A whole name is found by its sound, a family name within its district, a house number within its district."""
    await people(database)
    async with database.read() as work:
        cards = await lookalikes(work.session, name=name, address=address)
    known = [(card.name, card.addresses[0].district, card.addresses[0].detail) for card in cards]
    assert sorted(known) == sorted(PEOPLE[position] for position in found)


async def test_another_customer_replaces_what_the_first_one_gave(database):
    """Attached to the wrong customer and then to the right one, the order has the right one's name and address."""
    await people(database)
    async with database.read() as work:
        wang, li = [(await customers.search(work.session, name))[0] for name in ("王芳", "李雷")]
    draft = await open_draft(database, by="machine", customer_id=wang.customer_id)
    await edit(database, draft, {"contact_phone": "13900139000"})
    async with database.write() as work:
        command = SetCustomer(by="u1", at=AT, order_id=draft.order_id, customer_id=li.customer_id)
        order = await order_customer.set_customer(work.session, command)
        await work.commit()
    values = {name: field.value for name, field in order.fields.items()}
    assert (values["customer_name"], values["contact_phone"]) == ("李雷", "13900139000")
    assert values["address"]["detail"] == "文三路288号"
