"""Database failures in words that say what to do, as the application's errors."""

from __future__ import annotations

import re
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError

from callcenter.errors import CallcenterError, Conflict, Unavailable

_SQLITE: tuple[tuple[str, str, str], ...] = (
    ("database or disk is full", "disk full: nothing more can be stored", "free space on the disk of {where}"),
    ("readonly database", "the database cannot be written", "let this user write {where} and the folder it is in"),
    ("unable to open database file", "cannot open {where}", "create its folder and let this user write in it"),
    ("database is locked", "the database is locked by another process", "stop the other process that uses {where}"),
    ("malformed", "{where} is damaged", "restore the last backup; keep the damaged file for recovery"),
    ("not a database", "{where} is not a SQLite database", "restore the last backup, or move the file away"),
    ("disk i/o error", "reading or writing {where} fails", "check the disk"),
)
"""Part of SQLite's message (lower case) → what it means here, what to do."""

_POSTGRES: tuple[tuple[str, str, str], ...] = (
    ("28P01", "PostgreSQL refuses the password", "correct the password in storage.url or storage.url_file"),
    ("28000", "PostgreSQL refuses this user", "check the user in storage.url and the server's pg_hba.conf"),
    ("3D000", "the PostgreSQL database does not exist", "create it, or correct its name in storage.url"),
    ("42501", "the PostgreSQL user lacks a right", "grant it to the user in storage.url"),
    ("53100", "disk full: PostgreSQL can store nothing more", "free space on the server's disk"),
    ("53300", "PostgreSQL has no connection left", "raise max_connections or run fewer nodes"),
    ("57P", "PostgreSQL is starting or stopping", "wait, or look into the server's log"),
    ("08", "the connection to PostgreSQL broke", "check the server and the network"),
    ("55P03", "a row stays locked by another process", "try again"),
    ("40", "two changes collided", "try again"),
)
"""Beginning of the SQLSTATE → what it means, what to do."""

_BROKEN = re.compile("connection (is|was) closed|cannot switch to state|underlying connection")
"""What asyncpg itself says when the server went away in the middle of an operation."""


@contextmanager
def explained(url: URL) -> Iterator[None]:
    """Turn the database's own exceptions into Unavailable or Conflict; programming errors pass unchanged."""
    try:
        yield
    except StaleDataError as error:
        raise Conflict(
            "somebody else changed this at the same moment", fix="load it again and repeat the change"
        ) from error
    except (DBAPIError, PoolTimeout, sqlite3.Error, OSError) as error:
        known = explain(error, url)
        if known is None:
            raise
        raise known from error


def explain(error: BaseException, url: URL) -> CallcenterError | None:
    """What ``error`` means, or None when it is not a failure of the database but a mistake of ours."""
    if isinstance(error, PoolTimeout):
        return Unavailable("no database connection became free in time", fix="the database is overloaded or hangs")
    original = error.orig if isinstance(error, DBAPIError) else error
    if url.get_backend_name() == "sqlite":
        return _explain_sqlite(str(original).lower(), url) if isinstance(original, sqlite3.Error) else None
    return _explain_postgres(original, url)


def _explain_sqlite(message: str, url: URL) -> Unavailable | None:
    for part, meaning, fix in _SQLITE:
        if part in message:
            return Unavailable(
                meaning.format(where=url.database), fix=fix.format(where=url.database), field="storage.url"
            )
    return None


def _explain_postgres(original: BaseException | None, url: URL) -> Unavailable | None:
    state = _sqlstate(original)
    for prefix, meaning, fix in _POSTGRES:
        if state.startswith(prefix):
            return Unavailable(meaning, fix=fix, field="storage.url")
    if _BROKEN.search(str(original)):
        return Unavailable("the connection to PostgreSQL broke", fix="try again", field="storage.url")
    if _unreachable(original):
        where = f"{url.host or url.query.get('host') or 'localhost'}:{url.port or 5432}"
        return Unavailable(
            f"cannot reach PostgreSQL at {where}: {original}",
            fix="start it, or correct storage.url",
            field="storage.url",
        )
    return None


def _unreachable(original: BaseException | None) -> bool:
    """Network failures; a missing file of somebody else's (it has a name) is none of ours."""
    if isinstance(original, FileNotFoundError):
        return original.filename is None
    return isinstance(original, ConnectionError | TimeoutError | socket.gaierror | PermissionError)


def _sqlstate(original: BaseException | None) -> str:
    """The five-character code; SQLAlchemy's asyncpg adapter keeps it on the error or on its cause."""
    for candidate in (original, getattr(original, "__cause__", None)):
        state = getattr(candidate, "sqlstate", None) or getattr(candidate, "pgcode", None)
        if isinstance(state, str):
            return state
    return ""
