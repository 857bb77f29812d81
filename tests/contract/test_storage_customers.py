"""Customers' records on both databases: change, history, merge, forgetting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from callcenter.storage.database import Database
from tests.conftest import SHARED_FIXTURE
from workorder.commands import (
    CreateCustomer,
    CreateOrder,
    EditCustomer,
    EraseCustomer,
    MergeCustomers,
    NewAddress,
    NewAsset,
    NewPhone,
    OpenDraft,
)
from workorder.errors import Conflict, Invalid, NotFound
from workorder.model.customers import CustomerChange
from workorder.policy.phones import parse_phone
from workorder.services import customers, lookalikes, orders, trail
from workorder.services.customer_erasure import erase_customer
from workorder.services.customer_file import changes_of_customer, edit_customer, record
from workorder.services.customer_merge import merge_customers

AT = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
HOME = NewAddress(
    province="浙江省", city="杭州市", district="西湖区", detail="文三路1号", label="家", division_code="330106"
)


async def created(database: Database, name="王芳", phones=("13800138000",), **more):
    async with database.write() as work:
        card = await customers.create_customer(
            work.session, CreateCustomer(by="u1", at=AT, name=name, phones=phones, **more)
        )
        await work.commit()
    async with database.read() as work:
        return await record(work.session, card.customer_id)


async def edited(database: Database, customer_id: str, **changes):
    async with database.write() as work:
        command = EditCustomer(by="u2", at=AT + timedelta(hours=1), customer_id=customer_id, **changes)
        found = await edit_customer(work.session, command)
        await work.commit()
    return found


async def order_of(database: Database, customer_id: str):
    fields = {
        "service_type": "repair",
        "appliance": "空调",
        "brand": "格力",
        "fault": "不制冷",
        "description": "王芳家",
    }
    async with database.write() as work:
        draft = await orders.open_draft(work.session, OpenDraft(by="u1", at=AT, customer_id=customer_id, fields=fields))
        order = await orders.create_order(work.session, CreateOrder(by="u1", at=AT, order_id=draft.order_id))
        await work.commit()
    return order


async def test_a_record_holds_several_phones_and_addresses_in_order(database):
    """Labels, division codes and the order given come back."""
    phones = (NewPhone(number="13800138000", label="手机"), NewPhone(number="0571-88886666", label="公司"))
    found = await created(database, phones=phones, addresses=(HOME,), level="business", notes="门铃坏了")
    assert [(phone.e164, phone.label) for phone in found.phones] == [
        ("+8613800138000", "手机"),
        ("+8657188886666", "公司"),
    ]
    assert (found.addresses[0].display, found.addresses[0].division_code) == ("浙江省杭州市西湖区文三路1号", "330106")
    assert (found.level, found.notes, found.edit_version) == ("business", "门铃坏了", 1)


async def test_an_edit_replaces_lists_and_keeps_the_rest(database):
    """What is not given stays; a number that stays keeps its place in the record; the version goes up by one."""
    before = await created(database, addresses=(HOME,))
    after = await edited(
        database,
        before.customer_id,
        edit_version=1,
        level="vip",
        phones=(NewPhone(number="13900139000"), NewPhone(number="+86 138 0013 8000", label="旧")),
    )
    assert [phone.raw for phone in after.phones] == ["13900139000", "+86 138 0013 8000"]
    assert (after.level, after.addresses, after.edit_version) == ("vip", before.addresses, 2)
    async with database.read() as work:
        assert await customers.card_by_phone(work.session, parse_phone("13900139000")) is not None


async def test_a_change_of_belongings_alone_is_a_new_version_too(database):
    """Otherwise two people would overwrite each other's lists unnoticed."""
    before = await created(database)
    after = await edited(database, before.customer_id, addresses=(HOME,))
    again = await edited(database, before.customer_id, addresses=(HOME,))
    assert (after.edit_version, again.edit_version) == (2, 2)
    with pytest.raises(Conflict, match="somebody else"):
        await edited(database, before.customer_id, addresses=(), edit_version=1)


async def test_the_history_tells_from_what_to_what(database):
    """One line per changed part, with who and when; an edit that changes nothing leaves none."""
    before = await created(database)
    await edited(database, before.customer_id, name="王小芳", notes="")
    async with database.read() as work:
        lines = (await changes_of_customer(work.session, before.customer_id)).items
    assert [(line.by, line.field, line.before, line.after) for line in lines] == [("u2", "name", "王芳", "王小芳")]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "  "}, "name"),
        ({"level": "gold"}, "level"),
        ({"phones": ()}, "phone"),
        ({"phones": (NewPhone(number="anonymous"),)}, "phone"),
        ({"phones": (NewPhone(number="13800138000"), NewPhone(number="+8613800138000"))}, "phone"),
        ({"addresses": (NewAddress(label="家"),)}, "address"),
        ({"addresses": (NewAddress(city="杭州市", division_code="33"),)}, "address"),
        ({"addresses": (NewAddress(detail="x" * 201),)}, "address"),
        ({"notes": "a\x00b"}, "notes"),
        ({"notes": "x" * 2001}, "notes"),
        ({"phones": tuple(NewPhone(number=f"138{n:08d}") for n in range(21))}, "phones"),
    ],
)
async def test_a_bad_edit_names_the_part_and_changes_nothing(database, changes, field):
    """Nothing half-written."""
    before = await created(database)
    with pytest.raises(Invalid) as caught:
        await edited(database, before.customer_id, **changes)
    assert caught.value.errors[0].field == field
    async with database.read() as work:
        assert await record(work.session, before.customer_id) == before


async def test_an_unknown_customer_is_not_found(database):
    """For reading and for changing."""
    with pytest.raises(NotFound):
        await edited(database, "01NOPE", name="x")


