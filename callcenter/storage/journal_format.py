"""The bytes of a journal file (docs/reference/journal.md): blocks of compressed records, each block with its checksum.

A file is ``MAGIC`` and then blocks: length and CRC-32 of the payload, then the payload. The payloads are one deflate
stream, flushed at the end of each, so that small blocks compress as well as large ones. Uncompressed they are records:
kind, length, body. A block that is cut or damaged ends what can be read.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from callcenter.errors import Invalid

MAGIC = b"callcenter journal 1\n"
SUFFIX = ".journal"
BLOCK = struct.Struct("<II")
RECORD = struct.Struct("<BI")
RAW = struct.Struct("<II")
"""Link session, and how many events of these bytes went on to the tracker; the bytes follow."""
AT = struct.Struct("<Q")
"""Events that the tracker had taken."""
READING = struct.Struct("<Qd")
STREAM = struct.Struct("<I")
PCM = struct.Struct("<IB")
"""Stream and coding; the samples follow."""

LARGEST_BLOCK = 64 * 2**20
COMPRESSION = 1
"""zlib's fastest: higher levels save a tenth of the size for three times the time."""


class Kind(IntEnum):
    """What a record is; its body is JSON unless said otherwise."""

    HEAD = 1
    """First of each file: who wrote it and with which settings."""
    CHECKPOINT = 2
    """What the tracker knew when this file went on from the one before."""
    RAW = 3
    """Bytes of the PBX as received (``RAW``)."""
    LINK = 4
    """The link came up or went down, a snapshot was applied, or the listener stopped; ``after`` so many events."""
    ID = 5
    """An id that was handed out (``AT``, then ASCII)."""
    READING = 6
    """A clock reading the tracker asked for (``READING``), seconds since the epoch."""
    FACT = 7
    """A domain event as published: its name and its fields."""
    CONTEXT = 8
    """A call's understanding began: what was known of the caller."""
    SEGMENT = 9
    """A final utterance, as understood at this place."""
    DRAFT = 10
    """What that utterance changed in the draft."""
    CLOSED = 11
    """A call's understanding is over."""
    STREAM = 12
    """The recogniser was opened for one speaker (``STREAM``, then JSON)."""
    PCM = 13
    """Samples given to it (``PCM``)."""
    FLUSH = 14
    """Its utterance was ended (``STREAM``)."""
    FINAL = 15
    """It recognised an utterance (``STREAM``, then JSON)."""
    STREAM_END = 16
    """No more samples (``STREAM``)."""
    CARRIED = 17
    """A CONTEXT, SEGMENT or DRAFT of a call that began in the file before: kind (a byte) and body."""
    END = 18
    """Last of a file that was finished: ``why`` is closed or rotated."""
    CATALOGUE = 19
    """The words that calls understood from here on know, until the next of these."""


class JournalUnreadable(Invalid):
    """A file is no journal, or one of a newer format."""

    code = "journal_unreadable"


def record(kind: Kind, body: bytes) -> bytes:
    """One record, uncompressed."""
    return RECORD.pack(kind, len(body)) + body


class BlockWriter:
    """Compresses and frames the records of one file."""

    def __init__(self) -> None:
        self._deflate = zlib.compressobj(COMPRESSION)

    def block(self, records: bytes) -> bytes:
        """The bytes to append for these records."""
        payload = self._deflate.compress(records) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        return BLOCK.pack(len(payload), zlib.crc32(payload)) + payload


@dataclass(slots=True)
class JournalFile:
    """One file for reading. ``lost_bytes``: what could not be read at its end, known after ``records`` ended."""

    path: Path
    lost_bytes: int = 0
    finished: bool = False
    """Whether an END record was read: nothing is missing."""

    @property
    def head(self) -> dict[str, Any]:
        """The HEAD record. Raises JournalUnreadable when there is none."""
        for kind, body in self.records():
            if kind is Kind.HEAD:
                head: dict[str, Any] = orjson.loads(body)
                return head
            break
        raise JournalUnreadable("its beginning is damaged", field=str(self.path))

    def records(self) -> Iterator[tuple[Kind, bytes]]:
        """Every record that is whole, in order. Raises JournalUnreadable when it is no journal at all."""
        try:
            with self.path.open("rb") as file:
                if file.read(len(MAGIC)) != MAGIC:
                    raise JournalUnreadable("it is no journal of this version", field=str(self.path))
                for block in self._blocks(file):
                    yield from self._split(block)
        except OSError as error:
            raise JournalUnreadable(f"cannot read it: {error.strerror}", field=str(self.path)) from error

    def _blocks(self, file: BinaryIO) -> Iterator[bytes]:
        inflate = zlib.decompressobj()
        size = self.path.stat().st_size
        while at := file.tell():
            head = file.read(BLOCK.size)
            length, crc = BLOCK.unpack(head) if len(head) == BLOCK.size else (0, 0)
            payload = file.read(length) if length <= LARGEST_BLOCK else b""
            if not payload or len(payload) < length or zlib.crc32(payload) != crc:
                self.lost_bytes = size - at
                return
            try:
                block = inflate.decompress(payload, LARGEST_BLOCK)
            except zlib.error:
                self.lost_bytes = size - at
                return
            yield block

    def _split(self, block: bytes) -> Iterator[tuple[Kind, bytes]]:
        at = 0
        while at < len(block):
            try:
                number, length = RECORD.unpack_from(block, at)
                kind = Kind(number)
            except (struct.error, ValueError) as error:
                raise JournalUnreadable(f"a record of no known kind: {error}", field=str(self.path)) from error
            at += RECORD.size
            self.finished = kind is Kind.END
            yield kind, block[at : at + length]
            at += length


def files(place: Path) -> list[JournalFile]:
    """The journal files of a folder in order, or the one file. Raises JournalUnreadable when there are none."""
    paths = sorted(place.glob(f"*{SUFFIX}")) if place.is_dir() else [place]
    if not paths or not paths[0].exists():
        raise JournalUnreadable("no journal there", field=str(place), fix="give a file, a folder, or a day: 2026-11-21")
    return [JournalFile(path) for path in paths]
