"""Indexes for lists of orders by several filters, and without rows that have nothing to be found by.

Where nearly every row has NULL, a planner that goes by averages takes an ordinary index for useless and reads the whole
table instead.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

SPARSE = ("call_id", "parent_id", "asset_id", "handler")
FILTERS = (("brand", "appliance", "fault", "created_at"), ("city", "district", "created_at"), ("model",))


def upgrade() -> None:
    """Model numbers sort by code point, as every text that is searched by its beginning."""
    for column in SPARSE:
        name, filled = f"ix_work_orders_{column}", sa.text(f"{column} IS NOT NULL")
        op.drop_index(name, "work_orders", if_exists=True)
        op.create_index(name, "work_orders", [column], sqlite_where=filled, postgresql_where=filled)
    if op.get_bind().dialect.name == "postgresql":
        op.execute('ALTER TABLE work_orders ALTER COLUMN model TYPE varchar(80) COLLATE "C"')
    for columns in FILTERS:
        op.create_index(f"ix_work_orders_{'_'.join(columns)}", "work_orders", list(columns))
