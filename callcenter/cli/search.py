"""``callcenter search``: customers and orders by whatever somebody knows of them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callcenter.cli.options import JSON, at_most
from callcenter.cli.output import emit, reports_errors
from callcenter.cli.session import run

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from workorder.views.customers import CustomerHit
    from workorder.views.orders import OrderHit


@click.command("search")
@click.argument("text")
@at_most(200, 8, "At most so many of each.")
@JSON
@click.pass_obj
@reports_errors
def search_all(config: Path | None, text: str, limit: int, as_json: bool) -> None:
    """Customers, then orders, best first: by phone or its last four digits, name, pinyin, number, serial or words."""
    from workorder.services import search
    from workorder.uow import look

    async def read(session: AsyncSession) -> tuple[tuple[CustomerHit, ...], tuple[OrderHit, ...]]:
        found = await look(session, search.search_customers, text, limit=limit)
        return found, await look(session, search.orders_like, text, limit=limit)

    customers, orders = run(config, read)
    for who in customers:
        if as_json:
            emit({"kind": "customer", **asdict(who)})
        else:
            click.echo(f"{who.customer_id}  {who.name}  {who.phone or ''}  {who.about}".rstrip())
    for order in orders:
        if as_json:
            emit({"kind": "order", **asdict(order)})
        else:
            about = " ".join(word for word in (order.customer_name, order.brand, order.appliance, order.fault) if word)
            click.echo(f"{order.number or order.order_id}  {order.status}  {about}".rstrip())
