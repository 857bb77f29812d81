"""A recogniser stream whose input and utterances are kept in the journal: what it heard can be heard again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from asr.events import Final, SpeechEvent
from asr.recognizer import RecognizerStream
from callcenter.storage.journal import Journal


class JournalledStream:
    """``RecognizerStream`` around another one; ``about`` says whose voice it is, at which rate, from when on."""

    def __init__(self, stream: RecognizerStream, journal: Journal, about: Mapping[str, object]) -> None:
        self._stream = stream
        self._journal = journal
        self._number = journal.stream(about)

    def push(self, pcm: bytes) -> None:
        """Take the next samples."""
        self._journal.pcm(self._number, pcm)
        self._stream.push(pcm)

    def flush(self) -> None:
        """End the current utterance now."""
        self._journal.flush(self._number)
        self._stream.flush()

    def end_input(self) -> None:
        """No more audio will come."""
        self._journal.stream_end(self._number)
        self._stream.end_input()

    @property
    def backlog_ms(self) -> int:
        """Audio pushed and not yet decoded."""
        return self._stream.backlog_ms

    @property
    def settled_ms(self) -> int:
        """Everything said before this place has been told."""
        return self._stream.settled_ms

    async def drain(self) -> None:
        """Return when all audio pushed so far has been taken by the decoder."""
        await self._stream.drain()

    async def aclose(self) -> None:
        """Stop and free everything."""
        await self._stream.aclose()

    async def __aiter__(self) -> AsyncIterator[SpeechEvent]:
        """Partials and finals in time order."""
        async for heard in self._stream:
            if isinstance(heard, Final):
                self._journal.final(self._number, heard)
            yield heard
