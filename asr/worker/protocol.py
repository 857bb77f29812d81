"""Messages between a client and its workers (docs/adr/0005-asr-workers.md). Pure: values in, bytes out, and back.

Subjects, below a name that is one per call centre::

    NAME.asr.open.MODEL      request: who has room for a stream? One worker of the group answers
    NAME.asr.resume.MODEL    request: who takes a stream that lost its worker? Full ones answer too
    NAME.asr.audio.STREAM    client → worker: audio and marks, numbered
    NAME.asr.heard.STREAM    worker → client: reports, numbered
    NAME.asr.status.WORKER   worker → all: how it is, every second

Within a version messages only gain fields that may be missing, and subjects that nobody need listen to: a worker from
before ``resume`` leaves such requests unanswered, and the client asks ``open`` instead.

Numbers begin at 1 for each stream and direction. Who misses one gives the stream up; the client then opens another,
with the audio from the last settled place on, so that nothing is lost or said twice.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import orjson

from asr.errors import AsrError
from asr.events import Final, Partial, SpeechEvent, Word

VERSION = 1
SILENT_S = 3.0
"""Who says nothing for so long is taken for dead ..."""
ALIVE_EVERY_S = 1.0
"""... so everybody says at least that it is there."""
MAX_MESSAGE = 1 << 20
_ID = re.compile(r"[0-9A-Za-z]{8,40}")
_HEADER = struct.Struct("!BI")
RATES_HZ = range(6000, 96_001)


class MessageInvalid(AsrError):  # noqa: N818 - named for what is wrong
    """Bytes that are no message of this protocol."""

    code = "worker_message_invalid"


@dataclass(frozen=True, slots=True)
class Subjects:
    """Where things are said in the call centre ``name``."""

    name: str

    def open(self, model: str) -> str:
        """Requests for a new stream; answered by workers with room."""
        return f"{self.name}.asr.open.{_plain(model)}"

    def resume(self, model: str) -> str:
        """Requests for a stream that goes on; answered with room or without."""
        return f"{self.name}.asr.resume.{_plain(model)}"

    def audio(self, stream_id: str) -> str:
        """From the client of a stream."""
        return f"{self.name}.asr.audio.{stream_id}"

    def heard(self, stream_id: str) -> str:
        """To the client of a stream."""
        return f"{self.name}.asr.heard.{stream_id}"

    def status(self, worker_id: str) -> str:
        """Of one worker; ``*`` for all."""
        return f"{self.name}.asr.status.{worker_id}"


@dataclass(frozen=True, slots=True)
class OpenStream:
    """A client wants a leg recognised."""

    stream_id: str
    sample_rate_hz: int
    vocabulary: tuple[str, ...] = ()
    live: bool = True
    resumed: bool = False
    """It was let in before, and lost its worker. May be missing."""

    def encode(self) -> bytes:
        """As bytes."""
        return orjson.dumps({"version": VERSION, **_fields(self)})

    @classmethod
    def decode(cls, payload: bytes) -> OpenStream:
        """Raises MessageInvalid, also for another version of the protocol."""
        tree = _object(payload)
        if tree.get("version") != VERSION:
            raise MessageInvalid(f"version {tree.get('version')!r}", fix="run the same version everywhere")
        try:
            wanted = cls(
                str(tree["stream_id"]),
                int(tree["sample_rate_hz"]),
                tuple(str(phrase) for phrase in tree["vocabulary"]),
                bool(tree["live"]),
                bool(tree.get("resumed", False)),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise MessageInvalid(f"not a request: {error!r}") from error
        if not _ID.fullmatch(wanted.stream_id) or wanted.sample_rate_hz not in RATES_HZ:
            raise MessageInvalid("not a request: stream_id or sample_rate_hz is out of range")
        return wanted


@dataclass(frozen=True, slots=True)
class Opened:
    """A worker's answer: it took the stream, or ``refused`` says why not."""

    worker_id: str
    refused: str = ""

    def encode(self) -> bytes:
        """As bytes."""
        return orjson.dumps(_fields(self))

    @classmethod
    def decode(cls, payload: bytes) -> Opened:
        """Raises MessageInvalid."""
        tree = _object(payload)
        return cls(str(tree.get("worker_id", "")), str(tree.get("refused", "")))


