"""What people made of heard values; customers found by the sound of their name, and by district."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from pypinyin import lazy_pinyin
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Frozen copies of the column types: a migration must not change when the model does.
MOMENT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_CUSTOMERS = sa.table("customers", sa.column("name", sa.String), sa.column("name_sound", sa.String))


def upgrade() -> None:
    """Add the table, the column with its key for everybody on file, and the indexes."""
    key = sa.String(120).with_variant(sa.String(120, collation="C"), "postgresql")
    op.create_table(
        "slot_outcomes",
        sa.Column("order_id", sa.String(26), nullable=False),
        sa.Column("field", sa.String(40), nullable=False),
        sa.Column("call_id", sa.String(26), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.String(40), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("heard", DOCUMENT, nullable=True),
        sa.Column("final", DOCUMENT, nullable=True),
        sa.Column("rule", sa.String(80), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("evidence", DOCUMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["work_orders.order_id"], name="fk_slot_outcomes_order_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("order_id", "field", name="pk_slot_outcomes"),
    )
    op.create_index("ix_slot_outcomes_at", "slot_outcomes", ["at"])
    op.add_column("customers", sa.Column("name_sound", key, nullable=False, server_default=""))
    _fill()
    op.create_index("ix_customers_name_sound", "customers", ["name_sound"])
    op.create_index("ix_customer_addresses_district_city", "customer_addresses", ["district", "city"])


_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"), ("r", "l"), ("f", "h"))


def sound_key(name: str) -> str:
    """Frozen as it was then: toneless syllables of the first 20 characters with the usual confusions folded."""
    return " ".join(_folded(syllable) for syllable in lazy_pinyin("".join(name.split())[:20]))[:120]


def _folded(syllable: str) -> str:
    for spoken, heard in _INITIALS:
        if syllable.startswith(spoken):
            syllable = heard + syllable[len(spoken) :]
            break
    return syllable[:-1] if syllable.endswith("ng") else syllable


def _fill() -> None:
    """Each name once: people share names."""
    connection = op.get_bind()
    names = list(connection.scalars(sa.select(_CUSTOMERS.c.name).distinct()))
    if not names:
        return
    filed = sa.update(_CUSTOMERS).where(_CUSTOMERS.c.name == sa.bindparam("filed"))
    connection.execute(
        filed.values(name_sound=sa.bindparam("key")), [{"filed": name, "key": sound_key(name)} for name in names]
    )
