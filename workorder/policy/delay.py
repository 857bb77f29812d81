"""How long an order will probably take, from what similar orders took.

Similar: the same service type, then also the same appliance, fault and district. Each step has fewer orders that say
more; they are mixed as an empirical Bayes estimate shrinks a small group towards the larger one around it: a step with
n orders counts n / (n + SHRINKAGE), what surrounds it the rest. Orders that are still open say that they took at least
as long as they are open now: the mixture is a weighted product-limit estimate (Kaplan and Meier 1958), so that leaving
them out does not make the outlook too rosy. Time is working time in which the order's clock ran.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SHRINKAGE = 12.0
"""Orders a group needs to count as much as what surrounds it."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """What makes orders similar, the most general first."""

    service_type: str | None
    appliance: str | None
    fault: str | None
    district: str | None

    def depth(self, other: Likeness) -> int:
        """In how many steps the other is the same, 0 to 4; something unknown is the same as nothing."""
        mine = (self.service_type, self.appliance, self.fault, self.district)
        others = (other.service_type, other.appliance, other.fault, other.district)
        steps = 0
        for own, its in zip(mine, others, strict=True):
            if own is None or own != its:
                break
            steps += 1
        return steps


@dataclass(frozen=True, slots=True)
class Past:
    """An order that took ``spent_s``, or (``done`` false) is open, or was given up, after so long."""

    likeness: Likeness
    spent_s: float
    done: bool = True


@dataclass(frozen=True, slots=True)
class Outlook:
    """How long orders like this take: survival as steps (seconds, share still open after them), and who was asked."""

    steps: tuple[tuple[float, float], ...]
    similar: int
    """Done orders that are alike in at least the service type."""

    def open_after(self, spent_s: float) -> float:
        """Share of orders that take longer than ``spent_s``."""
        share = 1.0
        for at, left in self.steps:
            if at > spent_s:
                break
            share = left
        return share

    def breach(self, limit_s: float, *, spent_s: float = 0.0) -> float | None:
        """Probability that an order open after ``spent_s`` takes longer than ``limit_s``; None: none was so slow."""
        if spent_s > limit_s:
            return 1.0
        still_open = self._still_open(spent_s)
        return self.open_after(limit_s) / still_open if still_open > 0 else None

    def quantile(self, share: float, *, spent_s: float = 0.0) -> float | None:
        """Seconds by which ``share`` (0..1) of the orders that are open after ``spent_s`` are done; None: unknown."""
        still_open = self._still_open(spent_s)
        if still_open <= 0:
            return None
        to_come = self.steps if spent_s <= 0 else [step for step in self.steps if step[0] > spent_s]
        return next((at for at, left in to_come if left <= (1 - share) * still_open + 1e-12), None)

    def _still_open(self, spent_s: float) -> float:
        """Share of orders open after ``spent_s``. Nothing spent: all, those too that are done outside working hours."""
        return self.open_after(spent_s) if spent_s > 0 else 1.0


def outlook(like: Likeness, past: Iterable[Past]) -> Outlook:
    """What orders ``like`` this took; without any similar order nothing is known (no steps)."""
    known = [(order, like.depth(order.likeness)) for order in past]
    weights = _weights([depth for order, depth in known if order.done])
    weighted = sorted(
        (order.spent_s, not order.done, weights[depth]) for order, depth in known if depth >= 1 and weights[depth]
    )
    return Outlook(_survival(weighted), sum(order.done for order, depth in known if depth >= 1))


def _weights(depths: Sequence[int]) -> list[float]:
    """The weight of one order by its depth: it belongs to its own step and to all the more general ones."""
    sizes = [sum(depth >= step for depth in depths) for step in range(5)]
    weights, rest = [0.0] * 5, 1.0
    for step in range(4, 0, -1):
        trust = sizes[step] / (sizes[step] + SHRINKAGE) if step > 1 else 1.0
        for depth in range(step, 5):
            weights[depth] += rest * trust / sizes[step] if sizes[step] else 0.0
        rest *= 1 - trust
    return weights


def _survival(weighted: Sequence[tuple[float, bool, float]]) -> tuple[tuple[float, float], ...]:
    """Rows (seconds, censored, weight) in order; at one moment those that got done come before the censored ones."""
    at_risk, share = sum(weight for _, _, weight in weighted), 1.0
    steps: list[tuple[float, float]] = []
    for seconds, censored, weight in weighted:
        if not censored and at_risk > 1e-12:
            share *= max(0.0, 1 - weight / at_risk)
            if steps and steps[-1][0] == seconds:
                steps[-1] = (seconds, share)
            else:
                steps.append((seconds, share))
        at_risk -= weight
    return tuple(steps)
