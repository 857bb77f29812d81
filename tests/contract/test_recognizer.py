"""The contract of asr/recognizer.py over every engine.

Vosk with the built-in model, the same behind a worker, sherpa-onnx with two toy models (real library, real sound, no real
words), the scripted one.
"""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from asr.engines.scripted import ScriptedRecognizer
from asr.engines.vosk import VoskEngine
from asr.errors import Overloaded
from asr.events import Final, Partial, Word
from asr.load import load_recognizer
from asr.models import Registry
from asr.worker.client import Workers
from asr.worker.memory_link import Exchange, MemoryLink
from asr.worker.recognizer import WorkerRecognizer
from asr.worker.server import Worker
from callcenter.clock import SystemClock

CALL = Path(__file__).parents[2] / "callcenter" / "features" / "demo" / "calls" / "dev-003.wav"
TOYS = Path(__file__).parents[1] / "fixtures" / "sherpa"
START_MS, END_MS = 29_964, 34_653
"""The caller says: 安徽省芜湖市镜湖区北京中路六十六号，丽景苑五栋二零二。"""


def speech():
    """Half a second before to one second after the sentence."""
    samples, _ = soundfile.read(CALL, dtype="int16", start=(START_MS - 500) * 8, stop=(END_MS + 1000) * 8)
    return samples[:, 0].tobytes()


def script():
    words = (Word("安徽省", 520, 1100, 0.9), Word("芜湖市", 1100, 1800, 0.8))
    return [Partial("安徽省", 500), Final("安徽省芜湖市", 520, 5180, words, 0.85)]


@pytest.fixture(scope="module")
def vosk_model():
    return load_recognizer("vosk", "zh-demo", threads=1)


@asynccontextmanager
async def behind_a_worker(engine):
    """The engine in a worker that is reached over a link; a client as the call centre uses it."""
    exchange, clock = Exchange(), SystemClock()
    worker = Worker(engine, MemoryLink(exchange), clock, name="test", model="m", worker_id="one")
    client = Workers(MemoryLink(exchange), clock, name="test", model="m")
    tasks = [asyncio.create_task(worker.run()), asyncio.create_task(client.run())]
    while not client.alive():
        await asyncio.sleep(0.01)
    recognizer = WorkerRecognizer(client, clock, here=None)
    yield recognizer
    await recognizer.aclose()
    await worker.aclose()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture(scope="module")
def sherpa_models():
    return {layout: load_recognizer("sherpa", str(TOYS / layout), threads=1) for layout in ("ctc", "transducer")}


@pytest.fixture(params=["vosk", "scripted", "worker", "sherpa-ctc", "sherpa-transducer"])
async def recognizer(request):
    if request.param == "scripted":
        yield ScriptedRecognizer(*(script() for _ in range(10)))
    elif request.param == "vosk":
        yield request.getfixturevalue("vosk_model")
    elif request.param == "worker":
        async with behind_a_worker(request.getfixturevalue("vosk_model")) as recognizer:
            yield recognizer
    else:
        yield request.getfixturevalue("sherpa_models")[request.param.removeprefix("sherpa-")]


@pytest.fixture
def said(request):
    """What the engine must hear in ``speech``: the toy models know two characters only."""
    return "是" if "sherpa" in request.node.callspec.id else "芜湖市"


async def hear(stream, pcm, chunk=3200):
    for start in range(0, len(pcm), chunk):
        stream.push(pcm[start : start + chunk])
        await stream.drain()
    stream.end_input()
    return [event async for event in stream]


def finals(events):
    return [event for event in events if isinstance(event, Final)]


async def test_words_with_times_and_confidence(recognizer, said):
    """Finals carry their words in order, inside the pushed audio, and the text is the words without spaces."""
    assert recognizer.capabilities.word_times
    (final,) = finals(await hear(recognizer.open(sample_rate_hz=8000), speech()))
    assert said in final.text
    assert "".join(word.word for word in final.words) == final.text
    times = [time for word in final.words for time in (word.start_ms, word.end_ms)]
    assert times == sorted(times)
    assert 400 <= final.start_ms < final.end_ms <= 5300
    assert all(0 <= word.confidence <= 1 for word in final.words)
    assert 0 < final.confidence <= 1


