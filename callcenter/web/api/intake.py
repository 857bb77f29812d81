"""Reports from other channels: forms, portals, apps, other programs; and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import orjson
from aiohttp import web
from pydantic import Field, RootModel, StringConstraints, ValidationError

from callcenter.auth.permissions import Permission
from callcenter.errors import NotFound
from callcenter.features.report_intake import Report
from callcenter.features.report_mapping import report_of
from callcenter.storage import audit
from callcenter.storage.blobs import FileTooLarge
from callcenter.web.api.attachments import FileQuery, chunks, kept
from callcenter.web.api.work_orders import Fields, Nothing, Text, changed, check_version, stamp
from callcenter.web.ask import Ask, Id, Input
from callcenter.web.errors import from_validation
from workorder.commands import ChaseOrder, SeparateReport
from workorder.services import orders, reports
from workorder.views.casework import AttachmentView, IntakeView, ReportView
from workorder.views.orders import OrderView
from workorder.views.pages import Page

Key = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Name = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,40}$")]


class FieldsOnly(Input):
    """The fields that a mapping found, checked for their shape."""

    fields: Fields = Field(default_factory=dict)


class NewReport(Input):
    """A report: fields by name, and what the customer wrote in their own words.

    ``external_id`` is the sender's own key: the same one again has no second effect. ``attach`` false makes a new
    order even when the report is about an open one.
    """

    channel: Literal["web", "portal", "app", "wechat", "miniprogram", "chat", "social", "webhook", "csv"]
    fields: Fields = Field(default_factory=dict)
    text: Text = ""
    external_id: Key | None = None
    sender: Key | None = None
    customer_id: Id | None = None
    attach: bool = True


class Document(RootModel[dict[str, Any]]):
    """Any JSON object; ``intake.webhooks`` in config.yaml says where its parts are."""


class Chased(Input):
    """The open order that the draft is about."""

    target_id: Id


async def take(ask: Ask, body: NewReport) -> IntakeView:
    """Take a report in: an order, a draft for an agent, or a chase-up of the order it is about."""
    report = Report(
        **stamp(ask),
        channel=body.channel,
        fields=body.fields,
        text=body.text,
        external_id=body.external_id,
        sender=body.sender,
        customer_id=body.customer_id,
        payload=await ask.http.read(),
        attach=body.attach,
    )
    return await _taken(ask, report)


async def webhook(ask: Ask, name: Name, body: Document) -> IntakeView:
    """Take another program's JSON in as a report, by the mapping of that name."""
    mappings = ask.services.settings.intake.mappings()
    if name not in mappings:
        raise NotFound(f"there is no mapping {name}", field="name", fix=f"there are: {', '.join(mappings)}")
    found = report_of(body.root, mappings[name])
    report = Report(
        **stamp(ask),
        channel=found.channel,
        fields=checked_fields(found.fields),
        text=found.text,
        external_id=found.external_id and f"{name}:{found.external_id}",
        sender=found.sender,
        payload=await ask.http.read(),
    )
    return await _taken(ask, report)


async def email(ask: Ask) -> IntakeView:
    """Take a mail in as a report; the body is the mail as it was sent (RFC 822).

    Its text is understood and waits in a draft for an agent; its files and the mail itself are attached.
    """
    limit = ask.services.settings.attachments.max_mb * 1_000_000
    content = bytearray()
    async for chunk in chunks(ask):
        content += chunk
        if len(content) > limit:
            raise FileTooLarge(f"over {limit // 1_000_000} MB", field="body", fix="send a smaller mail")
    async with ask.services.database.write() as work:
        done = await ask.services.mails.take(work.session, bytes(content), **stamp(ask))
        await work.commit()
    ask.services.live_orders.changed(done.order)
    return done


async def of_order(ask: Ask, order_id: Id) -> Page[ReportView]:
    """What came in about the order, oldest first."""
    return Page(await reports.reports_of(ask.rows, order_id))


async def payload(ask: Ask, report_id: Id) -> web.StreamResponse:
    """What was sent, byte by byte, as a file to save; leaves an audit line."""
    async with ask.services.database.write() as work:
        _, content = await reports.payload_of(work.session, report_id)
        await audit.add(work.session, **stamp(ask), action="report.read", subject=report_id)
        await work.commit()
    headers = {"Content-Disposition": f'attachment; filename="{report_id}"', "X-Content-Type-Options": "nosniff"}
    return web.Response(body=content, content_type="application/octet-stream", headers=headers)


async def attach(ask: Ask, report_id: Id, query: FileQuery) -> AttachmentView:
    """Attach a photo, film or log to a report, for whoever handed it in; the body is the file's content.

    It belongs to the order, draft or chased order that the report became. Others need `orders.edit`.
    """
    async with ask.services.database.read() as work:
        report = await reports.report(work.session, report_id)
    if report.order_id is None or (report.by != ask.who.user_id and Permission.ORDERS_EDIT not in ask.who.permissions):
        raise NotFound(f"there is no report {report_id} of yours", field="report_id")
    return await kept(ask, report.order_id, query.filename)


async def separate(ask: Ask, report_id: Id, body: Nothing) -> IntakeView:  # noqa: ARG001 - the body is only checked
    """A chase-up was about something else: it gets a draft of its own."""
    done = await reports.separate_report(ask.rows, SeparateReport(**stamp(ask), report_id=report_id))
    changed(ask, done.order)
    return done


async def chase(ask: Ask, order_id: Id, edit_version: int, body: Chased) -> OrderView:
    """The draft is about an open order: it ends, and that order, the answer, gets the chase-up."""
    await check_version(ask, order_id, edit_version)
    command = ChaseOrder(**stamp(ask), order_id=order_id, target_id=body.target_id, edit_version=edit_version)
    chased = changed(ask, await reports.chase_order(ask.rows, command))
    changed(ask, await orders.get_order(ask.rows, order_id))
    return chased


async def _taken(ask: Ask, report: Report) -> IntakeView:
    done = await reports.create_work_order(ask.rows, await ask.services.reports.command(report))
    changed(ask, done.order)
    return done


def checked_fields(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Fields that a mapping found, if they have the shape of fields. Raises Invalid."""
    try:
        return FieldsOnly.model_validate_json(orjson.dumps({"fields": dict(fields)})).fields
    except ValidationError as error:
        raise from_validation(error, "body") from None
