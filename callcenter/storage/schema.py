"""The schema's version: upgrade by Alembic, and the check that code and schema belong together.

The migrations run on a connection that is already open: one transaction, all or nothing, on both databases.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Connection

from callcenter.errors import Conflict, Unavailable

_FOLDER = Path(__file__).parent / "migrations"
_UPGRADE_LOCK = 0x63616C6C


class SchemaOld(Unavailable):
    """Migrations are still to run."""

    code = "schema_old"


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the migrations still to run up to ``revision``; Conflict when the schema is newer than this program."""
    if connection.dialect.name == "postgresql":
        # Several nodes may start at once: one migrates, the others wait for its commit. SQLite's writer lock does that.
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
    _refuse_newer(connection)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def check(connection: Connection) -> None:
    """Raise Unavailable when migrations are still to run, Conflict when the schema is newer than this program."""
    _refuse_newer(connection)
    if current(connection) != _script().get_current_head():
        raise SchemaOld(
            "the database schema is older than this program", fix="run `callcenter db upgrade`", field="storage.url"
        )


def current(connection: Connection) -> str | None:
    """The schema's revision; None for an empty database."""
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_newer(connection: Connection) -> None:
    revision = current(connection)
    known = {script.revision for script in _script().walk_revisions()}
    if revision is not None and revision not in known:
        raise Conflict(
            f"the database has schema {revision}, which this version of the program does not know",
            fix="start the newer version that wrote it, or restore a backup from before the upgrade",
            field="storage.url",
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return config


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
