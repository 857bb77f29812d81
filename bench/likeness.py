"""How well moods and claims are told from the characters alone, and the weights for it.

    python bench/likeness.py [--models dissatisfied …] [--fit]

Prints one line per model: F1 over calls at its best threshold, by models that have not seen the set a call is from (the
sets are dealt into FOLDS). ``--fit`` writes nlp/data/likeness.tsv from all sets and the lines of slot_words.txt.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "tests" / "fixtures" / "corpus"
# bench/ holds a file named like the package.
sys.path[:1] = [str(ROOT)]

import numpy as np  # noqa: E402

from nlp.dialogue import Turn  # noqa: E402
from nlp.likeness import MODELS, groups, portions, question  # noqa: E402
from nlp.types import Segment  # noqa: E402

FIELD = {
    "dissatisfied": ("sentiment_complaint", True),
    "pressing": ("urgency", "high"),
    "covered": ("in_warranty_claim", True),
    "run_out": ("in_warranty_claim", False),
}
BESIDE = {"pressing": ("critical",)}
"""Values of the field that say nothing of the model's."""
FOLDS = 6
PENALTY, RATE, ROUNDS, AGAINST = 0.02, 0.3, 12, 4.0
"""AGAINST: what a portion that shows the value weighs against one that does not."""
OWN = 0.5
"""What a line of slot_words.txt weighs."""
OFTEN, LEAST = 3, 0.4
"""Groups that stand in fewer portions, and weights nearer to naught, are left out."""


@dataclass(frozen=True)
class Portion:
    """A piece of a call: its groups, the set and call it is from, and for each model whether it shows its value."""

    groups: frozenset[str]
    fold: str
    call: str
    turn: int
    shows: dict[str, bool]
    weight: float = 1.0


def turns(lines: list[tuple[str, str]]) -> list[Turn]:
    """The turns of (speaker, text), each with its question."""
    made: list[Turn] = []
    for i, (speaker, text) in enumerate(lines):
        turn = Turn.of(i, Segment(str(i), speaker, text))
        last = made[-1] if made else None
        turn.question = last if last is None or last.by_agent else last.question
        made.append(turn)
    return made


def of_call(name: str, record: dict) -> Iterator[Portion]:
    gold, evidence = record["gold"], record.get("evidence", {})
    said = turns([(t["speaker"], t["text"]) for t in record["turns"]])
    for turn in (t for t in said if not t.by_agent):
        for start, end, text in portions(turn.read, question(turn)):
            shows = {}
            for model, (field, value) in FIELD.items():
                known = [gold.get(field), gold.get("second_ticket", {}).get(field)]
                if value not in known:
                    if not set(BESIDE.get(model, ())) & set(known):
                        shows[model] = False
                    continue
                at = evidence.get(field)
                if gold.get(field) != value or at is None:
                    continue
                if turn.index == at[0] and (at[1][:4] in turn.s[start:end] or end - start == len(turn.s)):
                    shows[model] = True
            if shows:
                yield Portion(groups(text), name, record["id"], turn.index, shows)


def of_line(line: str) -> Iterator[Portion]:
    field, value, *said = line.removeprefix("#? ").split("|")
    models = [m for m, (f, _) in FIELD.items() if f == field]
    made = turns([("agent" if t.startswith("a ") else "caller", t.removeprefix("!")[2:]) for t in said])
    if not models or [t.by_agent for t in made].index(False) < len(made) - 1:
        return
    shows = {m: str(FIELD[m][1]).lower() == value for m in models}
    yield Portion(groups(question(made[-1]) + made[-1].read), "", "", 0, shows, OWN)


def corpus() -> list[Portion]:
    found: list[Portion] = []
    for path in sorted(CORPUS.glob("*.jsonl")):
        if path.stem != "dev_cer10":
            for line in path.read_text("utf-8").splitlines():
                record = json.loads(line)
                if record["gold"]:
                    found += of_call(path.stem, record)
    for line in (CORPUS / "slot_words.txt").read_text("utf-8").splitlines():
        if "|" in line:
            found += of_line(line)
    return found


