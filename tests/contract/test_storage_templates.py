"""Forms as versioned data on every database."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime

import pytest

from callcenter.storage.database import Database
from workorder.commands import MACHINE, CreateWorkOrder, EditOrder, MoveOrder, OpenDraft, ReviseDraft, SetTemplate
from workorder.errors import Conflict, Invalid, NotFound
from workorder.fields import (
    REQUIRED,
    SERVICE_TYPES,
    AlertView,
    Ask,
    EvidenceRef,
    FieldSpec,
    FieldState,
    FieldValue,
    Kind,
    Reply,
    Source,
    Step,
)
from workorder.model.orders import WorkOrder
from workorder.policy.forms import built_in, decoded, encoded
from workorder.services import lifecycle, orders, reports, teamwork, templates
from workorder.services.order_filters import OrderQuery
from workorder.views.orders import OrderView, SlaView

AT = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
ME = {"by": "u1", "at": AT}
SERIAL = FieldSpec(name="serial", kind=Kind.TEXT, label="序列号", label_en="Serial", max_length=20)
COLOUR = FieldSpec(name="colour", kind=Kind.CHOICE, label="颜色", label_en="Colour", choices={"white": "白"})
ASKS = (Ask("service_type", True), Ask("serial", True, "机身背面"), Ask("colour"), Ask("contact_phone", True))
ENQUIRY = {"service_type": "enquiry", "contact_phone": "13800138000"}


def form(**more: object) -> SetTemplate:
    return SetTemplate(**{**ME, "service_type": "enquiry", "questions": ASKS, "fields": (SERIAL, COLOUR), **more})


@pytest.fixture
async def session(database: Database):
    async with database.write() as work:
        yield work.session
        await work.commit()


async def test_without_versions_the_built_in_form_is_in_force(session) -> None:
    """Each service type has version 0 with what is asked and required, and standard answers."""
    found = {one.service_type: one for one in await templates.templates(session)}
    assert set(found) == set(SERVICE_TYPES)
    for kind, one in found.items():
        assert (one.edit_version, one.at, one.form) == (0, None, built_in(kind))
        assert tuple(ask.field for ask in one.form.questions if ask.required) == REQUIRED[kind]
    with pytest.raises(Invalid):
        await templates.template(session, "dance")
    with pytest.raises(NotFound):
        await templates.template(session, "repair", 3)


async def test_a_new_version_asks_new_orders_and_changes_no_old_one(session) -> None:
    """Own fields are checked, shown and required; an order opened before keeps its form, also when it is edited."""
    old = await orders.open_draft(session, OpenDraft(**ME, fields=ENQUIRY))
    done = await templates.set_template(session, form(steps=(Step("核对序列号", "complete"),)))
    assert (done.edit_version, done.by) == (1, "u1")
    new = await orders.open_draft(session, OpenDraft(**ME, fields={**ENQUIRY, "colour": "white"}))
    assert ([one.field for one in new.questions], new.missing) == (
        ["service_type", "serial", "colour", "contact_phone"],
        ("serial",),
    )
    assert new.fields["colour"].display == "白"
    create = MoveOrder(**ME, order_id=new.order_id, action="create")
    with pytest.raises(Invalid, match="serial"):
        await lifecycle.move_order(session, create)
    for bad in ({"serial": "x" * 21}, {"colour": "red"}, {"size": "1"}):
        with pytest.raises(Invalid):
            await orders.edit_order(session, EditOrder(**ME, order_id=new.order_id, fields=bad))
    await orders.edit_order(session, EditOrder(**ME, order_id=new.order_id, fields={"serial": "S1"}))
    created = await lifecycle.move_order(session, create)
    assert created.status == "created"
    assert [(task.title, task.blocks) for task in await teamwork.tasks_of(session, new.order_id)] == [
        ("核对序列号", "complete")
    ]
    await templates.set_template(session, form(questions=(Ask("service_type", True),), fields=(), edit_version=1))
    kept = await orders.get_order(session, new.order_id)
    assert (kept.questions, kept.fields["serial"].value) == (created.questions, "S1")
    with pytest.raises(Invalid, match="no such field"):
        await orders.edit_order(session, EditOrder(**ME, order_id=old.order_id, fields={"serial": "S1"}))
    assert (await orders.get_order(session, old.order_id)).missing == ()
    assert (await templates.template(session, "enquiry", 1)).form == done.form


async def test_a_list_shows_of_an_order_what_reading_it_shows(session) -> None:
    """Forms of its own or built in, heard values with their evidence, alerts, clock, buttons: field by field."""
    own = await orders.open_draft(session, OpenDraft(**ME, fields=ENQUIRY))
    await templates.set_template(session, form())
    created = await orders.open_draft(session, OpenDraft(**ME, fields={**ENQUIRY, "serial": "S1", "colour": "white"}))
    await lifecycle.move_order(session, MoveOrder(**ME, order_id=created.order_id, action="create"))
    evidence = (EvidenceRef("s1", 0, 2, 100, None), EvidenceRef("s2", 1, 4, None, None))
    heard = FieldValue(value="咨询", display="咨询", source=Source.HEARD, state=FieldState.HEARD, confidence=0.9,
                       rule="r", evidence=evidence)  # fmt: skip
    draft = await orders.open_draft(session, OpenDraft(**ME))
    alerts = (AlertView("safety", "燃气味"),)
    await orders.revise_draft(
        session,
        ReviseDraft(by=MACHINE, at=AT, order_id=draft.order_id, fields={"description": heard}, alerts=alerts),
    )
    listed = {one.order_id: one for one in (await orders.list_orders(session, OrderQuery())).items}
    assert listed.keys() == {own.order_id, created.order_id, draft.order_id}
    for key, one in listed.items():
        assert one == await orders.get_order(session, key)
        assert vars(one).keys() == {field.name for field in fields(OrderView)}
        assert one == OrderView(**vars(one))
        assert one.sla is None or one.sla == SlaView(**vars(one.sla))
        for value in one.fields.values():
            assert value == FieldValue(**vars(value))
            assert vars(value).keys() == {field.name for field in fields(FieldValue)}
    assert listed[draft.order_id].fields["description"] == heard
    assert listed[draft.order_id].alerts == alerts
    assert [one.sla is not None for one in listed.values()].count(True) == 1


async def test_the_form_follows_the_service_type_of_a_draft(session) -> None:
    """Whether a person or speech says what it is about; an order's form stays."""
    await templates.set_template(session, form())
    draft = await orders.open_draft(session, OpenDraft(**ME))
    heard = FieldValue(value="enquiry", display="咨询", source=Source.HEARD, state=FieldState.HEARD, confidence=0.9)
    revise = ReviseDraft(by=MACHINE, at=AT, order_id=draft.order_id, fields={"service_type": heard})
    assert "serial" in (await orders.revise_draft(session, revise)).missing
    both = EditOrder(**ME, order_id=draft.order_id, fields={"service_type": "enquiry", "serial": "S1"})
    assert (await orders.edit_order(session, both)).fields["serial"].value == "S1"
    away = EditOrder(**ME, order_id=draft.order_id, fields={"service_type": "repair"})
    repair = await orders.edit_order(session, away)
    assert "fault" in repair.missing
    assert "serial" not in repair.fields
    assert (repair.own_fields, repair.guidance) == ((), {})
    back = await orders.edit_order(
        session, EditOrder(**ME, order_id=draft.order_id, fields={"service_type": "enquiry"})
    )
    assert (back.fields["serial"].value, back.own_fields) == ("S1", (SERIAL, COLOUR))
    assert back.guidance == {"serial": "机身背面"}


