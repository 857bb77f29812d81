"""``callcenter template …``: the forms of service types."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from callcenter.cli.documents import checked, read_object
from callcenter.cli.options import JSON
from callcenter.cli.output import emit, reports_errors, say
from callcenter.cli.session import operator, run

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from workorder.views.casework import TemplateView


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
    from callcenter.web.api.templates import ShownForm
    from workorder.services import templates

    shown = checked(ShownForm, read_object(source))

    async def work(session: AsyncSession) -> TemplateView:
        return await templates.set_template(session, shown.command(by=operator(), at=SystemClock().now()))

    done = run(config, work, write=True)
    say(f"{done.service_type} is at version {done.edit_version}; orders that are there keep theirs")
