"""``callcenter template …``: the forms of service types."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING

import click
import orjson

from callcenter.cli.output import emit, reports_errors, say
from callcenter.cli.session import JSON, operator, run
from callcenter.errors import Invalid

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from workorder.views import TemplateView


@click.group()
def template() -> None:
    """What is asked and required for each service type."""


@template.command("list")
@JSON
@click.pass_obj
@reports_errors
def list_templates(config: Path | None, as_json: bool) -> None:
    """The forms in force, one for each service type."""
    from workorder.services import templates

    for found in run(config, templates.templates):
        if as_json:
            emit(found)
            continue
        saved = f"{found.at:%Y-%m-%d %H:%M}Z  {found.by}" if found.at else "built in"
        click.echo(f"{found.service_type:<12}  {found.label}  version {found.edit_version}  {saved}")


@template.command()
@click.argument("service_type", metavar="SERVICE")
@click.option("--version", type=click.IntRange(0), help="A certain version; 0 is the built-in one.")
@click.pass_obj
@reports_errors
def show(config: Path | None, service_type: str, version: int | None) -> None:
    """The form in force, as JSON that `set` takes back."""
    from workorder.services import templates

    emit(run(config, lambda session: templates.template(session, service_type, version)))


@template.command("set")
@click.argument("source", metavar="FILE", type=click.File("rb"))
@click.pass_obj
@reports_errors
def put(config: Path | None, source: IO[bytes]) -> None:
    """Put a form in force that `show` printed and somebody edited; refused when it was changed meanwhile."""
    from callcenter.clock import SystemClock
    from workorder.commands import SetTemplate
    from workorder.policy.forms import decoded
    from workorder.services import templates

    try:
        document = orjson.loads(source.read())
        form, seen = decoded(document["form"]), int(document["edit_version"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise Invalid(f"not what `template show` prints: {error}", field="FILE") from error

    async def work(session: AsyncSession) -> TemplateView:
        command = SetTemplate(
            by=operator(),
            at=SystemClock().now(),
            service_type=form.service_type,
            questions=form.questions,
            fields=form.fields,
            replies=form.replies,
            steps=form.steps,
            edit_version=seen,
        )
        return await templates.set_template(session, command)

    done = run(config, work, write=True)
    say(f"{done.service_type} is at version {done.edit_version}; orders that are there keep theirs")
