"""The simulated PBX is a peer like the real one: same events, same answers, same audio."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile

from callcenter.errors import Invalid, Unavailable
from callcenter.telephony.ami_stream import AmiParser
from callcenter.telephony.simulator.audio import read_stereo
from callcenter.telephony.simulator.call import Hold, Miss, Side, SimulatedCall
from callcenter.telephony.simulator.pbx import SimulatedPbx
from tests.asterisk.tap_receiver import tap_receiver

TRACES = Path(__file__).parents[1] / "fixtures" / "ami" / "lean"
NUMBER = "13800138000"


class Client:
    """A bare AMI client that keeps all it receives."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.raw = b""
        self._reader = reader
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        while data := await self._reader.read(65536):
            self.raw += data

    def send(self, **action: str) -> None:
        self.writer.write("".join(f"{key}: {value}\r\n" for key, value in action.items()).encode() + b"\r\n")

    async def until(self, text: str) -> list[dict[str, str]]:
        """All messages so far, once ``text`` has come."""
        async with asyncio.timeout(20):
            while text.encode() not in self.raw:
                await asyncio.sleep(0.005)
        return AmiParser().feed(self.raw)


@asynccontextmanager
async def client_of(pbx: SimulatedPbx, *, login: bool = True) -> AsyncIterator[Client]:
    client = Client(*await asyncio.open_connection(pbx.host, pbx.port))
    if login:
        client.send(Action="Login", Username="callcenter", Secret="simulated", Events="on")
        await client.until("Authentication accepted")
    try:
        yield client
    finally:
        client.writer.close()
        await client.reading


@asynccontextmanager
async def simulated_pbx(**settings: object) -> AsyncIterator[SimulatedPbx]:
    pbx = SimulatedPbx(**{"speed": 20, **settings})
    await pbx.start()
    try:
        yield pbx
    finally:
        await pbx.aclose()


def comparable(stream: bytes) -> list[str]:
    """The events of a stream, with ids numbered as they appear and times, durations and dialplan steps blanked."""
    seen: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        return seen.setdefault(found[0], f"<{len(seen)}>")

    events = [block for block in stream.decode().split("\r\n\r\n") if block.startswith("Event: ")]
    blanked = []
    for event in events:
        text = re.sub(r"(Timestamp|HoldTime|TalkTime|RingTime|Priority): .*", r"\1", event)
        text = re.sub(r"\d{10}\.\d+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=-)0000[0-9a-f]{4}\b", number, text)
        blanked.append(re.sub(r"127\.0\.0\.1:\d+", "<address>", text))
    return blanked


SCENARIOS = {
    "02-answered-agent-hangs-up": SimulatedCall(
        number="057188886666", dialled="4001", ring_s=1, talk_s=4, hangup_by=Side.AGENT
    ),
    "03-anonymous": SimulatedCall(number=None, dialled="4001", ring_s=1, talk_s=4),
    "04-abandoned-while-ringing": SimulatedCall(number="13800138001", dialled="4001", ring_s=None, abandon_after_s=3),
    "05-agent1-no-answer-then-agent2": SimulatedCall(
        number="13800138002",
        dialled="4001",
        ring_s=1,
        talk_s=3,
        interface="PJSIP/1002",
        missed_by=(("PJSIP/1001", Miss.NO_ANSWER),),
    ),
    "07-hold-unhold": SimulatedCall(number="13800138004", ring_s=1, talk_s=5, holds=(Hold(after_s=1.5, for_s=1.5),)),
    "12-direct-dial-no-queue": SimulatedCall(number="13800138009", dialled="4004", ring_s=1, talk_s=4, queue=None),
    "14-agent1-busy-then-agent2": SimulatedCall(
        number="13800138011",
        dialled="4001",
        ring_s=1,
        talk_s=3,
        interface="PJSIP/1002",
        missed_by=(("PJSIP/1001", Miss.BUSY),),
    ),
    "17-utf8-caller-name": SimulatedCall(number="+8613800138014", name="测试客户", dialled="4001", ring_s=1, talk_s=3),
    "22-caller-gives-up-before-answer-no-queue": SimulatedCall(
        number="13800138018", dialled="4004", ring_s=None, abandon_after_s=2, queue=None
    ),
}
EXACT_ORDER = {"02", "03", "04", "22"}
"""In the others the real Asterisk's threads raced: two devices' states, the two hang-ups."""


