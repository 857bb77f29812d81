"""The index of the messages that wait to leave, in the order in which a channel's sender takes them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_WAITING = sa.text("state IN ('queued', 'sending', 'failed')")


def upgrade() -> None:
    """Few of many: a sender looks through these alone, however many were ever sent."""
    op.drop_index("ix_deliveries_waiting", "deliveries")
    op.create_index(
        "ix_deliveries_waiting",
        "deliveries",
        ["channel", "due_at", "delivery_id"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
