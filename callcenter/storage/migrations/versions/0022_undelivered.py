"""An index of the messages that nobody got yet: few of many, and looked at all day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

UNDELIVERED = sa.text("state <> 'delivered'")


def upgrade() -> None:
    """By state, the newest at the end."""
    op.create_index(
        "ix_deliveries_undelivered",
        "deliveries",
        ["state", "delivery_id"],
        sqlite_where=UNDELIVERED,
        postgresql_where=UNDELIVERED,
    )
