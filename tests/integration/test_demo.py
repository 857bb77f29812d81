"""The demo is the product: one call from ring to saved work order and replay, real recogniser included."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def demo(*args: str, data: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    code = "from callcenter.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, "demo", "--headless", "--json", "--data", str(data), *args],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )


@pytest.mark.timeout(200)
def test_one_call_goes_from_ring_to_replay(tmp_path):
    """`callcenter demo --calls 1 --headless --json` prints {call, transcript, draft, timings} and exits 0."""
    run = demo("--calls", "1", data=tmp_path / "data")
    assert run.returncode == 0, run.stderr + run.stdout
    result = json.loads(run.stdout)
    assert set(result) == {"call", "transcript", "draft", "timings"}
    assert {segment["speaker"] for segment in result["transcript"]} == {"caller", "agent"}
    fields = result["draft"]["fields"]
    assert fields["appliance"]["value"] == "空调"
    assert fields["brand"]["value"] == "格力"
    assert fields["brand"]["evidence"][0]["end_ms"] > fields["brand"]["evidence"][0]["start_ms"]
    assert result["draft"]["status"] == "created"
    assert result["call"]["has_recording"]
    assert result["call"]["recording"]["duration_ms"] > 60_000
    assert [edit["field"] for edit in result["call"]["edits"]][-1] == "status"
    assert result["timings"]["speech_end_to_final_ms"]["n"] > 5


def test_a_broken_stage_is_named(tmp_path):
    """When the data folder cannot be used, the exit code is not zero and the stage has a name."""
    (tmp_path / "data").write_text("a file, not a folder")
    run = demo("--calls", "1", data=tmp_path / "data")
    assert run.returncode != 0
    assert json.loads(run.stdout)["failed_stage"] == "start"
