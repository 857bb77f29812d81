"""Short calls for the tests of the extraction."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from nlp.extract import Extractor
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
    for i, line in enumerate(lines):
        speaker = "agent" if line.startswith("a ") else "caller"
        result = session.push(Segment(str(i), speaker, line[2:]))
    return result


def fields(*lines: str, at: str = NOON, number: str | None = "13800001111") -> dict[str, Any]:
    """The call's fields in gold format."""
    return to_gold(call(*lines, at=at, number=number))
