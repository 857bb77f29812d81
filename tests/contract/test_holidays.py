"""The library of extraction and the service clock keep the same holidays, though neither may import the other."""

from __future__ import annotations

from datetime import date

import pytest

from nlp.holidays import FESTIVALS, days_off, worked_days
from workorder.policy.holidays_cn import YEARS


@pytest.mark.parametrize("year", sorted(YEARS))
def test_holidays_are_those_of_the_service_clock(year: int) -> None:
    """Days off and days worked in return are the same in nlp/data/holidays.txt and in workorder.policy.holidays_cn."""
    plan = YEARS[year]
    ours = {f.off: days_off(name, year) for name, f in FESTIVALS.items() if f.off}
    theirs = {
        name: (date(year, *first), date(year, *last)) for names, first, last in plan.off for name in names.split("、")
    }
    assert ours == theirs
    assert worked_days(year) == tuple(date(year, *day) for day in plan.worked)
