"""Search on both databases: what is on file is found by whatever is known of it, and nothing else is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, text

from callcenter.storage.database import Database
from tests.conftest import SHARED_FIXTURE
from workorder.commands import (
    AddComment,
    CreateCustomer,
    CreateOrder,
    EditCustomer,
    EditOrder,
    EraseCustomer,
    NewAddress,
    NewAsset,
    OpenDraft,
)
from workorder.errors import Invalid
from workorder.model.search import SearchText
from workorder.services import customers, orders
from workorder.services.customer_erasure import erase_customer
from workorder.services.customer_file import edit_customer
from workorder.services.order_filters import OrderFilters, OrderQuery
from workorder.services.order_lines import order_lines
from workorder.services.search import WINDOW, orders_like, search_customers, search_orders
from workorder.services.teamwork import add_comment
from workorder.uow import look

AT = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
ENQUIRY = {"service_type": "enquiry", "contact_phone": "13800138000"}
HOME = NewAddress(city="杭州市", district="西湖区", detail="文三路288号3幢502室")


async def run(database: Database, service, command):
    async with database.write() as work:
        answer = await service(work.session, command)
        await work.commit()
    return answer


async def customer(database: Database, name="张三", phone="13812345678", **more) -> str:
    command = CreateCustomer(by="u", at=AT, name=name, phones=(phone,), **more)
    return (await run(database, customers.create_customer, command)).customer_id


async def order(database: Database, at=AT, **values):
    fields = {"service_type": "repair", "appliance": "空调", "brand": "格力", "fault": "不制冷"}
    fields |= {"contact_phone": "13912345678", "customer_name": "李四", "model": "KFR-35GW", **values}
    fields["address"] = {"city": "杭州市", "district": "西湖区", "detail": "古墩路1号", "province": None}
    draft = await run(database, orders.open_draft, OpenDraft(by="u", at=at, fields=fields))
    return await run(database, orders.create_order, CreateOrder(by="u", at=at, order_id=draft.order_id))


async def found(database: Database, q: str):
    async with database.read() as work:
        return [(hit.name, hit.why) for hit in await look(work.session, search_customers, q)]


async def texts(database: Database, q: str, **filters):
    async with database.read() as work:
        page = await look(work.session, search_orders, q, filters=OrderFilters(**filters))
    return [hit.order_id for hit in page.items]


@pytest.mark.parametrize(
    ("q", "why"),
    [
        ("13812345678", "phone"),
        ("+86 138 1234 5678", "phone"),
        ("0138-1234-5678", "phone"),
        ("5678", "phone"),
        ("2345678", "phone"),
        ("13812", "phone"),
        ("G100", "serial"),
        ("KFR-26", "model"),
        ("kfr-26", "model"),
        ("张", "name"),
        ("张三", "name"),
        ("zhangsan", "pinyin"),
        ("zhang san", "pinyin"),
        ("ZS", "pinyin"),
        ("zh", "pinyin"),
        ("文三路288", "text"),
        ("西湖区 3幢", "text"),
        ("怕狗", "text"),
    ],
)
async def test_a_customer_is_found_by_whatever_is_known(database, q, why):
    """Numbers in any spelling and by their ends, names and pinyin, serials, and words of the record."""
    asset = NewAsset(appliance="空调", brand="格力", model="KFR-26GW", serial="G100200")
    await customer(database, addresses=(HOME,), assets=(asset,), notes="怕狗")
    await customer(database, "李雷", "13900001111")
    assert await found(database, q) == [("张三", why)]


@pytest.mark.parametrize(
    "q", ["", "  ", "678", "张五", "lisi", "%", "_", "' OR 1=1 --", '"', "-", "*", "NEAR(", "a\x01"]
)
async def test_what_is_not_there_is_not_found_and_nothing_is_syntax(database, q):
    """Neither wildcards nor quotes nor the index's own words mean anything."""
    await customer(database, addresses=(HOME,))
    assert await found(database, q) == []
    async with database.read() as work:
        assert await look(work.session, orders_like, q) == ()


