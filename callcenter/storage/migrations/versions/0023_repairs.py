"""What technicians found and did, visit by visit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "order_repairs",
        sa.Column("repair_id", sa.String(26), nullable=False),
        sa.Column("order_id", sa.String(26), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(40), nullable=False),
        sa.Column("finding", sa.String(2000), nullable=False),
        sa.Column("action", sa.String(2000), nullable=False),
        sa.Column("parts", DOCUMENT, nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"], ["work_orders.order_id"], name="fk_order_repairs_order_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repair_id", name="pk_order_repairs"),
    )
    op.create_index("ix_order_repairs_order_id", "order_repairs", ["order_id"])
