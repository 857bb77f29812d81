"""``callcenter api-key``: keys by which other programs use the interface."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callcenter.cli.options import JSON
from callcenter.cli.output import emit, reports_errors, say
from callcenter.cli.session import open_records, operator

if TYPE_CHECKING:
    from callcenter.auth.api_keys import ApiKeys
    from callcenter.storage.database import UnitOfWork

PAGE = 200


@click.group("api-key")
def api_key() -> None:
    """Keys for other programs."""


@asynccontextmanager
async def _writing(config: Path | None) -> AsyncIterator[tuple[UnitOfWork, ApiKeys]]:
    from callcenter.auth.api_keys import ApiKeys
    from callcenter.clock import SystemClock

    async with open_records(config) as (database, _), database.write() as work:
        # Nothing is asked with keys here: the limit does not matter.
        yield work, ApiKeys(database=database, clock=SystemClock(), per_minute=1)
        await work.commit()


@api_key.command()
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, required=True, help="A permission; give it several times for several."
)
@click.option("--expires-days", type=int, help="Days until it ends (default: never).")
@JSON
@click.pass_obj
@reports_errors
def add(config: Path | None, name: str, scopes: tuple[str, ...], expires_days: int | None, as_json: bool) -> None:
    """Make a key for the program NAME; it is printed this once."""

    async def run() -> None:
        async with _writing(config) as (work, keys):
            issued = await keys.add(work.session, name=name, scopes=scopes, expires_in_days=expires_days, by=operator())
        if as_json:
            emit({**asdict(issued.key), "token": issued.token})
        else:
            say(f"added {issued.key.key_id}; the key is shown only now")
            click.echo(issued.token)

    asyncio.run(run())


@api_key.command("list")
@JSON
@click.pass_obj
@reports_errors
def list_keys(config: Path | None, as_json: bool) -> None:
    """Every key, newest first, with its scopes and when it was used last; never the key itself."""

    async def run() -> None:
        from callcenter.storage import api_keys

        last: str | None = None
        async with open_records(config) as (database, _), database.read() as work:
            while found := await api_keys.page(work.session, before=last, limit=PAGE):
                for key in found:
                    _show(asdict(key), as_json)
                last = found[-1].key_id

    asyncio.run(run())


@api_key.command()
@click.argument("key_id")
@click.pass_obj
@reports_errors
def revoke(config: Path | None, key_id: str) -> None:
    """End a key at once; the record of what was done with it stays."""

    async def run() -> None:
        async with _writing(config) as (work, keys):
            key = await keys.revoke(work.session, key_id, by=operator())
        say(f"{key.name} ({key.key_id}) is revoked")

    asyncio.run(run())


def _show(row: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit(row)
    else:
        click.echo("  ".join(",".join(value) if isinstance(value, tuple) else str(value) for value in row.values()))
