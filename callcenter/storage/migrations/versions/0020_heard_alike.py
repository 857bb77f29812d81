"""What of an utterance is taken for a name that sounds like it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Add the column; of what was heard before nothing is taken for anything else."""
    op.add_column("segments", sa.Column("names", DOCUMENT, nullable=False, server_default="[]"))
