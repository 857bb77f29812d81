"""Cursors of lists that are sorted by time and key."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta

from workorder.errors import Invalid


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


def _foreign() -> Invalid:
    return Invalid("is not one of ours", field="cursor", fix="start again without a cursor")