async def test_partials_come_before_their_final(recognizer):
    """While somebody speaks there are guesses; the last event is the final."""
    stream = recognizer.open(sample_rate_hz=8000)
    seen = []

    async def read():
        seen.extend([event async for event in stream])

    reader = asyncio.create_task(read())
    pcm = speech()
    for start in range(0, len(pcm), 1600):
        stream.push(pcm[start : start + 1600])
        await stream.drain()
        await asyncio.sleep(0)
    stream.end_input()
    await reader
    assert isinstance(seen[0], Partial)
    assert isinstance(seen[-1], Final)


async def test_silence_says_nothing(recognizer):
    """Ten seconds of silence end without an event, for an engine that listens."""
    if isinstance(recognizer, ScriptedRecognizer):
        recognizer = ScriptedRecognizer()
    assert await hear(recognizer.open(sample_rate_hz=8000), bytes(160_000)) == []


async def test_no_audio_at_all(recognizer):
    """A stream that gets nothing ends without an event."""
    stream = recognizer.open(sample_rate_hz=8000)
    stream.end_input()
    assert [event async for event in stream] == []


async def test_flush_ends_the_utterance_without_silence(recognizer):
    """The final comes although speech went on to the last sample pushed."""
    stream = recognizer.open(sample_rate_hz=8000)
    stream.push(speech()[: 2 * 8 * 3000])
    stream.flush()
    async for event in stream:
        if isinstance(event, Final):
            assert event.end_ms <= 3000
            break
    await stream.aclose()


async def test_odd_chunks_are_joined(recognizer, said):
    """An odd byte at the end of a chunk belongs to the next one."""
    (final,) = finals(await hear(recognizer.open(sample_rate_hz=8000), speech(), chunk=3333))
    assert said in final.text


async def test_closing_drops_what_is_pending_and_is_safe_twice(recognizer):
    """After ``aclose`` the iteration ends, and pushing has no effect."""
    stream = recognizer.open(sample_rate_hz=8000)
    stream.push(speech())
    await stream.aclose()
    await stream.aclose()
    stream.push(speech())
    assert [event async for event in stream] == []


async def test_streams_do_not_disturb_each_other(recognizer):
    """Two legs at once hear the same as one alone, and one closed in between changes nothing."""
    pcm = speech()
    closed = recognizer.open(sample_rate_hz=8000)
    closed.push(pcm)
    one, two, _ = await asyncio.gather(
        hear(recognizer.open(sample_rate_hz=8000), pcm),
        hear(recognizer.open(sample_rate_hz=8000), pcm),
        closed.aclose(),
    )
    assert finals(one) == finals(two) != []


async def test_settled_is_never_past_what_was_told(recognizer):
    """While a sentence is being said nothing of it is settled; after its Final all of it is; a replacement that gets the
    audio from there on says nothing twice."""
    stream = recognizer.open(sample_rate_hz=8000)
    pcm, told_ms, settled = speech(), 0, []
    events = []

    async def read():
        nonlocal told_ms
        async for event in stream:
            events.append(event)
            told_ms = event.end_ms if isinstance(event, Final) else told_ms

    reader = asyncio.create_task(read())
    for start in range(0, len(pcm), 1600):
        stream.push(pcm[start : start + 1600])
        await stream.drain()
        await asyncio.sleep(0.001)
        settled.append((stream.settled_ms, told_ms))
    stream.end_input()
    await reader
    (final,) = finals(events)
    assert [now for now, _ in settled] == sorted(now for now, _ in settled)
    assert all(now <= final.start_ms for now, told in settled if not told)
    assert stream.settled_ms >= final.end_ms
    rest = pcm[stream.settled_ms * 16 :]
    if not isinstance(recognizer, ScriptedRecognizer):
        assert finals(await hear(recognizer.open(sample_rate_hz=8000), rest)) == []


