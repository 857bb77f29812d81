"""``callcenter pbx join``: a PBX looked at, judged, tried out and written down, in one go.

What is found only proposes; nothing on the PBX is changed. A right that is missing limits what is known and is said.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from callcenter.clock import Clock, SystemClock
from callcenter.config import Settings
from callcenter.errors import Invalid, Unavailable
from callcenter.features import config_file, pbx_test_calls
from callcenter.features.findings import Finding, Level, healthy
from callcenter.features.pbx_check import needed_secret, sound, was_called
from callcenter.features.pbx_findings import judge_clock, judge_events, judge_rights, judge_wire
from callcenter.features.pbx_probe import Probe, probing
from callcenter.telephony import manager_conf
from callcenter.telephony.agent_pattern import propose
from callcenter.telephony.devices import Agent, Device, Kind, agents, classify, guessed
from callcenter.telephony.survey import Survey, take_survey

_EXTENSION = re.compile(r"(?P<exten>[^@\s]+)@(?P<context>[\w.-]+)")

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Extension:
    """Where a test call goes."""

    exten: str
    context: str

    @classmethod
    def parse(cls, text: str) -> Extension:
        """From ``4000@from-internal``; raises Invalid."""
        found = _EXTENSION.fullmatch(text)
        if found is None:
            raise Invalid(f"{text!r} is no extension", field="--test-call", fix="EXTEN@CONTEXT, e.g. 600@from-internal")
        return cls(found["exten"], found["context"])


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinReport:
    """What joining found. ``settings`` are those that fit this PBX; ``manager_conf`` is the section for the admin."""

    asterisk: str
    ami: str
    queues: tuple[str, ...]
    devices: tuple[Device, ...]
    agents: tuple[Agent, ...]
    agent_pattern: str
    manager_conf: str
    findings: tuple[Finding, ...]
    settings: Settings


async def join(
    settings: Settings,
    *,
    test_call: Extension | None = None,
    watch_s: float = 3.0,
    progress: Progress = lambda _line: None,
    clock: Clock | None = None,
) -> JoinReport:
    """Join the PBX of ``settings.pbx``. Raises LoginRefused, LinkDown, NoAnswer, ConfigInvalid."""
    clock = clock or SystemClock()
    contexts = frozenset({test_call.context} if test_call else ())
    near = await near_address(settings.pbx.host, settings.pbx.port)
    async with probing(settings.pbx, secret=needed_secret(settings), clock=clock, contexts=contexts) as probe:
        progress(f"logged in as {settings.pbx.username}; reading queues, devices and rights")
        survey = await take_survey(probe.actions, ami_version=probe.ami_version)
        devices = classify(survey.facts)
        pattern = propose(survey.facts)
        fitting = fit(settings, survey, pattern=pattern, near=near)
        findings = [*_read(settings, survey), *judge_rights(survey.rights, tap=settings.media.tap)]
        findings += _judge_devices(devices, survey)
        progress("testing the audio path")
        audio = await sound(probe, fitting if fitting.media.tap else settings, survey)
        findings += audio
        if test_call is not None:
            progress(f"calling {test_call.exten} in [{test_call.context}]")
            findings += await _call(probe, fitting, survey, test_call)
        progress(f"watching events for {watch_s:g} s")
        await clock.sleep(watch_s)
        findings += judge_events(probe.tally, provoked=was_called(audio))
        findings += [judge_clock(await probe.clock_skew()), judge_wire(probe.address)]
        return JoinReport(
            asterisk=survey.version or str(survey.major),
            ami=probe.ami_version,
            queues=survey.queues,
            devices=devices,
            agents=agents(survey.facts),
            agent_pattern=pattern,
            manager_conf=manager_conf.section(
                username=settings.pbx.username,
                asterisk=survey.major,
                pop_only=not settings.media.tap,
                permit=f"{near}/{128 if ':' in near else 32}",
            ),
            findings=tuple(findings),
            settings=fitting,
        )


def aimed_at(
    settings: Settings, *, host: str, port: int | None, username: str | None, secret_file: Path | None
) -> Settings:
    """Settings whose PBX is this one. Raises Invalid where a value cannot be."""
    given = {"port": port, "username": username, "secret_file": secret_file}
    wanted: dict[str, Any] = {"host": host, **{key: value for key, value in given.items() if value is not None}}
    if secret_file is not None:
        wanted["secret"] = None
    return settings.model_copy(update={"pbx": settings.pbx.model_copy(update=wanted)})


def as_json(report: JoinReport, *, written: Path | None) -> dict[str, Any]:
    """The report as `--json` prints it (docs/reference/cli.md)."""
    pbx, media = report.settings.pbx, report.settings.media
    return {
        "ok": healthy(list(report.findings)),
        "pbx": {
            "host": pbx.host,
            "port": pbx.port,
            "username": pbx.username,
            "asterisk": report.asterisk,
            "ami": report.ami,
        },
        "queues": report.queues,
        "devices": [asdict(device) for device in report.devices],
        "agents": [asdict(agent) for agent in report.agents],
        "settings": {"pbx.agent_pattern": pbx.agent_pattern, "media.tap": media.tap, "media.host": media.host},
        "manager_conf": report.manager_conf,
        "findings": [asdict(finding) for finding in report.findings],
        "config": None if written is None else str(written),
    }


async def near_address(host: str, port: int) -> str:
    """Our own address on the way to ``host``: from there we come, and there it can reach us. Raises Unavailable."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        # AudioSocket addresses are IPv4 in practice; take that way where there is one.
        family, kind, protocol, _, address = min(found, key=lambda way: way[0] is not socket.AF_INET)
        with socket.socket(family, kind, protocol) as way:
            way.connect(address)  # A datagram socket sends nothing by this; the kernel only chooses the way.
            return str(way.getsockname()[0])
    except OSError as error:
        raise Unavailable(
            f"{host}: {error.strerror or error}", field="HOST", fix="check the name and the network"
        ) from error


