"""A user's notices at the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.storage import deliveries
from tests.integration.cli_site import AT, Site, site
from workorder.services import orders
from workorder.services.order_filters import OrderQuery


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("CALLCENTER_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return site(tmp_path)


def tell(desk: Site, user: str) -> None:
    async def plan(session: AsyncSession) -> None:
        order = (await orders.list_orders(session, OrderQuery(number=desk.number))).items[0]
        notice = deliveries.Planned(
            event_id="E1",
            event_type="CommentAdded",
            event={},
            rule="mention",
            order_id=order.order_id,
            audience="mentioned",
            channel="in_app",
            recipient=desk.user_ids[user],
            subject="你被提到",
            text="有人提到了你",
            at=AT,
            due_at=AT,
            delivered=True,
        )
        await deliveries.plan(session, notice)

    desk.read(plan)


def test_an_inbox_shows_what_its_user_was_told_and_marks_it_as_seen(desk: Site) -> None:
    """Unread ones have a star until somebody has seen them; nobody else has them; an unknown user exits 7."""
    tell(desk, "li")
    assert desk.call("notify", "inbox", "li").stdout.startswith("* 2026-11-21 00:00Z  你被提到")
    (shown,) = desk.json("notify", "inbox", "li", "--seen")
    assert (shown["event_type"], shown["read_at"]) == ("CommentAdded", None)
    (seen,) = desk.json("notify", "inbox", "li")
    assert seen["read_at"] is not None
    assert desk.json("notify", "inbox", "chen") == []
    desk.call("notify", "inbox", "nobody", code=7)
