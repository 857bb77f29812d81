"""Domain events on their way out: rows written with the change itself, turned back into events by the relay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import orjson
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.errors import CallcenterError
from callcenter.storage.tables import OutboxRow
from workorder.events import EVENTS, DomainEvent

_READERS: dict[str, TypeAdapter[Any]] = {kind.__name__: TypeAdapter(kind) for kind in EVENTS}


def add(session: AsyncSession, events: Iterable[DomainEvent]) -> None:
    """Put ``events`` into the transaction, in order."""
    session.add_all(
        OutboxRow(
            event_id=event.event_id,
            event_type=type(event).__name__,
            body=orjson.loads(orjson.dumps(asdict(event))),
            recorded_at=event.at,
        )
        for event in events
    )


def decode(row: OutboxRow) -> DomainEvent:
    """The event again, equal to what was added; its ``event_id`` tells a second delivery from the first."""
    reader = _READERS.get(row.event_type)
    if reader is None:
        raise CallcenterError(
            f"outbox row {row.position} has the unknown type {row.event_type}", fix="run the version that wrote it"
        )
    event: DomainEvent = reader.validate_python(row.body)
    return event
