"""kill -9 at random moments: no half order, no number twice, every event delivered, what was committed is there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROUNDS = {"sqlite": 20, "postgresql": 8}
"""bench/crashes.py does two hundred."""


@pytest.mark.timeout(400)
def test_killed_again_and_again_nothing_is_half_done(database_url: str):
    """Orders lived through, batches, customers and the relay: see tests/crashes.py for what must be true."""
    rounds = ROUNDS["sqlite" if database_url.startswith("sqlite") else "postgresql"]
    command = [sys.executable, "-m", "tests.crashes", database_url, "--rounds", str(rounds)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["faults"] == []
    assert report["rounds"] == rounds
    assert report["told"] > rounds
    assert report["events"] >= report["orders"] > 0