@pytest.mark.parametrize("name", SCENARIOS)
async def test_a_call_looks_like_the_recorded_one(name: str) -> None:
    """Event for event and header for header the stream is that of a real Asterisk 22."""
    async with simulated_pbx() as pbx, client_of(pbx) as client:
        call = await pbx.place_call(SCENARIOS[name])
        await call.ended
        await client.until("State: UNAVAILABLE")
        got, want = comparable(client.raw), comparable((TRACES / f"{name}.txt").read_bytes())
        if name == "05-agent1-no-answer-then-agent2":
            # There the second leg rang before DialBegin, so its snapshots differ; names must still agree.
            got, want = ([event.split("\r\n")[0] for event in events] for events in (got, want))
        if name[:2] in EXACT_ORDER:
            assert got == want
        assert sorted(got) == sorted(want)


async def test_click_to_call_looks_like_the_recorded_one() -> None:
    """Originate to a device, then an extension: the same events, the response with our ActionID."""
    async with simulated_pbx() as pbx, client_of(pbx) as client:
        client.send(
            Action="Originate",
            Channel="PJSIP/1001",
            Exten="1002",
            Context="from-internal",
            Priority="1",
            CallerID="Click <13800138017>",
            Async="true",
            ActionID="lab-2",
        )
        await client.until("OriginateResponse")
        await pbx.wait_idle()
        await client.until("Device: PJSIP/1001\r\nState: NOT_INUSE")
        want = comparable((TRACES / "19-click-to-call-originate.txt").read_bytes())
        assert sorted(comparable(client.raw)) == sorted(want)


async def test_ring_all_lets_the_losers_hear_of_it() -> None:
    """Devices that ring together and lose end with "answered elsewhere"."""
    async with simulated_pbx() as pbx, client_of(pbx) as client:
        call = await pbx.place_call(SimulatedCall(number=NUMBER, ring_s=1, talk_s=1, also_ring=("PJSIP/1002",)))
        await call.ended
        messages = await client.until("State: UNAVAILABLE")
        hangups = {m["Channel"][:10]: m["Cause"] for m in messages if m.get("Event") == "Hangup"}
        assert hangups == {"PJSIP/1002": "26", "PJSIP/1001": "16", "PJSIP/trun": "16"}


async def test_an_agent_may_answer_by_hand() -> None:
    """``ring_s`` None rings until ``answer``; the queue and the channels show it meanwhile."""
    async with simulated_pbx() as pbx, client_of(pbx) as client:
        call = await pbx.place_call(SimulatedCall(number=NUMBER, ring_s=None))
        await call.ringing.wait()
        client.send(Action="QueueStatus", ActionID="q")
        client.send(Action="CoreShowChannels", ActionID="c")
        messages = await client.until("CoreShowChannelsComplete")
        entry = next(m for m in messages if m.get("Event") == "QueueEntry")
        assert (entry["CallerIDNum"], entry["Position"]) == (NUMBER, "1")
        member = next(m for m in messages if m.get("Event") == "QueueMember" and m["Location"] == "PJSIP/1001")
        assert member["Status"] == "6"
        rows = [m for m in messages if m.get("Event") == "CoreShowChannel"]
        assert [(m["ChannelStateDesc"], m["Application"], m["BridgeId"]) for m in rows] == [
            ("Up", "Queue", ""),
            ("Ringing", "AppQueue", ""),
        ]
        call.answer()
        await call.answered.wait()
        call.hang_up(Side.AGENT)
        assert await call.ended == 16


