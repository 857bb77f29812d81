"""Forms of service types as versions, and the form that an order was opened with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Add the table and the column; orders that are there keep the built-in form."""
    op.add_column("work_orders", sa.Column("form", DOCUMENT, nullable=True))
    op.create_table(
        "order_templates",
        sa.Column("service_type", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(40), nullable=False),
        sa.Column("form", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("service_type", "version", name="pk_order_templates"),
    )
