"""The data folder, its database and its journal."""

from __future__ import annotations

from callcenter.clock import Clock
from callcenter.config import Settings, zone
from callcenter.features.startup import prepare_data_dir
from callcenter.storage.database import Database
from callcenter.storage.instance_lock import InstanceLock
from callcenter.storage.journal import OFF, DayJournal, Journal
from callcenter.wiring.lifetime import Lifetime
from workorder.services import approval_rules


async def open_database(settings: Settings, lifetime: Lifetime) -> Database:
    """This process's alone, and brought up to date. Raises CallcenterError saying what stands in the way."""
    prepare_data_dir(settings.data_dir)
    lock = InstanceLock(settings.data_dir)
    lock.acquire()
    lifetime.stack.callback(lock.release)
    database = await Database.open(settings.database_url())
    lifetime.stack.push_async_callback(database.aclose)
    await database.upgrade()
    async with database.read() as work:
        await approval_rules.rules_in_force(work.session)
    return database


def open_journal(settings: Settings, clock: Clock, lifetime: Lifetime) -> Journal:
    """What the PBX sends and what is decided on it, day by day; ``OFF`` where the settings want none."""
    if not settings.journal.enabled:
        return OFF
    journal = DayJournal(
        settings.journal_dir(),
        clock=clock,
        zone=zone(settings.timezone),
        audio=settings.journal.audio,
        keep_days=settings.journal.keep_days,
        max_bytes=settings.journal.max_mb * 2**20,
        about={
            "agent_pattern": settings.pbx.agent_pattern,
            "timezone": settings.timezone,
            "engine": settings.asr.engine,
            "model": settings.asr.model,
        },
    )
    lifetime.stack.push_async_callback(journal.aclose)
    return journal
