"""The link, the tracker and live taps against a real Asterisk 22 with real SIP calls."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path

import psutil
import pytest

import callcenter.features.demo
from callcenter.telephony.ami_link import LoginRefused, Loss
from callcenter.telephony.capture import Capture
from callcenter.telephony.events import (
    AgentStateChanged,
    AmiGap,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallOffered,
    PbxLinkChanged,
)
from tests.asterisk.lab.asterisk import QUEUE_NUMBER, AsteriskLab, answering
from tests.asterisk.tap_receiver import likeness, tap_receiver
from tests.integration.proxy import cutting_proxy
from tests.listening import PATIENCE_S, Listening, listening

RECORDING = Path(callcenter.features.demo.__file__).parent / "calls" / "dev-027.wav"
NUMBER = "13800138000"
SECOND = 8000


def voices() -> tuple[bytes, bytes]:
    """Four seconds of each party of a recorded call, mu-law 8 kHz: caller, agent."""
    raw = RECORDING.read_bytes()
    start = raw.index(b"data") + 8
    caller, agent = raw[start::2], raw[start + 1 :: 2]
    return caller[3 * SECOND : 7 * SECOND], agent[: 4 * SECOND]


def on(lab: AsteriskLab, user: str | None = None, **settings: object):
    """Listen to the lab, by default as the user we recommend to admins."""
    port = settings.pop("port", lab.ami_port)
    return listening(lab.host, port, username=user or lab.lean_user, secret=lab.secret, **settings)


async def queue_call(lab: AsteriskLab, ear: Listening, number: str = NUMBER):
    """A caller in the queue; returns phone and call once the first agent is offered the call."""
    caller = await lab.trunk(audio=voices()[0])
    before = len(ear.of(CallOffered))
    call = await caller.call(QUEUE_NUMBER, from_user=number)
    await ear.wait(CallOffered, before + 1)
    return call


async def test_a_queue_call_is_heard_on_the_bus_and_both_legs_come_apart(asterisk: AsteriskLab) -> None:
    """A real queue call is offered, answered and ended once each; each tap carries its own party's voice only."""
    caller_voice, agent_voice = voices()
    await asterisk.agent(1, audio=agent_voice, on_call=answering(0.3))
    async with tap_receiver() as receiver, on(asterisk) as ear:
        await ear.wait(PbxLinkChanged)
        call = await queue_call(asterisk, ear)
        answered = await ear.wait(CallAnswered)
        capture = Capture(ear.actions, host="127.0.0.1", port=receiver.port)
        taps = {}
        for party, channel in (("caller", answered.caller_uniqueid), ("agent", answered.uniqueid)):
            taps[party] = uuid.uuid4()
            await capture.tap(channel_uniqueid=channel, tap_uuid=str(taps[party]))
        for tap in taps.values():
            await receiver.wait(tap, 7 * SECOND * 2)
        await call.bye()
        ended = await ear.wait(CallEnded)
        for tap in taps.values():
            await asyncio.wait_for(receiver.closed[tap].wait(), 5)
        assert ended.call_id == answered.call_id
        assert ended.answered
        assert [fact.number for fact in ear.of(CallOffered)] == [NUMBER]
        assert len(ear.of(CallArrived)) == len(ear.of(CallAnswered)) == len(ear.of(CallEnded)) == 1
        heard = {party: receiver.pcm[tap] for party, tap in taps.items()}
        assert likeness(heard["caller"], caller_voice) > 0.8
        assert likeness(heard["agent"], agent_voice) > 0.8
        assert likeness(heard["caller"], agent_voice) < 0.3
        assert likeness(heard["agent"], caller_voice) < 0.3
        assert ear.tracker.size == 0
    assert asterisk.channels() == 0


async def test_a_tap_can_be_released_early(asterisk: AsteriskLab) -> None:
    """Releasing a tap ends its stream and leaves the call alone."""
    await asterisk.agent(1, on_call=answering(0.2))
    async with tap_receiver() as receiver, on(asterisk) as ear:
        await ear.wait(PbxLinkChanged)
        call = await queue_call(asterisk, ear)
        answered = await ear.wait(CallAnswered)
        capture, tap = Capture(ear.actions, host="127.0.0.1", port=receiver.port), uuid.uuid4()
        await capture.tap(channel_uniqueid=answered.caller_uniqueid, tap_uuid=str(tap))
        await capture.release(tap_uuid=str(tap))
        await asyncio.wait_for(receiver.closed[tap].wait(), 5)
        assert not call.ended.is_set()
        assert not ear.of(CallEnded)


