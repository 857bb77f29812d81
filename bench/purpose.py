"""How well calls about nothing are told from orders by their words alone, and the fit of the weights for it.

    python bench/purpose.py [--wrong] [--fit]

Fits on four fifths of the sets of the corpus and judges the others by it, five times: nothing is judged by what was
fitted on its own author's calls. Prints a line per set and copy; ten minutes. ``--fit`` then fits on all and writes
nlp/data/purpose.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "tests" / "fixtures" / "corpus"
# bench/ holds a file named like the package, and the noise maker is no package.
sys.path[:1] = [str(ROOT), str(CORPUS)]

import noise  # noqa: E402

from nlp import logistic  # noqa: E402
from nlp.dialogue import Turn  # noqa: E402
from nlp.gold import read_dialogue  # noqa: E402
from nlp.purpose import NOTHING, Purpose, signs  # noqa: E402

Turns = tuple[Turn, ...]
COPIES = (("clean", 0.0, 0.0), ("10 %", 0.1, 0.0), ("10 % of both sides", 0.1, 1.0), ("20 %", 0.2, 0.0))
"""Each call is learnt as it was said and misheard: name, rate of the caller's characters, share of it for the agent."""
PARTS: dict[str, Callable[[Turns], Turns]] = {
    "caller alone": lambda turns: tuple(turn for turn in turns if not turn.by_agent),
    "first half": lambda turns: turns[: len(turns) // 2],
    "first four turns": lambda turns: turns[:4],
    "middle third": lambda turns: turns[len(turns) // 3 : len(turns) * 2 // 3],
}
"""And in parts: without the agent, as on an answering machine, cut off, or heard from the middle of it. A wrong number
is learnt as nothing only where it is whole or without the agent: in a part it may not have come out yet."""
SEED = 5
FOLDS = 5
OFTEN = 80
"""A sign counts that stands in so many copies, of ten calls or so: rarer ones know authors, not calls."""
PENALTY = 10.0


@dataclass(frozen=True, slots=True)
class Call:
    """One copy of a call: its set, its signs, and whether it is about nothing."""

    origin: str
    copy: str
    call_id: str
    turns: Turns
    signs: frozenset[str]
    nothing: bool


def copies(path: Path) -> list[Call]:
    """Every call of a set, clean and with each noise."""
    records = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    calls = []
    for copy, rate, share in COPIES:
        made, _ = noise.noisy(records, rate, SEED, share, False)
        for record, (turns, _) in zip(records, made, strict=True):
            _, _, segments = read_dialogue({**record, "turns": turns} if rate else record)
            said = tuple(Turn.of(i, segment) for i, segment in enumerate(segments))
            calls.append(_call(path.stem, copy, record, said))
            if not rate:
                calls += [
                    _call(path.stem, part, record, cut(said))
                    for part, cut in PARTS.items()
                    if part == "caller alone" or record["gold"]
                ]
    return calls


def _call(origin: str, copy: str, record: dict, said: Turns) -> Call:
    return Call(origin, copy, record["id"], said, frozenset(signs(said)), not record["gold"])


def fit(calls: list[Call]) -> Purpose:
    """Weights from these calls; calls about nothing count as much as all the others together."""
    often = Counter(sign for call in calls for sign in call.signs)
    known = {sign for sign, n in often.items() if n >= OFTEN}
    share = Counter(call.nothing for call in calls)
    weights = logistic.fit(
        [{logistic.BIAS: 1.0, **dict.fromkeys(call.signs & known, 1.0)} for call in calls],
        [call.nothing for call in calls],
        penalty=PENALTY,
        importance=[len(calls) / 2 / share[call.nothing] for call in calls],
    )
    return Purpose({sign: w for sign, w in weights.items() if abs(w) >= 0.005})


def fold(call: Call) -> int:
    """Which fifth of the sets the call is in."""
    return sum(map(ord, call.origin)) % FOLDS


def judged(calls: list[Call], *, wrong: bool) -> dict[tuple[str, str], Counter[str]]:
    """By set and copy: how many calls about nothing there are and were seen, how many orders and lost ones."""
    table: dict[tuple[str, str], Counter[str]] = {}
    for k in range(FOLDS):
        model = fit([call for call in calls if fold(call) != k])
        for call in (call for call in calls if fold(call) == k):
            probability = model.nothing(call.turns)
            row, taken = table.setdefault((call.origin, call.copy), Counter()), probability >= NOTHING
            row["nothing" if call.nothing else "orders"] += 1
            row["seen" if call.nothing else "lost"] += taken
            if wrong and call.copy == "clean" and taken != call.nothing:
                print(f"  {call.call_id} {'nothing' if call.nothing else 'order'} {probability:.2f}")
    return table


def show(origin: str, copy: str, row: Counter[str]) -> None:
    seen, lost = f"{row['seen']}/{row['nothing']}", f"{row['lost']}/{row['orders']}"
    print(f"{origin:15s} {copy:18s} about nothing and seen {seen:9s} orders lost {lost}", flush=True)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--fit", action="store_true")
    options.add_argument("--wrong", action="store_true", help="name the clean calls that are taken wrongly")
    args = options.parse_args()
    calls = [c for path in sorted(CORPUS.glob("*.jsonl")) if "_cer" not in path.stem for c in copies(path)]
    total: dict[str, Counter[str]] = {}
    for (origin, copy), row in sorted(judged(calls, wrong=args.wrong).items()):
        show(origin, copy, row)
        total.setdefault(copy, Counter()).update(row)
    for copy, row in total.items():
        show("all", copy, row)
    if args.fit:
        about = "Weights of nlp.purpose, written by bench/purpose.py --fit; docs/extraction.md says on what."
        out = ROOT / "nlp" / "data" / "purpose.json"
        weights = dict(sorted(fit(calls).weights.items()))
        out.write_text(json.dumps({"about": about, "weights": weights}, ensure_ascii=False, indent=0) + "\n", "utf-8")


if __name__ == "__main__":
    main()
