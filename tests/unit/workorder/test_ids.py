"""Keys sort by creation, are never twice the same, and say when they were made."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from ulid import ULID

from workorder import ids
from workorder.ids import new_id


def test_they_are_ulids_of_now() -> None:
    """A library for them reads the moment out of them."""
    before = time.time_ns() // 1_000_000
    made = ULID.from_str(new_id())
    assert before <= made.milliseconds <= time.time_ns() // 1_000_000
    assert len(str(made)) == 26


def test_later_ones_sort_after_earlier_ones_also_within_a_millisecond() -> None:
    """What sorts by key sorts by creation."""
    made = [new_id() for _ in range(5000)]
    assert made == sorted(set(made))


def test_a_clock_that_is_set_back_changes_nothing(monkeypatch) -> None:
    """They go on from the last one until the clock has caught up."""
    first = new_id()
    monkeypatch.setattr(ids, "time_ns", lambda: 0)
    later = [new_id() for _ in range(3)]
    assert [first, *later] == sorted({first, *later})


def test_threads_never_make_the_same_twice() -> None:
    """A thousand by eight threads at once are eight thousand."""
    with ThreadPoolExecutor(8) as pool:
        made = [key for keys in pool.map(lambda _: [new_id() for _ in range(1000)], range(8)) for key in keys]
    assert len(set(made)) == 8000