class Kind(IntEnum):
    """What a client sends."""

    AUDIO = 1
    FLUSH = 2
    END = 3
    DRAIN = 4
    """Decode even what is less than a block."""
    ALIVE = 5
    CLOSE = 6


def encode_input(kind: Kind, number: int, pcm: bytes = b"") -> bytes:
    """One message of the client."""
    return _HEADER.pack(kind, number) + pcm


def decode_input(payload: bytes) -> tuple[Kind, int, bytes]:
    """Kind, number, audio. Raises MessageInvalid."""
    if not _HEADER.size <= len(payload) <= MAX_MESSAGE:
        raise MessageInvalid(f"{len(payload)} bytes")
    kind, number = _HEADER.unpack_from(payload)
    if kind not in Kind.__members__.values():
        raise MessageInvalid(f"kind {kind}")
    return Kind(kind), number, payload[_HEADER.size :]


@dataclass(frozen=True, slots=True)
class Report:
    """Where a stream stands, and what was heard."""

    number: int
    taken_ms: int
    """Audio decoded so far."""
    settled_ms: int
    event: SpeechEvent | None = None
    over: bool = False
    error: str = ""
    """Why it is over before its end."""

    def encode(self) -> bytes:
        """As bytes."""
        event = None
        if isinstance(self.event, Partial):
            event = [self.event.text, self.event.start_ms]
        elif self.event is not None:
            words = [[w.word, w.start_ms, w.end_ms, w.confidence] for w in self.event.words]
            event = [self.event.text, self.event.start_ms, self.event.end_ms, words, self.event.confidence]
        return orjson.dumps([self.number, self.taken_ms, self.settled_ms, event, self.over, self.error])

    @classmethod
    def decode(cls, payload: bytes) -> Report:
        """Raises MessageInvalid."""
        try:
            number, taken_ms, settled_ms, event, over, error = orjson.loads(payload)
            return cls(int(number), int(taken_ms), int(settled_ms), _event(event), bool(over), str(error))
        except (ValueError, TypeError) as wrong:
            raise MessageInvalid("not a report") from wrong


def _event(fields: list[Any] | None) -> SpeechEvent | None:
    if fields is None:
        return None
    if len(fields) == 2:
        return Partial(str(fields[0]), int(fields[1]))
    text, start_ms, end_ms, words, confidence = fields
    said = tuple(Word(str(word), int(start), int(end), float(sure)) for word, start, end, sure in words)
    return Final(str(text), int(start_ms), int(end_ms), said, float(confidence))


@dataclass(frozen=True, slots=True)
class Status:
    """How a worker is."""

    worker_id: str
    model: str = ""
    streams: int = 0
    busy: float = 0.0
    backlog_ms: int = 0
    accepting: bool = False
    spare: bool = False
    grammar: bool = False
    only: bool = False
    sample_rate_hz: int = 8000
    counts: dict[str, int] = field(default_factory=dict)
    """Streams since its start by what became of them."""

    def encode(self) -> bytes:
        """As bytes."""
        return orjson.dumps(_fields(self))

    @classmethod
    def decode(cls, payload: bytes) -> Status:
        """Unknown fields are left out. Raises MessageInvalid."""
        tree = _object(payload)
        try:
            return cls(**{name: tree[name] for name in cls.__slots__ if name in tree})
        except TypeError as error:
            raise MessageInvalid("not a status") from error


def _fields(message: OpenStream | Opened | Status) -> dict[str, Any]:
    return {name: getattr(message, name) for name in message.__slots__}


def _plain(model: str) -> str:
    """A model's name may be a path, of which only plain characters stay."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", model)


def _object(payload: bytes) -> Mapping[str, Any]:
    try:
        tree = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise MessageInvalid("not JSON") from error
    if not isinstance(tree, dict):
        raise MessageInvalid("not an object")
    return tree
