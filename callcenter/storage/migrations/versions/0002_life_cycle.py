"""Orders that belong to another, and on whose word an order was closed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; no constraint on the parent, for SQLite would rebuild the whole table to add one."""
    op.add_column("work_orders", sa.Column("parent_id", sa.String(26), nullable=True))
    op.add_column("work_orders", sa.Column("confirmation", sa.String(16), nullable=True))
    op.create_index("ix_work_orders_parent_id", "work_orders", ["parent_id"])
