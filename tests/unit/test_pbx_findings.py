"""Rights, events, clock and wire, judged."""

from __future__ import annotations

import pytest

from callcenter.features.findings import Level
from callcenter.features.pbx_findings import judge_clock, judge_events, judge_rights, judge_wire
from callcenter.media.tone import RATE_HZ, tone, tone_share
from callcenter.telephony.event_tally import TEST_CALL_EVENTS, EventTally
from callcenter.telephony.rights import read_rights

LISTING = {
    "Response": "Success",
    "Originate": "Originate a call.  (Priv: originate,all)",
    "CoreShowChannels": "List currently active channels.  (Priv: system,reporting,all)",
    "Hangup": "Hangup channel.  (Priv: system,call,all)",
    "QueuePause": "Makes a queue member temporarily unavailable.  (Priv: agent,all)",
    "Ping": "Keepalive command.  (Priv: <none>)",
}
COMMAND = {"Command": "Execute Asterisk CLI Command.  (Priv: command,all)"}


def without(*names: str) -> dict[str, str]:
    return {name: text for name, text in LISTING.items() if name not in names}


def tally(*names: str) -> EventTally:
    counted = EventTally()
    for name in names:
        counted.add({"Event": name})
    return counted


def test_the_recommended_user_is_right():
    """Every need is met and nothing is in excess."""
    (finding,) = judge_rights(read_rights(LISTING), tap=True)
    assert finding.level is Level.OK


@pytest.mark.parametrize(
    ("command", "missing", "cost"),
    [
        ("Originate", "originate", "no live audio"),
        ("CoreShowChannels", "reporting", "stay unseen"),
        ("Hangup", "call", "cannot be ended"),
    ],
)
def test_a_missing_class_is_named_with_its_cost(command, missing, cost):
    """One warning with the class to add."""
    (finding,) = judge_rights(read_rights(without(command)), tap=True)
    assert (finding.level, missing in finding.fix, cost in finding.message) == (Level.WARNING, True, True)


def test_screen_pop_only_needs_no_originate():
    """With media.tap off the classes for taps are not missed."""
    (finding,) = judge_rights(read_rights(without("Originate", "Hangup")), tap=False)
    assert finding.level is Level.OK


def test_rights_that_hand_over_the_pbx_are_warned_of():
    """A user that may run console commands has more than it needs."""
    (finding,) = judge_rights(read_rights(LISTING | COMMAND), tap=True)
    assert finding.level is Level.WARNING
    assert "command" in finding.message
    assert read_rights(LISTING | COMMAND).excess == ("command",)


def test_a_filter_that_is_too_narrow_is_an_error():
    """After a test call without Hangup events: calls would stay for ever."""
    (finding,) = judge_events(tally("Newchannel", "Newstate", "DialBegin", "DialEnd"), provoked=True)
    assert (finding.level, "Hangup" in finding.message, "too narrow" in finding.fix) == (Level.ERROR, True, True)


def test_a_filter_that_is_too_wide_is_a_warning():
    """Events that nobody uses are counted and named."""
    (finding,) = judge_events(tally(*TEST_CALL_EVENTS, "VarSet", "VarSet", "Newexten"), provoked=True)
    assert (finding.level, "3 of 8" in finding.message, "VarSet" in finding.message) == (Level.WARNING, True, True)


def test_what_was_not_proved_is_said():
    """Without a call nothing is claimed; without a queue call, not the queue's events."""
    assert "could not be provoked" in judge_events(tally(), provoked=False)[0].message
    assert "not proved" in judge_events(tally(*TEST_CALL_EVENTS), provoked=True)[0].message
    assert "not proved" not in judge_events(tally(*TEST_CALL_EVENTS, "QueueCallerJoin"), provoked=True)[0].message


@pytest.mark.parametrize(
    ("skew", "level"),
    [(0.02, Level.OK), (-0.9, Level.OK), (1.5, Level.WARNING), (-61, Level.ERROR), (None, Level.WARNING)],
)
def test_clocks_apart_are_found(skew, level):
    """A second is a warning, a minute an error, silence a warning."""
    finding = judge_clock(skew)
    assert finding.level is level
    assert bool(finding.fix) == (level is not Level.OK)


@pytest.mark.parametrize(
    ("address", "level"),
    [("127.0.0.1", Level.OK), ("::1", Level.OK), ("10.1.2.3", Level.OK), ("8.8.8.8", Level.WARNING)],
)
def test_voices_over_a_public_network_are_warned_of(address, level):
    """AMI and AudioSocket have no encryption of their own."""
    assert judge_wire(address).level is level


def test_a_tone_is_known_from_other_sound():
    """Wherever the piece begins, with frames lost, or with noise under it; silence and another tone are not it."""
    sound = tone(440, 1.0)
    assert tone_share(sound[100 : int(0.6 * RATE_HZ) * 2], 440) > 0.95
    assert tone_share(sound[:3200] + sound[3520:9600], 440) > 0.5
    assert tone_share(tone(1004, 0.6), 440) < 0.01
    assert tone_share(bytes(9600), 440) == 0.0
    assert tone_share(b"", 440) == 0.0
