"""What agents made of the machine's values: live precision by slot, the worst rules, corrections as corpus records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Verdict = Literal["accepted", "corrected", "removed"]


@dataclass(frozen=True, slots=True)
class Feedback:
    """One machine value and what the agent did with it. ``final`` is the agent's value, None when removed."""

    call_id: str
    slot: str
    rule: str
    confidence: float
    value: Any
    verdict: Verdict
    final: Any = None


@dataclass(frozen=True, slots=True)
class Line:
    """Values of one slot or rule: how many agents judged, how many stood, and their mean confidence."""

    name: str
    judged: int
    accepted: int
    confidence: float

    @property
    def precision(self) -> float:
        """Share of judged values that stood, 0..1."""
        return self.accepted / self.judged if self.judged else 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """Live figures: slots by name, and rules from the worst on (those judged at least ``least`` times)."""

    judged: int
    accepted: int
    slots: tuple[Line, ...]
    worst_rules: tuple[Line, ...]


def report(records: Iterable[Feedback], *, least: int = 5, worst: int = 10) -> Report:
    """Sum up what agents accepted and changed."""
    seen = list(records)
    slots = _lines(seen, lambda f: f.slot)
    rules = [line for line in _lines(seen, lambda f: f.rule) if line.judged >= least]
    rules.sort(key=lambda line: (line.precision, -line.judged, line.name))
    return Report(len(seen), sum(f.verdict == "accepted" for f in seen), tuple(slots), tuple(rules[:worst]))


def _lines(records: list[Feedback], key: Callable[[Feedback], str]) -> list[Line]:
    groups: dict[str, list[Feedback]] = defaultdict(list)
    for f in records:
        groups[key(f)].append(f)
    return [
        Line(name, len(fs), sum(f.verdict == "accepted" for f in fs), sum(f.confidence for f in fs) / len(fs))
        for name, fs in sorted(groups.items())
    ]


def corrections(dialogues: Iterable[Mapping[str, Any]], records: Iterable[Feedback]) -> list[dict[str, Any]]:
    """Corpus records (turns and gold) of the calls an agent corrected: machine values as judged are the gold.

    ``dialogues``: records with id, call_started_at, caller_number and turns. Calls with nothing corrected are left out.
    """
    by_call: dict[str, list[Feedback]] = defaultdict(list)
    for f in records:
        by_call[f.call_id].append(f)
    exported = []
    for dialogue in dialogues:
        judged = by_call.get(str(dialogue["id"]), [])
        if any(f.verdict != "accepted" for f in judged):
            gold = {f.slot: f.value if f.verdict == "accepted" else f.final for f in judged if f.verdict != "removed"}
            exported.append({**dialogue, "gold": gold})
    return exported
