"""Whether the predicted delay means what it says, and what it costs, on simulated orders with a known law.

    python bench/outlook.py [--history N] [--tried N] [--seed N]

Times are log-normal with medians by appliance, fault and district; some groups are rare, a tenth of the orders is
still open. Each line is {"bench", "value", "unit", "ratio", "baseline"}: the Brier score against that of always saying
the base rate (ratio below 1 is better) and against the true probability (the best possible), the calibration error
with its bins, and the time of one outlook against sorting the same history once.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[1])

from workorder.policy.calibration import Reliability, reliability  # noqa: E402
from workorder.policy.delay import Likeness, Past, outlook  # noqa: E402

LIMIT_S = 24 * 3600.0
SPREAD = 0.7


def main() -> None:
    """Simulate, predict at the start and at half of the limit, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--history", type=int, default=2000)
    parser.add_argument("--tried", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    draw = random.Random(asked.seed)
    law = Law(draw)
    history = [law.past() for _ in range(asked.history)]
    for name, spent_s in (("start", 0.0), ("half", LIMIT_S / 2)):
        said, best = [], []
        while len(said) < asked.tried:
            like, took_s = law.order()
            risk = outlook(like, history).breach(LIMIT_S, spent_s=spent_s) if took_s > spent_s else None
            if risk is not None:
                said.append((risk, took_s > LIMIT_S))
                best.append((law.risk(like, spent_s), took_s > LIMIT_S))
        report(name, reliability(said), reliability(best))
    likes = [law.order()[0] for _ in range(50)]
    one = per_call(lambda: [outlook(like, history) for like in likes]) / len(likes)
    plain = per_call(lambda: [sorted(history, key=lambda past: past.spent_s) for _ in likes]) / len(likes)
    line("outlook of one order", one * 1000, "ms", one / plain, round(plain * 1000, 3))


class Law:
    """What the simulated call centre's orders really take."""

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw
        self._effects: dict[tuple[str, ...], float] = {}
        self._kinds = [
            Likeness("repair", f"appliance {a}", f"fault {a}.{f}", f"district {d}")
            for a in range(6)
            for f in range(5)
            for d in range(8)
        ]
        self._weights = [draw.paretovariate(1.2) for _ in self._kinds]

    def order(self) -> tuple[Likeness, float]:
        """A kind by its frequency, and what it took in seconds."""
        like = self._draw.choices(self._kinds, self._weights)[0]
        return like, self._median(like) * math.exp(self._draw.gauss(0, SPREAD))

    def past(self) -> Past:
        """An order on file; each tenth is open, after a part of what it will take."""
        like, took_s = self.order()
        if self._draw.random() < 0.1:
            return Past(like, took_s * self._draw.random(), done=False)
        return Past(like, took_s)

    def risk(self, like: Likeness, spent_s: float) -> float:
        """The true probability of breaking the limit."""
        slow = self._slower(like, LIMIT_S)
        return slow / self._slower(like, spent_s) if spent_s else slow

    def _slower(self, like: Likeness, seconds: float) -> float:
        return 0.5 * math.erfc(math.log(seconds / self._median(like)) / SPREAD / math.sqrt(2))

    def _median(self, like: Likeness) -> float:
        keys = ((like.appliance or "",), (like.fault or "",), (like.district or "",))
        for key, spread in zip(keys, (0.5, 0.4, 0.2), strict=True):
            self._effects.setdefault(key, self._draw.gauss(0, spread))
        return 14 * 3600 * math.exp(sum(self._effects[key] for key in keys))


def report(name: str, seen: Reliability, best: Reliability) -> None:
    """The figures of one checkpoint."""
    assert seen.brier is not None
    assert seen.base_brier is not None
    assert best.brier is not None
    line(f"{name}: brier against base rate", seen.brier, "", seen.brier / seen.base_brier, round(seen.base_brier, 4))
    line(f"{name}: brier against truth", seen.brier, "", seen.brier / best.brier, round(best.brier, 4))
    assert seen.calibration_error is not None
    bins = {f"{part.low:.1f}": [round(part.predicted, 3), round(part.observed, 3), part.count] for part in seen.bins}
    line(f"{name}: calibration error", seen.calibration_error, "", None, None, bins=bins)


def per_call(work: Callable[[], object]) -> float:
    """CPU seconds of the fastest of five."""
    found = []
    for _ in range(5):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def line(bench: str, value: float, unit: str, ratio: float | None, baseline: float | None, **more: object) -> None:
    """One result."""
    rounded = None if ratio is None else round(ratio, 3)
    print(
        json.dumps(
            {"bench": bench, "value": round(value, 4), "unit": unit, "ratio": rounded, "baseline": baseline, **more}
        )
    )


if __name__ == "__main__":
    main()
