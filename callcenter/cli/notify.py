"""``callcenter notify``: the rules of messages, what became of messages, and trying a way out."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from callcenter import config as settings_file
from callcenter.cli.options import JSON, SEEN_VERSION, at_most
from callcenter.cli.output import emit, reports_errors, say
from callcenter.cli.session import by_key, open_records, operator, person
from callcenter.cli.session import run as in_records
from callcenter.errors import Invalid, NotFound

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession


@click.group()
def notify() -> None:
    """Messages to customers, colleagues and other programs."""


@notify.command()
@click.option("--version", type=click.IntRange(0), help="As they were in this version; 0: built in.")
@click.pass_obj
@reports_errors
def show(config: Path | None, version: int | None) -> None:
    """Print the rules, templates and quiet hours in force as JSON, to be edited and put back by `notify set`."""
    from callcenter.features.notify.rules import DEFAULTS, NotifyTable
    from callcenter.storage import deliveries

    async def run() -> None:
        async with open_records(config) as (database, _), database.read() as work:
            before = None if version is None else version + 1
            row = next(iter(await deliveries.rule_versions(work.session, before=before, limit=1)), None)
        if version is not None and version != (row.version if row else 0):
            raise NotFound(f"there is no version {version}", field="--version", fix="`callcenter notify versions`")
        table = NotifyTable.model_validate_json(row.document) if row else DEFAULTS
        say(f"version {row.version}, saved {row.at:%Y-%m-%d %H:%M}Z by {row.by}" if row else "version 0, built in")
        click.echo(orjson.dumps(table.model_dump(mode="json"), option=orjson.OPT_INDENT_2).decode())

    asyncio.run(run())


@notify.command()
@JSON
@click.pass_obj
@reports_errors
def versions(config: Path | None, as_json: bool) -> None:
    """Which rules were in force when, the newest first; `notify show --version N` has them."""
    from callcenter.storage import deliveries
    from callcenter.storage.tables import NotifyVersionRow

    async def read(session: AsyncSession) -> list[NotifyVersionRow]:
        return await deliveries.rule_versions(session)

    for row in in_records(config, read):
        shown = {"version": row.version, "at": row.at, "by": row.by, "table": orjson.Fragment(row.document)}
        emit(shown) if as_json else click.echo(f"{row.version}  {row.at:%Y-%m-%d %H:%M}Z  {row.by}")


@notify.command("set")
@click.argument("file", type=click.Path(path_type=Path))
@SEEN_VERSION
@JSON
@click.pass_obj
@reports_errors
def set_rules(config: Path | None, file: Path, seen_version: int | None, as_json: bool) -> None:
    """Check rules and put them in force."""
    from callcenter.clock import SystemClock
    from callcenter.features.notify.rules import read
    from callcenter.storage import audit, deliveries

    try:
        table = read(file.read_bytes())
    except OSError as error:
        raise Invalid(f"cannot be read: {error.strerror}", field=str(file)) from error

    async def run() -> None:
        async with open_records(config) as (database, _), database.write() as work:
            at = SystemClock().now()
            row = await deliveries.save_rules(
                work.session, table.model_dump_json(), seen_version=seen_version, by=operator(), at=at
            )
            await audit.add(work.session, at=at, by=operator(), action="notify.saved", subject=str(row.version))
            await work.commit()
        emit({"version": row.version, "rules": len(table.rules)}) if as_json else say(f"version {row.version}")

    asyncio.run(run())


@notify.command("list")
@click.option("--state", type=click.Choice(["queued", "sending", "failed", "delivered", "dead"]))
@click.option("--order", "key", metavar="ORDER", help="Only messages about this order.")
@at_most(1000)
@JSON
@click.pass_obj
@reports_errors
def list_messages(config: Path | None, state: str | None, key: str | None, limit: int, as_json: bool) -> None:
    """The newest messages and what became of them; numbers are masked."""
    from callcenter.logs import mask_receiver
    from callcenter.storage import deliveries

    async def run() -> None:
        async with open_records(config) as (database, _), database.read() as work:
            order_id = await by_key(work.session, key) if key else None
            rows = await deliveries.find(work.session, state=state, order_id=order_id, limit=limit)
        for row in rows:
            shown = {
                "delivery_id": row.delivery_id,
                "created_at": row.created_at,
                "state": row.state,
                "channel": row.channel,
                "recipient": mask_receiver(row.channel, row.recipient),
                "rule": row.rule,
                "order_id": row.order_id,
                "attempts": row.attempts,
                "last_error": row.last_error,
            }
            emit(shown) if as_json else click.echo(
                "  ".join("-" if part is None else str(part) for part in shown.values())
            )

    asyncio.run(run())


@notify.command()
@click.argument("delivery_id")
@JSON
@click.pass_obj
@reports_errors
def replay(config: Path | None, delivery_id: str, as_json: bool) -> None:
    """Send a dead message once more; the running call centre does it within half a minute."""
    from callcenter.clock import SystemClock
    from callcenter.storage import audit, deliveries

    async def run() -> None:
        async with open_records(config) as (database, _), database.write() as work:
            at = SystemClock().now()
            row = await deliveries.replay(work.session, delivery_id, at=at)
            await audit.add(work.session, at=at, by=operator(), action="notify.replayed", subject=delivery_id)
            await work.commit()
        emit({"delivery_id": delivery_id, "state": row.state}) if as_json else say(f"{delivery_id} is queued")

    asyncio.run(run())


@notify.command()
@click.argument("template")
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@JSON
@click.pass_obj
@reports_errors
def preview(config: Path | None, template: str, language: str, as_json: bool) -> None:
    """A template in force as a message, with made-up values."""
    from callcenter.features.notify.rules import DEFAULTS, NotifyTable, filled
    from callcenter.features.notify.wording import SAMPLES, Language
    from callcenter.storage import deliveries

    async def run() -> None:
        async with open_records(config) as (database, _), database.read() as work:
            row = await deliveries.rules_in_force(work.session)
        table = NotifyTable.model_validate_json(row.document) if row else DEFAULTS
        wanted: Language = "en" if language == "en" else "zh"
        wording = table.templates.get(template, {}).get(wanted)
        if wording is None:
            raise NotFound(f"there is no template {template} in {language}", fix="`callcenter notify show` has all")
        subject, text = filled(wording, SAMPLES[wanted])
        emit({"subject": subject, "text": text}) if as_json else click.echo(f"{subject}\n{text}".strip())

    asyncio.run(run())


@notify.command()
@click.argument("username", metavar="USER")
@click.option("--seen", is_flag=True, help="Mark all as read.")
@JSON
@click.pass_obj
@reports_errors
def inbox(config: Path | None, username: str, seen: bool, as_json: bool) -> None:
    """What the application told a user, the newest first."""
    from callcenter.clock import SystemClock
    from callcenter.features.notify.notices import Notice, notice
    from callcenter.storage import deliveries

    async def read(session: AsyncSession) -> list[Notice]:
        user = await person(session, username, "USER")
        rows, _ = await deliveries.notices(session, user.user_id)
        found = [notice(row) for row in rows]
        if seen:
            await deliveries.mark_read(session, user.user_id, at=SystemClock().now())
        return found

    for found in in_records(config, read, write=seen):
        mark = " " if found.read_at else "*"
        emit(found) if as_json else click.echo(f"{mark} {found.at:%Y-%m-%d %H:%M}Z  {found.subject}  {found.text}")


@notify.command()
@click.argument("lane")
@click.option("--to", required=True, help="A number or mail address; for a webhook its name.")
@click.pass_obj
@reports_errors
def test(config: Path | None, lane: str, to: str) -> None:
    """Send a test message at once by a way out of config.yaml: sms, email, or webhook:NAME."""
    from callcenter.channels.port import Message
    from callcenter.clock import SystemClock
    from callcenter.features.notify.lanes import build_lanes
    from callcenter.ids import new_id

    lanes = build_lanes(settings_file.load(config).notify, SystemClock())
    if lane not in lanes:
        raise NotFound(f"there is no way out {lane}", fix=f"config.yaml sets up: {', '.join(lanes) or 'none'}")

    async def run() -> None:
        channel = lanes[lane]
        message = Message(
            delivery_id=new_id(), to=to, subject="callcenter", text="测试消息 / test", event_type="Test", event={}
        )
        try:
            reference = await channel.send(message)
        finally:
            await channel.aclose()
        say(f"taken over{f' as {reference}' if reference else ''}")

    asyncio.run(run())
