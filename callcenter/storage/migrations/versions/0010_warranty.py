"""Appliances with what warranty needs, contracts, makers' terms; the appliance and warranty of an order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KEY = sa.String(26)
MOMENT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def sorted_text(length: int) -> sa.String:
    """Text ordered by code point."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    """What was the end of warranty so far was typed from the warranty card: it is kept as that."""
    _assets()
    _orders()
    _contracts()
    _terms()


def _assets() -> None:
    for name, kind, default in (
        ("warranty_basis", sa.String(16), None),
        ("stated_until", sa.Date(), None),
        ("installed_on", sa.Date(), None),
        ("replaced_on", sa.Date(), None),
        ("retired_on", sa.Date(), None),
        ("external_key", sorted_text(80), None),
        ("invoice_no", sa.String(60), ""),
        ("notes", sa.Text(), ""),
        ("edit_version", sa.Integer(), "1"),
    ):
        op.add_column("assets", sa.Column(name, kind, nullable=default is None, server_default=default))
    op.execute("UPDATE assets SET stated_until = warranty_until")
    op.execute("UPDATE assets SET warranty_basis = 'stated' WHERE warranty_until IS NOT NULL")
    if op.get_bind().dialect.name == "postgresql":
        op.execute('ALTER TABLE assets ALTER COLUMN model TYPE VARCHAR(80) COLLATE "C"')
    op.create_index("ix_assets_model", "assets", ["model"])
    op.create_index("ix_assets_external_key", "assets", ["external_key"], unique=True)


def _orders() -> None:
    op.add_column("work_orders", sa.Column("asset_id", KEY, nullable=True))
    op.add_column("work_orders", sa.Column("warranty", sa.String(16), nullable=True))
    op.create_index("ix_work_orders_asset_id", "work_orders", ["asset_id"])


def _contracts() -> None:
    op.create_table(
        "service_contracts",
        sa.Column("contract_id", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("asset_id", KEY, nullable=True),
        sa.Column("number", sorted_text(60), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("covers_repair", sa.Boolean(), nullable=False),
        sa.Column("visits_included", sa.Integer(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by", sa.String(40), nullable=False),
        sa.Column("edit_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name="fk_service_contracts_customer_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["assets.asset_id"], name="fk_service_contracts_asset_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("contract_id", name="pk_service_contracts"),
        sa.UniqueConstraint("number", name="uq_service_contracts_number"),
    )
    op.create_index("ix_service_contracts_customer_id", "service_contracts", ["customer_id"])
    op.create_index("ix_service_contracts_asset_id", "service_contracts", ["asset_id"])


def _terms() -> None:
    op.create_table(
        "maker_terms",
        sa.Column("terms_id", KEY, nullable=False),
        sa.Column("brand", sa.String(60), nullable=False),
        sa.Column("appliance", sa.String(60), nullable=False),
        sa.Column("whole_months", sa.Integer(), nullable=False),
        sa.Column("part_months", DOCUMENT, nullable=False),
        sa.Column("from_installation", sa.Boolean(), nullable=False),
        sa.Column("sold_from", sa.Date(), nullable=True),
        sa.Column("sold_to", sa.Date(), nullable=True),
        sa.Column("source", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("terms_id", name="pk_maker_terms"),
    )
    op.create_index("ix_maker_terms_brand_appliance", "maker_terms", ["brand", "appliance"])
