"""The wheel: built from the checkout, it holds everything and runs outside of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "callcenter" / "web" / "static" / "index.html"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    if not STATIC.exists():
        pytest.fail("the page is not built: run `make build`")
    out = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(out)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = out.glob("callcenter_desk-*.whl")
    return wheel


@pytest.fixture(scope="module")
def command(wheel, tmp_path_factory):
    """``callcenter`` of a clean environment; our dependencies are lent by path, our own editable install is not."""
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps", "--no-index", wheel], check=True)
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    # A plain line of a .pth file is put on the path without reading the .pth files there: the editable one stays out.
    Path(site, "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")

    def run(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "CALLCENTER", "VIRTUAL_ENV"))}
        return subprocess.run(
            [folder / "bin" / "callcenter", *args],
            cwd=cwd,
            env=env,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    return run


def test_the_wheel_holds_page_model_calls_and_migrations(wheel):
    """Nothing that running needs stays behind in the checkout."""
    names = set(zipfile.ZipFile(wheel).namelist())
    needed = (
        "callcenter/web/static/index.html",
        "callcenter/config.default.yaml",
        "callcenter/features/demo/customers.yaml",
        "callcenter/features/demo/calls/dev-001.wav",
        "asr/data/zh-demo/am/final.mdl",
    )
    assert not [name for name in needed if name not in names]
    assert any(name.startswith("callcenter/storage/migrations/versions/") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "frontend/", "bench/"))]


def test_it_runs_outside_the_checkout(command, tmp_path):
    """The installed command answers from its own files."""
    where = command("models", "path", "zh-demo", cwd=tmp_path)
    assert where.returncode == 0, where.stderr
    assert str(ROOT) not in where.stdout
    assert command("--version", cwd=tmp_path).stdout.startswith("callcenter 0.")


def test_init_writes_the_commented_settings_and_doctor_reads_them(command, tmp_path):
    """``init`` gives the documented file once; ``doctor`` reports each finding with a fix and fails on errors."""
    assert command("init", cwd=tmp_path).returncode == 0
    assert (tmp_path / "config.yaml").read_text() == (ROOT / "config.yaml").read_text()
    assert command("init", cwd=tmp_path).returncode == 5
    report = command("doctor", "--json", cwd=tmp_path)
    findings = {found["check"]: found for found in json.loads(report.stdout)["findings"]}
    assert report.returncode == 1
    assert findings["page"]["level"] == "ok"
    assert findings["packages"]["level"] == "ok"
    assert findings["pbx"]["level"] == "error"
    assert "secret" in findings["pbx"]["fix"]


def test_a_user_can_be_added_and_given_a_link(command, tmp_path):
    """Without a password a one-time login is printed; the same name again is refused with the documented code."""
    added = command("user", "add", "lin", "--role", "agent", "--interface", "PJSIP/1001", "--json", cwd=tmp_path)
    assert added.returncode == 0, added.stderr
    assert json.loads(added.stdout)["login_token"]
    assert command("user", "add", "LIN", cwd=tmp_path).returncode == 5
    assert command("user", "passwd", "nobody", cwd=tmp_path).returncode == 7


def test_bad_settings_end_with_their_own_code(command, tmp_path):
    """A misspelt key: one line naming file and key, exit code 3, no traceback."""
    (tmp_path / "config.yaml").write_text("web: {prot: 80}\n")
    failed = command("doctor", cwd=tmp_path)
    assert failed.returncode == 3
    assert "web.prot" in failed.stderr
    assert "Traceback" not in failed.stderr
