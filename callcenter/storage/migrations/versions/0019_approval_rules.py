"""Approval rules as data; questions keep the roles that they were put to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Add the table, and the column with the roles that decided until now."""
    op.create_table(
        "approval_versions",
        sa.Column("version", _COUNTER, autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(40), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_approval_versions"),
    )
    was = sa.text("""'["supervisor", "admin"]'""")
    op.add_column("order_approvals", sa.Column("roles", _JSON, nullable=False, server_default=was))
