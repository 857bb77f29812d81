"""How well calls are understood: scores and calibration over the corpus, clean and misrecognised.

    python bench/extraction.py [--rates 0 0.1 0.2] [--seeds 11 12 13] [--sets dev own …] [--misses] [--fit]

Prints one line per set and rate (micro-F1 of the required fields, of all fields, each field), then the calibration
error by cross validation over dialogues. ``--fit`` writes new weights to nlp/data/calibration.json.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "tests" / "fixtures" / "corpus"
# bench/ holds a file named like the package, and the noise maker is no package.
sys.path[:1] = [str(ROOT), str(CORPUS)]

import noise  # noqa: E402

from nlp.calibrate import Calibration, expected_error, fit, reliability  # noqa: E402
from nlp.catalogue import Catalogue  # noqa: E402
from nlp.evaluate import FIELDS, NEUTRAL, Judge, score  # noqa: E402
from nlp.extract import Extractor  # noqa: E402
from nlp.gold import read_dialogue, to_gold  # noqa: E402
from nlp.orders import findings  # noqa: E402
from nlp.types import SlotState  # noqa: E402
from nlp.values import signal  # noqa: E402

SETS = (
    "dev",
    "own",
    "own_second",
    "own_third",
    "own_fourth",
    "own_fifth",
    "blind",
    "blind_second",
    "sealed",
    "blind_final",
    "independent",
    "life_a",
    "life_b",
    "life_c",
    "life_d",
    "life_e",
    "life_f",
    "life_g",
    "life_h",
    "life_i",
    "life_j",
    "life_k",
    "life_l",
    "life_m",
    "life_n",
    "life_o",
    "life_p",
    "life_q",
    "life_r",
)
"""These are fits by now: read for errors after a first score, which docs/extraction.md tells."""
UNSEEN = ("life_s", "life_t", "life_u")
"""No rule has learnt from these."""
COUNTS = 8
"""So often their values count for the confidence: of calls that were learnt from more is right than of new ones."""
FOLDS = 5
PARTS = ("province", "city", "district", "detail")


def records(name: str, rate: float, seed: int) -> list[dict]:
    clean = [json.loads(line) for line in (CORPUS / f"{name}.jsonl").read_text("utf-8").splitlines()]
    if rate == 0:
        return clean
    made, _ = noise.noisy(clean, rate, seed, 0.0, False)
    return [{**r, "turns": turns} for r, (turns, _) in zip(clean, made, strict=True)]


def understood(extractor: Extractor, record: dict):
    """(fields in gold format, findings with their signals) of one call."""
    _, context, segments = read_dialogue(record)
    session = extractor.start(context)
    result = None
    for segment in segments:
        result = session.push(segment)
    talk = session.talk
    return to_gold(result) if result else {}, [(f, signal(talk, f)) for f in findings(talk).main]


def right(judge: Judge, record: dict, found) -> bool | None:
    """Whether a value is right; None where the corpus does not say."""
    gold, inferred, accepted = record["gold"], record.get("gold_inferred", {}), record.get("gold_alt", {})
    if found.name != "address":
        wanted = gold.get(found.name)
        if wanted is None and found.value == NEUTRAL.get(found.name, object()):
            return None
        options = [wanted, *accepted.get(found.name, [])]
        return any(o is not None and judge.same(found.name, o, found.value) for o in options)
    for part in PARTS:
        value = found.value.get(part)
        if not value or part in found.inferred:
            continue
        name = f"address.{part}"
        options = [gold.get("address", {}).get(part), inferred.get("address", {}).get(part), *accepted.get(name, [])]
        if not any(o is not None and judge.same(name, o, value) for o in options):
            return False
    return True


def line(name: str, result) -> str:
    per = " ".join(f"{f.removeprefix('address.')}={result.fields[f].f1:.2f}" for f in FIELDS if f in result.fields)
    total = f"required {result.micro().f1:.3f} all {result.overall.f1:.3f} empty {result.empty_left}/{result.empty}"
    return f"{name:22s} {total} | {per}"


def calibrate(samples: list, *, write: bool) -> None:
    """Cross-validated calibration error; every rate weighs the same whatever its number of seeds.

    UNSEEN sets are left out whole: no values of theirs are judged by what was fitted on their author's calls.
    """
    calls = sorted({s[0] for s in samples})
    random.Random(1).shuffle(calls)
    fold = {c: UNSEEN.index(c[0]) if c[0] in UNSEEN else i % FOLDS for i, c in enumerate(calls)}
    count = {rate: len({s[2] for s in samples if s[1] == rate}) for rate in {s[1] for s in samples}}
    most = max(count.values())
    weighted = [s for s in samples for _ in range(most // count[s[1]] * (COUNTS if s[0][0] in UNSEEN else 1))]
    pairs = []
    for k in range(FOLDS):
        model = Calibration(fit([(s[3], s[4]) for s in weighted if fold[s[0]] != k], penalty=2))
        pairs += [(model.confidence(s[3]), s[4], s[1], s[0][0]) for s in samples if fold[s[0]] == k]
    show("all sets", pairs)
    show("sets that no rule has learnt from", [p for p in pairs if p[3] in UNSEEN])
    if write:
        weights = {k: w for k, w in sorted(fit([(s[3], s[4]) for s in weighted], penalty=2).items()) if abs(w) >= 0.01}
        about = "Weights of nlp.calibrate, written by bench/extraction.py --fit; docs/extraction.md says on what."
        out = ROOT / "nlp" / "data" / "calibration.json"
        out.write_text(json.dumps({"about": about, "weights": weights}, ensure_ascii=False, indent=0) + "\n", "utf-8")


def show(what: str, pairs: list[tuple[float, bool, float, str]]) -> None:
    """Calibration error at each rate and over all, and the reliability diagram."""
    print(what)
    for rate in sorted({p[2] for p in pairs}):
        print(f"  calibration error at {rate:.0%}: {expected_error((c, r) for c, r, x, _ in pairs if x == rate):.4f}")
    print(f"  calibration error over all: {expected_error((c, r) for c, r, *_ in pairs):.4f}")
    for b in reliability((c, r) for c, r, *_ in pairs):
        print(f"    {b.low:.1f}-{b.high:.1f} {b.count:6d} confidence {b.confidence:.3f} right {b.right:.3f}")


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--rates", type=float, nargs="+", default=[0.0, 0.1, 0.2])
    options.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13])
    options.add_argument("--sets", nargs="+", default=[*SETS, *UNSEEN])
    options.add_argument("--misses", action="store_true")
    options.add_argument("--fit", action="store_true")
    args = options.parse_args()
    extractor, judge, samples = Extractor(), Judge(Catalogue.load()), []
    for name in args.sets:
        for rate in args.rates:
            gold, pred = [], {}
            for seed in args.seeds if rate else args.seeds[:1]:
                for record in records(name, rate, seed):
                    fields, found = understood(extractor, record)
                    key = f"{record['id']}/{seed}"
                    gold.append({**record, "id": key})
                    pred[key] = fields
                    judged = ((s, right(judge, record, f)) for f, s in found if f.state is not SlotState.WITHDRAWN)
                    samples += [((name, record["id"]), rate, seed, s, ok) for s, ok in judged if ok is not None]
            result = score(gold, pred)
            print(line(f"{name} {rate:.0%}", result), flush=True)
            for miss in result.misses if args.misses else ():
                print("   ", miss.call_id, miss.field, "gold", miss.gold, "given", miss.pred)
    calibrate(samples, write=args.fit)


if __name__ == "__main__":
    main()
