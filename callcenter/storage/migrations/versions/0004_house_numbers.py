"""House numbers of addresses, so that one district's house is found without reading the district."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ADDRESSES = sa.table(
    "customer_addresses",
    sa.column("address_id", sa.String),
    sa.column("detail", sa.String),
    sa.column("house", sa.String),
)


def upgrade() -> None:
    """Add the column, filled for every address, and replace the index."""
    op.add_column("customer_addresses", sa.Column("house", sa.String(12), nullable=False, server_default=""))
    _fill()
    op.drop_index("ix_customer_addresses_district_city", "customer_addresses")
    op.create_index("ix_customer_addresses_district_house", "customer_addresses", ["district", "house"])


def house_number(detail: str) -> str:
    """Frozen as it was then: the first number in the address, at most 12 digits."""
    number = re.search(r"\d+", detail, re.ASCII)
    return number.group()[:12] if number else ""


def _fill() -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.select(_ADDRESSES.c.address_id, _ADDRESSES.c.detail)).all()
    houses = [{"filed": key, "number": number} for key, detail in rows if (number := house_number(detail))]
    if houses:
        filed = sa.update(_ADDRESSES).where(_ADDRESSES.c.address_id == sa.bindparam("filed"))
        connection.execute(filed.values(house=sa.bindparam("number")), houses)