async def test_an_order_is_found_by_what_was_said_about_it(database):
    """A comment finds its order, together with the order's own words; a draft's counts once it is an order."""
    one = await order(database)
    await order(database)
    await run(database, add_comment, AddComment(by="u", at=AT, order_id=one.order_id, text="客户要求带梯子"))
    assert await texts(database, "梯子") == [one.order_id]
    assert await texts(database, "不制冷 带梯子") == [one.order_id]
    draft = await run(database, orders.open_draft, OpenDraft(by="u", at=AT, fields=ENQUIRY))
    await run(database, add_comment, AddComment(by="u", at=AT, order_id=draft.order_id, text="地下车库限高"))
    assert await texts(database, "限高") == []
    await run(database, orders.create_order, CreateOrder(by="u", at=AT, order_id=draft.order_id))
    assert await texts(database, "限高") == [draft.order_id]
    await database.reindex(lambda _done: None)
    assert await texts(database, "限高") == [draft.order_id]


async def test_what_was_said_about_a_forgotten_person_is_found_no_more(database):
    """Comments go out of the index with the person."""
    who = await customer(database)
    fields = {**ENQUIRY, "customer_name": "张三"}
    draft = await run(database, orders.open_draft, OpenDraft(by="u", at=AT, customer_id=who, fields=fields))
    await run(database, orders.create_order, CreateOrder(by="u", at=AT, order_id=draft.order_id))
    await run(database, add_comment, AddComment(by="u", at=AT, order_id=draft.order_id, text="张三的狗很凶"))
    assert await texts(database, "狗很凶") == [draft.order_id]
    await run(database, erase_customer, EraseCustomer(by="u", at=AT, customer_id=who, reason="asked for it"))
    assert await texts(database, "狗很凶") == []


async def test_a_changed_record_is_found_by_what_it_says_now(database):
    """The index follows in the same transaction; who was forgotten is in it no more."""
    who = await customer(database, addresses=(HOME,), notes="怕狗")
    await run(database, edit_customer, EditCustomer(by="u", at=AT, customer_id=who, notes="周末在家", name="章三"))
    assert await found(database, "怕狗") == []
    assert await found(database, "周末") == [("章三", "text")]
    await run(database, erase_customer, EraseCustomer(by="u", at=AT, customer_id=who, reason="letter"))
    assert await found(database, "周末") == []
    async with database.read() as work:
        assert (await work.session.execute(text("SELECT count(*) FROM search_texts"))).scalar() == 0


async def test_an_order_is_found_by_number_phone_and_words(database):
    """The box takes them all; the snippet shows what was hit."""
    made = await order(database, description="客户说空调滴水严重")
    for q in (made.number, made.number[:8].lower(), "5678", "139 1234", "滴水", "kfr 格力", "李四"):
        async with database.read() as work:
            assert len(await look(work.session, orders_like, q)) == 1, q
            (hit,) = await look(work.session, orders_like, q)
        assert hit.order_id == made.order_id
    async with database.read() as work:
        (hit,) = (await look(work.session, search_orders, "滴水")).items
    assert [piece.text for piece in hit.snippet if piece.hit] == ["滴水"]


async def test_drafts_are_not_indexed_and_edits_are(database):
    """A draft is found on its call; a created order by what it says now."""
    draft = await run(database, orders.open_draft, OpenDraft(by="u", at=AT, fields={"description": "草稿里的话"}))
    assert await texts(database, "草稿") == []
    made = await order(database, description="先前的话")
    edit = EditOrder(by="u", at=AT, order_id=made.order_id, fields={"description": "后来的话"})
    await run(database, orders.edit_order, edit)
    assert await texts(database, "先前") == []
    assert await texts(database, "后来") == [made.order_id]
    assert draft.status == "draft"


async def test_words_and_filters_go_together(database):
    """Excluded words, phrases, and each filter; a filter alone has no words to look for."""
    first = await order(database, description="空调漏水")
    second = await order(database, at=AT + timedelta(days=1), brand="美的", description="空调漏水又跳闸")
    assert set(await texts(database, "漏水")) == {first.order_id, second.order_id}
    assert await texts(database, "漏水 -跳闸") == [first.order_id]
    assert await texts(database, "漏水", brand="美的") == [second.order_id]
    assert await texts(database, "漏水", since=AT + timedelta(hours=1)) == [second.order_id]
    assert await texts(database, "漏水", until=AT + timedelta(hours=1), district="西湖区") == [first.order_id]
    assert await texts(database, "漏水", name="李", model="KFR", status="cancelled") == []
    assert await texts(database, "-漏水") == []


