"""asr workers as processes of their own, on a real NATS server, with the real recogniser: killed, stopped, cut off."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import soundfile

from asr.events import Final
from asr.load import load_recognizer
from asr.worker.client import Workers
from asr.worker.nats_link import NatsLink
from asr.worker.recognizer import WorkerRecognizer
from callcenter.bus.connection import NatsConnection
from callcenter.clock import SystemClock
from callcenter.config_sections import BusSettings
from tests.nats_server import NatsServer

CALL = Path(__file__).parents[2] / "callcenter" / "features" / "demo" / "calls" / "dev-003.wav"
PROGRAM = Path(sys.executable).with_name("callcenter")
PATIENCE_S = 60


@pytest.fixture
def server():
    with NatsServer() as server:
        yield server


@pytest.fixture
def start_worker(server, tmp_path):
    """Starts worker processes; all are gone at the end."""
    started = []

    def start():
        # The legs come much faster than live: decoders enough that admission, which is not meant here, refuses none.
        environment = {"CALLCENTER_BUS__URL": server.url, "CALLCENTER_ASR__THREADS": "8", "PATH": os.environ["PATH"]}
        with (tmp_path / f"worker-{len(started)}.log").open("wb") as log:
            worker = subprocess.Popen(
                [PROGRAM, "serve", "--role", "asr-worker"], env=environment, cwd=tmp_path, stdout=log, stderr=log
            )
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.kill()
        worker.wait()


class Centre:
    """The side of the call centre: a recogniser that knows only workers, or one here too."""

    def __init__(self, link, here=None):
        clock = SystemClock()
        self.workers = Workers(link, clock, name="callcenter", model="zh-demo")
        self.recognizer = WorkerRecognizer(self.workers, clock, here=here)

    async def wait_for(self, count):
        async with asyncio.timeout(PATIENCE_S):
            while len(self.workers.alive()) != count:
                await asyncio.sleep(0.05)


@asynccontextmanager
async def centre(url, here=None):
    connection = NatsConnection.open(BusSettings(url=url), name="test")
    assert await connection.wait_up(10)
    link = NatsLink(connection.client)
    centre = Centre(link, here)
    watching = asyncio.create_task(centre.workers.run())
    try:
        yield centre
    finally:
        await centre.recognizer.aclose()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await link.aclose()
        await connection.aclose()


def voice():
    """Both sides of a call's last half minute, one after the other: several utterances, some of them long."""
    samples, _ = soundfile.read(CALL, dtype="int16", start=27_000 * 8, stop=60_000 * 8)
    return samples[:, 0].tobytes() + samples[:, 1].tobytes()


async def expected(pcm):
    recognizer = load_recognizer("vosk", "zh-demo", threads=1)
    try:
        return await Leg(recognizer).play_all(pcm)
    finally:
        await recognizer.aclose()


class Leg:
    """A leg, much faster than live."""

    def __init__(self, recognizer):
        self.stream = recognizer.open(sample_rate_hz=8000)
        self.finals = []
        self.reader = asyncio.create_task(self._read())

    async def _read(self):
        self.finals = self.finals + [event async for event in self.stream if isinstance(event, Final)]

    async def play(self, pcm):
        for start in range(0, len(pcm), 1600):
            self.stream.push(pcm[start : start + 1600])
            await asyncio.sleep(0.002)

    async def play_all(self, pcm):
        await self.play(pcm)
        return await self.end()

    async def end(self):
        self.stream.end_input()
        await asyncio.wait_for(self.reader, PATIENCE_S)
        return [(final.text, final.start_ms, final.end_ms) for final in self.finals]

    async def worker(self):
        """The process that has the leg now."""
        async with asyncio.timeout(PATIENCE_S):
            while not (stream := self.stream._stream) or not hasattr(stream, "worker_id"):
                await asyncio.sleep(0.01)
        return int(stream.worker_id.rpartition("-")[2])


def texts(finals):
    return "".join(text for text, _, _ in finals)


@pytest.mark.timeout(180)
async def test_a_killed_worker_loses_no_word(server, start_worker):
    """kill -9 in the middle of an utterance: the other worker hears it from its beginning; the leg never ends."""
    pcm = voice()
    plain = await expected(pcm)
    workers = {worker.pid: worker for worker in (start_worker(), start_worker())}
    async with centre(server.url) as site:
        await site.wait_for(2)
        legs = [Leg(site.recognizer) for _ in range(4)]
        third = len(pcm) // 3 & ~1
        await asyncio.gather(*(leg.play(pcm[:third]) for leg in legs))
        victim = await legs[0].worker()
        os.kill(victim, signal.SIGKILL)
        await asyncio.gather(*(leg.play(pcm[third:]) for leg in legs))
        heard = await asyncio.gather(*(leg.end() for leg in legs))
        assert legs[0].stream.resumed == 1
        assert [texts(one) for one in heard] == [texts(plain)] * 4
        starts = [[start for _, start, _ in one] for one in (plain, *heard)]
        # A new decoder's first word may be placed a few frames elsewhere.
        assert all(abs(a - b) <= 120 for one in starts for a, b in zip(starts[0], one, strict=True))
        assert workers[victim].wait() == -signal.SIGKILL


@pytest.mark.timeout(180)
async def test_the_last_worker_dies_and_this_process_goes_on(server, start_worker):
    """With a recogniser here as well, nothing is lost either."""
    pcm = voice()
    plain = await expected(pcm)
    worker = start_worker()
    async with centre(server.url, here=load_recognizer("vosk", "zh-demo", threads=1)) as site:
        await site.wait_for(1)
        leg = Leg(site.recognizer)
        half = len(pcm) // 2 & ~1
        await leg.play(pcm[:half])
        assert await leg.worker() == worker.pid
        worker.kill()
        await leg.play(pcm[half:])
        assert texts(await leg.end()) == texts(plain)
        await site.wait_for(0)


@pytest.mark.timeout(180)
async def test_a_worker_that_is_stopped_hands_over_and_exits(server, start_worker):
    """SIGTERM: exit code 0, the leg goes on with the other one."""
    pcm = voice()
    plain = await expected(pcm)
    workers = {worker.pid: worker for worker in (start_worker(), start_worker())}
    async with centre(server.url) as site:
        await site.wait_for(2)
        leg = Leg(site.recognizer)
        half = len(pcm) // 2 & ~1
        await leg.play(pcm[:half])
        victim = await leg.worker()
        workers[victim].terminate()
        await leg.play(pcm[half:])
        assert texts(await leg.end()) == texts(plain)
        assert await asyncio.to_thread(workers[victim].wait, PATIENCE_S) == 0


@pytest.mark.timeout(180)
async def test_the_server_is_killed_and_comes_back(server, start_worker):
    """Both sides find each other again by themselves; what was said meanwhile is heard afterwards."""
    pcm = voice()
    plain = await expected(pcm)
    start_worker()
    async with centre(server.url) as site:
        await site.wait_for(1)
        leg = Leg(site.recognizer)
        half = len(pcm) // 2 & ~1
        await leg.play(pcm[:half])
        server.kill()
        await leg.play(pcm[half : half + 32_000])
        server.start()
        await leg.play(pcm[half + 32_000 :])
        assert texts(await leg.end()) == texts(plain)


def test_a_worker_without_a_server_says_so(tmp_path):
    """No bus.url: one line that names the key, exit code of wrong settings."""
    done = subprocess.run(
        [PROGRAM, "serve", "--role", "asr-worker"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "bus.url" in done.stderr
    assert "Traceback" not in done.stderr