async def test_a_merge_moves_everything_and_leaves_a_pointer(database):
    """Phones, addresses, notes, openids, the higher level, appliances and orders are with the kept customer."""
    kept = await created(database, addresses=(HOME,), notes="老客户", openid="o6_first")
    twin = await created(
        database,
        name="王方",
        phones=("13800138000", "13900139000"),
        addresses=(HOME, NewAddress(city="杭州市", detail="古墩路2号")),
        level="vip",
        notes="周末在家",
        openid="o6_wang",
        miniprogram_openid="oM_wang",
        assets=(NewAsset(appliance="空调", brand="格力"),),
    )
    order = await order_of(database, twin.customer_id)
    async with database.write() as work:
        command = MergeCustomers(
            by="s1", at=AT, customer_id=kept.customer_id, duplicate_id=twin.customer_id, edit_version=1
        )
        merged = await merge_customers(work.session, command)
        await work.commit()
    assert [phone.raw for phone in merged.phones] == ["13800138000", "13900139000"]
    assert [address.detail for address in merged.addresses] == ["文三路1号", "古墩路2号"]
    assert (merged.name, merged.level, merged.notes) == ("王芳", "vip", "老客户\n周末在家")
    assert (merged.openid, merged.miniprogram_openid) == ("o6_first", "oM_wang")
    assert [asset.brand for asset in merged.assets] == ["格力"]
    assert [brief.order_id for brief in merged.open_orders] == [order.order_id]
    async with database.read() as work:
        gone = await record(work.session, twin.customer_id)
        assert (gone.openid, gone.miniprogram_openid) == (None, None)
        assert (gone.merged_into, gone.phones, gone.assets, gone.order_count) == (kept.customer_id, (), (), 0)
        assert (await orders.changes_of(work.session, [order.order_id]))[-1].after == kept.customer_id
        assert [card.customer_id for card in await customers.search(work.session, "王")] == [kept.customer_id]
        assert await lookalikes.lookalikes(work.session, name="王方") == (
            await customers.card(work.session, kept.customer_id),
        )
        assert await customers.card_by_phone(work.session, parse_phone("13900139000")) is not None
    with pytest.raises(Conflict, match="was merged into"):
        await edited(database, twin.customer_id, name="x")


async def test_nobody_is_merged_with_himself_or_from_an_old_version(database):
    """Both are refused before anything moves."""
    kept, other = await created(database), await created(database)
    for duplicate, version, error in ((kept, 1, Invalid), (other, 7, Conflict)):
        async with database.write() as work:
            command = MergeCustomers(
                by="s1",
                at=AT,
                customer_id=kept.customer_id,
                duplicate_id=duplicate.customer_id,
                edit_version=version,
            )
            with pytest.raises(error):
                await merge_customers(work.session, command)


async def test_a_forgotten_person_is_in_no_table_and_the_statistics_stay(database):
    """No row of the whole database holds the name, number, street or words; the order keeps what it was about."""
    openids = {"openid": "o6_ouyang", "miniprogram_openid": "oM_ouyang"}
    found = await created(database, name="欧阳震华", addresses=(HOME,), notes="欧阳先生怕狗", **openids)
    order = await order_of(database, found.customer_id)
    await edited(database, found.customer_id, name="欧阳震")
    async with database.write() as work:
        command = EraseCustomer(by="s1", at=AT, customer_id=found.customer_id, reason="书面申请")
        erased = await erase_customer(work.session, command)
        await work.commit()
    assert (erased.phones, erased.addresses, erased.notes, erased.order_count) == ((), (), "", 1)
    assert erased.erased_at == AT
    async with database.read() as work:
        kept = await orders.get_order(work.session, order.order_id)
        tables = list(CustomerChange.metadata.tables)
        rows = [str(row) for table in tables for row in await work.session.execute(text(f"SELECT * FROM {table}"))]
        personal = ("欧阳", "13800138000", "文三路", "王芳家", *openids.values())
        assert not [row for row in rows for word in personal if word in row]
        assert [card.customer_id for card in await customers.search(work.session, "13800138000")] == []
        lines = (await work.session.scalars(select(CustomerChange))).all()
        assert (await trail.verify(work.session)).faults == ()
    assert [(line.field, line.reason) for line in lines] == [("erased", "书面申请")]
    assert (kept.status, kept.fields["fault"].value) == ("created", "不制冷")
    assert kept.fields["address"].value == {
        "province": "浙江省",
        "city": "杭州市",
        "district": "西湖区",
        "detail": None,
    }
    with pytest.raises(Conflict, match="was erased"):
        await edited(database, found.customer_id, name="x")


async def test_forgetting_needs_a_reason(database):
    """Somebody may ask how the request came."""
    found = await created(database)
    async with database.write() as work:
        with pytest.raises(Invalid, match="must not be empty"):
            await erase_customer(work.session, EraseCustomer(by="s1", at=AT, customer_id=found.customer_id, reason=" "))


NUMBERS = st.lists(st.sampled_from([f"1390000000{n}" for n in range(6)]), min_size=1, max_size=4, unique=True)


@settings(max_examples=15, suppress_health_check=SHARED_FIXTURE)
@given(first=NUMBERS, second=NUMBERS)
async def test_a_merge_loses_and_doubles_no_number(database, first, second):
    """The kept customer has each number of both exactly once, its own first."""
    kept, twin = await created(database, phones=tuple(first)), await created(database, phones=tuple(second))
    async with database.write() as work:
        command = MergeCustomers(by="s1", at=AT, customer_id=kept.customer_id, duplicate_id=twin.customer_id)
        merged = await merge_customers(work.session, command)
        await work.commit()
    assert [phone.raw for phone in merged.phones] == list(dict.fromkeys([*first, *second]))