async def test_answers_to_actions_are_the_real_ones() -> None:
    """Ping, pause, refusals and goodbye in Asterisk's own words."""
    async with simulated_pbx() as pbx, client_of(pbx) as client:
        for number, action in enumerate(
            (
                {"Action": "Ping"},
                {"Action": "Nonsense"},
                {"Action": "Hangup", "Channel": "PJSIP/none"},
                {"Action": "Hangup"},
                {"Action": "QueuePause", "Interface": "PJSIP/1999", "Paused": "true"},
                {"Action": "QueuePause", "Interface": "PJSIP/1001", "Paused": "true", "Reason": "lunch"},
                {"Action": "Originate", "Channel": "PJSIP/1001"},
                {"Action": "Originate", "Channel": "PJSIP/1001", "Application": "System", "Data": "ls"},
                {"Action": "Events", "EventMask": "off"},
                {"Action": "Login", "Username": "x", "Secret": "y"},
                {"Action": "Logoff"},
            )
        ):
            client.send(**action, ActionID=str(number))
        messages = await client.until("Thanks for all the fish.")
        said = [m.get("Message") or m.get("Ping") or m.get("Events") for m in messages[1:] if "Response" in m]
        assert said == [
            "Pong",
            "Invalid/unknown command: Nonsense. Use Action: ListCommands to show available commands.",
            "No such channel",
            "No channel specified",
            "Interface not found",
            "Interface paused successfully",
            "Originate with 'Exten' requires 'Context' and 'Priority'",
            "Originate Access Forbidden: app or data blacklisted",
            "Off",
            "Already authenticated",
            "Thanks for all the fish.",
        ]
        pauses = [m for m in messages if m.get("Event") == "QueueMemberPause"]
        assert [(m["Interface"], m["PausedReason"]) for m in pauses] == [("PJSIP/1001", "lunch")]


async def test_who_is_not_logged_in_or_lacks_a_class_is_denied() -> None:
    """A wrong secret ends the session; without write classes only harmless actions work."""
    async with simulated_pbx(write=frozenset()) as pbx:
        async with client_of(pbx, login=False) as client:
            client.send(Action="Ping", ActionID="1")
            client.send(Action="Login", Username="callcenter", Secret="wrong")
            messages = await client.until("Authentication failed")
            assert messages[0]["Message"] == "Permission denied"
            await client.reading
        async with client_of(pbx) as client:
            client.send(Action="CoreShowChannels", ActionID="1")
            client.send(Action="QueueStatus", ActionID="2")
            messages = await client.until("QueueStatusComplete")
            assert messages[1]["Message"] == "Permission denied"


def recording(path: Path, *, subtype: str = "PCM_16") -> tuple[np.ndarray, np.ndarray]:
    """Half a second of two different tones, and what they sound like after coding."""
    t = np.arange(4000) / 8000
    sound = np.stack([0.5 * np.sin(2 * np.pi * 440 * t), 0.5 * np.sin(2 * np.pi * 1000 * t)], axis=1)
    soundfile.write(path, sound, 8000, subtype=subtype, format="WAV")
    coded, _ = soundfile.read(path, dtype="int16")
    return coded[:, 0], coded[:, 1]


