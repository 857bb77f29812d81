"""Joining a real Asterisk 22: three AMI users, a test call heard through the tap, and the written config at work."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from callcenter import config
from callcenter.app import App
from callcenter.config import Settings
from callcenter.features import onboarding
from callcenter.features.demo.desk_client import open_desk
from callcenter.features.demo.users import login_tokens
from callcenter.features.onboarding import Extension, JoinReport
from callcenter.features.pbx_check import examine_pbx
from callcenter.telephony import manager_conf
from tests.asterisk.lab.asterisk import QUEUE_NUMBER, AsteriskLab, answering

ECHO = Extension("9000", "from-internal")
QUEUE = Extension(QUEUE_NUMBER, "from-trunk")
EMPTY_LINE = b"\xff" * 160
PATTERN = r"^(?P<interface>PJSIP/1\d{3})-[0-9a-f]{8}$"


def aimed(lab: AsteriskLab, user: str, **sections: Any) -> Settings:
    pbx = {"host": lab.host, "port": lab.ami_port, "username": user, "secret": lab.secret}
    return Settings.model_validate({"pbx": pbx, "media": {"port": 0}, **sections})


def levels(report: JoinReport) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for finding in report.findings:
        found.setdefault(finding.check, set()).add(finding.level.value)
    return found


async def nothing_left(lab: AsteriskLab) -> None:
    async with asyncio.timeout(10):
        while await asyncio.to_thread(lab.channels):
            await asyncio.sleep(0.1)


async def test_the_recommended_user_proves_everything(asterisk: AsteriskLab) -> None:
    """As the lean user: all is found, an echo call is heard back and tapped, only wanted events came, nothing is left."""
    report = await onboarding.join(aimed(asterisk, asterisk.lean_user), test_call=ECHO, watch_s=0.5)
    assert {level for found in levels(report).values() for level in found} == {"ok"}, report.findings
    assert levels(report).keys() >= {"audio_path", "audio_tap", "test_call", "test_tap", "test_end"}
    assert report.asterisk.startswith("22.")
    assert report.queues == ("support", "support-all", "support-local")
    assert {device.interface: device.kind.value for device in report.devices} == {
        "PJSIP/1001": "agent",
        "PJSIP/1002": "agent",
        "PJSIP/1003": "extension",
        "PJSIP/trunk": "trunk",
    }
    assert [(agent.username, agent.name) for agent in report.agents] == [("1001", "Agent 1"), ("1002", "Agent 2")]
    assert report.agent_pattern == PATTERN
    assert all(f"eventfilter(name({event})) =" in report.manager_conf for event in manager_conf.EVENTS)
    await nothing_left(asterisk)


async def test_a_queue_call_is_heard_and_would_have_popped(asterisk: AsteriskLab) -> None:
    """Local channel, queue, an agent's phone that rings: the tap hears the caller, the pop is for that agent."""
    await asterisk.agent(1, audio=EMPTY_LINE)
    report = await onboarding.join(aimed(asterisk, asterisk.lean_user), test_call=QUEUE, watch_s=0.2)
    assert levels(report)["test_tap"] == {"ok"}
    (offer,) = [finding for finding in report.findings if finding.check == "test_offer"]
    assert (offer.level.value, "PJSIP/1001" in offer.message) == ("ok", True)
    (events,) = [finding for finding in report.findings if finding.check == "pbx_events"]
    assert events.level.value == "ok"
    assert "AgentCalled" in events.message
    assert "not proved" not in events.message
    await nothing_left(asterisk)


async def test_a_user_with_every_right_is_told_to_give_some_back(asterisk: AsteriskLab) -> None:
    """As the user with all classes and no filter: unneeded events are counted, dangerous rights are named."""
    report = await onboarding.join(aimed(asterisk, asterisk.user), test_call=ECHO, watch_s=0.2)
    found = levels(report)
    assert (found["pbx_rights"], found["pbx_events"]) == ({"warning"}, {"warning"})
    assert (found["audio_tap"], found["test_tap"]) == ({"ok"}, {"ok"})
    (events,) = [finding for finding in report.findings if finding.check == "pbx_events"]
    assert "VarSet" in events.message
    assert report.agent_pattern == PATTERN


async def test_a_user_that_may_only_watch_sees_a_real_call(asterisk: AsteriskLab) -> None:
    """Pop-only: a call that comes by while we watch shows that the wanted events arrive and no others."""
    await asterisk.agent(1, audio=EMPTY_LINE, on_call=answering(0.2))
    watching = asyncio.Event()

    def progress(line: str) -> None:
        if line.startswith("watching"):
            watching.set()

    joining = asyncio.create_task(
        onboarding.join(aimed(asterisk, f"{asterisk.user}-pop"), watch_s=4.0, progress=progress)
    )
    await watching.wait()
    caller = await asterisk.trunk(audio=EMPTY_LINE)
    call = await caller.call(QUEUE_NUMBER, from_user="13800138000")
    report = await joining
    await call.bye()
    (events,) = [finding for finding in report.findings if finding.check == "pbx_events"]
    assert events.level.value == "ok"
    assert "AgentConnect" in events.message
    assert not report.settings.media.tap
    assert report.asterisk == "22"
    assert [agent.interface for agent in report.agents] == ["PJSIP/1001", "PJSIP/1002"]
    assert "error" not in {level for found in levels(report).values() for level in found}


async def test_doctor_is_content_with_the_recommended_user(asterisk: AsteriskLab) -> None:
    """Every PBX check is green on a real Asterisk."""
    findings = await examine_pbx(aimed(asterisk, asterisk.lean_user))
    assert [(finding.check, finding.level.value) for finding in findings] == [
        (check, "ok")
        for check in ("pbx", "pbx_rights", "audio_path", "audio_tap", "pbx_events", "pbx_clock", "pbx_encryption")
    ]


@pytest.mark.timeout(120)
async def test_the_written_config_pops_a_call(asterisk: AsteriskLab, tmp_path) -> None:
    """What joining wrote is all that `serve` needs: a real call pops on the agent's desk, and its audio is tapped."""
    secret = tmp_path / "secret"
    secret.write_text(asterisk.secret)
    secret.chmod(0o600)
    given = aimed(asterisk, asterisk.lean_user, web={"port": 0}, data_dir=str(tmp_path / "data"), asr={"engine": "off"})
    given = onboarding.aimed_at(given, host=asterisk.host, port=None, username=None, secret_file=secret)
    report = await onboarding.join(given, watch_s=0.0)
    file = tmp_path / "config.yaml"
    onboarding.write_config(file, report.settings, force=False)
    assert asterisk.secret not in file.read_text("utf-8")

    app = App(config.load(file, env={}))
    assert app.settings.pbx.agent_pattern == PATTERN
    await app.start()
    try:
        await app.link.wait_connected(10)
        agent_token, _ = await login_tokens(app.auth, app.database, "PJSIP/1001")
        await asterisk.agent(1, audio=EMPTY_LINE, on_call=answering(0.3))
        async with open_desk(app.url, agent_token) as desk:
            await desk.wait(lambda f: f.type == "snapshot", timeout_s=10, what="snapshot")
            caller = await asterisk.trunk(audio=EMPTY_LINE)
            call = await caller.call(QUEUE_NUMBER, from_user="13800138000")
            pop = await desk.wait(lambda f: f.type == "call.offered", timeout_s=10, what="pop")
            assert "138" in pop.body["call"]["number"]
            async with asyncio.timeout(10):
                while app.sound.audio_server.counts["accepted"] < 2:
                    await asyncio.sleep(0.05)
            await call.bye()
    finally:
        await app.aclose()
