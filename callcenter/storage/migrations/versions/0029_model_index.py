"""The index of models holds brand, fault and city as well."""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of a model's orders, which may be tens of thousands, only those that fit are read from the table."""
    columns = ["model", "brand", "fault", "city"]
    op.create_index(f"ix_work_orders_{'_'.join(columns)}", "work_orders", columns)
    op.drop_index("ix_work_orders_model", "work_orders")
