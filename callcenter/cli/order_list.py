"""``callcenter order list``: orders by any conditions together, the newest first."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callcenter import config as settings_file
from callcenter.cli.options import DAY, JSON, at_most, of_customer
from callcenter.cli.output import emit, reports_errors
from callcenter.cli.session import line, person, run
from callcenter.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.ext.asyncio import AsyncSession

    from workorder.services.order_filters import OrderQuery
    from workorder.views.orders import OrderView

PAGE = 200
_EQUAL = {
    "service_type": "repair, install, …",
    "appliance": "As the order has it, e.g. 空调.",
    "brand": "As the order has it, e.g. 格力.",
    "fault": "As the order has it, e.g. 不制冷.",
    "city": "City of the address.",
    "district": "District of the address.",
    "urgency": "What the customer's need is.",
    "warranty": "in, extended, out or unknown.",
    "name": "How the contact's name begins.",
    "model": "How the model begins.",
    "serial": "How the appliance's serial number begins.",
}


def _conditions(command: Callable[..., Any]) -> Callable[..., Any]:
    for name, words in reversed(_EQUAL.items()):
        command = click.option(f"--{name.replace('_', '-')}", name, help=words)(command)
    return command


@click.command("list")
@click.option("--status", help="Only orders in this status, e.g. created.")
@click.option(
    "-q", "q", help="A number, a phone number, its end or first seven digits, or how the contact's name begins."
)
@_conditions
@of_customer("Only this customer's.")
@click.option("--handler", metavar="USER", help="Only those that this user looks after.")
@click.option("--since", type=DAY, help="Created on or after this day.")
@click.option("--until", type=DAY, help="Created on or before this day.")
@at_most(100_000)
@JSON
@click.pass_obj
@reports_errors
def list_orders(
    config: Path | None,
    /,
    status: str | None,
    handler: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    as_json: bool,
    **given: str | None,
) -> None:
    """The newest orders that all conditions fit."""
    from callcenter.config import zone
    from workorder.policy.lifecycle import Status
    from workorder.services.lifecycle import word
    from workorder.services.order_filters import OrderQuery

    local = zone(settings_file.load(config).timezone)
    if since and until and since > until:
        raise Invalid("must not lie after --until", field="--since", fix="turn the two round")

    async def read(session: AsyncSession) -> list[OrderView]:
        query = OrderQuery(
            status=word(Status, status, "--status") if status else None,
            handler=(await person(session, handler, "--handler")).user_id if handler else None,
            since=datetime.combine(since, time(), local) if since else None,
            until=datetime.combine(until + timedelta(days=1), time(), local) if until else None,
            limit=min(limit, PAGE),
            **given,
        )
        return await _pages(session, query, limit)

    for found in run(config, read):
        emit(found) if as_json else click.echo(line(found))


async def _pages(session: AsyncSession, query: OrderQuery, limit: int) -> list[OrderView]:
    """The first ``limit`` orders, page by page."""
    from dataclasses import replace

    from workorder.services import orders

    found: list[OrderView] = []
    while len(found) < limit:
        page = await orders.list_orders(session, query)
        found.extend(page.items)
        if page.next_cursor is None:
            break
        query = replace(query, cursor=page.next_cursor)
    return found[:limit]