@pytest.mark.parametrize(("user", "secret"), [("screenpop-lean", "wrong"), ("screenpop-elsewhere", "lab-secret")])
async def test_a_refused_login_is_said_clearly(asterisk: AsteriskLab, user: str, secret: str) -> None:
    """Wrong secret and a host that is not permitted: Asterisk's words, our advice, and no hammering."""
    async with listening(asterisk.host, asterisk.ami_port, username=user, secret=secret) as ear:
        with pytest.raises(LoginRefused, match=f"{Loss.REFUSED_AT_LOGIN}: login as {user}: Authentication failed"):
            await ear.link.wait_connected(10)
        assert "deny/permit" in str(ear.link._down(LoginRefused))
        assert not ear.link.connected


async def test_a_cut_of_the_link_keeps_calls_as_they_are(asterisk: AsteriskLab) -> None:
    """TCP is cut while one call is answered and another rings: after the resync both are the same calls, nothing twice."""
    await asterisk.agent(1, on_call=answering(0.2))
    await asterisk.agent(2)
    async with cutting_proxy(asterisk.host, asterisk.ami_port) as proxy, on(asterisk, port=proxy.port) as ear:
        await ear.wait(PbxLinkChanged)
        first = await queue_call(asterisk, ear)
        await ear.wait(CallAnswered)
        proxy.cut()
        await ear.wait(PbxLinkChanged, 2)
        second = await (await asterisk.trunk()).call(QUEUE_NUMBER, from_user="13900139000")
        gap = await ear.wait(AmiGap)
        await ear.wait(CallOffered, 2)
        assert gap.calls_ended_unseen == 0
        await first.bye()
        await second.bye()
        await ear.wait(CallEnded, 2)
        assert len({fact.call_id for fact in ear.of(CallArrived)}) == len(ear.of(CallArrived)) == 2
        assert len(ear.of(CallOffered)) == 2
        assert ear.tracker.size == 0


async def test_without_any_write_class_pops_still_come(asterisk: AsteriskLab) -> None:
    """The pop-only user gets every event of a call, keeps a talking call over a cut, and a tap is refused clearly."""
    await asterisk.agent(1, on_call=answering(0.2))
    user = f"{asterisk.user}-pop"
    async with cutting_proxy(asterisk.host, asterisk.ami_port) as proxy, on(asterisk, user, port=proxy.port) as ear:
        await ear.wait(PbxLinkChanged)
        call = await queue_call(asterisk, ear)
        answered = await ear.wait(CallAnswered)
        with pytest.raises(Exception, match="no right to Originate"):
            await ear.actions.originate_tap(
                channel_uniqueid=answered.uniqueid, tap_uuid=str(uuid.uuid4()), host="127.0.0.1", port=9
            )
        proxy.cut()
        gap = await ear.wait(AmiGap)
        assert gap.calls_ended_unseen == 0
        await call.bye()
        ended = await ear.wait(CallEnded)
        assert ended.call_id == answered.call_id
        assert len(ear.of(CallOffered)) == 1


@pytest.mark.parametrize("how", ["restart", "kill"])
async def test_a_restart_in_mid_call_is_resynced(asterisk: AsteriskLab, how: str) -> None:
    """The PBX goes away under a call: it ends once, the gap is recorded, and the next call is popped once."""
    await asterisk.agent(1, on_call=answering(0.2))
    async with on(asterisk) as ear:
        await ear.wait(PbxLinkChanged)
        await queue_call(asterisk, ear)
        await ear.wait(CallAnswered)
        if how == "kill":
            await asyncio.to_thread(asterisk.kill)
            await asyncio.to_thread(asterisk.start_again)
        else:
            await asterisk.restart()
        async with asyncio.timeout(5):
            await ear.wait(AmiGap)
        await ear.wait(CallEnded)
        assert ear.tracker.size == 0
        await asterisk.stop_phones()
        await asterisk.agent(1, on_call=answering(0.2))
        call = await queue_call(asterisk, ear)
        await ear.wait(CallAnswered, 2)
        await call.bye()
        await ear.wait(CallEnded, 2)
        assert len(ear.of(CallOffered)) == len(ear.of(CallEnded)) == 2


async def test_twenty_restarts_leak_nothing(asterisk: AsteriskLab) -> None:
    """After 20 quick crashes and restarts there are as many descriptors, tasks and tracked objects as before."""
    process = psutil.Process()
    async with on(asterisk, reconnect_min_s=0.1, reconnect_max_s=0.2) as ear:
        await ear.wait(PbxLinkChanged)
        await ear.wait(AgentStateChanged)  # The first snapshot is through.
        before = (process.num_fds(), len(asyncio.all_tasks()))
        for count in range(1, 21):
            # Killed rather than stopped: a clean stop alone takes two seconds.
            await asyncio.to_thread(asterisk.kill)
            await asyncio.to_thread(asterisk.start_again)
            await ear.wait(AmiGap, count)
        async with asyncio.timeout(PATIENCE_S):
            # The link looks again until a booting PBX has told everything.
            while (process.num_fds(), len(asyncio.all_tasks())) != before:
                await asyncio.sleep(0.1)
        assert ear.tracker.size == 0
        assert ear.link.events.qsize() == 0
