"""Joining a PBX, and ``doctor``'s look at it, against the simulated PBX."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from callcenter import config
from callcenter.app import App
from callcenter.cli.main import main
from callcenter.clock import SystemClock
from callcenter.config import Settings
from callcenter.errors import ConfigInvalid, Invalid
from callcenter.features import onboarding
from callcenter.features.demo.desk_client import open_desk
from callcenter.features.demo.users import login_tokens
from callcenter.features.onboarding import Extension
from callcenter.features.pbx_check import examine_pbx
from callcenter.telephony.ami_link import LinkDown, LoginRefused
from callcenter.telephony.simulator.ami_server import ACTIONS
from callcenter.telephony.simulator.call import SimulatedCall
from callcenter.telephony.simulator.pbx import READ_CLASSES, WRITE_CLASSES, SimulatedPbx

SECRET = "simulated"
ECHO = Extension("9000", "from-internal")


@asynccontextmanager
async def simulated(**changes: Any) -> AsyncIterator[SimulatedPbx]:
    pbx = SimulatedPbx(secret=SECRET, **changes)
    await pbx.start()
    try:
        yield pbx
    finally:
        await pbx.aclose()


def aimed(pbx: SimulatedPbx, **media: Any) -> Settings:
    return Settings.model_validate(
        {"pbx": {"host": pbx.host, "port": pbx.port, "secret": SECRET}, "media": {"port": 0, **media}}
    )


def levels(findings: Any) -> dict[str, str]:
    """Check → its worst level."""
    found: dict[str, str] = {}
    for finding in findings:
        found[finding.check] = max(
            found.get(finding.check, ""), finding.level.value, key=("", "ok", "warning", "error").index
        )
    return found


async def test_joining_finds_everything_and_proves_it():
    """Version, queues, devices and agents are read; a call is made, tapped and heard; nothing is left on the PBX."""
    async with simulated() as pbx:
        report = await onboarding.join(aimed(pbx), test_call=ECHO, watch_s=0.05)
        assert not pbx.exchange.channels
    assert set(levels(report.findings).values()) == {"ok"}
    assert levels(report.findings).keys() >= {
        "audio_path",
        "audio_tap",
        "test_call",
        "test_tap",
        "test_end",
        "pbx_events",
    }
    assert (report.asterisk, report.ami, report.queues) == ("22.10.1", "11.0.0", ("support",))
    assert {device.interface: device.kind.value for device in report.devices} == {
        "PJSIP/1001": "agent",
        "PJSIP/1002": "agent",
        "PJSIP/1003": "extension",
        "PJSIP/trunk": "trunk",
    }
    assert [agent.name for agent in report.agents] == ["Agent 1", "Agent 2"]
    assert report.agent_pattern == r"^(?P<interface>PJSIP/1\d{3})-[0-9a-f]{8}$"
    assert "eventfilter(name(Newchannel)) =" in report.manager_conf
    assert "permit = 127.0.0.1/32" in report.manager_conf


async def test_a_user_without_write_classes_is_told_what_that_costs():
    """Screen-pop only: what cannot be read is said, taps are switched off in the settings, nothing fails."""
    async with simulated(write=frozenset()) as pbx:
        report = await onboarding.join(aimed(pbx), test_call=ECHO, watch_s=0.05)
    found = levels(report.findings)
    assert (found["pbx_rights"], found["audio_path"], found["test_call"]) == ("warning", "warning", "warning")
    assert "error" not in found.values()
    assert not report.settings.media.tap
    assert report.asterisk == "22"
    assert any("version cannot be read" in finding.message for finding in report.findings)
    assert [agent.interface for agent in report.agents] == ["PJSIP/1001", "PJSIP/1002"]


async def test_a_right_too_many_is_warned_of():
    """A user with the class system may stop the PBX."""
    async with simulated(write=WRITE_CLASSES | {"system"}) as pbx:
        report = await onboarding.join(aimed(pbx), watch_s=0.0)
    (finding,) = [finding for finding in report.findings if finding.check == "pbx_rights"]
    assert "system" in finding.message


@pytest.mark.parametrize("hidden", ["Newchannel", "DialBegin", "Hangup"])
async def test_an_event_filter_that_hides_what_we_need_is_found(hidden):
    """The missing event is named, as an error."""
    async with simulated(hidden=frozenset({hidden})) as pbx:
        findings = await examine_pbx(aimed(pbx))
    (finding,) = [finding for finding in findings if finding.check == "pbx_events"]
    assert (finding.level.value, hidden in finding.message) == ("error", True)


async def test_an_event_filter_that_hides_the_outcome_of_originate_is_found():
    """Without OriginateResponse no tap can be told from a failed one: the fix names the event."""
    async with simulated(hidden=frozenset({"OriginateResponse"})) as pbx:
        findings = await examine_pbx(aimed(pbx))
    (finding,) = [finding for finding in findings if finding.check == "audio_path"]
    assert (finding.level.value, "OriginateResponse" in finding.fix) == ("error", True)


async def test_an_event_filter_that_lets_everything_through_is_found():
    """Events of no use are counted and named."""
    async with simulated(read=READ_CLASSES) as pbx:

        async def chatter() -> None:
            while True:
                pbx.exchange.emit("RTCPSent", [("SSRC", "1")])
                await asyncio.sleep(0.01)

        talking = asyncio.create_task(chatter())
        report = await onboarding.join(aimed(pbx), watch_s=0.05)
        talking.cancel()
    (finding,) = [finding for finding in report.findings if finding.check == "pbx_events"]
    assert (finding.level.value, "RTCPSent" in finding.message) == ("warning", True)


async def test_doctor_is_content_with_a_good_pbx():
    """Rights, events, audio both ways, tap, clock and wire are all checked."""
    async with simulated() as pbx:
        found = levels(await examine_pbx(aimed(pbx)))
    assert found == dict.fromkeys(
        ("pbx", "pbx_rights", "audio_path", "audio_tap", "pbx_events", "pbx_clock", "pbx_encryption"), "ok"
    )


async def test_doctor_names_an_audio_port_that_the_pbx_cannot_reach():
    """The PBX is told an address where nobody listens: error, with what to open."""
    async with simulated() as pbx:
        findings = await examine_pbx(aimed(pbx, advertise_port=1))
    (finding,) = [finding for finding in findings if finding.check == "audio_path"]
    assert (finding.level.value, "media.port" in finding.fix) == ("error", True)


async def test_doctor_names_an_address_that_no_pbx_could_call():
    """0.0.0.0 is where we listen, not where we are."""
    async with simulated() as pbx:
        findings = await examine_pbx(aimed(pbx, host="0.0.0.0"))
    (finding,) = [finding for finding in findings if finding.check == "audio_path"]
    assert (finding.level.value, "advertise_host" in finding.fix) == ("error", True)


async def test_a_taken_audio_port_is_no_failure():
    """While callcenter itself runs, the path cannot be tested: said, not failed."""
    taken = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    async with taken, simulated() as pbx:
        findings = await examine_pbx(aimed(pbx, port=taken.sockets[0].getsockname()[1]))
    assert levels(findings)["audio_path"] == "warning"


class LateClock(SystemClock):
    """A PBX whose clock is wrong."""

    def now(self) -> datetime:
        return super().now() - timedelta(seconds=90)


async def test_doctor_finds_clocks_that_disagree():
    """The PBX is a minute and a half behind: error, with the service to run."""
    async with simulated(clock=LateClock()) as pbx:
        findings = await examine_pbx(aimed(pbx))
    (finding,) = [finding for finding in findings if finding.check == "pbx_clock"]
    assert (finding.level.value, "90.0 s behind" in finding.message) == ("error", True)


async def test_what_stops_joining_says_so():
    """No secret, a wrong one, nobody there, no such extension syntax: each its own error, each with a remedy."""
    async with simulated() as pbx:
        with pytest.raises(ConfigInvalid, match="no AMI secret"):
            await onboarding.join(Settings.model_validate({"pbx": {"port": pbx.port}}))
        pbx.refuse_logins()
        with pytest.raises(LoginRefused, match=r"check pbx\.username"):
            await onboarding.join(aimed(pbx))
        findings = await examine_pbx(aimed(pbx))
        assert [(finding.check, finding.level.value) for finding in findings] == [("pbx", "error")]
        nowhere = aimed(pbx)
    with pytest.raises(LinkDown, match=r"check pbx\.host"):
        await onboarding.join(nowhere)
    with pytest.raises(Invalid, match="EXTEN@CONTEXT"):
        Extension.parse("600")


async def test_an_extension_that_is_not_there_is_an_error():
    """The test call fails with the PBX's reason, and the rest of the report stands."""
    async with simulated() as pbx:
        report = await onboarding.join(aimed(pbx), test_call=Extension("4711", "from-internal"), watch_s=0.0)
    assert (levels(report.findings)["test_call"], levels(report.findings)["audio_tap"]) == ("error", "ok")


