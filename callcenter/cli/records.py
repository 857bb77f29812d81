"""``callcenter user|openapi``: who may log in, and the interface description."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from callcenter.cli.options import JSON
from callcenter.cli.output import emit, reports_errors, say
from callcenter.cli.session import open_records, operator
from callcenter.cli.sheets import give_sheet, take_sheet
from callcenter.errors import NotFound


@click.group()
def user() -> None:
    """Who may log in."""


@user.command()
@click.argument("username")
@click.option("--name", help="Name shown to others (default: the user name).")
@click.option("--role", "roles", multiple=True, type=click.Choice(["agent", "supervisor", "admin"]), default=["agent"])
@click.option("--interface", help="The phone that rings for this user, e.g. PJSIP/1001.")
@click.option("--phone", help="The number under which customers and colleagues reach them.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@JSON
@click.pass_obj
@reports_errors
def add(
    config: Path | None,
    username: str,
    name: str | None,
    roles: tuple[str, ...],
    interface: str | None,
    phone: str | None,
    password_stdin: bool,
    as_json: bool,
) -> None:
    """Add a user; asks for a password, or prints a one-time login link's token when none is given."""

    async def run() -> None:
        password = _password(password_stdin)
        async with open_records(config) as (_, auth):
            added = await auth.add_user(
                username=username,
                display_name=name or username,
                roles=roles,
                interface=interface,
                phone=phone,
                password=password,
                by=operator(),
            )
            token = None if password else await auth.issue_login_token(added.user_id)
        if as_json:
            emit({"user_id": added.user_id, "username": added.username, "login_token": token})
        else:
            say(f"added {added.username}")
            if token:
                click.echo(f"/login?token={token}")

    asyncio.run(run())


@user.command()
@click.argument("username")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.pass_obj
@reports_errors
def passwd(config: Path | None, username: str, password_stdin: bool) -> None:
    """Set a user's password; with an empty one print a one-time login link instead."""

    async def run() -> None:
        from callcenter.storage import users

        password = _password(password_stdin)
        async with open_records(config) as (database, auth):
            async with database.read() as work:
                found = await users.by_username(work.session, username)
            if found is None:
                raise NotFound(f"there is no user {username}", field="username", fix="`callcenter user list` shows all")
            if password:
                await auth.set_password(found.username, password, by=operator())
                say(f"password of {found.username} is set; open logins have ended")
            else:
                click.echo(f"/login?token={await auth.issue_login_token(found.user_id)}")

    asyncio.run(run())


@user.command()
@click.argument("username")
@click.pass_obj
@reports_errors
def disable(config: Path | None, username: str) -> None:
    """Keep a user out: open logins and desks end within half a minute, the record of what they did stays."""
    asyncio.run(_set_active(config, username, active=False))
    say(f"{username} is kept out; `callcenter user enable` lets the user in again")


@user.command()
@click.argument("username")
@click.pass_obj
@reports_errors
def enable(config: Path | None, username: str) -> None:
    """Let a user in again."""
    asyncio.run(_set_active(config, username, active=True))
    say(f"{username} may log in")


async def _set_active(config: Path | None, username: str, *, active: bool) -> None:
    async with open_records(config) as (_, auth):
        await auth.set_active(username, active=active, by=operator())


@user.command("list")
@JSON
@click.pass_obj
@reports_errors
def list_users(config: Path | None, as_json: bool) -> None:
    """Everyone who may log in."""

    async def run() -> None:
        from callcenter.storage import users

        async with open_records(config) as (database, _), database.read() as work:
            for found in await users.list_users(work.session):
                row = {
                    "username": found.username,
                    "display_name": found.display_name,
                    "roles": list(found.roles),
                    "interface": found.interface,
                    "phone": found.phone,
                    "active": found.active,
                }
                if as_json:
                    emit(row)
                else:
                    click.echo("  ".join(str(value) for value in row.values()))

    asyncio.run(run())


@user.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--good", is_flag=True, help="Take the rows that are right, go on past the others.")
@click.option("--dry-run", is_flag=True, help="Check every row, keep nothing.")
@JSON
@click.pass_obj
@reports_errors
def import_users(config: Path | None, file: Path, good: bool, dry_run: bool, as_json: bool) -> None:
    """Take users in from FILE (.csv or .xlsx), by user name; passwords are not: `user passwd` gives a login."""
    take_sheet(config, "users", file, good=good, dry_run=dry_run, as_json=as_json)


@user.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@click.pass_obj
@reports_errors
def export_users(config: Path | None, file: Path, force: bool) -> None:
    """Write all users to FILE (.csv or .xlsx), as an import takes it back; without passwords."""
    give_sheet(config, "users", file, force=force)


def _password(from_stdin: bool) -> str | None:
    """From standard input, by prompt on a terminal, else none."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\n") or None
    if not sys.stdin.isatty():
        return None
    entered: str = click.prompt(
        "Password (empty: a one-time login link)", default="", hide_input=True, show_default=False
    )
    return entered or None


@click.command()
@reports_errors
def openapi() -> None:
    """Print the OpenAPI description of the HTTP interface."""
    from callcenter.auth.sessions import COOKIE
    from callcenter.web.openapi import document
    from callcenter.web.routes import ROUTES

    emit(document(ROUTES, cookie_name=COOKIE))
