"""How commands speak: results on standard output, all else on standard error, exit codes by kind of error."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import click
import orjson

from callcenter.errors import CallcenterError, Conflict, Denied, Invalid, NotFound, Unavailable

P = ParamSpec("P")
R = TypeVar("R")

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INVALID = 3
EXIT_UNAVAILABLE = 4
EXIT_CONFLICT = 5
EXIT_DENIED = 6
EXIT_NOT_FOUND = 7
EXIT_INTERRUPTED = 130

EXIT_CODES: tuple[tuple[type[CallcenterError], int], ...] = (
    (Invalid, EXIT_INVALID),
    (Unavailable, EXIT_UNAVAILABLE),
    (Conflict, EXIT_CONFLICT),
    (Denied, EXIT_DENIED),
    (NotFound, EXIT_NOT_FOUND),
)
"""First match wins; documented in docs/reference/cli.md."""


NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
"""Failures of any file we write, standard output included, that are no defect of ours."""


def emit(value: Any) -> None:
    """One JSON value on one line of standard output."""
    click.echo(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode())


def say(text: str) -> None:
    """One line of progress on standard error."""
    click.echo(text, err=True)


def exit_code(error: CallcenterError) -> int:
    """The documented exit code for an error."""
    return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), EXIT_FAILED)


def as_application_error(error: Exception) -> CallcenterError | None:
    """Errors of the libraries as ours, so that each kind has one exit code; None for a defect."""
    from asr.errors import AsrError, AudioInvalid
    from workorder import errors as domain

    if isinstance(error, CallcenterError):
        return error
    if isinstance(error, AudioInvalid):
        return Invalid(str(error))
    if isinstance(error, AsrError):
        return Unavailable(str(error))
    if isinstance(error, domain.WorkOrderError):
        kinds = ((domain.NotFound, NotFound), (domain.Conflict, Conflict), (domain.MayNotDecide, Denied))
        kind = next((ours for theirs, ours in kinds if isinstance(error, theirs)), Invalid)
        here: dict[type[domain.WorkOrderError], str] = {
            domain.ApprovalRequired: "ask with `callcenter order approval ask`; it is done when they agree",
            domain.ApprovalPending: "first decide it: `callcenter order approval list` and `decide`",
        }
        # With an entry per field the message names them all.
        field = None if getattr(error, "errors", ()) else error.field
        return kind(error.message, field=field, fix=here.get(type(error)) or error.fix)
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        return Unavailable(
            error.strerror or str(error), field=error.filename, fix="free some space, or write elsewhere"
        )
    return None


def reports_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Turn errors we raise on purpose into one line and an exit code; anything else is a defect and shows itself."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except KeyboardInterrupt:
            sys.exit(EXIT_INTERRUPTED)
        except Exception as error:
            known = as_application_error(error)
            if known is None:
                raise
            say(f"callcenter: {known}")
            sys.exit(exit_code(known))

    return run