def invoke(*args: str, folder: Path) -> Result:
    env = {"CALLCENTER_MEDIA__PORT": "0", "CALLCENTER_DATA_DIR": str(folder / "data"), "CALLCENTER_WEB__PORT": "0"}
    return CliRunner().invoke(main, ["pbx", "join", *args], env=env)


async def test_the_written_config_runs_the_call_centre(tmp_path):
    """`pbx join --write` reports JSON, writes the file once, and `serve` on it pops a call."""
    secret = tmp_path / "secret"
    secret.write_text(f"{SECRET}\n")
    secret.chmod(0o600)
    file = tmp_path / "config.yaml"
    async with simulated() as pbx:
        args = (
            "127.0.0.1",
            "--port",
            str(pbx.port),
            "--secret-file",
            str(secret),
            "--watch",
            "0",
            "--write",
            str(file),
        )
        done = await asyncio.to_thread(invoke, *args, "--test-call", "9000@from-internal", "--json", folder=tmp_path)
        assert done.exit_code == 0, done.output
        report = json.loads(done.stdout)
        assert (report["ok"], report["pbx"]["asterisk"], report["config"]) == (True, "22.10.1", str(file))
        assert SECRET not in file.read_text().replace(str(secret), "")
        again = await asyncio.to_thread(invoke, *args, folder=tmp_path)
        assert again.exit_code == 5

        app = App(config.load(file, env={}))
        await app.start()
        try:
            await app.link.wait_connected(10)
            agent, _ = await login_tokens(app.auth, app.database, "PJSIP/1001")
            async with open_desk(app.url, agent) as desk:
                await desk.wait(lambda frame: frame.type == "snapshot", timeout_s=10, what="snapshot")
                await pbx.place_call(SimulatedCall(number="13800138000", interface="PJSIP/1001", ring_s=30))
                await desk.wait(lambda frame: frame.type == "call.offered", timeout_s=10, what="pop")
        finally:
            await app.aclose()


