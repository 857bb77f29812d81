"""Speakers whose words are to be recognised afterwards, from the recording."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the queue."""
    op.create_table(
        "late_transcripts",
        sa.Column("call_id", sa.String(26), nullable=False),
        sa.Column("speaker", sa.String(8), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("wanted_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("error", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name="fk_late_transcripts_call_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", "speaker", name="pk_late_transcripts"),
    )
    op.create_index("ix_late_transcripts_state_next_try_at", "late_transcripts", ["state", "next_try_at"])
