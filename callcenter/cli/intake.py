"""``callcenter intake …``: reports from files and pipes, as a mail server or a script hands them in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from callcenter import config as settings_file
from callcenter.cli.documents import checked, read_object
from callcenter.cli.options import JSON
from callcenter.cli.output import emit, reports_errors, say
from callcenter.cli.session import line, open_records, operator, run
from callcenter.errors import Invalid

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from callcenter.features.report_intake import ReportIntake
    from workorder.views.casework import IntakeView

SOURCE = click.argument("source", metavar="FILE", type=click.File("rb"))


@click.group()
def intake() -> None:
    """Hand reports in. FILE may be - for standard input. The same report again changes nothing."""


@intake.command()
@SOURCE
@JSON
@click.pass_obj
@reports_errors
def email(config: Path | None, source: IO[bytes], as_json: bool) -> None:
    """A mail as it was sent (RFC 822): a draft with its text understood and its files attached."""
    from callcenter.clock import SystemClock
    from callcenter.features.mail_intake import MailIntake
    from callcenter.storage.blobs import BlobStore

    settings = settings_file.load(config)
    raw, now = source.read(), SystemClock().now()

    async def take(session: AsyncSession, reports: ReportIntake) -> IntakeView:
        blobs = BlobStore(settings.data_dir / "attachments")
        mails = MailIntake(reports, blobs, max_bytes=settings.attachments.max_mb * 1_000_000)
        return await mails.take(session, raw, by=operator(), at=now)

    _show(_taken(config, take), as_json)


@intake.command()
@JSON
@click.pass_obj
@reports_errors
def fetch(config: Path | None, as_json: bool) -> None:
    """Take in what is unread in the mailbox of intake.mailbox now; `serve` does so every minute."""
    from callcenter import logs
    from callcenter.clock import SystemClock
    from callcenter.config import zone
    from callcenter.features.live_catalogue import LiveCatalogue
    from callcenter.features.mail_intake import MailIntake
    from callcenter.features.mailbox_poll import MailboxPoll, open_mailbox
    from callcenter.features.report_intake import ReportIntake
    from callcenter.storage.blobs import BlobStore

    logs.configure(level="error")
    settings = settings_file.load(config)
    mailbox = open_mailbox(settings)
    if mailbox is None:
        raise Invalid("no mailbox is set up", field="intake.mailbox.host", fix="config.yaml says what it needs")

    async def look() -> int:
        catalogue = LiveCatalogue(settings.data_dir / "catalogue")
        reports = ReportIntake(extractor=catalogue.extractor, zone=zone(settings.timezone))
        blobs = BlobStore(settings.data_dir / "attachments")
        async with open_records(config) as (database, _):
            poll = MailboxPoll(
                mailbox=mailbox,
                mails=MailIntake(reports, blobs, max_bytes=settings.attachments.max_mb * 1_000_000),
                database=database,
                clock=SystemClock(),
                every_s=settings.intake.mailbox.every_s,
                by=operator(),
                told=lambda taken: _show(taken, as_json),
            )
            return await poll.look()

    say(f"{asyncio.run(look())} mails were unread")


@intake.command()
@SOURCE
@click.option("--mapping", help="Read it by this mapping of intake.webhooks (or wechat, miniprogram).")
@click.option("--channel", default="web", show_default=True, help="How it came in; without a mapping.")
@JSON
@click.pass_obj
@reports_errors
def report(config: Path | None, source: IO[bytes], mapping: str | None, channel: str, as_json: bool) -> None:
    """A JSON object as `POST /api/intake` takes it, or another program's by a mapping."""
    from callcenter.clock import SystemClock
    from callcenter.features.report_intake import Report
    from callcenter.features.report_mapping import report_of
    from callcenter.web.api.intake import NewReport, checked_fields
    from workorder.services import reports as domain

    raw, now = source.read(), SystemClock().now()
    document = read_object(BytesIO(raw))
    if mapping is not None:
        mappings = settings_file.load(config).intake.mappings()
        if mapping not in mappings:
            raise Invalid(f"there is no mapping {mapping}", field="--mapping", fix=f"there are: {', '.join(mappings)}")
        found = report_of(document, mappings[mapping])
        parts: dict[str, Any] = {
            "channel": found.channel,
            "fields": checked_fields(found.fields),
            "text": found.text,
            "external_id": found.external_id and f"{mapping}:{found.external_id}",
            "sender": found.sender,
        }
    else:
        parts = checked(NewReport, {"channel": channel, **document}).model_dump()

    async def take(session: AsyncSession, reports: ReportIntake) -> IntakeView:
        command = await reports.command(Report(by=operator(), at=now, payload=raw, **parts))
        return await domain.create_work_order(session, command)

    _show(_taken(config, take), as_json)


def _taken(config: Path | None, take: Callable[[AsyncSession, ReportIntake], Awaitable[IntakeView]]) -> IntakeView:
    """``take`` in one transaction, with the catalogue in force."""
    from callcenter import logs
    from callcenter.config import zone
    from callcenter.features.live_catalogue import LiveCatalogue
    from callcenter.features.report_intake import ReportIntake

    logs.configure(level="error")
    settings = settings_file.load(config)

    async def work(session: AsyncSession) -> IntakeView:
        catalogue = LiveCatalogue(settings.data_dir / "catalogue")
        return await take(session, ReportIntake(extractor=catalogue.extractor, zone=zone(settings.timezone)))

    return run(config, work, write=True)


def _show(done: IntakeView, as_json: bool) -> None:
    if as_json:
        emit(done)
    else:
        click.echo(f"{done.outcome}  {line(done.order)}")
