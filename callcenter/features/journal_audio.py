"""The sound of a journal through the recogniser again: with the same model the words must be the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from asr.events import Final
from asr.recognizer import Recognizer, RecognizerStream
from callcenter.features.journal_diff import Difference
from callcenter.storage import journal_samples
from callcenter.storage.journal_format import PCM, STREAM, JournalFile, Kind

BACKLOG_MS = 3000
"""The decoder is never further behind than this: a day does not fit into memory."""


@dataclass(slots=True)
class Heard:
    """One speaker of one call: what the recogniser said then and says now."""

    about: dict[str, Any]
    recorded: list[bytes] = field(default_factory=list)
    now: list[bytes] = field(default_factory=list)
    complete: bool = False
    """False: the stream ended by a crash or a failing engine, its last words are not compared."""

    @property
    def differences(self) -> list[Difference]:
        """Utterance by utterance."""
        count = max(len(self.recorded), len(self.now)) if self.complete else len(self.recorded)
        pairs = [(part(self.recorded, index), part(self.now, index)) for index in range(count)]
        what = f"Words of the {self.about['speaker']}"
        return [Difference(self.about["call_id"], what, None, old, new) for old, new in pairs if old != new]


def part(utterances: list[bytes], index: int) -> Any:
    """An utterance, or None behind the last."""
    return orjson.loads(utterances[index]) if index < len(utterances) else None


async def hear_again(files: Sequence[JournalFile], recognizer: Recognizer) -> AsyncIterator[Heard]:
    """Every stream of these files as soon as its end was read; those that began before are left out."""
    run = ""
    ears: dict[int, _Ear] = {}
    for file in files:
        head = file.head
        if head["run"] != run:
            async for heard in _all_ends(ears):
                yield heard
        run = head["run"]
        for kind, body in file.records():
            if kind is Kind.STREAM:
                about = orjson.loads(body[STREAM.size :])
                stream = recognizer.open(sample_rate_hz=about["sample_rate_hz"])
                ears[STREAM.unpack_from(body)[0]] = _Ear(stream, Heard(about))
            elif kind in {Kind.PCM, Kind.FLUSH, Kind.FINAL, Kind.STREAM_END}:
                ear = ears.get(STREAM.unpack_from(body)[0])
                if ear is not None:
                    await ear.take(kind, body)
            # Its last words come after its end: it is over when nobody can add any more.
        async for heard in _ended(ears):
            yield heard
    async for heard in _all_ends(ears):
        yield heard


async def _ended(ears: dict[int, _Ear]) -> AsyncIterator[Heard]:
    for number in [number for number, ear in ears.items() if ear.heard.complete]:
        yield await ears.pop(number).end()


async def _all_ends(ears: dict[int, _Ear]) -> AsyncIterator[Heard]:
    for number in list(ears):
        yield await ears.pop(number).end()


class _Ear:
    """A stream being recognised again."""

    def __init__(self, stream: RecognizerStream, heard: Heard) -> None:
        self._stream = stream
        self.heard = heard
        self._listening = asyncio.create_task(self._listen())

    async def take(self, kind: Kind, body: bytes) -> None:
        """A record of this stream."""
        if kind is Kind.FINAL:
            self.heard.recorded.append(body[STREAM.size :])
        elif kind is Kind.FLUSH:
            self._stream.flush()
        elif kind is Kind.STREAM_END:
            self.heard.complete = True
            self._stream.end_input()
        else:
            _, coding = PCM.unpack_from(body)
            self._stream.push(journal_samples.decode(coding, body[PCM.size :]))
            if self._stream.backlog_ms > BACKLOG_MS:
                await self._stream.drain()

    async def end(self) -> Heard:
        """What was heard, once the decoder is through."""
        self._stream.end_input()
        await self._listening
        await self._stream.aclose()
        return self.heard

    async def _listen(self) -> None:
        async for event in self._stream:
            if isinstance(event, Final):
                self.heard.now.append(orjson.dumps(event))
