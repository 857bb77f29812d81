"""Import and export on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import event, select

from callcenter.errors import Invalid
from callcenter.features.sheet_export import export
from callcenter.features.sheet_import import Importer
from callcenter.features.sheet_rows import phone_reader
from callcenter.features.sheets import read_rows, write_rows
from callcenter.storage.tables import OutboxRow
from workorder.commands import SetTemplate
from workorder.fields import Ask, FieldSpec, Kind
from workorder.model.customers import Customer
from workorder.services import customers, orders
from workorder.services.assets import find_assets
from workorder.services.order_filters import OrderQuery
from workorder.services.templates import set_template

AT = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
PEOPLE = [
    ["客户编号", "姓名", "电话", "城市", "区县", "详细地址", "等级", "爱好"],
    ["K1", "王芳", "13800138000", "杭州市", "西湖区", "文三路1号", "vip", "茶"],
    ["K2", "李雷", "139 0013 9000", "", "", "", "", ""],
]


@pytest.fixture
def importer(database) -> Importer:
    return Importer(database=database, by="u1", now=lambda: AT, read_phone=phone_reader("CN", None))


async def take(importer, tmp_path, rows, kind="customers", sheet_format="csv", **options):
    file = tmp_path / f"in.{sheet_format}"
    write_rows(file, sheet_format, rows)
    return await importer.run(file, kind=kind, sheet_format=sheet_format, **options)


async def names(database):
    async with database.read() as work:
        found = [await customers.search(work.session, name) for name in ("王芳", "李雷", "坏")]
    return [card.name for cards in found for card in cards]


async def test_a_sheet_becomes_customers_and_again_changes_them(database, importer, tmp_path):
    """The second time nobody is doubled; unknown columns are named and passed over."""
    report = await take(importer, tmp_path, PEOPLE)
    assert (report.rows, report.created, report.bad, report.taken) == (2, 2, 0, True)
    assert report.passed_over == ("爱好",)
    again = await take(
        importer, tmp_path, [PEOPLE[0], ["K1", "王芳", "13700137000", "", "", "", "", ""]], sheet_format="xlsx"
    )
    assert (again.created, again.updated) == (0, 1)
    assert await names(database) == ["王芳", "李雷"]
    async with database.read() as work:
        (card,) = await customers.search(work.session, "王芳")
    assert ([phone.raw for phone in card.phones], card.level) == (["13700137000"], "vip")


async def test_a_key_that_comes_twice_in_one_file_is_one_customer(database, importer, tmp_path):
    """The later row changes what the earlier one made, also among rows that are taken together."""
    rows = [["external_key", "name", "phone"], ["K1", "王芳", "13800138000"], ["K2", "李雷", "13900139000"]]
    report = await take(importer, tmp_path, [*rows, ["K1", "王芳", "13700137000"]])
    assert (report.rows, report.created, report.updated, report.bad) == (3, 2, 1, 0)
    async with database.read() as work:
        (card,) = await customers.search(work.session, "王芳")
    assert [phone.raw for phone in card.phones] == ["13700137000"]


async def test_a_large_sheet_is_written_a_statement_a_table(database, importer, tmp_path):
    """Keys of another system make no statement a row: what is on file is asked once for all that are taken together."""
    rows = [["external_key", "name", "phone"], *([f"K{n}", f"王{n}", f"138{n:08d}"] for n in range(200))]
    sent: list[str] = []
    engine = database._engines.write.sync_engine
    event.listen(engine, "before_cursor_execute", lambda _c, _u, statement, *_: sent.append(statement))
    assert (await take(importer, tmp_path, rows)).created == 200
    assert len(sent) < 20
    again = await take(importer, tmp_path, rows)
    assert (again.created, again.updated) == (0, 200)


@pytest.mark.parametrize(("mode", "kept"), [("all", []), ("good", ["王芳", "李雷"])])
async def test_a_bad_row_is_named_with_column_and_reason(database, importer, tmp_path, mode, kept):
    """``all`` then keeps nothing, ``good`` the others."""
    rows = [*PEOPLE, ["K3", "坏", "anonymous", "", "", "", "gold", ""]]
    report = await take(importer, tmp_path, rows, mode=mode)
    assert {(fault.row, fault.column) for fault in report.faults} == {(4, "phone"), (4, "level")}
    assert (report.bad, report.taken, report.created) == (1, mode == "good", len(kept))
    assert await names(database) == kept


async def test_a_bad_row_leaves_no_events_of_the_rows_taken_with_it(database, importer, tmp_path):
    """Rows are written together; those taken again one by one are told of once, and nobody hears of the bad one."""
    await take(importer, tmp_path, [*PEOPLE, ["K3", "坏", "anonymous", "", "", "", "gold", ""]], mode="good")
    async with database.read() as work:
        events = list(await work.session.scalars(select(OutboxRow).order_by(OutboxRow.position)))
        filed = set(await work.session.scalars(select(Customer.customer_id)))
    assert [event.event_type for event in events] == ["CustomerCreated"] * 2
    assert {event.body["customer_id"] for event in events} == filed


async def test_a_dry_run_keeps_nothing(database, importer, tmp_path):
    """It says what would become of the rows."""
    report = await take(importer, tmp_path, PEOPLE, dry_run=True)
    assert (report.created, report.taken) == (2, False)
    assert await names(database) == []


async def test_appliances_find_their_owner_and_orders_come_by_the_usual_command(database, importer, tmp_path):
    """By key or number; an order gets its number, the same file again makes no second one."""
    await take(importer, tmp_path, PEOPLE)
    assets = [
        ["客户编号", "电话", "产品", "品牌", "序列号", "购买日期"],
        ["K1", "", "空调", "格力", "G1", "2026年3月5日"],
        ["", "+8613900139000", "冰箱", "海尔", "H1", "2026/3/5"],
        ["", "13600000000", "冰箱", "海尔", "H2", ""],
    ]
    report = await take(importer, tmp_path, assets, kind="assets", mode="good")
    assert (report.created, [(fault.row, fault.column) for fault in report.faults]) == (2, [(4, "phone")])
    async with database.read() as work:
        (found,) = (await find_assets(work.session, on=AT.date(), serial="G1")).items
    assert found.warranty == "in"
    work_orders = [
        ["外部单号", "服务类型", "联系人", "联系电话", "产品", "品牌", "故障", "城市", "区县", "详细地址"],
        ["X1", "repair", "王芳", "13800138000", "空调", "格力", "不制冷", "杭州市", "西湖区", "文三路1号"],
    ]
    first, second = [await take(importer, tmp_path, work_orders, kind="orders") for _ in range(2)]
    assert (first.created, second.created, second.updated) == (1, 0, 1)
    async with database.read() as work:
        (order,) = (await orders.list_orders(work.session, OrderQuery(name="王芳"))).items
    assert order.channel == "csv"


async def test_what_is_exported_is_taken_back_as_it_was(database, importer, tmp_path):
    """A name that would run as a formula is harmless in the file and unharmed after the round trip."""
    await take(
        importer,
        tmp_path,
        [["姓名", "电话", "备注", "微信", "小程序"], ["=1+1", "13800138000", "'=quoted", "-o6", "-oM"]],
    )
    for sheet_format in ("csv", "xlsx"):
        file = tmp_path / f"out.{sheet_format}"
        async with database.read() as work:
            assert await export(work.session, file, kind="customers", sheet_format=sheet_format) == 1
        report = await importer.run(file, kind="customers", sheet_format=sheet_format)
        assert (report.created, report.updated, report.faults) == (0, 1, ())
        (_, row) = read_rows(file, sheet_format)
        assert {"=1+1", "'=quoted", "-o6", "-oM"} <= set(row)
    async with database.read() as work:
        (card,) = await customers.search(work.session, "=1")
    assert card.name == "=1+1"


OWN = SetTemplate(
    by="u1",
    at=AT,
    service_type="enquiry",
    questions=(Ask("service_type", required=True), Ask("contact_phone", required=True), Ask("floor")),
    fields=(
        FieldSpec(name="floor", kind=Kind.TEXT, label="楼层", label_en="Floor"),
        FieldSpec(name="lift", kind=Kind.FLAG, label="有电梯", label_en="Lift"),
        FieldSpec(name="shop", kind=Kind.CHOICE, label="门店", label_en="Shop", choices={"a": "一店", "b": "二店"}),
    ),
)


async def test_a_forms_own_fields_come_in_by_label_or_name_and_go_out_again(database, importer, tmp_path):
    """A choice by its label, a flag as 是; what was exported is taken back as a new order just as it was."""
    async with database.write() as work:
        await set_template(work.session, OWN)
        await work.commit()
    header = ["外部单号", "服务类型", "联系电话", "楼层", "有电梯", "shop", "安全隐患", "时好时坏"]
    report = await take(
        importer, tmp_path, [header, ["X1", "咨询", "13800138000", "12", "是", "二店", "无", "no"]], kind="orders"
    )
    assert (report.created, report.faults, report.passed_over) == (1, (), ())
    wanted = {"service_type": "enquiry", "floor": "12", "lift": True, "shop": "b", "safety": "none"}
    async with database.read() as work:
        (order,) = (await orders.list_orders(work.session, OrderQuery())).items
        assert await export(work.session, tmp_path / "out.xlsx", kind="orders", sheet_format="xlsx") == 1
    assert {name: order.fields[name].value for name in wanted} == wanted
    assert order.fields["intermittent"].value is False
    header, row = read_rows(tmp_path / "out.xlsx", "xlsx")
    cells = dict(zip(header, row, strict=True))
    assert (cells["floor"], cells["lift"], cells["shop"], cells["intermittent"]) == ("12", "yes", "b", "no")
    again = {**cells, "order_id": "", "external_key": "X2"}
    assert (await take(importer, tmp_path, [list(again), list(again.values())], kind="orders")).created == 1
    async with database.read() as work:
        both = (await orders.list_orders(work.session, OrderQuery())).items
    assert [{name: one.fields[name].value for name in wanted} for one in both] == [wanted, wanted]


async def test_a_forms_own_fields_are_checked_row_by_row(database, importer, tmp_path):
    """A wrong choice, a flag that is none, and a field that the row's form has not are named; nothing is kept."""
    async with database.write() as work:
        await set_template(work.session, OWN)
        await work.commit()
    rows = [
        ["service_type", "contact_phone", "description", "lift", "shop"],
        ["enquiry", "13800138000", "", "vielleicht", "三店"],
        ["complaint", "13800138000", "慢", "yes", ""],
        ["enquiry", "", "慢", "", ""],
    ]
    report = await take(importer, tmp_path, rows, kind="orders")
    at_fault = {(fault.row, fault.column) for fault in report.faults}
    assert at_fault == {(2, "lift"), (2, "shop"), (3, "lift"), (4, "contact_phone")}
    assert next(fault.message for fault in report.faults if fault.column == "shop") == "must be one of a, b"
    assert next(fault.fix for fault in report.faults if fault.row == 4) == "send them too"
    async with database.read() as work:
        assert (await orders.list_orders(work.session, OrderQuery())).items == ()


@pytest.mark.parametrize("header", [["颜色"], ["姓名", "客户"], []])
async def test_a_header_that_says_nothing_is_refused(importer, tmp_path, header):
    """Nothing known, or one thing twice."""
    with pytest.raises(Invalid):
        await take(importer, tmp_path, [header, ["x"]])


async def test_every_kind_is_exported(database, importer, tmp_path):
    """Appliances with their owner's number, orders with theirs; a kind that is none is refused."""
    await take(importer, tmp_path, PEOPLE)
    await take(importer, tmp_path, [["客户编号", "产品"], ["K1", "空调"]], kind="assets")
    for kind, rows in (("customers", 2), ("assets", 1), ("orders", 0)):
        async with database.read() as work:
            assert await export(work.session, tmp_path / f"{kind}.csv", kind=kind, sheet_format="csv") == rows
    header, row = read_rows(tmp_path / "assets.csv", "csv")
    assert row[header.index("phone")] == "13800138000"
    with pytest.raises(Invalid):
        async with database.read() as work:
            await export(work.session, tmp_path / "x.csv", kind="planets", sheet_format="csv")
