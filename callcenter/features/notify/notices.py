"""What the application tells its users, as they see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from callcenter.storage.tables import DeliveryRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something the application tells a user."""

    notice_id: str
    at: datetime
    order_id: str | None
    event_type: str
    subject: str
    text: str
    read_at: datetime | None


def notice(row: DeliveryRow) -> Notice:
    """The notice that a message inside the application is."""
    return Notice(
        notice_id=row.delivery_id,
        at=row.created_at,
        order_id=row.order_id,
        event_type=row.event_type,
        subject=row.subject,
        text=row.text,
        read_at=row.read_at,
    )
