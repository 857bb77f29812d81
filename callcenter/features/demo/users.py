"""The demo's two users and their one-time logins."""

from __future__ import annotations

from callcenter.auth.sessions import Auth
from callcenter.storage import users
from callcenter.storage.database import Database
from callcenter.storage.users import User

USERS = (("agent", "陈静", "agent"), ("supervisor", "周主管", "supervisor"))


async def login_tokens(auth: Auth, database: Database, interface: str) -> tuple[str, str]:
    """Fresh tokens of the agent (at ``interface``) and the supervisor; the users are added on the first run."""
    tokens = []
    for username, display_name, role in USERS:
        async with database.read() as work:
            user: User | None = await users.by_username(work.session, username)
        if user is None:
            user = await auth.add_user(
                username=username,
                display_name=display_name,
                roles=[role],
                interface=interface if role == "agent" else None,
                by="demo",
            )
        tokens.append(await auth.issue_login_token(user.user_id))
    return tokens[0], tokens[1]
