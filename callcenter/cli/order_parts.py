"""``callcenter order part …``: orders that are parts of another, which closes only after them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from callcenter.cli.options import BY, JSON, ORDER
from callcenter.cli.output import emit, reports_errors
from callcenter.cli.session import Actor, by_key, change, every, line, run

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from workorder.views.orders import OrderView


@click.group()
def part() -> None:
    """Orders that are parts of another."""


@part.command("list")
@ORDER
@JSON
@click.pass_obj
@reports_errors
def list_parts(config: Path | None, key: str, as_json: bool) -> None:
    """The parts of an order, oldest first."""
    from workorder.services import lifecycle

    async def read(session: AsyncSession) -> list[OrderView]:
        order_id = await by_key(session, key)
        return await every(lambda cursor: lifecycle.parts_of(session, order_id, cursor=cursor, limit=200))

    for found in run(config, read):
        emit(found) if as_json else click.echo(line(found))


@part.command()
@ORDER
@click.argument("whole")
@BY
@JSON
@click.pass_obj
@reports_errors
def attach(config: Path | None, key: str, whole: str, by: str | None, as_json: bool) -> None:
    """Make ORDER a part of the order WHOLE."""
    _put(config, key, whole, by, as_json=as_json)


@part.command()
@ORDER
@BY
@JSON
@click.pass_obj
@reports_errors
def detach(config: Path | None, key: str, by: str | None, as_json: bool) -> None:
    """Take ORDER out of the order that it is a part of."""
    _put(config, key, None, by, as_json=as_json)


def _put(config: Path | None, key: str, whole: str | None, by: str | None, *, as_json: bool) -> None:
    from workorder.commands import AttachPart
    from workorder.services import lifecycle

    async def put(session: AsyncSession, actor: Actor) -> OrderView:
        order_id = await by_key(session, key)
        parent_id = await by_key(session, whole) if whole else None
        return await lifecycle.attach_part(session, AttachPart(**actor.stamp(), order_id=order_id, parent_id=parent_id))

    done = change(config, by, put)
    emit(done) if as_json else click.echo(line(done))
