"""The recipes in deploy/ are sound as far as files can show: they parse, name settings that exist and copy what is there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from callcenter.config import ENV_RESERVED, Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = ("callcenter.service", "callcenter-asr-worker.service")


def known_settings(section: type[BaseModel] = Settings, prefix: str = "CALLCENTER_") -> set[str]:
    found = set()
    for name, field in section.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found |= known_settings(kind, f"{prefix}{name.upper()}__")
        else:
            found.add(f"{prefix}{name.upper()}")
    return found


@pytest.mark.parametrize("name", [*UNITS, "Dockerfile", "compose.yaml", "README.md"])
def test_every_setting_named_exists(name):
    """A misspelt variable would stop the start: each is a setting, or one of the two others."""
    named = set(re.findall(r"\bCALLCENTER_[A-Z_]+", (DEPLOY / name).read_text("utf-8")))
    assert named
    assert named <= known_settings() | ENV_RESERVED


@pytest.fixture(params=UNITS)
def unit_here(request, tmp_path):
    """The unit with the program's place on this machine, or nothing where systemd's tools are missing."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    program = Path(sys.executable).with_name("callcenter")
    text = (DEPLOY / request.param).read_text("utf-8").replace("/opt/callcenter/bin/callcenter", str(program))
    unit = tmp_path / request.param
    unit.write_text(text, "utf-8")
    return unit


def test_the_unit_is_valid(unit_here):
    """systemd finds nothing to complain about."""
    done = subprocess.run(["systemd-analyze", "verify", unit_here], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_unit_is_hardened(unit_here):
    """systemd's own measure of exposure, from 0 to 10, stays below 2."""
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", unit_here]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd-analyze cannot judge a unit offline")
    assert done.returncode == 0, done.stdout.splitlines()[-1]


def test_the_compose_file_publishes_what_the_settings_use():
    """The web port is for this machine only, the audio port for the PBX; nothing runs with more rights than it needs."""
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]
    ours = services["callcenter"]
    settings = Settings()
    assert ours["ports"] == [
        f"127.0.0.1:{settings.web.port}:{settings.web.port}",
        f"{settings.media.port}:{settings.media.port}",
    ]
    assert (ours["read_only"], ours["cap_drop"]) == (True, ["ALL"])
    assert "ports" not in services["database"]
    worker = services["asr-worker"]
    assert (worker["read_only"], worker["cap_drop"], worker["profiles"]) == (True, ["ALL"], ["workers"])
    assert "ports" not in worker
    assert worker["build"] == ours["build"]
    assert "ports" not in services["nats"]


def test_workers_find_the_models_of_the_call_centre():
    """Both have the same model by name and the same volume where the image looks for models; workers cannot write it."""
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]
    folder = re.search(r"CALLCENTER_MODELS=(\S+)", (DEPLOY / "Dockerfile").read_text("utf-8"))[1]
    ours, worker = services["callcenter"], services["asr-worker"]
    assert f"models:{folder}" in ours["volumes"]
    assert worker["volumes"] == [f"models:{folder}:ro"]
    assert worker["environment"]["CALLCENTER_ASR__MODEL"] == ours["environment"]["CALLCENTER_ASR__MODEL"]


def test_the_image_runs_as_a_numbered_user():
    """The uid of the image is the one that the guide gives the secrets to."""
    user = re.search(r"^USER (\d+):\d+$", (DEPLOY / "Dockerfile").read_text("utf-8"), re.MULTILINE)[1]
    assert f"chown {user} secrets/*" in (DEPLOY / "README.md").read_text("utf-8")
    assert f"--uid {user}" in (DEPLOY / "Dockerfile").read_text("utf-8")


def test_what_the_image_copies_is_in_the_checkout():
    """Each COPY from the context names something that is there, and the ignore file does not keep it out."""
    ignored = set((DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").split())
    for line in (DEPLOY / "Dockerfile").read_text("utf-8").splitlines():
        words = line.split()
        if not words or words[0] != "COPY" or words[1].startswith("--from"):
            continue
        for source in words[1:-1]:
            assert (ROOT / source).exists(), line
            assert source.strip("/") not in ignored, line


def test_the_proxy_says_who_asks():
    """Without Host and X-Forwarded-For, /metrics and /readyz would be open to everybody; without Upgrade no desk is live."""
    text = (DEPLOY / "nginx.conf").read_text("utf-8")
    for header in ("Host $host", "X-Forwarded-For $proxy_add_x_forwarded_for", "Upgrade $http_upgrade"):
        assert f"proxy_set_header {header};" in text
