"""Cursors of lists: those sorted by time and key, and those sorted by a counter."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta

from workorder.errors import Invalid

MAX_PAGE = 200


def encode_cursor(at: datetime, key: str) -> str:
    """An opaque mark of the last row shown."""
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{key}".encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[datetime, str]:
    """The row a cursor stands for; raises Invalid for anything that is not a cursor of ours."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        at, _, key = text.partition("|")
        moment = datetime.fromisoformat(at)
    except (ValueError, binascii.Error) as error:
        raise _foreign() from error
    # Ours are in UTC; another offset may even lead out of the calendar.
    if moment.utcoffset() != timedelta(0) or not key or "\x00" in key:
        raise _foreign()
    return moment, key


def decode_number(cursor: str | None) -> int:
    """The last counted row shown, 0 before the first page; raises Invalid for anything that is not a cursor of ours."""
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise _foreign()
    return int(cursor)


def check_limit(limit: int) -> None:
    """Raise Invalid unless ``limit`` is between 1 and ``MAX_PAGE``."""
    if not 1 <= limit <= MAX_PAGE:
        raise Invalid(f"must be between 1 and {MAX_PAGE}", field="limit")


def _foreign() -> Invalid:
    return Invalid("is not one of ours", field="cursor", fix="start again without a cursor")
