"""The ways out of messages as ``doctor`` sees them: each is asked, none is sent anything; and what was given up."""

from __future__ import annotations

from callcenter.channels.port import Channel
from callcenter.clock import Clock, SystemClock
from callcenter.config import Settings
from callcenter.errors import CallcenterError
from callcenter.features.findings import Finding, Level
from callcenter.features.notify.lanes import build_lanes
from callcenter.storage import deliveries
from callcenter.storage.database import Database

MESSAGES = "messages"


async def examine_notify(settings: Settings, clock: Clock | None = None) -> list[Finding]:
    """A finding for each way out, by the name of its lane, and one for the messages that nobody got."""
    try:
        lanes = build_lanes(settings.notify, clock or SystemClock())
    except CallcenterError as error:
        return [Finding("notify", Level.ERROR, str(error), error.fix or "")]
    found = [await _asked(name, lane) for name, lane in lanes.items()]
    return [*(found or [_nothing_set_up()]), await _given_up(settings)]


def _nothing_set_up() -> Finding:
    return Finding("notify", Level.OK, "no way out is set up (notify): messages stay on the desks")


async def _asked(name: str, lane: Channel) -> Finding:
    try:
        return Finding(name, Level.OK, await lane.check())
    except CallcenterError as error:
        where = f"{error.field}: " if error.field else ""
        fix = error.fix or f"see that the other side runs, then `callcenter notify test {name} --to …`"
        return Finding(name, Level.WARNING, f"{where}{error.message}", fix)
    finally:
        await lane.aclose()


async def _given_up(settings: Settings) -> Finding:
    try:
        database = await Database.open(settings.database_url())
        try:
            await database.check()
            async with database.read() as work:
                states = await deliveries.counts(work.session)
        finally:
            await database.aclose()
    except CallcenterError as error:
        return Finding(
            MESSAGES, Level.WARNING, f"not looked at: {error.message}", error.fix or "`callcenter db upgrade`"
        )
    waiting = sum(states.get(state, 0) for state in ("queued", "sending", "failed"))
    if dead := states.get("dead", 0):
        return Finding(
            MESSAGES,
            Level.WARNING,
            f"{dead} were given up, {waiting} wait",
            "`callcenter notify list --state dead` says why; put that right, then `callcenter notify replay ID`",
        )
    return Finding(MESSAGES, Level.OK, f"none was given up, {waiting} wait")
