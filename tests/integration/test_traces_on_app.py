"""Every captured call through the whole application, from the PBX's socket to the agents' browsers.

The captures' meanings are those written by hand beside the tracker's tests; here they are counted in frames.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest
import pytest_asyncio

from callcenter.app import App
from callcenter.features.demo.desk_client import Desk, Frame
from callcenter.telephony.ami_reading import parse
from callcenter.telephony.ami_stream import AmiParser
from callcenter.telephony.events import CallAnswered, CallArrived, CallOffered, Direction, MissReason
from tests.integration.replayed_pbx import replayed_pbx, without_banner
from tests.integration.scripted_ami import ScriptedAmi
from tests.stage import agent_token, desk_of, settings
from tests.unit.telephony_tracker.test_traces import FOLDERS, meaning
from tests.unit.telephony_tracker.traces import found, tracker

DEVICES = ("1001", "1002", "1003")
END = b"\r\n\r\n"
PATIENCE_S = 20.0

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Floor:
    """The application without taps on a replaying PBX, and three agents who watch."""

    app: App
    pbx: ScriptedAmi
    desks: dict[str, Desk]
    arrived: list[str] = field(default_factory=list)
    """Ids of the calls of the capture that runs, in order."""

    async def keep(self, event: CallArrived) -> None:
        self.arrived.append(event.call_id)

    def start(self) -> None:
        """Forget the capture before."""
        self.arrived.clear()
        for desk in self.desks.values():
            desk.frames.clear()

    async def replay(self, capture: bytes) -> None:
        """Send it, waiting for each pop, as people do: a call that is over before it was shown is never shown."""
        for blocks, pops in in_steps(capture):
            heard = self.app.listener.received + sum(map(is_event, blocks))
            self.pbx.write(b"".join(block + END for block in blocks))
            await self.until(lambda heard=heard: self.app.listener.received >= heard)
            await self.app.bus.drain()
            await self.until(lambda pops=pops: len(self.frames("call.offered")) >= pops)
        await self.settle()

    async def settle(self) -> None:
        """Every frame so far has come: one more, sent behind them, is there."""
        for name, desk in self.desks.items():
            await desk.request("GET", "/api/session")
            self.app.hub.push(f"PJSIP/{name}", "end", {})
        await self.until(lambda: len(self.frames("end")) == len(self.desks))

    async def until(self, true) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                await asyncio.sleep(0.002)

    def frames(self, kind: str) -> list[tuple[str, Frame]]:
        """(device, frame) of one kind."""
        return [(name, frame) for name, desk in self.desks.items() for frame in desk.frames if frame.type == kind]

    def letter(self, call_id: str) -> str:
        """Calls are A, B … in order of arrival."""
        return chr(ord("A") + self.arrived.index(call_id))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def floor(request, tmp_path_factory) -> AsyncIterator[Floor]:
    """One for each folder of captures: the folders hold the same calls, seen by other AMI users."""
    async with AsyncExitStack() as stack:
        pbx = await stack.enter_async_context(replayed_pbx())
        app = App(settings(tmp_path_factory.mktemp("floor"), pbx.port, media={"tap": False}))
        await app.start()
        stack.push_async_callback(app.aclose)
        await app.link.wait_connected(10)
        tokens = {name: await agent_token(app, f"PJSIP/{name}") for name in DEVICES}
        desks = {name: await stack.enter_async_context(desk_of(app, token)) for name, token in tokens.items()}
        floor = Floor(app, pbx, desks)
        app.bus.subscribe(CallArrived, floor.keep, name="test")
        yield floor


def is_event(block: bytes) -> bool:
    """What the PBX sends by itself; parts of an answer are not events."""
    return block.startswith(b"Event: ") and b"\r\nActionID: " not in block


def in_steps(capture: bytes) -> list[tuple[list[bytes], int]]:
    """The messages up to and including each one that makes a call pop, with the number of pops until then."""
    used, parser, popped, outbound = tracker(), AmiParser(), set(), set()
    steps, blocks, pops = [], [], 0
    for block in without_banner(capture).split(END)[:-1]:
        blocks.append(block)
        facts = [
            fact for headers in parser.feed(block + END) if (event := parse(headers)) for fact in used.apply(event)
        ]
        outbound |= {f.call_id for f in facts if isinstance(f, CallArrived) and f.direction is Direction.OUTBOUND}
        for fact in facts:
            new = isinstance(fact, CallAnswered) and fact.call_id in outbound and leg(fact) not in popped
            if isinstance(fact, CallOffered) or new:
                popped.add(leg(fact))
                steps.append((blocks, pops := pops + 1))
                blocks = []
    return [*steps, (blocks, pops)]


def leg(fact) -> tuple[str, str]:
    return fact.call_id, fact.interface


def pops_of(lines: list[str]) -> Counter[tuple[str, str]]:
    """(call, device) of each pop: every offer, and the answer of a call that the agent dialled."""
    pops = Counter(found for line in lines for found in re.findall(r"^(\w) offered to (\d+):", line))
    dialled = {line[0] for line in lines if " arrived outbound:" in line}
    answers = {found for line in lines for found in re.findall(r"^(\w) answered by (\d+)\b", line)}
    return pops + Counter(pop for pop in answers if pop[0] in dialled and pop not in pops)


def gone_of(lines: list[str]) -> Counter[tuple[str, str, str]]:
    """(call, device, reason) of each pop that is to vanish by itself."""
    gone = Counter(found for line in lines for found in re.findall(r"^(\w) missed by (\d+): (\w+)$", line))
    for line in lines:
        # Who joins two calls of one's own keeps the one that stays.
        for call, device, old in re.findall(r"^(\w) (\d+) now has .*, moved from (\w)$", line):
            if {(call, device), (old, device)} <= pops_of(lines).keys():
                gone[old, device, "transferred"] += 1
    return gone


def handed_over(lines: list[str]) -> dict[tuple[str, str], str]:
    """(call, device) → whom the last handover gave the device."""
    return {
        (call, device): number
        for line in lines
        for call, device, number in re.findall(r"^(\w) (\d+) now has (\w+)", line)
    }


CAPTURES = [pytest.param(folder, path, id=f"{folder}/{path.stem}") for folder in FOLDERS for path in found(folder)]


@pytest.mark.parametrize(("floor", "path"), CAPTURES, indirect=["floor"], scope="module")
async def test_each_offer_is_one_pop_and_what_is_over_vanishes(floor: Floor, path):
    """One pop frame for each offer of the scenario, one close for each miss; a handover shows the new party."""
    floor.start()
    await floor.replay(path.read_bytes())
    lines = meaning(path)
    pops = Counter((floor.letter(f.body["call"]["call_id"]), name) for name, f in floor.frames("call.offered"))
    assert pops == pops_of(lines)
    closed = [(f.body["call_id"], name, f.body["reason"]) for name, f in floor.frames("call.closed")]
    gone = Counter((floor.letter(i), name, reason) for i, name, reason in closed if reason in {*MissReason})
    assert gone == gone_of(lines)
    for (call, device), number in handed_over(lines).items():
        calls = floor.app.live_calls.snapshot(f"PJSIP/{device}")["calls"]
        assert {floor.letter(one["call_id"]): one["number"] for one in calls if one["call_id"] in floor.arrived}[
            call
        ] == number
    # Nothing is left: no desk rings or talks, and the wallboard has no call.
    states = {call["state"] for name in DEVICES for call in floor.app.live_calls.snapshot(f"PJSIP/{name}")["calls"]}
    assert states <= {"ended"}
    assert floor.app.wallboard.snapshot().calls == ()
    assert floor.app.listener.failed == 0