def fitted(portions: list[Portion], model: str, column: dict[str, int]) -> tuple[np.ndarray, float]:
    """(weights by column, bias): logistic regression by stochastic gradient."""
    shown = [(i, p) for i, p in enumerate(portions) if model in p.shows]
    at = {i: np.array(sorted(column[g] for g in p.groups if g in column), dtype=np.int32) for i, p in shown}
    w, squares, bias = np.zeros(len(column)), np.full(len(column), 1e-2), -3.0
    order = random.Random(0)
    for _ in range(ROUNDS):
        order.shuffle(shown)
        for i, p in shown:
            scale = len(p.groups) ** 0.5
            right = p.shows[model]
            z = w[at[i]].sum() / scale + bias
            slope = (1 / (1 + np.exp(-z)) - right) * (AGAINST if right else 1.0) * p.weight
            step = slope / scale + PENALTY * w[at[i]]
            squares[at[i]] += step * step
            w[at[i]] -= RATE * step / np.sqrt(squares[at[i]])
            bias -= 0.01 * slope
    w[abs(w) < LEAST] = 0.0
    return w, float(bias)


def columns(portions: list[Portion]) -> dict[str, int]:
    """A column for each group that stands in OFTEN portions."""
    count = Counter(g for p in portions for g in p.groups)
    return {g: i for i, g in enumerate(sorted(g for g, n in count.items() if n >= OFTEN))}


def held_out(portions: list[Portion], model: str) -> dict[str, float]:
    """The call's highest score, by a model that has seen no call of its fold's sets."""
    column = columns(portions)
    names = sorted({p.fold for p in portions} - {""})
    best: dict[str, float] = defaultdict(lambda: -99.0)
    for k in range(FOLDS):
        out = set(names[k::FOLDS])
        w, bias = fitted([p for p in portions if p.fold not in out], model, column)
        for p in portions:
            if p.fold in out:
                z = bias + sum(w[column[g]] for g in p.groups if g in column) / len(p.groups) ** 0.5
                best[p.call] = max(best[p.call], z)
    return best


def write(portions: list[Portion]) -> None:
    """All models into nlp/data/likeness.tsv."""
    column = columns(portions)
    made = [fitted(portions, model, column) for model in MODELS]
    lines = [
        "# Weights of the groups of characters by which moods and claims are told: " + ", ".join(MODELS) + ".",
        "# Written by bench/likeness.py --fit. The line without a group holds what they add up from.",
        "\t".join(["", *(f"{b:.2f}" for _, b in made)]),
    ]
    for group, i in column.items():
        row = [w[i] for w, _ in made]
        if any(row):
            lines.append("\t".join([group, *(f"{x:.2f}".rstrip("0").rstrip(".") or "0" for x in row)]))
    (ROOT / "nlp" / "data" / "likeness.tsv").write_text("\n".join(lines) + "\n", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="*", default=MODELS, choices=MODELS)
    parser.add_argument("--fit", action="store_true")
    options = parser.parse_args()
    portions = corpus()
    if options.fit:
        write(portions)
        return
    gold = {}
    for path in CORPUS.glob("*.jsonl"):
        gold |= {r["id"]: r["gold"] for r in map(json.loads, path.read_text("utf-8").splitlines())}
    for model in options.models:
        field, value = FIELD[model]
        score = held_out(portions, model)
        said = {c for c in score if gold[c].get(field) == value}
        f1, least = max((_f1({c for c, z in score.items() if z > t}, said), t) for t in set(score.values()))
        line = {"bench": f"likeness.{model}", "value": round(f1, 3), "unit": "F1", "ratio": None, "baseline": None}
        print(json.dumps({**line, "threshold": round(least, 2), "calls": len(said)}))


def _f1(found: set[str], said: set[str]) -> float:
    return 2 * len(found & said) / (len(found) + len(said))


if __name__ == "__main__":
    main()
