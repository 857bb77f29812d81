"""Public holidays of mainland China and the weekends worked in return (调休), as the State Council announced them.

Sources: notices of its General Office: 国办发明电〔2023〕7号 (for 2024), 〔2024〕12号 (2025), 〔2025〕7号 (2026).
A year's notice comes out in the November before; ``YEARS`` says which years are known. Days that are weekend anyway may
stand inside a range.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple


class YearPlan(NamedTuple):
    """``off``: (name, first day, last day) as month and day; ``worked``: weekend days that are working days."""

    off: tuple[tuple[str, tuple[int, int], tuple[int, int]], ...]
    worked: tuple[tuple[int, int], ...]


YEARS: Mapping[int, YearPlan] = {
    2024: YearPlan(
        off=(
            ("元旦", (1, 1), (1, 1)),
            ("春节", (2, 10), (2, 17)),
            ("清明节", (4, 4), (4, 6)),
            ("劳动节", (5, 1), (5, 5)),
            ("端午节", (6, 10), (6, 10)),
            ("中秋节", (9, 15), (9, 17)),
            ("国庆节", (10, 1), (10, 7)),
        ),
        worked=((2, 4), (2, 18), (4, 7), (4, 28), (5, 11), (9, 14), (9, 29), (10, 12)),
    ),
    2025: YearPlan(
        off=(
            ("元旦", (1, 1), (1, 1)),
            ("春节", (1, 28), (2, 4)),
            ("清明节", (4, 4), (4, 6)),
            ("劳动节", (5, 1), (5, 5)),
            ("端午节", (5, 31), (6, 2)),
            ("国庆节、中秋节", (10, 1), (10, 8)),
        ),
        worked=((1, 26), (2, 8), (4, 27), (9, 28), (10, 11)),
    ),
    2026: YearPlan(
        off=(
            ("元旦", (1, 1), (1, 3)),
            ("春节", (2, 15), (2, 23)),
            ("清明节", (4, 4), (4, 6)),
            ("劳动节", (5, 1), (5, 5)),
            ("端午节", (6, 19), (6, 21)),
            ("中秋节", (9, 25), (9, 27)),
            ("国庆节", (10, 1), (10, 7)),
        ),
        worked=((1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)),
    ),
}


def _days() -> tuple[dict[date, str], frozenset[date]]:
    off: dict[date, str] = {}
    for year, plan in YEARS.items():
        for name, first, last in plan.off:
            day = date(year, *first)
            while day <= date(year, *last):
                off[day] = name
                day += timedelta(days=1)
    return off, frozenset(date(year, *day) for year, plan in YEARS.items() for day in plan.worked)


HOLIDAYS, WORKED_WEEKENDS = _days()
