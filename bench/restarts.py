"""A hundred restarts of a real Asterisk under calls, with the whole application beside it. Prints JSON lines.

    python bench/restarts.py [--rounds 100] [--keep DIR]

Each round has one call talking, tapped and transcribed, and one ringing; in even rounds the PBX is killed, in odd ones
it stops cleanly (two seconds alone). `value` is what was counted, `baseline` what it must be (for before-and-after
figures: before), `ratio` the one over the other where that means something.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from callcenter import logs
from callcenter.features.journal_replay import Replay
from callcenter.storage.journal_format import files
from tests.asterisk.lab.asterisk import AsteriskLab, PackagesMissingError
from tests.asterisk.restarts import Tally, drill


def report(bench, value, unit, baseline=None):
    ratio = round(value / baseline, 3) if baseline else None
    print(json.dumps({"bench": bench, "value": value, "unit": unit, "ratio": ratio, "baseline": baseline}), flush=True)


def report_all(tally: Tally) -> None:
    calls = 2 * tally.rounds
    for name, value, expected in (
        ("restarts.calls_placed", tally.calls_placed, calls),
        ("restarts.call_records", tally.call_records, calls),
        ("restarts.pops", tally.pops, calls),
        ("restarts.orders", tally.orders, tally.rounds),
        ("restarts.gaps", tally.gaps, tally.rounds),
        ("restarts.duplicate_records", tally.duplicate_records, 0),
        ("restarts.duplicate_pops", tally.duplicate_pops, 0),
        ("restarts.duplicate_orders", tally.duplicate_orders, 0),
        ("restarts.calls_left_open", tally.calls_left_open, 0),
        ("restarts.tracked_objects_left", tally.tracked, 0),
        ("restarts.taps_left", tally.taps, 0),
        ("restarts.channels_on_pbx_left", tally.channels_on_pbx, 0),
        ("restarts.descriptors", tally.descriptors[1], tally.descriptors[0]),
        ("restarts.tasks", tally.tasks[1], tally.tasks[0]),
    ):
        report(name, value, "count", expected)
    print(f"new descriptors: {tally.new_descriptors}, doubled calls: {tally.doubled}", file=sys.stderr)
    report("restarts.rss", round(tally.rss_mb[1], 1), "MB", round(tally.rss_mb[0], 1))
    report("restarts.back_p50", round(statistics.median(tally.back_s), 2), "s")
    report("restarts.back_max", round(max(tally.back_s), 2), "s")


def report_replay(journal: Path) -> None:
    """The day again from its journal."""
    found = files(journal)
    replay = Replay(found, strict=False)
    for _ in replay.rows():
        pass
    report("restarts.replayed_events", replay.events, "count")
    report("restarts.replay_differences", len(replay.differences), "count", 0)
    report("restarts.journal", round(sum(file.path.stat().st_size for file in found) / 1000, 1), "kB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--keep", type=Path, help="leave database and journal there, to be looked into")
    args = parser.parse_args()
    rounds = args.rounds
    logs.configure(level="error")
    # Short on purpose: the path of Asterisk's control socket must fit in 108 bytes.
    with tempfile.TemporaryDirectory(prefix="asterisk-") as run_dir, tempfile.TemporaryDirectory() as data_dir:
        data = args.keep or Path(data_dir)
        lab = AsteriskLab(run_dir=Path(run_dir))
        try:
            lab.up()
        except PackagesMissingError as error:
            sys.exit(f"Asterisk's packages cannot be fetched: {error}")
        try:
            report_all(asyncio.run(with_phones(lab, data, rounds)))
            report_replay(data / "journal")
        finally:
            lab.down()


async def with_phones(lab: AsteriskLab, data_dir: Path, rounds: int) -> Tally:
    try:
        return await drill(lab, data_dir, rounds)
    finally:
        await lab.stop_phones()


if __name__ == "__main__":
    main()