async def test_a_list_takes_the_same_filters(database):
    """By phone in any spelling or its end, name, model and period."""
    made = await order(database)
    await order(database, contact_phone="13700001111", customer_name="王五", model="M1", brand="美的")
    for filters in ({"q": "5678"}, {"q": "李"}, {"model": "KFR"}, {"brand": "格力"}, {"name": "李四"}):
        async with database.read() as work:
            page = await orders.list_orders(work.session, OrderQuery(**filters))
        assert [item.order_id for item in page.items] == [made.order_id]


async def test_a_list_takes_the_beginning_of_a_number_from_seven_digits_on(database):
    """Fewer would be the beginning of too many to sort; the search box, which does not sort, takes four."""
    made = await order(database)
    for q, listed in (("1391234", [made.order_id]), ("139123", []), ("0139-1234", [made.order_id])):
        page = await database.look(order_lines, OrderQuery(q=q))
        assert [line.order_id for line in page.items] == listed, q
        assert [hit.order_id for hit in await database.look(orders_like, q)] == [made.order_id]


async def test_pages_of_a_search_show_every_order_once(database):
    """Through both windows, best first inside each; a foreign cursor is refused."""
    async with database.write() as work:
        rows = [
            {"kind": "order", "key": f"k{n:03d}", "text": "空调漏水", "tokens": "0order0 漏水"}
            for n in range(WINDOW + 30)
        ]
        await work.session.execute(SearchText.__table__.insert(), rows)
        await work.session.execute(text("UPDATE search_texts SET text = text"))
        await work.commit()
    seen, cursor = 0, None
    async with database.read() as work:
        while True:
            page = await look(work.session, search_orders, "漏水", cursor=cursor, limit=40)
            seen += 1
            if page.next_cursor is None:
                break
            cursor = page.next_cursor
        for foreign in ("x", "1", "1.2.3", "-1.0", f"1.{WINDOW + 1}", "٣.٣"):
            with pytest.raises(Invalid, match="not one of ours"):
                await look(work.session, search_orders, "漏水", cursor=foreign)
    assert seen == 4


async def test_the_index_is_made_anew_as_it_was(database):
    """Thrown away and made again, everything is found as before; it is how older databases get theirs."""
    await customer(database, addresses=(HOME,))
    made = await order(database, description="滴水")
    async with database.write() as work:
        await work.session.execute(delete(SearchText))
        await work.commit()
    assert await texts(database, "滴水") == []
    heard: list[int] = []
    await database.reindex(heard.append)
    assert await texts(database, "滴水") == [made.order_id]
    assert await found(database, "文三路") == [("张三", "text")]
    assert heard[-1] == 2


NAMES = st.text("王张李单曾芳伟娜敏静三四", min_size=1, max_size=3)


@settings(max_examples=12, suppress_health_check=SHARED_FIXTURE)
@given(names=st.lists(NAMES, min_size=1, max_size=4), asked=NAMES)
async def test_names_are_found_as_a_plain_search_would(database, names, asked):
    """Against reading everybody: those whose name begins so, and no others by name."""
    await clear(database)
    for number, name in enumerate(names):
        await customer(database, name, f"139{number:08d}")
    wanted = sorted(name for name in names if name.startswith(asked))
    assert sorted(name for name, why in await found(database, asked) if why == "name") == wanted


DIGITS = st.text("0123456789", min_size=8, max_size=8)


@settings(max_examples=12, suppress_health_check=SHARED_FIXTURE)
@given(
    numbers=st.lists(DIGITS, min_size=1, max_size=4, unique=True), tail=st.text("0123456789", min_size=4, max_size=6)
)
async def test_numbers_are_found_by_their_ends_as_a_plain_search_would(database, numbers, tail):
    """Against reading every number: those that end so are found."""
    await clear(database)
    for number in numbers:
        await customer(database, number, f"139{number}")
    ends = {number for number in numbers if f"139{number}".endswith(tail)}
    begins = {number for number in numbers if f"139{number}".startswith(tail.lstrip("0"))}
    by_phone = {name for name, why in await found(database, tail) if why == "phone"}
    assert ends <= by_phone <= ends | begins


async def clear(database: Database) -> None:
    """Nobody is on file."""
    async with database.write() as work:
        for table in ("search_texts", "customer_phones", "customer_addresses", "customers"):
            await work.session.execute(text(f"DELETE FROM {table}"))
        await work.commit()