async def test_doctor_reports_the_pbx_as_json(tmp_path):
    """One JSON object on standard output, nothing else; exit code 1 once the PBX is away, with the way to mend it."""
    env = {"CALLCENTER_DATA_DIR": str(tmp_path), "CALLCENTER_PBX__SECRET": SECRET, "CALLCENTER_MEDIA__PORT": "0"}

    async def doctor(port: int) -> tuple[int, dict[str, dict[str, str]]]:
        asked = {**env, "CALLCENTER_PBX__PORT": str(port)}
        done = await asyncio.to_thread(CliRunner().invoke, main, ["doctor", "--json"], env=asked)
        return done.exit_code, {finding["check"]: finding for finding in json.loads(done.stdout)["findings"]}

    async with simulated() as pbx:
        _, found = await doctor(pbx.port)
        assert {found[check]["level"] for check in ("pbx", "pbx_events", "audio_tap", "pbx_clock")} == {"ok"}
        port = pbx.port
    code, found = await doctor(port)
    assert (code, found["pbx"]["level"]) == (1, "error")
    assert "pbx.host" in found["pbx"]["fix"]


async def test_what_people_read_names_every_part(tmp_path):
    """Without --json: findings, devices, settings, users to add, and the manager.conf section."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o644)
    async with simulated() as pbx:
        args = ("127.0.0.1", "--port", str(pbx.port), "--secret-file", str(secret), "--watch", "0")
        done = await asyncio.to_thread(invoke, *args, folder=tmp_path)
    assert done.exit_code == 0, done.output
    for part in (
        "audio_tap",
        "PJSIP/trunk",
        "pbx.agent_pattern: ",
        "callcenter user add 1001 --name 'Agent 1' --interface PJSIP/1001",
        "[callcenter]",
        "chmod 600",
    ):
        assert part in done.stdout


def test_the_simulator_knows_every_action_that_joining_uses():
    """chan_sip is the one thing it lacks, as a PBX without that module does."""
    assert {"listcommands", "pjsipshowendpoints", "pjsipshowregistrationsoutbound", "devicestatelist"} <= ACTIONS.keys()
    assert "sippeers" not in ACTIONS
