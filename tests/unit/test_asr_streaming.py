import asyncio

import pytest

from asr.errors import AsrError, EngineFailed
from asr.events import Final, Partial
from asr.streaming import BATCH_MS, DecodedStream, run_inline


class Recording:
    """A decoder that notes what it is given and answers with a partial per call."""

    settled_ms = 0
    wants_ms = BATCH_MS

    def __init__(self, fail_on=None):
        self.calls = []
        self.fail_on = fail_on

    def accept(self, pcm, *, partials):
        self.calls.append(("accept", len(pcm), partials))
        if self.fail_on == "accept":
            raise ValueError("broken")
        return [Partial(str(len(self.calls)), 0)] if partials else []

    def flush(self):
        self.calls.append("flush")
        return [Final("完", 0, 1, (), 1.0)]

    def finish(self):
        self.calls.append("finish")
        return []

    def close(self):
        self.calls.append("close")


def stream_of(decoder, runner=run_inline, **options):
    return DecodedStream(decoder, runner, sample_rate_hz=8000, **options)


async def test_small_pushes_are_decoded_in_batches():
    """Three frames of 20 ms make one call of the decoder."""
    decoder = Recording()
    stream = stream_of(decoder)
    for _ in range(6):
        stream.push(bytes(320))
        await asyncio.sleep(0)
    stream.end_input()
    _ = [event async for event in stream]
    assert decoder.calls == [("accept", 960, True), ("accept", 960, True), "finish", "close"]


async def test_unread_partials_are_replaced():
    """A reader that comes late gets the last guess, not all of them; finals are never replaced."""
    stream = stream_of(Recording())
    for _ in range(5):
        stream.push(bytes(1600))
        await stream.drain()
    stream.flush()
    stream.push(bytes(1600))
    stream.end_input()
    await asyncio.sleep(0)
    assert [type(event) for event in [event async for event in stream]] == [Final, Partial]


async def test_a_backlog_drops_partials_first():
    """More than a second behind, the decoder is asked for finals only; big pushes are taken in slices."""
    decoder = Recording()
    held = asyncio.Event()

    async def slow(job):
        await held.wait()
        return job()

    stream = stream_of(decoder, slow)
    for _ in range(30):
        stream.push(bytes(1600))
    await asyncio.sleep(0)
    assert stream.backlog_ms == 3000
    held.set()
    await stream.drain()
    assert stream.backlog_ms == 0
    assert decoder.calls == [("accept", 16_000, False), ("accept", 16_000, False), ("accept", 16_000, True)]
    await stream.aclose()


async def test_a_failing_engine_ends_the_iteration_with_a_recoverable_error():
    """Whatever the engine raises comes out as EngineFailed, and later pushes do no harm."""
    decoder = Recording(fail_on="accept")
    stream = stream_of(decoder)
    stream.push(bytes(1600))
    with pytest.raises(EngineFailed) as caught:
        _ = [event async for event in stream]
    assert caught.value.recoverable
    assert isinstance(caught.value, AsrError)
    stream.push(bytes(1600))
    stream.flush()
    await stream.drain()
    await stream.aclose()
    assert decoder.calls[-1] == "close"


async def test_closing_in_the_middle_drops_what_is_pending():
    """``aclose`` ends the iteration at once, may be called twice, and the decoder is closed once."""
    decoder = Recording()
    stream = stream_of(decoder)
    stream.push(bytes(1600))
    await asyncio.gather(stream.aclose(), stream.aclose())
    assert [event async for event in stream] == []
    assert decoder.calls.count("close") == 1


async def test_partials_are_not_computed_while_the_engine_is_busy():
    """What the engine says about its load counts for each piece of audio; finals come all the same."""
    decoder, busy = Recording(), [True]
    stream = stream_of(decoder, wants_partials=lambda: not busy[0])
    stream.push(bytes(1600))
    await stream.drain()
    busy[0] = False
    stream.push(bytes(1600))
    await stream.drain()
    stream.flush()
    stream.end_input()
    assert [type(event) for event in [event async for event in stream]] == [Partial, Final]
    assert [call for call in decoder.calls if call[0] == "accept"] == [("accept", 1600, False), ("accept", 1600, True)]


async def test_the_decoder_says_how_much_it_waits_for():
    """A decoder that lacks 20 ms of its next block is given them as soon as they come."""
    decoder = Recording()
    decoder.wants_ms = 20
    stream = stream_of(decoder)
    for _ in range(2):
        stream.push(bytes(320))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert decoder.calls == [("accept", 320, True)] * 2
    await stream.aclose()
