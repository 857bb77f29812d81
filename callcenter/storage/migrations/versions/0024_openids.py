"""Who a customer is to the call centre's WeChat account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; PostgreSQL compares by bytes there, as in every column that is looked up."""
    kind = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
    op.add_column("customers", sa.Column("openid", kind, nullable=True))
    op.create_index("ix_customers_openid", "customers", ["openid"])
