"""The service level a draft would get, for the desk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("work_orders", sa.Column("suggested_tier", sa.String(40), nullable=True))
