"""One of everything that a path of the interface may name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callcenter.ids import new_id
from tests.contract.api_site import FIELDS, Site


async def things(site: Site) -> dict[str, str]:
    """Fresh ones, by the name of the path parameter."""
    card, duplicate = await site.customer(), await site.customer()
    call_id = await site.call(new_id())
    await site.record(call_id)
    draft = await site.draft(call_id, **FIELDS)
    async with site.services.database.write() as work:
        key = await site.services.api_keys.add(work.session, name="x", scopes=["orders"])
        await work.commit()
    return {
        "call_id": call_id,
        "customer_id": card.customer_id,
        "duplicate_id": duplicate.customer_id,
        "order_id": draft.order_id,
        "key_id": key.key.key_id,
    }


def with_keys(body: Mapping[str, Any], ids: Mapping[str, str]) -> dict[str, Any]:
    """An example's body, with keys of things that are there."""
    return {name: ids.get(name, value) for name, value in body.items()}
