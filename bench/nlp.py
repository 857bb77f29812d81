"""Cost of extraction against jieba's tags and jionlp's parsers on the same text: turns, calls, memory and start-up.

    python bench/nlp.py [--corpus FILE.jsonl] [--rounds N]

Each line is {"bench", "value", "unit", "ratio", "baseline"}; ``ratio`` is value / baseline on the same text.
jionlp is installed by ``make bench`` only (some 220 MB); without it its lines are left out, and standard error says so.
Times are CPU time of one core.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import cycle, islice
from pathlib import Path

# This file has the package's name: the package must be found before it.
sys.path[0] = str(Path(__file__).parents[1])

from nlp.addresses import parse  # noqa: E402
from nlp.extract import Extractor  # noqa: E402
from nlp.gold import read_dialogue  # noqa: E402
from nlp.numbers import phones  # noqa: E402
from nlp.times import times  # noqa: E402
from nlp.types import CallContext, Segment  # noqa: E402

CORPUS = Path(__file__).parents[1] / "tests" / "fixtures" / "corpus" / "dev.jsonl"
LONG_TURNS = 200
LONG_CALLS = 12
FRESH = """
import resource, sys, time
start = time.process_time()
{body}
print(time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
TEXT = "我家格力空调不制冷，杭州市西湖区文三路八号"
OURS = f"""
from datetime import datetime, timezone
from nlp.extract import Extractor
from nlp.types import CallContext, Segment
session = Extractor().start(CallContext(datetime.now(timezone.utc)))
session.push(Segment("1", "caller", "{TEXT}"))
"""
JIEBA = f"""
import warnings
warnings.simplefilter("ignore")
import jieba.analyse
jieba.setLogLevel(60)
jieba.analyse.extract_tags("{TEXT}")
"""
JIONLP = f"""
import jionlp
jionlp.parse_location("{TEXT}"), jionlp.extract_phone_number("{TEXT}"), jionlp.ner.extract_time("{TEXT}")
"""
Call = tuple[str, CallContext, list[Segment]]


def emit(bench: str, value: float, unit: str, baseline: float | None = None, against: str | None = None) -> None:
    ratio = None if not baseline else round(value / baseline, 3)
    line = {
        "bench": bench,
        "value": round(value, 3),
        "unit": unit,
        "ratio": ratio,
        "baseline": against and f"{against}: {baseline:.3f}",
    }
    print(json.dumps(line, ensure_ascii=False), flush=True)


def timed(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def mean_us(work: Callable[[str], object], texts: list[str]) -> float:
    """Microseconds of ``work`` a text."""
    work(texts[0])
    return sum(timed(partial(work, text)) for text in texts) / len(texts) * 1e6


def percentile(spent: list[float], share: float) -> float:
    """Microseconds that ``share`` of the pushes take at most."""
    return sorted(spent)[min(len(spent) - 1, int(len(spent) * share))] * 1e6


def pushes(call: Call, extractor: Extractor) -> list[float]:
    """Seconds of every push of a call."""
    _, context, segments = call
    session = extractor.start(context)
    return [timed(partial(session.push, segment)) for segment in segments]


def long_calls(calls: list[Call], extractor: Extractor) -> Iterator[Call]:
    """Calls of 200 turns: one call of the corpus, then the turns of the others that name no appliance.

    So every field but the appliance is told many times over, which is more than a long call holds.
    """
    names = extractor.catalogue.appliance_names
    others = [s for _, _, segments in calls for s in segments if not any(name in s.text for name in names)]
    for n, (call_id, context, segments) in enumerate(islice(calls, LONG_CALLS)):
        more = islice(cycle(others), n * 40, n * 40 + LONG_TURNS - len(segments))
        turns = [replace(s, segment_id=str(i)) for i, s in enumerate((*segments, *more))]
        yield call_id, context, turns


def tagging() -> Callable[[str], object]:
    """jieba's tag extraction, loaded."""
    import warnings

    warnings.simplefilter("ignore")
    import jieba
    import jieba.analyse

    jieba.setLogLevel(logging.CRITICAL)
    jieba.initialize()
    return lambda text: jieba.analyse.extract_tags(text, topK=10)


def fresh(body: str) -> tuple[float, float]:
    """CPU seconds and peak MiB of a new process that does ``body``."""
    out = subprocess.run(
        [sys.executable, "-c", FRESH.format(body=body)], check=True, capture_output=True, text=True
    ).stdout.split()
    return float(out[-2]), float(out[-1]) / 1024


def against_jionlp(texts: list[str], turn_us: float) -> None:
    """Our parsers of telephone numbers, places and times beside jionlp's, and a whole turn beside all three of them."""
    with redirect_stdout(sys.stderr):
        import jionlp

    called = datetime.fromisoformat("2026-11-18T10:00:00+08:00")
    pairs: tuple[tuple[str, Callable[[str], object], Callable[[str], object], str], ...] = (
        ("phone", phones, jionlp.extract_phone_number, "jionlp.extract_phone_number"),
        ("place", lambda text: parse(text, asked=False), jionlp.parse_location, "jionlp.parse_location"),
        ("time", lambda text: times(text, called), jionlp.ner.extract_time, "jionlp.ner.extract_time"),
    )
    whole = 0.0
    for name, ours, theirs, against in pairs:
        baseline = mean_us(theirs, texts)
        whole += baseline
        emit(f"nlp.parse.{name}", mean_us(ours, texts), "us", baseline, against)
    emit("nlp.turn.mean", turn_us, "us", whole, "jionlp's three parsers")


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--corpus", type=Path, default=CORPUS)
    options.add_argument("--rounds", type=int, default=3)
    args = options.parse_args()
    with_jionlp = importlib.util.find_spec("jionlp") is not None
    # First, because a child's peak memory is at least what its parent held when it was started.
    started = {"ours": fresh(OURS), "jieba": fresh(JIEBA)} | ({"jionlp": fresh(JIONLP)} if with_jionlp else {})
    calls = [read_dialogue(json.loads(line)) for line in args.corpus.read_text("utf-8").splitlines() if line.strip()]
    texts = [s.text for _, _, segments in calls for s in segments]
    extractor = Extractor()
    emit("nlp.warm_up", timed(extractor.warm_up) * 1000, "ms")
    # As the application does once it is up: the collector need not look through the catalogue in the middle of a call.
    gc.collect()
    gc.freeze()
    spent = [pushes(call, extractor) for _ in range(args.rounds) for call in calls]
    turns = [seconds for call in spent for seconds in call]
    turn_us = sum(turns) / len(turns) * 1e6
    tag_us = mean_us(tagging(), texts)
    emit("nlp.turn.mean", turn_us, "us", tag_us, "jieba.analyse.extract_tags")
    emit("nlp.turn.p50", percentile(turns, 0.5), "us")
    emit("nlp.turn.p99", percentile(turns, 0.99), "us")
    emit("nlp.turn.max", max(turns) * 1e6, "us")
    per_call = tag_us * len(texts) / len(calls) / 1e3
    emit("nlp.call.mean", sum(turns) / len(spent) * 1e3, "ms", per_call, "jieba.analyse.extract_tags")
    long = [pushes(call, extractor) for call in long_calls(calls, extractor)]
    for first, last in ((0, 50), (150, LONG_TURNS)):
        part = [seconds for call in long for seconds in call[first:last]]
        emit(f"nlp.long_call.turns_{first}_{last}.mean", sum(part) / len(part) * 1e6, "us")
        emit(f"nlp.long_call.turns_{first}_{last}.p99", percentile(part, 0.99), "us")
    everything = [seconds for call in long for seconds in call]
    emit("nlp.long_call.p99", percentile(everything, 0.99), "us")
    emit("nlp.long_call.max", max(everything) * 1e6, "us")
    for name in tuple(started)[1:]:
        emit("nlp.first_push_of_a_process", started["ours"][0] * 1000, "ms", started[name][0] * 1000, name)
        emit("nlp.peak_memory", started["ours"][1], "MiB", started[name][1], name)
    if with_jionlp:
        against_jionlp(texts, turn_us)
    else:
        print("jionlp is not installed (make bench installs it): its parsers are left out", file=sys.stderr)


if __name__ == "__main__":
    main()
