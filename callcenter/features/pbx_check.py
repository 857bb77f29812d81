"""The PBX as ``doctor`` sees it: reachable, lets us in, gives the rights and events we need, its voices reach us."""

from __future__ import annotations

from functools import partial

from callcenter.clock import Clock, SystemClock
from callcenter.config import Settings
from callcenter.errors import CallcenterError, ConfigInvalid
from callcenter.features import pbx_test_calls
from callcenter.features.findings import Finding, Level
from callcenter.features.pbx_findings import judge_clock, judge_events, judge_rights, judge_wire
from callcenter.features.pbx_probe import Probe, probing
from callcenter.telephony.survey import Survey, take_survey


async def examine_pbx(settings: Settings, clock: Clock | None = None) -> list[Finding]:
    """Log in, look around, and let the PBX call our audio port; when it cannot be reached that is the one finding."""
    clock = clock or SystemClock()
    try:
        async with probing(settings.pbx, secret=needed_secret(settings), clock=clock) as probe:
            survey = await take_survey(probe.actions, ami_version=probe.ami_version)
            audio = await sound(probe, settings, survey)
            return [
                _summary(settings, survey),
                *judge_rights(survey.rights, tap=settings.media.tap),
                *audio,
                *judge_events(probe.tally, provoked=was_called(audio)),
                judge_clock(await probe.clock_skew()),
                judge_wire(probe.address),
            ]
    except CallcenterError as error:
        return [Finding("pbx", Level.ERROR, error.message, error.fix or "")]


def needed_secret(settings: Settings) -> str:
    """The AMI secret. Raises ConfigInvalid when there is none."""
    secret = settings.pbx_secret()
    if secret is None:
        fix = "put the secret of the AMI user into a file of its own and name that in pbx.secret_file"
        raise ConfigInvalid("there is no AMI secret", field="pbx.secret_file", fix=fix)
    return secret


async def sound(probe: Probe, settings: Settings, survey: Survey) -> list[Finding]:
    """The audio path, tested by a call that rings nobody; or why it could not be."""
    if not settings.media.tap:
        return [Finding("audio_path", Level.OK, "live audio is off (media.tap)")]
    if not survey.rights.may("Originate"):
        message = "could not be tested: the AMI user may not originate"
        return [Finding("audio_path", Level.WARNING, message, "add originate to the user's write in manager.conf")]
    return await pbx_test_calls.with_ear(settings.media, probe.clock, partial(pbx_test_calls.echo_test, probe))


def was_called(audio: list[Finding]) -> bool:
    """Whether the test call came about, so that its events can be asked for."""
    return any(finding.check == "audio_path" and finding.level is Level.OK for finding in audio[:1]) and len(audio) > 1


def _summary(settings: Settings, survey: Survey) -> Finding:
    asterisk = survey.version or f"{survey.major} (by its AMI version)"
    queues = ", ".join(survey.queues) or "none"
    where = f"{settings.pbx.host}:{settings.pbx.port}"
    return Finding(
        "pbx", Level.OK, f"{where}: logged in as {settings.pbx.username}, Asterisk {asterisk}, queues: {queues}"
    )
