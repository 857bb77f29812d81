"""Customers with versions, notes, labels and division codes; merged and erased ones; their history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the columns and the table. External keys are unique by an index, for SQLite adds no constraint to a table."""
    external = sa.String(80).with_variant(sa.String(80, collation="C"), "postgresql")
    op.add_column("customers", sa.Column("updated_at", MOMENT, nullable=True))
    op.add_column("customers", sa.Column("external_key", external, nullable=True))
    op.add_column("customers", sa.Column("notes", sa.Text(), nullable=False, server_default=""))
    op.add_column("customers", sa.Column("merged_into", sa.String(26), nullable=True))
    op.add_column("customers", sa.Column("erased_at", MOMENT, nullable=True))
    op.create_index("ix_customers_external_key", "customers", ["external_key"], unique=True)
    op.create_index("ix_customers_merged_into", "customers", ["merged_into"])
    op.add_column("customer_addresses", sa.Column("label", sa.String(40), nullable=True))
    op.add_column("customer_addresses", sa.Column("division_code", sa.String(6), nullable=True))
    op.create_table(
        "customer_changes",
        sa.Column("change_id", COUNTER, autoincrement=True, nullable=False),
        sa.Column("customer_id", sa.String(26), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.String(40), nullable=False),
        sa.Column("field", sa.String(40), nullable=False),
        sa.Column("before", DOCUMENT, nullable=True),
        sa.Column("after", DOCUMENT, nullable=True),
        sa.Column("reason", sa.String(500), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name="fk_customer_changes_customer_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("change_id", name="pk_customer_changes"),
    )
    op.create_index("ix_customer_changes_customer_id", "customer_changes", ["customer_id"])
