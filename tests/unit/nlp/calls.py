"""Short calls for the tests of the extraction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

from nlp.extract import Extractor, extract
from nlp.gold import to_gold
from nlp.types import CallContext, Extraction, KnownCustomer, Segment

NOON = "2026-11-18T12:00:00+08:00"
"""A Wednesday."""


@lru_cache(maxsize=1)
def extractor() -> Extractor:
    return Extractor()


def call(
    *lines: str, at: str = NOON, number: str | None = "13800001111", customer: KnownCustomer | None = None
) -> Extraction:
    """The extraction of a call; a line begins with ``a `` (agent) or ``c `` (caller)."""
    session = extractor().start(CallContext(datetime.fromisoformat(at), number, customer))
    result = Extraction()
    for segment in _segments(lines):
        result = session.push(segment)
    return result


def ended(*lines: str, number: str | None = "13800001111", customer: KnownCustomer | None = None) -> Extraction:
    """What is left of the same call when it is over."""
    return extract(_segments(lines), CallContext(datetime.fromisoformat(NOON), number, customer), extractor())


def _segments(lines: Iterable[str]) -> Iterator[Segment]:
    for i, line in enumerate(lines):
        yield Segment(str(i), "agent" if line.startswith("a ") else "caller", line[2:])


def fields(*lines: str, at: str = NOON, number: str | None = "13800001111") -> dict[str, Any]:
    """The call's fields in gold format."""
    return to_gold(call(*lines, at=at, number=number))
