"""What the application may write to the PBX, and how the refusals read."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

from callcenter.clock import VirtualClock
from callcenter.errors import Denied, Invalid
from callcenter.telephony.actions import Actions, NoRight, Refused, TooMany
from callcenter.telephony.ami_link import NoAnswer, Reply
from callcenter.telephony.capture import Capture

TAP = str(uuid.UUID(int=7))
GOOD = Reply({"Response": "Success", "Message": "Originate successfully queued"})
CONNECTED = {"Event": "OriginateResponse", "Response": "Success", "Channel": "AudioSocket/127.0.0.1:9092-x"}


class RecordingLink:
    """Takes actions and answers with what the test prepared."""

    def __init__(self, *replies: Reply | Exception) -> None:
        self.replies = list(replies)
        self.sent: list[tuple[dict[str, str], bool]] = []

    async def send(self, action: Any, *, as_list: bool = False, timeout_s: float | None = None) -> Reply:
        self.sent.append((dict(action), as_list))
        reply = self.replies.pop(0) if self.replies else Reply({"Response": "Success"}, (CONNECTED,))
        if isinstance(reply, Exception):
            raise reply
        return reply


def actions(link: RecordingLink, **settings: Any) -> Actions:
    settings.setdefault("clock", VirtualClock())
    return Actions(link, contexts=frozenset({"from-internal"}), **settings)


async def test_a_tap_is_the_originate_that_was_measured() -> None:
    """ChanSpy on the channel's Uniqueid into AudioSocket, one party, silent, ending with the channel."""
    link = RecordingLink()
    await Capture(actions(link), host="10.0.0.5", port=9092).tap(
        channel_uniqueid="host-1795291270.93", tap_uuid=TAP, speaker="caller"
    )
    assert link.sent == [
        (
            {
                "Action": "Originate",
                "ActionID": f"tap-{TAP}",
                "Channel": f"AudioSocket/10.0.0.5:9092/{TAP}",
                "Application": "ChanSpy",
                "Data": "host-1795291270.93,quoE",
                "Async": "true",
                "Codecs": "slin",
                "Timeout": "3000",
            },
            True,
        )
    ]


async def test_a_tap_the_pbx_cannot_connect_is_refused_with_the_reason() -> None:
    """OriginateResponse says Failure: the receiver's address is in the message."""
    failure = Reply({"Response": "Success"}, ({"Response": "Failure", "Reason": "8"},))
    with pytest.raises(Refused, match=r"could not connect to 10\.0\.0\.5:1: congested"):
        await actions(RecordingLink(failure)).originate_tap(
            channel_uniqueid="1.1", tap_uuid=TAP, host="10.0.0.5", port=1
        )


async def test_an_event_filter_that_hides_the_outcome_is_no_failure() -> None:
    """The PBX took the action: the audio itself will tell."""
    taken = NoAnswer("late", accepted=True)
    await actions(RecordingLink(taken)).originate_tap(channel_uniqueid="1.1", tap_uuid=TAP, host="h", port=1)
    silent = NoAnswer("late", accepted=False)
    with pytest.raises(NoAnswer):
        await actions(RecordingLink(silent)).originate_tap(channel_uniqueid="1.1", tap_uuid=TAP, host="h", port=1)


@pytest.mark.parametrize("uniqueid", ["1.1,qW", "1.1 ", "", "1\r\n2"])
async def test_a_uniqueid_cannot_carry_options(uniqueid: str) -> None:
    """A comma would add ChanSpy options (whisper): refused before anything is sent."""
    link = RecordingLink()
    with pytest.raises(Invalid) as refused:
        await actions(link).originate_tap(channel_uniqueid=uniqueid, tap_uuid=TAP, host="h", port=1)
    assert refused.value.field == "channel_uniqueid"
    assert not link.sent


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("Permission denied", NoRight),
        ("Originate Access Forbidden: app or data blacklisted", NoRight),
        ("No such channel", Refused),
    ],
)
async def test_refusals_say_what_and_which_right(message: str, error: type[Refused]) -> None:
    """The PBX's words are kept; a missing right names the write class to add."""
    refusal = Reply({"Response": "Error", "Message": message})
    with pytest.raises(error, match=f"Originate: {message}") as refused:
        await actions(RecordingLink(refusal)).originate_tap(channel_uniqueid="1", tap_uuid=TAP, host="h", port=1)
    assert ("originate" in (refused.value.fix or "")) == (error is NoRight)


async def test_click_to_call_uses_allowed_contexts_only() -> None:
    """Any other context is denied, as is a device or number with strange characters."""
    link = RecordingLink()
    pbx = actions(link)
    with pytest.raises(Denied, match="context default is not allowed"):
        await pbx.call(interface="PJSIP/1001", exten="1002", context="default")
    with pytest.raises(Invalid):
        await pbx.call(interface="Local/1@shell", exten="1002", context="from-internal")
    with pytest.raises(Invalid):
        await pbx.call(interface="PJSIP/1001", exten="1002,s", context="from-internal")
    assert not link.sent
    await pbx.call(interface="PJSIP/1001", exten="013900139000", context="from-internal", caller_id="王女士")
    sent, as_list = link.sent[0]
    assert (sent["Channel"], sent["Exten"], sent["Priority"], sent["Async"]) == (
        "PJSIP/1001",
        "013900139000",
        "1",
        "true",
    )
    assert sent["CallerID"] == "王女士 <013900139000>"
    assert not as_list


async def test_releasing_a_tap_names_its_own_channel_only() -> None:
    """Hangup goes to the tap's AudioSocket channel; one that ended by itself is fine."""
    gone = Reply({"Response": "Error", "Message": "No such channel"})
    link = RecordingLink(gone)
    await Capture(actions(link), host="127.0.0.1", port=9092).release(tap_uuid=TAP)
    assert link.sent[0][0] == {"Action": "Hangup", "Channel": f"AudioSocket/127.0.0.1:9092-{TAP}"}


async def test_originates_are_limited() -> None:
    """A second's worth goes at once, more wait their turn, what would wait over two seconds is refused."""
    clock, link = VirtualClock(), RecordingLink()
    pbx = actions(link, clock=clock, originate_per_s=8)

    async def tap() -> None:
        await pbx.originate_tap(channel_uniqueid="1.1", tap_uuid=TAP, host="h", port=1)

    waiting = [asyncio.create_task(tap()) for _ in range(25)]
    await clock.advance(0)
    assert len(link.sent) == 8
    refused = [task for task in waiting if task.done() and isinstance(task.exception(), TooMany)]
    assert len(refused) == 1
    await clock.advance(1)
    assert len(link.sent) == 16
    await clock.advance(1)
    assert len(link.sent) == 24
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_ping_tells_the_pbx_s_clock() -> None:
    """None when the PBX does not stamp its answer."""
    stamped = Reply({"Response": "Success", "Ping": "Pong", "Timestamp": "1795298521.876482"})
    pbx = actions(RecordingLink(stamped, Reply({"Response": "Success"})))
    assert await pbx.ping() == 1795298521.876482
    assert await pbx.ping() is None
