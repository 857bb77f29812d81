"""Who a customer is to the call centre's mini-program, from what they reported there."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_OPENID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_SENT = sa.text("""
    SELECT work_orders.customer_id, order_reports.sender
    FROM order_reports
    JOIN work_orders ON work_orders.order_id = order_reports.order_id
    JOIN customers ON customers.customer_id = work_orders.customer_id
    WHERE order_reports.channel = 'miniprogram' AND order_reports.sender IS NOT NULL
      AND customers.merged_into IS NULL AND customers.erased_at IS NULL
    ORDER BY order_reports.at, order_reports.report_id
    """)
_PUT = sa.text("UPDATE customers SET miniprogram_openid = :openid WHERE customer_id = :customer_id")


def upgrade() -> None:
    """Add the column (see 0024) and fill it: whoever reported for a customer last was written to until now."""
    kind = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
    op.add_column("customers", sa.Column("miniprogram_openid", kind, nullable=True))
    op.create_index("ix_customers_miniprogram_openid", "customers", ["miniprogram_openid"])
    connection = op.get_bind()
    last = {customer: sender for customer, sender in connection.execute(_SENT) if _OPENID.fullmatch(sender)}
    if last:
        connection.execute(_PUT, [{"customer_id": key, "openid": openid} for key, openid in last.items()])
