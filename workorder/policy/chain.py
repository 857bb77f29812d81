"""The hash chain of an order's audit trail: a line's hash covers the line and, through its predecessor, all before it.

Whoever changes, inserts or takes out a line breaks every hash after it, and whoever cuts the end off leaves an order
whose ``trail_head`` is not there. Somebody who can write to the database can compute the whole chain anew: against
that, keep the digest that `callcenter order verify` prints somewhere else.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256

_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def link(
    previous: str,
    order_id: str,
    *,
    at: datetime,
    by: str,
    field: str,
    before: object,
    after: object,
    reason: str | None,
) -> str:
    """SHA-256, 64 hex digits, of the hash ``previous`` ("" for the first line) and the line as canonical JSON.

    Canonical: keys sorted, no spaces, text as it is in UTF-8, the time in UTC with microseconds.
    """
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    line = (
        f'{{"after":{_json(after)},"at":"{moment}","before":{_json(before)},"by":{_json(by)},"field":{_json(field)},'
        f'"order_id":{_json(order_id)},"reason":{_json(reason)}}}'
    )
    return sha256(f"{previous}\n{line}".encode()).hexdigest()


def _json(value: object) -> str:
    """Canonical. Text goes the encoder's short way, which a whole line does not."""
    return "null" if value is None else _CANONICAL.encode(value)
