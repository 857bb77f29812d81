"""What onboarding and doctor may send to the PBX."""

from __future__ import annotations

import uuid

import pytest

from callcenter.clock import VirtualClock
from callcenter.errors import Denied, Invalid
from callcenter.telephony.actions import NoRight, Refused
from callcenter.telephony.ami_link import NoAnswer, Reply
from callcenter.telephony.probe_actions import LIFE_S, ProbeActions, Up
from tests.unit.test_pbx_actions import GOOD, RecordingLink

TEST = str(uuid.UUID(int=7))
UP = Reply(
    GOOD.headers,
    ({"Event": "OriginateResponse", "Response": "Success", "Channel": "Local/600@x-1;1", "Uniqueid": "1.4"},),
)


def probe(link: RecordingLink) -> ProbeActions:
    return ProbeActions(link, clock=VirtualClock(), contexts=frozenset({"from-internal"}))  # type: ignore[arg-type]


async def test_an_echo_call_reaches_nobody_but_us() -> None:
    """Our audio port is called, Echo answers, and the PBX itself ends the call in time."""
    link = RecordingLink(UP)
    assert await probe(link).call_echo(test_uuid=TEST, host="10.0.0.9", port=9092) == Up("Local/600@x-1;1", "1.4")
    sent, as_list = link.sent[0]
    assert (sent["Channel"], sent["Application"]) == (f"AudioSocket/10.0.0.9:9092/{TEST}", "Echo")
    assert sent["Variable"] == f"TIMEOUT(absolute)={LIFE_S}"
    assert as_list


async def test_an_extension_call_is_a_local_channel_with_our_voice() -> None:
    """Local/EXTEN@CONTEXT/n, not optimised away, whose near half is our AudioSocket server."""
    link = RecordingLink(UP)
    await probe(link).call_extension(exten="*43", context="from-internal", test_uuid=TEST, host="h", port=1)
    sent, _ = link.sent[0]
    assert (sent["Channel"], sent["Application"], sent["Data"]) == (
        "Local/*43@from-internal/n",
        "AudioSocket",
        f"{TEST},h:1",
    )


@pytest.mark.parametrize(
    ("exten", "context", "error"),
    [("600", "default", Denied), ("600,1", "from-internal", Invalid), ("600\r\nAction: x", "from-internal", Invalid)],
)
async def test_test_calls_go_where_the_admin_said_only(exten, context, error) -> None:
    """Other contexts are denied, strange extensions refused, before anything is sent."""
    link = RecordingLink()
    with pytest.raises(error):
        await probe(link).call_extension(exten=exten, context=context, test_uuid=TEST, host="h", port=1)
    assert not link.sent


async def test_a_failed_test_call_says_why() -> None:
    """OriginateResponse's reason, a missing right, and an outcome that the event filter hides."""
    failure = Reply(GOOD.headers, ({"Response": "Failure", "Reason": "8"},))
    with pytest.raises(Refused, match="congested"):
        await probe(RecordingLink(failure)).call_echo(test_uuid=TEST, host="h", port=1)
    denied = Reply({"Response": "Error", "Message": "Permission denied"})
    with pytest.raises(NoRight):
        await probe(RecordingLink(denied)).call_echo(test_uuid=TEST, host="h", port=1)
    hidden = NoAnswer("late", accepted=True)
    with pytest.raises(Refused, match="never came") as refused:
        await probe(RecordingLink(hidden)).call_echo(test_uuid=TEST, host="h", port=1)
    assert "OriginateResponse" in (refused.value.fix or "")
