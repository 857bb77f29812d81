"""Where time goes: how long orders rest at each step, and how much slack a plan needs there."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from workorder.policy.lifecycle import CLOSED, Status
from workorder.policy.sla_trail import Trail


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Time at one status over ``visits``, in seconds.

    ``share``: of all time orders took; ``buffer_s``: what to add to the usual time so that nine visits in ten fit
    (p90 - p50). ``bottleneck``: the stage with the largest buffer, of those with at least ten visits.
    """

    status: str
    visits: int
    p50_s: float
    p80_s: float
    p90_s: float
    share: float
    buffer_s: float
    bottleneck: bool = False


MIN_VISITS = 10


def stages(trails: Iterable[Trail]) -> tuple[Stage, ...]:
    """Every status that orders left again, in the order of the life cycle."""
    spent: dict[Status, list[float]] = {}
    for trail in trails:
        for (since, status), (until, _) in pairwise(trail):
            if status is not Status.DRAFT and status not in CLOSED:
                spent.setdefault(status, []).append((until - since).total_seconds())
    total = sum(map(sum, spent.values())) or 1.0
    wide = {status: _quantile(sorted(times), 0.9) - _quantile(sorted(times), 0.5) for status, times in spent.items()}
    known = {status: buffer for status, buffer in wide.items() if len(spent[status]) >= MIN_VISITS and buffer > 0}
    tightest = max(known, key=lambda status: known[status], default=None)
    return tuple(
        _stage(status, sorted(spent[status]), total, bottleneck=status is tightest)
        for status in Status
        if status in spent
    )


def _stage(status: Status, times: Sequence[float], total: float, *, bottleneck: bool) -> Stage:
    p50, p80, p90 = (_quantile(times, share) for share in (0.5, 0.8, 0.9))
    return Stage(
        status=status.value,
        visits=len(times),
        p50_s=p50,
        p80_s=p80,
        p90_s=p90,
        share=sum(times) / total,
        buffer_s=p90 - p50,
        bottleneck=bottleneck,
    )


def _quantile(ranked: Sequence[float], share: float) -> float:
    """By nearest rank: a time that some order really had."""
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]
