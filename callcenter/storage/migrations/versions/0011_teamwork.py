"""Files, tasks and questions of an order, and who looks after it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the columns and the three tables."""
    op.add_column("work_orders", sa.Column("handler", sa.String(40), nullable=True))
    op.add_column("work_orders", sa.Column("team", sa.String(80), nullable=True))
    op.create_index("ix_work_orders_handler", "work_orders", ["handler"])
    _of_order(
        "order_attachments",
        "attachment_id",
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.String(40), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(80), nullable=False),
        sa.Column("filename", sa.String(200), nullable=False),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.UniqueConstraint("order_id", "sha256", "filename", name="uq_order_attachments_order_id_sha256_filename"),
    )
    op.create_index("ix_order_attachments_sha256", "order_attachments", ["sha256"])
    _of_order(
        "order_tasks",
        "task_id",
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.String(40), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("assignee", sa.String(40), nullable=True),
        sa.Column("blocks", sa.String(20), nullable=True),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("done_by", sa.String(40), nullable=True),
    )
    op.create_index("ix_order_tasks_assignee", "order_tasks", ["assignee"])
    _of_order(
        "order_approvals",
        "approval_id",
        sa.Column("subject", sa.String(20), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("asked_by", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("decision", sa.String(16), nullable=False),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("decided_by", sa.String(40), nullable=True),
        sa.Column("comment", sa.String(500), nullable=True),
    )
    op.create_index("ix_order_approvals_decision_asked_at", "order_approvals", ["decision", "asked_at"])


def _of_order(table: str, key: str, *columns: sa.schema.SchemaItem) -> None:
    op.create_table(
        table,
        sa.Column(key, sa.String(26), nullable=False),
        sa.Column("order_id", sa.String(26), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(
            ["order_id"], ["work_orders.order_id"], name=f"fk_{table}_order_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(key, name=f"pk_{table}"),
    )
    op.create_index(f"ix_{table}_order_id", table, ["order_id"])
