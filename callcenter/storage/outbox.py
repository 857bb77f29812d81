"""Domain events on their way out: rows written with the change itself, turned back into events by the relay."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from pydantic import TypeAdapter
from sqlalchemy import insert
from sqlalchemy.orm import Session

from callcenter.errors import CallcenterError
from callcenter.storage.tables import OutboxRow
from workorder.events import EVENTS, DomainEvent
from workorder.model.prepared import Prepared, connection_of

_INSERT = Prepared(insert(OutboxRow).inline(), ("event_id", "event_type", "body", "recorded_at"))
_READERS: dict[str, TypeAdapter[Any]] = {kind.__name__: TypeAdapter(kind) for kind in EVENTS}


def add(session: Session, events: Iterable[DomainEvent]) -> None:
    """Put ``events`` into the transaction, in order, after everything the session was given."""
    session.flush()
    rows = [
        {"event_id": one.event_id, "event_type": type(one).__name__, "body": _plain(one), "recorded_at": one.at}
        for one in events
    ]
    if rows:
        _INSERT.run_later(connection_of(session), rows)


def _plain(event: DomainEvent) -> dict[str, Any]:
    """JSON types only: what the relay's reader will find in the row."""
    plain: dict[str, Any] = orjson.loads(orjson.dumps(event))
    return plain


def decode(row: OutboxRow) -> DomainEvent:
    """The event again, equal to what was added; its ``event_id`` tells a second delivery from the first."""
    reader = _READERS.get(row.event_type)
    if reader is None:
        raise CallcenterError(
            f"outbox row {row.position} has the unknown type {row.event_type}", fix="run the version that wrote it"
        )
    event: DomainEvent = reader.validate_python(row.body)
    return event
