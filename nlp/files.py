"""Dialogues from a file to a file, one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nlp.errors import RecordError
from nlp.extract import Extractor, extract
from nlp.gold import read_dialogue, to_gold
from nlp.types import Extraction


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that could not be read: its number from 1, and what is wrong with it."""

    number: int
    problem: str


@dataclass(frozen=True, slots=True)
class FileReport:
    """How many dialogues were read, how many gave an order, and the lines that were skipped."""

    read: int
    filled: int
    bad: tuple[BadLine, ...]


def extract_file(in_path: Path, out_path: Path, extractor: Extractor | None = None) -> FileReport:
    """Read dialogues from ``in_path`` and write {"id", "pred", "slots", …} lines to ``out_path``.

    Bad lines are skipped and reported. Raises OSError if a file cannot be read or written.
    """
    extractor = extractor or Extractor()
    bad: list[BadLine] = []
    read = filled = 0
    with out_path.open("w", encoding="utf-8") as out:
        for number, line in _lines(in_path):
            try:
                record = _record(line)
                call_id, context, segments = read_dialogue(record)
                result = extract(segments, context, extractor)
            except RecordError as e:
                bad.append(BadLine(number, str(e)))
                continue
            read += 1
            filled += bool(result.slots)
            out.write(json.dumps(as_record(call_id, result), ensure_ascii=False) + "\n")
    return FileReport(read, filled, tuple(bad))


def as_record(call_id: str, result: Extraction) -> dict[str, Any]:
    """One output line: the gold format, and every value with its confidence and evidence."""
    return {
        "id": call_id,
        "pred": to_gold(result),
        "slots": [asdict(s) for s in result.slots],
        "second": [asdict(s) for s in result.second],
        "summary": result.summary,
        "suggested_priority": result.suggested_priority,
    }


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as f:
        for number, line in enumerate(f, 1):
            if line.strip():
                yield number, line


def _record(line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line.decode("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as e:
        raise RecordError(f"not JSON in UTF-8: {e}") from e
    if not isinstance(record, dict):
        raise RecordError(f"a dialogue is a JSON object, not {type(record).__name__}")
    return record