async def test_a_vocabulary_is_what_can_be_said(recognizer, said):
    """Where ``only`` is declared just its phrases are heard, cut into words by the engine; else speech stays free."""
    stream = recognizer.open(sample_rate_hz=8000, vocabulary=("安徽省芜湖市", "镜湖区", "ωμέγα"))
    heard = "".join(final.text for final in finals(await hear(stream, speech())))
    if recognizer.capabilities.only:
        assert heard == "安徽省芜湖市镜湖区"
    else:
        assert said in heard


async def test_work_that_nobody_waits_for(recognizer):
    """``live=False`` gives the same words, and no guesses."""
    events = await hear(recognizer.open(sample_rate_hz=8000, live=False), speech())
    assert finals(events) == finals(await hear(recognizer.open(sample_rate_hz=8000), speech()))
    assert all(isinstance(event, Final) for event in events)


@pytest.mark.parametrize("kind", ["vosk", "scripted", "worker"])
async def test_an_engine_at_its_limit_refuses(kind):
    """Overloaded, from ``open`` or from the iteration; the load says so beforehand."""
    if kind == "scripted":
        recognizer = ScriptedRecognizer(room=0)
    else:
        recognizer = load_recognizer("vosk", "zh-demo", threads=1, max_load=0.001)
        with pytest.raises(Overloaded):
            recognizer.open(sample_rate_hz=8000)
    async with AsyncExitStack() as stack:
        if kind == "worker":
            recognizer = await stack.enter_async_context(behind_a_worker(recognizer))
        assert not recognizer.load.accepting
        with pytest.raises(Overloaded):
            await hear(recognizer.open(sample_rate_hz=8000), speech())


@pytest.mark.parametrize("kind", ["vosk", "scripted"])
async def test_an_engine_at_its_limit_takes_a_stream_that_goes_on(kind):
    """A stream that was let in before and lost its decoder is not refused, live or not."""
    if kind == "scripted":
        recognizer = ScriptedRecognizer(room=0)
    else:
        recognizer = load_recognizer("vosk", "zh-demo", threads=1, max_load=0.001)
    for live in (True, False):
        assert await hear(recognizer.open(sample_rate_hz=8000, live=live, resumed=True), bytes(1600)) == []
    await recognizer.aclose()


async def test_another_sample_rate_is_understood(recognizer, said):
    """A leg at 16 kHz gives words at the same places."""
    wide = soxr.resample(np.frombuffer(speech(), np.int16), 8000, 16_000).astype("<i2").tobytes()
    found = finals(await hear(recognizer.open(sample_rate_hz=16_000), wide))
    assert said in found[0].text
    assert 400 <= found[0].start_ms <= 700


async def test_backlog_is_told():
    """The load of the engine knows its streams and the backlog of the slowest."""
    recognizer = ScriptedRecognizer()
    stream = recognizer.open(sample_rate_hz=8000)
    assert (recognizer.load.streams, recognizer.load.backlog_ms) == (1, 0)
    stream.push(bytes(16_000))
    assert recognizer.load.backlog_ms == 1000
    await stream.drain()
    assert recognizer.load.backlog_ms == 0
    await recognizer.aclose()


async def test_closing_the_recogniser_ends_its_streams():
    """Streams still open end when the engine is closed."""
    engines = (("vosk", "zh-demo"), ("sherpa", str(TOYS / "ctc")))
    for recognizer in (ScriptedRecognizer(), *(load_recognizer(*engine, threads=1) for engine in engines)):
        stream = recognizer.open(sample_rate_hz=8000)
        stream.push(bytes(3200))
        await recognizer.aclose()
        assert [event async for event in stream] == []


def test_seconds_without_a_word_leave_vosk_working():
    """Vosk ends an utterance by itself after five seconds of noise: there is no guess then, and speech is heard after."""
    engine = VoskEngine(Registry().path("zh-demo")).utterances(())
    noise = (np.random.default_rng(1).standard_normal(8 * 8000) * 50).astype("<i2").tobytes()
    guesses = set()
    for start in range(0, len(noise), 960):
        assert engine.feed(noise[start : start + 960]) == []
        guesses.add(engine.guess())
    assert guesses == {""}
    assert engine.end_utterance() == []
    assert engine.feed(speech()) == []
    assert "芜湖市" in "".join(word.word for word in engine.end_utterance())
