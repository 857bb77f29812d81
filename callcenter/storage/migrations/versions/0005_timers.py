"""Timers: what is to happen at a moment, so that a restart forgets nothing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
_PENDING = sa.text("fired_at IS NULL")


def upgrade() -> None:
    """Create the table and the two indexes of what is pending."""
    op.create_table(
        "timers",
        sa.Column("timer_id", sa.String(26), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(120), nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("try_at", _MOMENT, nullable=False),
        sa.Column("body", _DOCUMENT, nullable=True),
        sa.Column("fired_at", _MOMENT, nullable=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_error", sa.String(500), nullable=True),
        sa.PrimaryKeyConstraint("timer_id", name="pk_timers"),
    )
    for name, columns, unique in (
        ("uq_timers_pending", ["kind", "subject"], True),
        ("ix_timers_pending", ["try_at", "timer_id"], False),
    ):
        op.create_index(name, "timers", columns, unique=unique, sqlite_where=_PENDING, postgresql_where=_PENDING)
