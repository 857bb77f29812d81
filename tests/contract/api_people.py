"""The people of a call centre, by role."""

from __future__ import annotations

from argon2 import PasswordHasher

from callcenter.auth.passwords import Passwords
from callcenter.auth.sessions import Auth
from callcenter.clock import VirtualClock
from callcenter.config_sections import WebSettings
from callcenter.storage import users
from callcenter.storage.database import Database
from tests.contract.api_stand_ins import NOW

PASSWORD = "correct horse"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PEOPLE = {
    "agent": (["agent"], "PJSIP/1001"),
    "other": (["agent"], "PJSIP/1002"),
    "supervisor": (["supervisor"], None),
    "admin": (["admin"], None),
    "nobody": ([], None),
}


async def add_people(database: Database) -> None:
    """Everybody of ``PEOPLE``; all but nobody have ``PASSWORD``."""
    auth = Auth(database=database, clock=VirtualClock(NOW), settings=WebSettings(), passwords=Passwords(QUICK))
    for name in PEOPLE:
        await _add(auth, database, name)


async def _add(auth: Auth, database: Database, name: str) -> None:
    roles, interface = PEOPLE[name]
    if roles:
        await auth.add_user(
            username=name, display_name=name.title(), roles=roles, interface=interface, password=PASSWORD
        )
        return
    async with database.write() as work:
        await users.add_user(work.session, username=name, display_name=name, roles=(), at=NOW)
        await work.commit()
