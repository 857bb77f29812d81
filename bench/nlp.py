"""Cost of extraction: microseconds a turn and a call, memory and start-up, against jieba's tags on the same text.

    python bench/nlp.py [--corpus FILE.jsonl] [--rounds N]

Each line is {"bench", "value", "unit", "ratio", "baseline"}; ``ratio`` is value / baseline on the same text.
jionlp's parsers are measured too where that package is installed. Times are CPU time of one core.
"""

from __future__ import annotations

import argparse
import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

# This file has the package's name: the package must be found before it.
sys.path[0] = str(Path(__file__).parents[1])

from nlp.extract import Extractor  # noqa: E402
from nlp.gold import read_dialogue  # noqa: E402

CORPUS = Path(__file__).parents[1] / "tests" / "fixtures" / "corpus" / "dev.jsonl"
FRESH = """
import resource, sys, time
start = time.process_time()
{body}
print(time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
OURS = """
from datetime import datetime, timezone
from nlp.extract import Extractor
from nlp.types import CallContext, Segment
session = Extractor().start(CallContext(datetime.now(timezone.utc)))
session.push(Segment("1", "caller", "我家格力空调不制冷，杭州市西湖区文三路八号"))
"""
JIEBA = """
import warnings
warnings.simplefilter("ignore")
import jieba.analyse
jieba.setLogLevel(60)
jieba.analyse.extract_tags("我家格力空调不制冷，杭州市西湖区文三路八号")
"""


def emit(bench: str, value: float, unit: str, baseline: float | None = None, against: str | None = None) -> None:
    ratio = None if not baseline else round(value / baseline, 3)
    line = {
        "bench": bench,
        "value": round(value, 3),
        "unit": unit,
        "ratio": ratio,
        "baseline": against and f"{against}: {baseline:.3f}",
    }
    print(json.dumps(line, ensure_ascii=False))


def timed(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def turns(calls: list, extractor: Extractor) -> tuple[list[float], list[float]]:
    """Seconds of every push, and of every call."""
    pushes, whole = [], []
    for _, context, segments in calls:
        session = extractor.start(context)
        spent = [timed(partial(session.push, segment)) for segment in segments]
        pushes += spent
        whole.append(sum(spent))
    return pushes, whole


def baseline_tags() -> Callable[[str], object]:
    import warnings

    warnings.simplefilter("ignore")
    import jieba
    import jieba.analyse

    jieba.setLogLevel(logging.CRITICAL)
    jieba.initialize()
    return lambda text: jieba.analyse.extract_tags(text, topK=10)


def parsers() -> Callable[[str], object] | None:
    """jionlp's parsers for addresses, times and telephone numbers, if installed."""
    try:
        import jionlp
    except ImportError:
        return None

    def parse(text: str) -> object:
        return jionlp.parse_location(text), jionlp.extract_phone_number(text), jionlp.ner.extract_time(text)

    return parse


def fresh(body: str) -> tuple[float, float]:
    """CPU seconds and peak MiB of a new process that does ``body``."""
    out = subprocess.run(
        [sys.executable, "-c", FRESH.format(body=body)], check=True, capture_output=True, text=True
    ).stdout.split()
    return float(out[-2]), float(out[-1]) / 1024


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--corpus", type=Path, default=CORPUS)
    options.add_argument("--rounds", type=int, default=3)
    args = options.parse_args()
    # First, because a child's peak memory is at least what its parent held when it was started.
    (ours_s, ours_mib), (jieba_s, jieba_mib) = fresh(OURS), fresh(JIEBA)
    calls = [read_dialogue(json.loads(line)) for line in args.corpus.read_text("utf-8").splitlines() if line.strip()]
    texts = [s.text for _, _, segments in calls for s in segments]
    extractor = Extractor()
    emit("nlp.warm_up", timed(extractor.warm_up) * 1000, "ms")
    pushes: list[float] = []
    whole: list[float] = []
    for _ in range(args.rounds):
        a, b = turns(calls, extractor)
        pushes, whole = pushes + a, whole + b
    pushes.sort()
    tags = baseline_tags()
    per_turn = sum(timed(lambda t=t: tags(t)) for t in texts) / len(texts) * 1e6
    mean = sum(pushes) / len(pushes) * 1e6
    emit("nlp.turn.mean", mean, "us", per_turn, "jieba.analyse.extract_tags")
    emit("nlp.turn.p50", pushes[len(pushes) // 2] * 1e6, "us")
    emit("nlp.turn.p99", pushes[int(len(pushes) * 0.99)] * 1e6, "us")
    emit("nlp.turn.max", pushes[-1] * 1e6, "us")
    emit(
        "nlp.call.mean",
        sum(whole) / len(whole) * 1e3,
        "ms",
        per_turn * len(texts) / len(calls) / 1e3,
        "jieba.analyse.extract_tags",
    )
    parse = parsers()
    if parse is not None:
        emit(
            "nlp.turn.mean",
            mean,
            "us",
            sum(timed(lambda t=t: parse(t)) for t in texts) / len(texts) * 1e6,
            "jionlp parsers",
        )
    emit("nlp.first_push_of_a_process", ours_s * 1000, "ms", jieba_s * 1000, "jieba first tags")
    emit("nlp.peak_memory", ours_mib, "MiB", jieba_mib, "jieba")


if __name__ == "__main__":
    main()
