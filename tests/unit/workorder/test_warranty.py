"""Warranty by dates."""

from __future__ import annotations

from datetime import date

import pytest

from workorder.policy.warranty import warranty_state


@pytest.mark.parametrize(
    ("until", "state"),
    [(None, "unknown"), (date(2026, 11, 20), "out"), (date(2026, 11, 21), "in"), (date(2030, 1, 1), "in")],
)
def test_the_last_day_is_covered(until: date | None, state: str) -> None:
    """Out from the day after the end; unknown without an end."""
    assert warranty_state(until=until, on=date(2026, 11, 21)) == state
