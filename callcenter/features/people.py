"""Users as orders name them."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.storage import users
from workorder.policy.mentions import mentioned


async def named_in(session: AsyncSession, text: str) -> tuple[str, ...]:
    """Ids of the active users whom ``@name`` in a comment means, by user name or display name."""
    names = {name.casefold() for name in mentioned(text)}
    return tuple(
        one.user_id
        for one in (await users.list_users(session) if names else ())
        if one.active and {one.username.casefold(), one.display_name.casefold()} & names
    )
