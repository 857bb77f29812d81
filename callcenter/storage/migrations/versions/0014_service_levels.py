"""Service levels as data, how each order stands against its own, and the alerts that were raised."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_RUNNING = sa.text("resolve_by IS NOT NULL AND resolved_at IS NULL")


def upgrade() -> None:
    """Add columns and tables; the clocks of orders that are open already are started by the application."""
    for column in (
        sa.Column("sla_urgency", sa.String(16), nullable=True),
        sa.Column("sla_tier", sa.String(40), nullable=True),
        sa.Column("respond_by", _MOMENT, nullable=True),
        sa.Column("resolve_by", _MOMENT, nullable=True),
        sa.Column("responded_at", _MOMENT, nullable=True),
        sa.Column("resolved_at", _MOMENT, nullable=True),
        sa.Column("sla_paused", sa.String(16), nullable=True),
        sa.Column("sla_used_s", sa.Integer, nullable=True),
        sa.Column("sla_left_s", sa.Integer, nullable=True),
        sa.Column("respond_breached", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("resolve_breached", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("sla_checked_at", _MOMENT, nullable=True),
    ):
        op.add_column("work_orders", column)
    op.create_index(
        "ix_work_orders_running", "work_orders", ["resolve_by"], sqlite_where=_RUNNING, postgresql_where=_RUNNING
    )
    op.create_index("ix_work_orders_service_type_resolved_at", "work_orders", ["service_type", "resolved_at"])
    op.create_table(
        "sla_versions",
        sa.Column("version", _COUNTER, autoincrement=True, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("by", sa.String(40), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_sla_versions"),
    )
    op.create_table(
        "sla_alerts",
        sa.Column("alert_id", _COUNTER, autoincrement=True, nullable=False),
        sa.Column("order_id", sa.String(26), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("alert", sa.String(20), nullable=False),
        sa.Column("mark", sa.String(40), nullable=False),
        sa.Column("tier", sa.String(40), nullable=False),
        sa.Column("probability", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"], ["work_orders.order_id"], name="fk_sla_alerts_order_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("alert_id", name="pk_sla_alerts"),
    )
    op.create_index("ix_sla_alerts_order_id", "sla_alerts", ["order_id"])
