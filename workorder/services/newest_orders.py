"""The newest orders that fit a query, read by the way that suits it (``workorder.policy.list_plan``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, literal, literal_column, select

from workorder.model.orders import WorkOrder
from workorder.policy.list_plan import BESIDE, COUNTED, ENOUGH, TIMES, Plan, plans, to_count
from workorder.services.order_filters import OrderQuery, begins, condition, conditions
from workorder.services.paging import check_limit
from workorder.services.unindexed import by_no_index

_FITS = {
    "q": begins(WorkOrder.customer_name, "q"),
    **{name: condition(name) for name in COUNTED if name != "q"},
}
"""What is counted: of a word, how many names begin so (one order or customer has it as its number)."""
_BEFORE = {
    "since": condition("since"),
    "until": condition("until"),
    "cursor": WorkOrder.created_at <= bindparam("cursor_at", type_=WorkOrder.created_at.type),
}
"""Where a walk begins and ends, as far as the indexes know: the time alone."""
_ORDER = (WorkOrder.created_at, WorkOrder.order_id)


def newest_rows(
    rows: Connection, shown: tuple[Any, ...], query: OrderQuery, *, enough: int = ENOUGH
) -> tuple[Sequence[Row[Any]], bool]:
    """The columns ``shown`` of a page of orders, newest first, and whether there are more.

    ``enough``: how many are looked through without a thought. Raises Invalid for a limit or cursor that is not ours.
    """
    check_limit(query.limit)
    asked = conditions(query)
    names = tuple(asked)
    values = {name: value for given in asked.values() for name, value in given.items()}
    values["at_most"] = query.limit + 1
    found: Sequence[Row[Any]] = ()
    for plan in plans(names, _counts(rows, names, values, enough), enough):
        end = rows.scalar(_end(plan.by, tuple(TIMES.intersection(names)), enough), values) if plan.window else None
        page = _page(rows.dialect.name, shown, names, plan, ends=end is not None)
        found = rows.execute(page, {**values, "end": end}).all()
        if end is None or len(found) > query.limit:
            # Without an end the window held them all.
            break
    return found[: query.limit], len(found) > query.limit


def _counts(rows: Connection, names: tuple[str, ...], values: Mapping[str, Any], enough: int) -> dict[str, int]:
    counted = to_count(names)
    if not counted:
        return {}
    return dict(zip(counted, rows.execute(_count(counted, enough), values).one(), strict=True))


@lru_cache(maxsize=64)
def _count(names: tuple[str, ...], enough: int) -> Select[Any]:
    """How many orders each of the conditions fits, up to ``enough``."""
    some = (select(literal(1)).where(_FITS[name]).limit(literal_column(str(enough))).subquery() for name in names)
    return select(*(select(func.count()).select_from(found).scalar_subquery() for found in some))


@lru_cache(maxsize=64)
def _end(by: tuple[str, ...], times: tuple[str, ...], enough: int) -> Select[Any]:
    """When the last order of the window was created; none when fewer than ``enough`` fit."""
    walked = select(WorkOrder.created_at).where(*map(condition, by), *(_BEFORE[name] for name in times))
    return walked.order_by(WorkOrder.created_at.desc()).offset(literal_column(str(enough))).limit(literal_column("1"))


@lru_cache(maxsize=512)
def _page(dialect: str, shown: tuple[Any, ...], names: tuple[str, ...], plan: Plan, *, ends: bool) -> Select[Any]:
    """The statement that goes this way; ``ends``: not beyond the window."""
    order = _ORDER if plan.walk else map(by_no_index, _ORDER)
    plain = _plain(dialect, plan)
    wanted = [condition(name) if name in plain else by_no_index(condition(name)) for name in names]
    if ends:
        wanted.append(WorkOrder.created_at >= bindparam("end", type_=WorkOrder.created_at.type))
    return select(*shown).where(*wanted).order_by(*(column.desc() for column in order)).limit(bindparam("at_most"))


def _plain(dialect: str, plan: Plan) -> set[str]:
    """Conditions that an index may answer."""
    times = TIMES if plan.walk else ()
    # SQLite tells in the index also what is not written plainly, and without statistics would look up the brand.
    beside = BESIDE.get(plan.by[0], ()) if dialect == "postgresql" and plan.by and not plan.walk else ()
    return {*plan.by, *times, *beside}