@pytest.mark.parametrize("subtype", ["PCM_16", "ULAW"])
async def test_each_tap_carries_its_own_side_of_the_recording(tmp_path: Path, subtype: str) -> None:
    """Left is the caller, right the agent, sample for sample from the answer on; the end of the call ends the stream."""
    caller_sound, agent_sound = recording(tmp_path / "call.wav", subtype=subtype)
    async with simulated_pbx() as pbx, client_of(pbx) as client, tap_receiver() as receiver:
        call = await pbx.place_call(SimulatedCall(number=NUMBER, audio=tmp_path / "call.wav", ring_s=None))
        await call.ringing.wait()
        taps = {uuid.uuid4(): call.caller, uuid.uuid4(): call.agent}
        for tap, channel in taps.items():
            client.send(
                Action="Originate",
                ActionID=f"tap-{tap}",
                Channel=f"AudioSocket/127.0.0.1:{receiver.port}/{tap}",
                Application="ChanSpy",
                Data=f"{channel.uniqueid},quoE",
                Async="true",
                Codecs="slin",
            )
            await client.until(f"ActionID: tap-{tap}\r\nResponse: Success\r\nChannel: AudioSocket/")
        call.answer()
        await call.ended
        for tap in taps:
            await asyncio.wait_for(receiver.closed[tap].wait(), 5)
        caller, agent = (np.frombuffer(bytes(receiver.pcm[tap]), dtype="<i2") for tap in taps)
        assert np.count_nonzero(caller[:1]) == 0
        for heard, sound in ((caller, caller_sound), (agent, agent_sound)):
            start = int(np.argmax(heard != 0)) // 160 * 160
            length = len(heard) - start
            assert length >= 3200
            assert np.array_equal(heard[start:][: len(sound)], sound[:length])
        # A phone that rings sends nothing: the agent's stream begins at the answer.
        assert len(agent) < len(caller)


async def test_a_tap_of_nothing_ends_and_a_dead_receiver_is_told() -> None:
    """An unknown Uniqueid gives a stream that ends at once; nobody listening gives a Failure."""
    async with simulated_pbx() as pbx, client_of(pbx) as client, tap_receiver() as receiver:
        for port, name in ((receiver.port, "gone"), (1, "dead")):
            client.send(
                Action="Originate",
                ActionID=name,
                Channel=f"AudioSocket/127.0.0.1:{port}/{uuid.uuid4()}",
                Application="ChanSpy",
                Data="1.1,quoE",
                Async="true",
            )
        await client.until("ActionID: gone\r\nResponse: Success\r\nChannel: AudioSocket/")
        messages = await client.until("ActionID: dead\r\nResponse: Failure")
        assert next(m for m in messages if m.get("Response") == "Failure")["Reason"] == "8"
        await pbx.wait_idle()
        assert not pbx.exchange.channels


async def test_fifty_calls_a_second_are_placed() -> None:
    """100 calls on 20 devices at once: every one rings, is answered and ends; the PBX is empty afterwards."""
    devices = {f"PJSIP/{number}": f"Agent {number}" for number in range(1001, 1021)}
    async with simulated_pbx(devices=devices, queues={"support": devices}) as pbx, client_of(pbx) as client:
        calls = [
            await pbx.place_call(
                SimulatedCall(number=f"1380013{number:04}", interface=f"PJSIP/{1001 + number % 20}", ring_s=1, talk_s=1)
            )
            for number in range(100)
        ]
        assert {await call.ended for call in calls} == {16}
        assert not pbx.exchange.channels
        messages = await client.until("State: UNAVAILABLE")
        connects = [m for m in messages if m.get("Event") == "AgentConnect"]
        assert len({m["Uniqueid"] for m in connects}) == 100


async def test_bad_input_is_named(tmp_path: Path) -> None:
    """An unknown queue, unreadable audio and a taken port say which and what to do."""
    async with simulated_pbx() as pbx:
        with pytest.raises(Invalid, match="one of: support"):
            await pbx.place_call(SimulatedCall(number=NUMBER, queue="sales"))
        with pytest.raises(Unavailable, match="use 0"):
            await SimulatedPbx(port=pbx.port).start()
    (tmp_path / "no.wav").write_bytes(b"no sound")
    with pytest.raises(Invalid, match=r"no\.wav"):
        read_stereo(tmp_path / "no.wav")
    soundfile.write(tmp_path / "fast.wav", np.zeros(100), 16000)
    with pytest.raises(Invalid, match="resample it to 8000 Hz"):
        read_stereo(tmp_path / "fast.wav")
