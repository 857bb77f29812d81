"""Which way a list of orders is found, newest first: chosen from its conditions and from how many some of them fit.

A database must choose before it knows. It can gather all that fit the sharpest condition and sort them, which is quick
when they are few; or walk an index in the order of time and stop when the page is full, which is quick when many fit.
Its guess costs a second among three million orders when it is wrong: SQLite has no histograms, and PostgreSQL takes
brand and fault for independent. So what may fit few or many, how something begins, is counted first, no further than
``ENOUGH``; and where nothing is known to be sharp, only the newest ``ENOUGH`` are walked before anything is gathered.
A page holds the same orders whichever way they were found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ENOUGH = 10_000
"""So many orders are looked through in 10 to 20 ms among any number, gathered or walked."""
TIMES = frozenset({"since", "until", "cursor"})
"""Conditions on the time of creation: a walk begins and ends there."""
SHARP = ("number", "call_id", "phone", "serial")
"""Conditions that few orders fit whatever the value, the sharpest first."""
COUNTED = ("q", "name", "handler", "model")
"""Conditions that few or many orders fit, each with an index that counts them; the likely sharper first."""
WALKS = (("customer_id",), ("brand", "appliance", "fault"), ("city", "district"), ("status",), ())
"""Conditions whose orders an index has in the order of time, the sharpest first."""
BROAD = ("brand", "appliance", "fault", "city", "district")
"""Conditions that an index finds, with a brand or a city among them: many fit each, though few may fit all."""

BESIDE: Mapping[str, tuple[str, ...]] = {"model": ("brand", "fault", "city")}
"""Conditions that the index of another one can judge, though it is not looked up by them."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One way: look up ``by`` these conditions; the others, but those on time, only filter what is found.

    ``walk``: the orders come in the order of time, so that the first ones that fit are the page; else all are sorted.
    ``window``: give up behind the newest ``ENOUGH`` that are found.
    """

    by: tuple[str, ...]
    walk: bool
    window: bool = False


def to_count(names: Sequence[str]) -> tuple[str, ...]:
    """Those of the conditions ``names`` whose orders must be counted before ``plans`` can choose."""
    return () if any(name in names for name in SHARP) else tuple(name for name in COUNTED if name in names)


def plans(names: Sequence[str], counts: Mapping[str, int], enough: int = ENOUGH) -> tuple[Plan, ...]:
    """Ways for the conditions ``names``, to be tried in turn: one with a ``window`` may not fill its page.

    ``counts`` says how many orders each of ``to_count(names)`` fits; ``enough`` stands for that many or more.
    """
    for sharp in SHARP:
        if sharp in names:
            return (Plan((sharp,), walk=False),)
    sharpest = min(counts, key=counts.__getitem__, default=None)
    if sharpest is not None and counts[sharpest] < enough:
        return (Plan((sharpest,), walk=False),)
    lead = next(walk for walk in WALKS if set(walk) <= set(names))
    if set(names) <= TIMES.union(lead):
        return (Plan(lead, walk=True),)
    return Plan(lead, walk=True, window=True), _rest(names, sharpest, lead)


def _rest(names: Sequence[str], sharpest: str | None, lead: tuple[str, ...]) -> Plan:
    """When the newest do not fill a page few fit all: gather by what begins alike, else by brand and city."""
    if sharpest is not None:
        return Plan((sharpest,), walk=False)
    if "brand" in names or "city" in names:
        return Plan(tuple(name for name in BROAD if name in names), walk=False)
    return Plan(lead, walk=True)
