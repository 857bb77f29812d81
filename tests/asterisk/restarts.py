"""Restarts of a real Asterisk under calls, with the whole application beside it, and what is left afterwards."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import text

from callcenter.app import App
from callcenter.features.demo.desk_client import Desk, Frame, open_desk
from callcenter.telephony.events import AmiGap
from tests.asterisk.lab.asterisk import QUEUE_NUMBER, AsteriskLab, answering
from tests.asterisk.lab.labphone import Phone
from tests.stage import settings

TALKS, RINGS = "PJSIP/1001", "PJSIP/1002"
PATIENCE_S = 30.0
"""When the drill gives up waiting: a limit for broken code, not a measurement."""


@dataclass
class Tally:
    """What the restarts left behind. ``back_s``: from the order to restart to the closed gap, each."""

    rounds: int
    calls_placed: int = 0
    call_records: int = 0
    calls_left_open: int = 0
    duplicate_records: int = 0
    doubled: list[str] = field(default_factory=list)
    """Numbers that have more than one record: each call comes from a number of its own.

    The PBX's ids would not do: an Asterisk that is back within a second gives the ids of that second again.
    """
    pops: int = 0
    duplicate_pops: int = 0
    orders: int = 0
    duplicate_orders: int = 0
    gaps: int = 0
    descriptors: tuple[int, int] = (0, 0)
    """Before and after, without those of the database, whose pool of connections grows up to its limit."""
    new_descriptors: list[str] = field(default_factory=list)
    """What the additional ones of them lead to."""
    tasks: tuple[int, int] = (0, 0)
    tracked: int = 0
    taps: int = 0
    channels_on_pbx: int = 0
    rss_mb: tuple[float, float] = (0.0, 0.0)
    back_s: list[float] = field(default_factory=list)


class Drill:
    """One application, two desks, and three phones through all restarts."""

    def __init__(self, app: App, lab: AsteriskLab, desks: dict[str, Desk], rounds: int) -> None:
        self._app, self._lab, self._desks = app, lab, desks
        self._gaps: asyncio.Queue[AmiGap] = asyncio.Queue()
        self.tally = Tally(rounds)
        app.bus.subscribe(AmiGap, self._gaps.put, name="restarts")

    async def run(self) -> Tally:
        """All rounds; the first, with its caches, is not part of what is compared before and after."""
        agent = await self._lab.agent(1, on_call=answering(0.05))
        other = await self._lab.agent(2)
        caller = await self._lab.trunk()
        phones = [agent, other, caller]
        before: tuple[list[str], int, float] | None = None
        for number in range(self.tally.rounds):
            await self._round(number, caller, phones)
            if before is None:
                before = await self._settled(phones)
        after = await self._settled(phones, like=before)
        assert before is not None
        tally = self.tally
        tally.descriptors, tally.tasks = (len(before[0]), len(after[0])), (before[1], after[1])
        tally.new_descriptors = sorted((Counter(after[0]) - Counter(before[0])).elements())
        tally.rss_mb = (before[2], after[2])
        tally.tracked, tally.taps = self._app.tracker.size, self._app.sound.audio_server.connections
        tally.channels_on_pbx = self._lab.channels()
        await self._count()
        return tally

    async def _round(self, number: int, caller: Phone, phones: list[Phone]) -> None:
        """One call talking and one ringing, then the PBX goes: in even rounds it crashes, in odd ones it stops."""
        for desk, interface in ((self._desks[TALKS], TALKS), (self._desks[RINGS], RINGS)):
            seen = len(pops(desk))
            await caller.call(QUEUE_NUMBER, from_user=f"139{number:04d}{interface[-4:]}")
            await until(lambda desk=desk, seen=seen: len(pops(desk)) > seen, f"pop on {interface}")
            self.tally.calls_placed += 1
            if interface == TALKS:
                await until(lambda desk=desk: answered(desk), "answer")
                await until(lambda: self._app.sound.audio_server.connections == 2, "both taps")
        started = time.monotonic()
        if number % 2:
            await self._lab.restart()
        else:
            await asyncio.to_thread(self._lab.kill)
            await asyncio.to_thread(self._lab.start_again)
        async with asyncio.timeout(PATIENCE_S):
            await self._gaps.get()
        self.tally.gaps += 1
        self.tally.back_s.append(time.monotonic() - started)
        forget_calls(phones)
        await until(lambda: self._app.tracker.size == 0, "the end of the calls")

    async def _settled(
        self, phones: list[Phone], like: tuple[list[str], int, float] | None = None
    ) -> tuple[list[str], int, float]:
        """Descriptors, tasks and memory once nothing changes any more, or they are as many as before."""
        forget_calls(phones)
        process, seen, same = psutil.Process(), (0, 0), 0
        deadline = time.monotonic() + 4 * PATIENCE_S
        wanted = (len(like[0]), like[1]) if like is not None else None
        while seen != wanted and same < 10 and time.monotonic() < deadline:
            await asyncio.sleep(0.5)
            now = (len(descriptors()), len(asyncio.all_tasks()))
            same = same + 1 if now == seen else 0
            seen = now
        return descriptors(), seen[1], process.memory_info().rss / 2**20

    async def _count(self) -> None:
        """What the desks have seen and the database holds."""
        tally = self.tally
        for desk in self._desks.values():
            offered = Counter(frame.body["call"]["call_id"] for frame in pops(desk))
            tally.pops += sum(offered.values())
            tally.duplicate_pops += sum(offered.values()) - len(offered)
        async with self._app.database.read() as work:

            async def rows(query: str) -> list[Any]:
                return list(await work.session.execute(text(query)))

            calls = await rows("SELECT call_id, number, ended_at FROM calls")
            orders = await rows(
                "SELECT call_id, sequence FROM work_orders WHERE call_id IN (SELECT call_id FROM calls)"
            )
        tally.call_records = len(calls)
        tally.calls_left_open = sum(row.ended_at is None for row in calls)
        tally.doubled = [number for number, count in Counter(row.number for row in calls).items() if count > 1]
        tally.duplicate_records = len(calls) - len({row.number for row in calls})
        tally.orders = len(orders)
        tally.duplicate_orders = len(orders) - len({(row.call_id, row.sequence) for row in orders})


def descriptors() -> list[str]:
    """What each open descriptor leads to: a file, or its kind; files of the database are left out."""
    targets = []
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # That of the listing itself.
            target = str(entry.readlink())
            if ".db" not in Path(target).name:
                targets.append(target if target.startswith("/") else target.partition(":")[0])
    return targets


def pops(desk: Desk) -> list[Frame]:
    """Every pop that this desk was sent."""
    return [frame for frame in desk.frames if frame.type == "call.offered"]


def answered(desk: Desk) -> bool:
    """Whether this desk was told of every call it shows that it is talking: with its pop when it was that quick."""
    talking = {f.body["call"]["call_id"] for f in pops(desk) if f.body["call"]["state"] == "talking"}
    for frame in desk.frames:
        if frame.type == "call.updated" and frame.body["changes"].get("state") == "talking":
            talking.add(frame.body["call_id"])
    return len(talking) == len(pops(desk))


def forget_calls(phones: list[Phone]) -> None:
    """The PBX knows nothing of these calls any more: the phones hang up without a word."""
    for phone in phones:
        for call in phone.calls.values():
            if not call.ended.is_set():
                call.end()
        phone.calls.clear()


async def until(holds: Any, what: str) -> None:
    """Wait for something that nobody announces."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"no {what} within {PATIENCE_S:g} s") from None


async def drill(lab: AsteriskLab, data_dir: Path, rounds: int, **changes: Any) -> Tally:
    """Run the whole application beside ``lab`` and restart the PBX ``rounds`` times under two calls each."""
    pbx = {"host": lab.host, "username": lab.lean_user, "secret": lab.secret}
    app = App(settings(data_dir, lab.ami_port, pbx=pbx, **changes))
    await app.start()
    try:
        await app.link.wait_connected(PATIENCE_S)
        async with AsyncExitStack() as stack:
            desks = {}
            for interface in (TALKS, RINGS):
                user = await app.auth.add_user(
                    username=interface, display_name=interface, roles=["agent"], interface=interface, by="restarts"
                )
                token = await app.auth.issue_login_token(user.user_id)
                desk = desks[interface] = await stack.enter_async_context(open_desk(app.url, token))
                await desk.wait(lambda f: f.type == "snapshot", timeout_s=PATIENCE_S, what="snapshot")
            return await Drill(app, lab, desks, rounds).run()
    finally:
        await app.aclose()
