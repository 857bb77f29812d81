"""Which repair record another one stands in for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; a record is corrected once."""
    op.add_column("order_repairs", sa.Column("corrects", sa.String(26), nullable=True))
    op.create_index("ix_order_repairs_corrects", "order_repairs", ["corrects"], unique=True)