async def test_a_value_out_of_sight_waits_for_a_form_that_has_its_field(session) -> None:
    """Other edits and speech leave it; a field of the same name and another kind does not show it; erasing takes it."""
    await templates.set_template(session, form())
    number = FieldSpec(name="serial", kind=Kind.CHOICE, label="序列", label_en="Series", choices={"a": "A"})
    asks = (Ask("service_type", True), Ask("serial"))
    await templates.set_template(session, form(service_type="repair", questions=asks, fields=(number,)))
    draft = await orders.open_draft(session, OpenDraft(**ME, fields={**ENQUIRY, "serial": "S1"}))

    async def edit(**fields: str) -> OrderView:
        return await orders.edit_order(session, EditOrder(**ME, order_id=draft.order_id, fields=fields))

    assert "serial" not in (await edit(service_type="repair")).fields
    await edit(service_type="install", brand="格力")
    heard = FieldValue(value="空调", display="空调", source=Source.HEARD, state=FieldState.HEARD, confidence=0.9)
    await orders.revise_draft(
        session, ReviseDraft(by=MACHINE, at=AT, order_id=draft.order_id, fields={"appliance": heard})
    )
    assert (await edit(service_type="enquiry")).fields["serial"].value == "S1"
    await edit(service_type="install")
    row = await session.get_one(WorkOrder, draft.order_id)
    row.forget_person()
    assert "serial" not in row.field_values


