"""AMI bytes into call state: events a second on one core, against panoramisk and a bare parser. Prints JSON lines.

The stream is captured calls, renumbered so that all are different calls, in reads of 16 KiB as from a socket. All run
on it in the same process, best of several rounds, in CPU seconds, so other programs do not matter:
 bare        every message split into a dict, nothing done with it
 panoramisk  its protocol class and dispatch, one callback for every event that does nothing
 ours        bytes to typed events to calls and domain events
`ratio` is ours over the baseline (above 1: faster). `--steady SECONDS` feeds 10 000 events/s in real time and counts
what is lost and what memory does.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import logging
import re
import sys
import time
from pathlib import Path

import psutil
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager

sys.path.insert(0, str(Path(__file__).parents[1]))

from callcenter.telephony.ami_reading import EVENT_NAMES, parse
from callcenter.telephony.ami_stream import AmiParser
from callcenter.telephony.call_tracker import CallTracker
from callcenter.telephony.events import CallEnded, CallOffered

TRACES = Path(__file__).parents[1] / "tests" / "fixtures" / "ami"
IDS = re.compile(rb"^(\w*(?:Uniqueid|Linkedid|BridgeUniqueid): )(?=\S)", re.MULTILINE)
READ_BYTES = 16 * 1024
ROUNDS = 5
EVENTS = 30_000
RATE_PER_S = 10_000
TICK_S = 0.01


def templates(folder):
    """The captured calls without banner, login and restarts."""
    for path in sorted((TRACES / folder).glob("*.txt")):
        _, event, stream = path.read_bytes().partition(b"Event: ")
        if event and b"Event: Shutdown" not in stream and stream.startswith((b"New", b"FullyBooted")):
            yield event + stream.rpartition(b"\r\n\r\n")[0] + b"\r\n\r\n"


def numbered(call, number):
    """The call with ids of its own."""
    return IDS.sub(rb"\g<1>%d-" % number, call)


def messages(stream):
    return stream.count(b"\r\n\r\n")


def sample(folder, events):
    source, stream, count = enumerate(itertools.cycle(templates(folder))), [], 0
    while count < events:
        number, call = next(source)
        stream.append(numbered(call, number))
        count += messages(call)
    return b"".join(stream)


def reads(stream):
    return [stream[at : at + READ_BYTES] for at in range(0, len(stream), READ_BYTES)]


def bare(pieces):
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\r\n\r\n")
        for raw in whole:
            dict(line.partition(": ")[::2] for line in raw.decode("utf-8", "replace").split("\r\n"))


def panoramisk(pieces):
    manager = Manager(loop=asyncio.new_event_loop())
    manager.patterns.clear()  # its own, which needs a running loop
    manager.register_event("*", lambda _manager, _event: None)
    protocol = AMIProtocol()
    protocol.connection_made(None)
    protocol.factory = manager
    protocol.encoding = "utf8"
    for piece in pieces:
        protocol.data_received(piece)
    manager.loop.close()


def ours(pieces):
    parser, tracker = AmiParser(only=EVENT_NAMES), CallTracker()
    for piece in pieces:
        for headers in parser.feed(piece):
            event = parse(headers)
            if event is not None:
                tracker.apply(event)


def per_second(way, pieces, count):
    """Events a second of CPU time, best of the rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.process_time()
        way(pieces)
        best = min(best, time.process_time() - begun)
    return count / best


def report(bench, value, unit, ratio=None, baseline=None):
    ratio = None if ratio is None else round(ratio, 3)
    print(json.dumps({"bench": bench, "value": value, "unit": unit, "ratio": ratio, "baseline": baseline}), flush=True)


def throughput():
    for folder in ("lean", "full"):
        stream = sample(folder, EVENTS)
        pieces, count = reads(stream), messages(stream)
        speed = {way.__name__: per_second(way, pieces, count) for way in (bare, panoramisk, ours)}
        report(f"ami_{folder}_panoramisk_dispatch", round(speed["panoramisk"]), "events/s", 1.0, "itself")
        report(f"ami_{folder}_bare_dict_parser", round(speed["bare"]), "events/s", 1.0, "itself")
        report(
            f"ami_{folder}_bytes_to_tracker", round(speed["ours"]), "events/s", speed["ours"] / speed["panoramisk"],
            "panoramisk dispatch, one catch-all callback",
        )  # fmt: skip
        report(
            f"ami_{folder}_bytes_to_tracker_vs_bare", round(speed["ours"]), "events/s", speed["ours"] / speed["bare"],
            "bare dict parser",
        )  # fmt: skip


def facts(tracker, parser, stream):
    """How many calls ended and devices were offered one."""
    found = [
        fact
        for headers in parser.feed(stream)
        if (event := parse(headers)) is not None
        for fact in tracker.apply(event)
        if isinstance(fact, (CallEnded, CallOffered))
    ]
    ended = sum(isinstance(fact, CallEnded) for fact in found)
    return ended, len(found) - ended


def steady(seconds):
    """Feed calls at RATE_PER_S for ``seconds``: each must give what it gives alone, and memory must not grow."""
    captured = list(templates("lean"))
    alone = [facts(CallTracker(), AmiParser(only=EVENT_NAMES), call) for call in captured]
    tracker, parser, process = CallTracker(), AmiParser(only=EVENT_NAMES), psutil.Process()
    numbers, sent, due, got, worst, memory = itertools.count(), 0, [0, 0], [0, 0], 0.0, []
    begun, cpu = time.monotonic(), time.process_time()
    while (elapsed := time.monotonic() - begun) < seconds:
        worst = max(worst, elapsed - sent / RATE_PER_S)
        while sent < elapsed * RATE_PER_S:
            number = next(numbers)
            which = number % len(captured)
            call = numbered(captured[which], number)
            sent += messages(call)
            for total, more in ((due, alone[which]), (got, facts(tracker, parser, call))):
                total[:] = [total[0] + more[0], total[1] + more[1]]
        if elapsed >= len(memory):  # once a second: the list must not be what grows
            memory.append((elapsed, process.memory_info().rss))
        time.sleep(TICK_S)
    cores = (time.process_time() - cpu) / seconds
    report("ami_steady_rate", round(sent / seconds), "events/s")
    report("ami_steady_lost", sum(due) - sum(got), "calls and offers", None, f"{sum(due)} due")
    report("ami_steady_cpu", round(cores, 3), "cores, making the stream included")
    report("ami_steady_worst_backlog", round(worst * 1000, 1), "ms")
    report("ami_steady_rss_slope", round(slope(memory[len(memory) // 2 :]) * 3600 / 2**20, 3), "MB/h, second half")


def slope(points):
    """Least-squares slope of (s, bytes) in bytes per second."""
    times, sizes = zip(*points, strict=True)
    mid_time, mid_size = sum(times) / len(times), sum(sizes) / len(sizes)
    spread = sum((at - mid_time) ** 2 for at in times)
    return sum((at - mid_time) * (size - mid_size) for at, size in points) / spread


def main():
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--steady", type=float, default=30, metavar="SECONDS", help="0 leaves that part out")
    seconds = arguments.parse_args().steady
    logging.disable(logging.CRITICAL)
    throughput()
    if seconds:
        steady(seconds)


if __name__ == "__main__":
    main()
