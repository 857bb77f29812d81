"""How urgent an order is as decided, and the audit trail as a chain of hashes, computed for every line there is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BATCH = 5000
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_CHANGES = sa.table(
    "work_order_changes",
    sa.column("change_id", sa.BigInteger),
    sa.column("order_id", sa.String),
    sa.column("at", sa.DateTime(timezone=True)),
    sa.column("by", sa.String),
    sa.column("field", sa.String),
    sa.column("before", DOCUMENT),
    sa.column("after", DOCUMENT),
    sa.column("reason", sa.String),
    sa.column("hash", sa.String),
)
_ORDERS = sa.table(
    "work_orders",
    sa.column("order_id", sa.String),
    sa.column("status", sa.String),
    sa.column("priority", sa.String),
    sa.column("suggested_priority", sa.String),
    sa.column("trail_head", sa.String),
)


def upgrade() -> None:
    """Add the columns and fill them; a draft's priority stays open, as nobody has decided yet."""
    op.add_column("work_orders", sa.Column("priority", sa.String(16), nullable=True))
    op.add_column("work_orders", sa.Column("trail_head", sa.String(64), nullable=False, server_default=""))
    op.add_column("work_order_changes", sa.Column("hash", sa.String(64), nullable=False, server_default=""))
    decided = sa.update(_ORDERS).where(_ORDERS.c.status != "draft").values(priority=_ORDERS.c.suggested_priority)
    op.get_bind().execute(decided)
    _fill()


def _fill() -> None:
    """Order by order, a batch of lines at a time."""
    connection = op.get_bind()
    line = sa.update(_CHANGES).where(_CHANGES.c.change_id == sa.bindparam("key")).values(hash=sa.bindparam("link"))
    head = sa.update(_ORDERS).where(_ORDERS.c.order_id == sa.bindparam("key")).values(trail_head=sa.bindparam("link"))
    lines: list[dict[str, Any]] = []
    heads: list[dict[str, Any]] = []
    for order_id, rows in groupby(_lines(), key=lambda row: row.order_id):
        previous = ""
        for row in rows:
            previous = _link(previous, row)
            lines.append({"key": row.change_id, "link": previous})
        heads.append({"key": order_id, "link": previous})
        if len(lines) >= BATCH:
            connection.execute(line, lines)
            connection.execute(head, heads)
            lines, heads = [], []
    if lines:
        connection.execute(line, lines)
        connection.execute(head, heads)


def _lines() -> Iterator[Any]:
    """Every line, one order's after the other's; read by key, so that no cursor is open while lines are written."""
    connection = op.get_bind()
    last: tuple[str, int] = ("", 0)
    key = sa.tuple_(_CHANGES.c.order_id, _CHANGES.c.change_id)
    while True:
        statement = sa.select(_CHANGES).where(key > last).order_by(_CHANGES.c.order_id, _CHANGES.c.change_id)
        rows = connection.execute(statement.limit(BATCH)).all()
        if not rows:
            return
        yield from rows
        last = (rows[-1].order_id, rows[-1].change_id)


def _link(previous: str, row: Any) -> str:
    """A frozen copy of ``workorder.policy.chain.link``: a migration must not change when the code does."""
    at: datetime = row.at if row.at.tzinfo else row.at.replace(tzinfo=UTC)
    line = {
        "order_id": row.order_id,
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        "by": row.by,
        "field": row.field,
        "before": row.before,
        "after": row.after,
        "reason": row.reason,
    }
    canonical = json.dumps(line, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(f"{previous}\n{canonical}".encode()).hexdigest()