async def test_reports_bring_own_fields(session) -> None:
    """A web form of this service type is checked by the form in force."""
    await templates.set_template(session, form())
    with pytest.raises(Invalid) as caught:
        await reports.create_work_order(session, CreateWorkOrder(**ME, channel="web", fields=ENQUIRY))
    assert [problem.field for problem in caught.value.errors] == ["serial"]
    full = CreateWorkOrder(**ME, channel="web", fields={**ENQUIRY, "serial": "S1"})
    assert (await reports.create_work_order(session, full)).outcome == "created"


async def test_two_editors_do_not_overwrite_each_other(session) -> None:
    """The second is told the version in force."""
    await templates.set_template(session, form(edit_version=0))
    with pytest.raises(Conflict, match="version 1"):
        await templates.set_template(session, form(edit_version=0))


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"questions": (Ask("service_type", True), Ask("size"))}, "questions.1.field"),
        ({"questions": (Ask("service_type", True), Ask("fault"), Ask("fault"))}, "questions.2.field"),
        ({"questions": (Ask("fault", True),)}, "questions"),
        ({"fields": (FieldSpec(name="fault", kind=Kind.TEXT, label="x", label_en="x"),)}, "fields.0.name"),
        ({"fields": (SERIAL, SERIAL, COLOUR)}, "fields.1.name"),
        ({"fields": (FieldSpec(name="serial", kind=Kind.ADDRESS, label="x", label_en="x"), COLOUR)}, "fields.0.kind"),
        ({"fields": (FieldSpec(name="serial", kind=Kind.CHOICE, label="x", label_en="x"), COLOUR)}, "fields.0.choices"),
        ({"steps": (Step("x", "fly"),)}, "steps.0.blocks"),
        ({"replies": (Reply("x", "x"),) * 41}, "replies"),
    ],
)
async def test_faults_of_a_form_are_named(session, bad: dict, field: str) -> None:
    """Nothing changes, and each fault says where."""
    with pytest.raises(Invalid) as caught:
        await templates.set_template(session, form(**bad))
    assert field in [problem.field for problem in caught.value.errors]
    assert (await templates.template(session, "enquiry")).edit_version == 0


async def test_standard_answers_are_filled_in(session) -> None:
    """With what is known of the order; what is not known leaves nothing behind."""
    await templates.set_template(
        session, form(replies=(Reply("受理", "{customer_name}您好 {number}{colour}{nothing}。"),))
    )
    order = await orders.open_draft(session, OpenDraft(**ME, fields={**ENQUIRY, "customer_name": "王芳"}))
    (reply,) = await templates.replies(session, order)
    assert (reply.name, reply.text) == ("受理", "王芳您好 。")
    blank = await orders.open_draft(session, OpenDraft(**ME))
    assert [one.name for one in await templates.replies(session, blank)]


def test_a_form_is_the_same_after_storing() -> None:
    """encoded and decoded are each other's inverse for every built-in form."""
    for kind in SERVICE_TYPES:
        assert decoded(encoded(built_in(kind))) == built_in(kind)
