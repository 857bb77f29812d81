"""Reports as they came in by every channel, chase-ups, and what people say about an order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Add the columns and the two tables."""
    op.add_column("work_orders", sa.Column("channel", sa.String(16), nullable=True))
    op.add_column("work_orders", sa.Column("chase_ups", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "order_reports",
        sa.Column("report_id", sa.String(26), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("external_id", sa.String(200), nullable=True),
        sa.Column("order_id", sa.String(26), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.String(40), nullable=False),
        sa.Column("sender", sa.String(200), nullable=True),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("fields", DOCUMENT, nullable=False),
        sa.Column("media_type", sa.String(80), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        _of_order("order_reports"),
        sa.PrimaryKeyConstraint("report_id", name="pk_order_reports"),
        sa.UniqueConstraint("channel", "external_id", name="uq_order_reports_channel_external_id"),
    )
    op.create_index("ix_order_reports_order_id", "order_reports", ["order_id"])
    op.create_table(
        "order_comments",
        sa.Column("comment_id", sa.String(26), nullable=False),
        sa.Column("order_id", sa.String(26), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("channel", sa.String(16), nullable=True),
        sa.Column("text", sa.String(2000), nullable=False),
        sa.Column("mentions", DOCUMENT, nullable=False),
        _of_order("order_comments"),
        sa.PrimaryKeyConstraint("comment_id", name="pk_order_comments"),
    )
    op.create_index("ix_order_comments_order_id", "order_comments", ["order_id"])


def _of_order(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["order_id"], ["work_orders.order_id"], name=f"fk_{table}_order_id", ondelete="CASCADE"
    )
