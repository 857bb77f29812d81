"""Maintenance plans and their visits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KEY = sa.String(26)
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "maintenance_plans",
        sa.Column("plan_id", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("asset_id", KEY, nullable=True),
        sa.Column("contract_id", KEY, nullable=True),
        sa.Column("title", sa.String(80), nullable=False),
        sa.Column("interval_months", sa.Integer(), nullable=False),
        sa.Column("lead_days", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("stopped_because", sa.String(40), nullable=True),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by", sa.String(40), nullable=False),
        sa.Column("edit_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name="fk_maintenance_plans_customer_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["assets.asset_id"], name="fk_maintenance_plans_asset_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"],
            ["service_contracts.contract_id"],
            name="fk_maintenance_plans_contract_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("plan_id", name="pk_maintenance_plans"),
    )
    for column in ("customer_id", "asset_id", "contract_id", "next_on"):
        op.create_index(f"ix_maintenance_plans_{column}", "maintenance_plans", [column])
    op.create_table(
        "maintenance_visits",
        sa.Column("plan_id", KEY, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("order_id", KEY, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["maintenance_plans.plan_id"], name="fk_maintenance_visits_plan_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("plan_id", "due_on", name="pk_maintenance_visits"),
    )
    op.create_index("ix_maintenance_visits_order_id", "maintenance_visits", ["order_id"])