def fit(settings: Settings, survey: Survey, *, pattern: str, near: str) -> Settings:
    """Settings for this PBX: its phones' pattern, and audio where the PBX can send it, if it may."""
    media: dict[str, Any] = {}
    if not survey.rights.may("Originate"):
        media["tap"] = False
    elif _only_here(settings.media.host) and not _only_here(near) and settings.media.advertise_host is None:
        media["host"] = near
    return settings.model_copy(
        update={
            "pbx": settings.pbx.model_copy(update={"agent_pattern": pattern}),
            "media": settings.media.model_copy(update=media),
        }
    )


def _only_here(address: str) -> bool:
    return address in {"localhost", "::1"} or address.startswith("127.")


def write_config(path: Path, settings: Settings, *, force: bool) -> None:
    """The commented config.yaml with what differs from its defaults. Raises Conflict when it exists, unless forced."""
    values = config_file.changed(settings)
    if settings.pbx.secret_file is not None:
        values["pbx.secret_file"] = settings.pbx.secret_file.absolute()
    # Said in any case: this is what the file is about.
    values |= {"pbx.host": settings.pbx.host, "pbx.port": settings.pbx.port, "pbx.username": settings.pbx.username}
    config_file.write(path, config_file.fill(config_file.default_text(), values), force=force)


def _read(settings: Settings, survey: Survey) -> list[Finding]:
    version = f"Asterisk {survey.version or f'{survey.major}, by its AMI version'}"
    findings = [Finding("pbx", Level.OK, f"{settings.pbx.host}:{settings.pbx.port}: {version}")]
    return [*findings, *(Finding("pbx_view", Level.OK, limit) for limit in survey.limits), *_secrecy(settings)]


def _secrecy(settings: Settings) -> list[Finding]:
    file = settings.pbx.secret_file
    if file is None or not file.stat().st_mode & 0o077:
        return []
    return [Finding("secret_file", Level.WARNING, f"others can read {file}", f"chmod 600 {file}")]


def _judge_devices(devices: tuple[Device, ...], survey: Survey) -> list[Finding]:
    if not any(device.kind in (Kind.AGENT, Kind.EXTENSION) for device in devices):
        fix = "add members to a queue, or set pbx.agent_pattern by hand (docs/admin.md)"
        return [Finding("agents", Level.WARNING, "no phones were found: the pattern is the default", fix)]
    guesses = guessed(survey.facts)
    if guesses:
        message = f"behind Local members, PJSIP or SIP not known: {', '.join(sorted(guesses))}; the pattern takes both"
        fix = "add reporting to the user's write, or see `asterisk -rx 'core show channels'` during a call"
        return [Finding("agents", Level.WARNING, message, fix)]
    unknown = [device.interface for device in devices if device.kind is Kind.UNKNOWN]
    if unknown:
        fix = "if some are phones, make them queue members or name them in pbx.agent_pattern"
        return [Finding("agents", Level.WARNING, f"nothing tells what these are: {', '.join(unknown)}", fix)]
    blind = "; trunks could not be listed" if survey.limits and not survey.rights.may("DeviceStateList") else ""
    return [Finding("agents", Level.OK, f"the pattern matches every phone and no trunk found{blind}")]


async def _call(probe: Probe, settings: Settings, survey: Survey, to: Extension) -> list[Finding]:
    if not survey.rights.may("Originate"):
        message = "not made: the AMI user may not originate"
        return [Finding("test_call", Level.WARNING, message, "add originate to the user's write in manager.conf")]
    test = partial(
        pbx_test_calls.extension_test,
        probe,
        exten=to.exten,
        context=to.context,
        agent_pattern=settings.pbx.agent_pattern,
    )
    return await pbx_test_calls.with_ear(settings.media, probe.clock, test)
