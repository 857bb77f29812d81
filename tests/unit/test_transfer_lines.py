"""Rows as lines: the same from either database, and checksums that tell rows apart."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.storage.transfer.canonical import Tally, document, from_line, to_line

NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
LEAVES = st.none() | st.booleans() | NUMBERS | st.text(st.characters(exclude_categories=["Cs"]))
DOCUMENTS = st.recursive(
    LEAVES, lambda part: st.lists(part) | st.dictionaries(st.text("ab.e0-😀"), part), max_leaves=12
)


def as_postgresql(part: Any) -> str:
    """A document as jsonb writes it: numbers without exponent and negative zero, short keys first."""
    if isinstance(part, float):
        return f"{abs(Decimal(repr(part))) if part == 0 else Decimal(repr(part)):f}"
    if isinstance(part, list):
        return f"[{', '.join(map(as_postgresql, part))}]"
    if isinstance(part, dict):
        names = sorted(part, key=lambda name: (len(name.encode()), name.encode()))
        return f"{{{', '.join(f'{as_postgresql(name)}: {as_postgresql(part[name])}' for name in names)}}}"
    return orjson.dumps(part).decode()


@given(DOCUMENTS)
def test_a_document_makes_one_line_whatever_the_database(kept: Any):
    """As SQLite has it, as PostgreSQL gives it back, and once restored from its line."""
    line = to_line([document(kept)])
    assert to_line([document(orjson.loads(as_postgresql(kept)))]) == line
    ((restored,),) = from_line(line, 1)
    assert to_line([document(restored)]) == line
    assert orjson.dumps([[restored]]) == line


@pytest.mark.parametrize(
    ("kept", "given_back"),
    [
        ({"a": 1e17, "b": -0.0}, {"b": 0, "a": 100000000000000000}),
        (1e17, 100000000000000000),
        ([9.007199254740993e17, 1e19, -1e19], [900719925474099300, 10**19, -1e19]),
        ({"b": -0.0, "c": 2.0}, {"b": 0.0, "c": 2.0}),
        ([1e-7, 2.0], [0.0000001, 2.0]),
        ({"words": [["水", 0, 300, 1.0]]}, {"words": [["水", 0, 300, 1.0]]}),
    ],
)
def test_lines_are_the_same_whatever_the_database(kept: object, given_back: object):
    """Numbers that PostgreSQL spells otherwise make the same line, and every line gives its row again."""
    line = to_line([1, document(kept)])
    assert line == to_line([1, document(given_back)])
    assert from_line(line, 2) == [1, [given_back]]


@pytest.mark.parametrize("line", [b"", b"{}", b"[1]", b"[1,2,3]", b"[1,", b"1"])
def test_what_is_no_row_is_refused(line: bytes):
    """A line cut or with too many values is not taken for a row."""
    with pytest.raises(ValueError, match=r"document|row|data"):
        from_line(line, 2)


def test_a_checksum_tells_rows_apart_and_not_their_order():
    """Missing, doubled and changed rows change it; their order does not."""

    def tally(*lines: bytes) -> Tally:
        found = Tally()
        found.add(lines)
        return found

    assert tally(b"a", b"b") == tally(b"b", b"a")
    assert len({tally(b"a").checksum, tally(b"a", b"a").checksum, tally(b"b").checksum, tally().checksum}) == 4
