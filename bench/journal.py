"""What the journal costs: per AMI event, per frame of sound, and on disk. Prints JSON lines.

The stream is bench/ami.py's: captured calls, renumbered. Baseline is the same work with the journal off, in CPU seconds
of the event loop's thread, best of several rounds; the writing thread's CPU is apart. `packet`: each event comes
in a packet of its own, as from a PBX that is not busy; `burst`: 16 KiB at a time.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).parents[1]))

import soundfile

from bench.ami import EVENTS, messages, reads, sample
from callcenter.clock import SystemClock
from callcenter.storage.journal import OFF, DayJournal, Journal
from callcenter.telephony.ami_stream import AmiParser
from callcenter.telephony.call_stream import CallStream, is_unasked
from callcenter.telephony.call_tracker import CallTracker

ROUNDS = 5
CALLS = Path(__file__).parents[1] / "callcenter" / "features" / "demo" / "calls"
FRAME_BYTES = 320


def report(bench, value, unit, ratio=None, baseline=None):
    ratio = None if ratio is None else round(ratio, 3)
    print(json.dumps({"bench": bench, "value": value, "unit": unit, "ratio": ratio, "baseline": baseline}), flush=True)


def journal_in(folder: str) -> DayJournal:
    return DayJournal(
        Path(folder),
        clock=SystemClock(),
        zone=ZoneInfo("Asia/Shanghai"),
        audio=True,
        keep_days=1,
        max_bytes=2**40,
        about={},
    )


def listen(pieces: list[bytes], journal: Journal) -> float:
    """CPU seconds of this thread for what link and listener do with these packets."""
    parser = AmiParser()
    stream = CallStream(CallTracker(new_id=journal.new_id, now=lambda: journal.reading(time.time())))
    begun = time.thread_time()
    for piece in pieces:
        events = [headers for headers in parser.feed(piece) if is_unasked(headers)]
        journal.raw(1, len(events), piece)
        for headers in events:
            journal.position += 1
            facts = stream.event(headers)
            if facts:
                journal.facts(facts)
    return time.thread_time() - begun


async def events(name: str, pieces: list[bytes], count: int, calls: int) -> None:
    off, on, whole, size = float("inf"), float("inf"), float("inf"), 0
    for _ in range(ROUNDS):
        off = min(off, listen(pieces, OFF))
        with tempfile.TemporaryDirectory() as folder:
            begun = time.process_time()
            journal = journal_in(folder)
            on = min(on, listen(pieces, journal))
            await journal.aclose()
            whole = min(whole, time.process_time() - begun)
            size = journal.written_bytes
    baseline = round(off / count * 1e6, 2)
    report(f"journal.{name}.loop", round((on - off) / count * 1e6, 2), "us/event", (on - off) / off, baseline)
    report(f"journal.{name}.writer", round((whole - on) / count * 1e6, 2), "us/event", (whole - on) / off, baseline)
    sent = sum(map(len, pieces))
    report(f"journal.{name}.disk", round(size / calls / 1000, 2), "kB/call", size / sent, round(sent / calls / 1000, 2))


async def sound() -> None:
    """Both voices of the demo's calls, 20 ms at a time."""
    frames = []
    for path in sorted(CALLS.glob("*.wav")):
        pcm, _ = soundfile.read(path, dtype="int16", always_2d=True)
        for channel in range(2):
            voice = pcm[:, channel].tobytes()
            frames += [(channel, voice[at : at + FRAME_BYTES]) for at in range(0, len(voice), FRAME_BYTES)]
    minutes = len(frames) * 0.02 / 60
    on = whole = float("inf")
    size = 0
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            begun_all = time.process_time()
            journal = journal_in(folder)
            begun = time.thread_time()
            for channel, frame in frames:
                journal.pcm(channel, frame)
            on = min(on, time.thread_time() - begun)
            await journal.aclose()
            whole = min(whole, time.process_time() - begun_all)
            size = journal.written_bytes
    report("journal.sound.loop", round(on / len(frames) * 1e6, 2), "us/frame")
    report("journal.sound.writer", round((whole - on) / len(frames) * 1e6, 2), "us/frame")
    raw = len(frames) * FRAME_BYTES
    report(
        "journal.sound.disk",
        round(size / minutes / 1e6, 3),
        "MB/speaker-minute",
        size / raw,
        round(raw / minutes / 1e6, 3),
    )


async def main() -> None:
    for folder in ("lean", "full"):
        stream = sample(folder, EVENTS)
        count = messages(stream)
        calls = stream.count(b"Event: QueueCallerJoin\r\n") or 1
        await events(f"{folder}.burst", reads(stream), count, calls)
        packets = [message + b"\r\n\r\n" for message in stream.split(b"\r\n\r\n") if message]
        await events(f"{folder}.packet", packets, count, calls)
    await sound()


if __name__ == "__main__":
    asyncio.run(main())
