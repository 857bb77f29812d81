"""What `callcenter doctor` finds about NATS and workers, with a real server."""

from __future__ import annotations

import pytest

from callcenter.config import Settings
from callcenter.features import bus_check
from callcenter.features.doctor import examine
from tests.nats_server import NatsServer

CHECKS = {"bus": bus_check.bus, "asr_workers": bus_check.asr_workers}


async def found(**tree: object) -> dict[str, tuple[str, str]]:
    findings = await examine(Settings.model_validate(tree), CHECKS)
    return {finding.check: (finding.level, finding.fix) for finding in findings}


async def test_a_call_centre_in_one_process_needs_no_server():
    """Without bus.url there is nothing to reach."""
    assert await found() == {"bus": ("ok", ""), "asr_workers": ("ok", "")}


async def test_a_server_that_is_away_is_an_error_with_a_fix(monkeypatch):
    """The address is named, and what to do."""
    monkeypatch.setattr(bus_check, "CONNECT_S", 0.5)
    levels = await found(bus={"url": "nats://127.0.0.1:1"}, asr={"workers": "prefer"})
    assert [level for level, _ in levels.values()] == ["error", "error"]
    assert all("bus.url" in fix for _, fix in levels.values())


@pytest.mark.parametrize(("workers", "level"), [("prefer", "warning"), ("only", "error")])
async def test_a_server_without_workers_says_so(workers, level):
    """The server answers; that nobody recognises is a warning where this process can, else an error."""
    with NatsServer() as server:
        levels = await found(bus={"url": server.url}, asr={"workers": workers})
    assert levels["bus"] == ("ok", "")
    assert levels["asr_workers"][0] == level
    assert "--role asr-worker" in levels["asr_workers"][1]
