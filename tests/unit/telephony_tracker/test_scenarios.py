"""What no capture covers: other channel drivers and names, broken streams, restarts, odd orders of events."""

from __future__ import annotations

import re

import pytest

from callcenter.config_sections import PbxSettings
from callcenter.telephony.ami_reading import parse
from callcenter.telephony.ami_stream import AmiParser
from callcenter.telephony.call_book import DEFAULT_AGENT_PATTERN
from callcenter.telephony.events import CallAnswered, CallArrived, CallEnded, CallOffered, Direction
from tests.unit.telephony_tracker import expected
from tests.unit.telephony_tracker.pbx import Pbx
from tests.unit.telephony_tracker.traces import agents, calls, found, headers_of, run, tracker

LEAN = found("lean")


def altered(path, pattern: str, replacement: str) -> list[dict[str, str]]:
    """The messages of a capture after a substitution in its text."""
    text = path.read_bytes().decode()
    return AmiParser().feed(re.sub(pattern, replacement, text).encode())


@pytest.mark.parametrize("path", LEAN, ids=lambda path: path.stem)
def test_chan_sip_names(path):
    """With chan_sip's names (SIP/1001-…) a call means the same."""
    facts = run(altered(path, "PJSIP/", "SIP/"), tracker())
    assert calls(facts) == [line.replace("PJSIP/", "SIP/") for line in expected.EXPECTED[path.stem]]
    assert {fact.interface.partition("/")[0] for fact in facts if isinstance(fact, CallOffered)} <= {"SIP"}


@pytest.mark.parametrize("path", LEAN, ids=lambda path: path.stem)
def test_system_name_in_uniqueids(path):
    """A PBX with a system name (host-1530022819.2433) is followed just the same."""
    facts = run(altered(path, r"(?m)^(\w*(?:Uniqueid|Linkedid): )(\d)", r"\1host-\2"), tracker())
    assert calls(facts) == expected.EXPECTED[path.stem]


@pytest.mark.parametrize("path", LEAN, ids=lambda path: path.stem)
def test_no_time_stamps(path):
    """Without `timestampevents` the time of arrival counts and the events are the same."""
    bare = tracker()
    messages = altered(path, r"Timestamp: [^\r]*\r\n", "")
    facts = [
        fact
        for n, headers in enumerate(messages)
        if (event := parse(headers, 1000.0 + n))
        for fact in bare.apply(event)
    ]
    strip = re.compile(r" after [\d.]+ s")
    assert [strip.sub("", line) for line in calls(facts)] == [strip.sub("", x) for x in expected.EXPECTED[path.stem]]
    assert all(1000 <= fact.at.timestamp() < 1000 + len(messages) for fact in facts)


def test_chan_sip_channel_calls_after_it_was_created():
    """chan_sip creates a channel Down and only then lets it ring us: the call arrives at that moment, inbound."""
    pbx = Pbx("SIP")
    caller = pbx.line("provider", "13800138000", context="from-pstn", exten="4000")
    created = run([pbx.about("Newchannel", caller)], used := tracker())
    caller.state = 4
    assert (created, calls(run([pbx.about("Newstate", caller)], used))) == (
        [],
        ["A arrived inbound: 13800138000 for 4000"],
    )


def test_trunk_that_matches_the_pattern_is_no_agent():
    """A line to the outside whose name looks like a device is a caller when a call comes in over it."""
    pbx = Pbx("SIP")
    caller, arrived = pbx.call_in("13800138000", device="provider", context="from-pstn")
    leg, rings = pbx.dial(caller, "1001")
    facts = run([*arrived, *rings, *pbx.answer(caller, leg), pbx.hangup(leg), pbx.hangup(caller)], tracker())
    assert calls(facts) == [
        "A arrived inbound: 13800138000 for 4000",
        "A offered to 1001: 13800138000, the first channel",
        "A answered by 1001, the first channel",
        "A left by 1001",
        "A ended 16 answered",
    ]
    assert set(agents(facts)) == {"SIP/1001"}


@pytest.mark.parametrize(
    ("exten", "direction"),
    [("1002", "internal"), ("*78", "internal"), ("10086", "outbound"), ("013900139000", "outbound")],
)
def test_direction_of_what_an_agent_dials(exten, direction):
    """An agent who dials an extension or a feature code stays inside; anything longer goes out."""
    pbx = Pbx()
    _, arrived = pbx.call_in("1001", exten, device="1001", context="from-internal")
    (fact,) = (fact for fact in run(arrived, tracker()) if isinstance(fact, CallArrived))
    assert fact.direction is Direction(direction)


def test_agent_pattern_without_group_and_with_another_scheme():
    """A pattern may name devices its own way; without a group the device is the name up to the last dash."""
    pbx = Pbx()
    caller, arrived = pbx.call_in("13800138000")
    _, rings = pbx.dial(caller, "desk-07")
    (offer,) = (f for f in run([*arrived, *rings], tracker(r"^PJSIP/desk-\d+-")) if isinstance(f, CallOffered))
    assert offer.interface == "PJSIP/desk-07"


def test_capture_that_begins_mid_call_shows_the_next_ring():
    """When the caller's channel was created before we listened, the dial tells of both ends."""
    pbx = Pbx()
    caller, _ = pbx.call_in("13800138000")
    leg, rings = pbx.dial(caller, "1001")
    facts = run([*rings[1:], *pbx.answer(caller, leg), pbx.hangup(leg), pbx.hangup(caller)], tracker())
    assert calls(facts) == [
        "A arrived inbound: 13800138000 for 4000",
        "A offered to 1001: 13800138000, the first channel",
        "A answered by 1001, the first channel",
        "A left by 1001",
        "A ended 16 answered",
    ]


def test_queue_calls_before_the_device_rings():
    """AgentCalled alone is an offer; the DialBegin that follows is the same one."""
    pbx = Pbx()
    caller, arrived = pbx.call_in("13800138000")
    leg = pbx.line("1001", "1001", caller.linkedid)
    called = pbx.event(
        "AgentCalled", **caller.headers(), **leg.headers("Dest"), Queue="support", Interface="PJSIP/1001"
    )
    facts = run([*arrived, pbx.about("Newchannel", leg), called, pbx.dial_begin(caller, leg), called], tracker())
    assert calls(facts)[1:] == ["A offered to 1001: 13800138000 from queue support, the first channel"]


@pytest.mark.parametrize("both", [True, False])
def test_second_phone_of_a_device_misses_only_when_all_do(both):
    """Two phones of one device are one offer: it is missed when the last of them stops ringing."""
    pbx = Pbx()
    caller, arrived = pbx.call_in("13800138000")
    one, first = pbx.dial(caller, "1001")
    two, second = pbx.dial(caller, "1001")
    gone = [pbx.hangup(one, 19), *([pbx.hangup(two, 19)] if both else [])]
    got = calls(run([*arrived, *first, *second, *gone], tracker()))
    assert got[1:] == [
        "A offered to 1001: 13800138000, the first channel",
        *(["A missed by 1001: no_answer"] if both else []),
    ]


@pytest.mark.parametrize(
    ("cause", "status", "reason"),
    [
        (17, "NOANSWER", "busy"), (21, "NOANSWER", "rejected"), (26, "CANCEL", "answered_elsewhere"),
        (19, "", "no_answer"), (20, "CHANUNAVAIL", "unreachable"), (0, "NOANSWER", "no_answer"),
        (0, "BUSY", "busy"), (0, "CONGESTION", "unreachable"), (16, "CANCEL", "caller_abandoned"), (0, "", "no_answer"),
    ],
)  # fmt: skip
def test_why_a_device_missed_the_call(cause, status, reason):
    """The leg's hang-up cause tells best (a queue calls busy NOANSWER); else the dial status does."""
    pbx = Pbx()
    caller, arrived = pbx.call_in("13800138000")
    leg, rings = pbx.dial(caller, "1001")
    end = [pbx.dial_end(caller, leg, status)] if status else []
    assert calls(run([*arrived, *rings, *end, pbx.hangup(leg, cause)], tracker()))[-1] == f"A missed by 1001: {reason}"


def test_queue_that_gives_up_on_a_local_member_is_no_abandoned_call():
    """The queue's NOANSWER reaches the device behind a Local channel, whose own leg is merely cancelled."""
    pbx = Pbx()
    caller, arrived = pbx.call_in("13800138000")
    near = pbx.line("x", "1001", caller.linkedid)
    far = pbx.line("x", "13800138000", caller.linkedid, state=4)
    near.channel, far.channel = "Local/1001@agents-00000000;1", "Local/1001@agents-00000000;2"
    opened = [pbx.about("Newchannel", near), pbx.about("Newchannel", far), pbx.dial_begin(caller, near)]
    leg, rings = pbx.dial(far, "1001")
    ends = [pbx.dial_end(caller, near, "NOANSWER"), pbx.dial_end(far, leg, "CANCEL"), pbx.hangup(leg, 0)]
    assert calls(run([*arrived, *opened, *rings, *ends], tracker()))[1:] == [
        "A offered to 1001: 13800138000, the first channel",
        "A missed by 1001: no_answer",
    ]


def test_click_to_call_learns_who_the_agent_talks_to():
    """The agent's phone rings first; once the customer picks up, the event names the customer's channel to listen to."""
    pbx = Pbx()
    leg = pbx.line("1001", "13800138000", connected="13800138000")
    messages = [pbx.about("Newchannel", leg), pbx.dial_begin(None, leg)]
    leg.state = 6
    messages += [pbx.event("DialEnd", **leg.headers("Dest"), DialStatus="ANSWER")]
    customer, rings = pbx.dial(leg, "trunk")
    messages += [*rings, *pbx.answer(leg, customer), pbx.hangup(customer), pbx.hangup(leg)]
    assert calls(run(messages, tracker())) == [
        "A arrived outbound: 13800138000 for None",
        "A offered to 1001: 13800138000, no channel",
        "A answered by 1001, no channel",
        "A 1001 now has 13800138000, another channel",
        "A left by 1001",
        "A ended 16 answered",
    ]


def test_click_to_call_nobody_takes_is_unanswered():
    """An agent who picked up a click-to-call that the customer did not answer has answered nobody."""
    pbx = Pbx()
    leg = pbx.line("1001", "13800138000", connected="13800138000")
    messages = [pbx.about("Newchannel", leg), pbx.dial_begin(None, leg)]
    messages += [pbx.event("DialEnd", **leg.headers("Dest"), DialStatus="ANSWER")]
    customer, rings = pbx.dial(leg, "trunk")
    messages += [*rings, pbx.hangup(customer, 19), pbx.hangup(leg)]
    assert calls(run(messages, tracker()))[-1] == "A ended 16 unanswered"


@pytest.mark.parametrize("restart", ["shutdown", "booted"])
def test_restart_ends_what_was_going_on(restart):
    """A PBX that stops, or that turns out to have booted since, has no calls any more."""
    pbx = Pbx()
    caller, arrived = pbx.call_in("13800138000")
    leg, rings = pbx.dial(caller, "1001")
    later = [pbx.event("Noise") for _ in range(500)]
    last = pbx.event("DeviceStateChange", Device="PJSIP/1009", State="NOT_INUSE")
    end = pbx.event("Shutdown", Restart="True") if restart == "shutdown" else {"Event": "FullyBooted", "Uptime": "0"}
    used = tracker()
    facts = run([*arrived, *rings, *pbx.answer(caller, leg), *later, last, end], used)
    assert calls(facts)[-2:] == ["A left by 1001", "A ended 0 answered"]
    assert used.size == 0


def test_login_to_a_pbx_that_kept_running_ends_nothing():
    """FullyBooted comes after every login; an uptime longer than the call says that the call goes on."""
    pbx = Pbx()
    _, arrived = pbx.call_in("13800138000")
    used = tracker()
    run([*arrived, {"Event": "FullyBooted", "Uptime": "3600"}], used)
    assert len(used.live) == 1


@pytest.mark.parametrize("path", LEAN, ids=lambda path: path.stem)
def test_events_after_the_hangup_change_nothing(path):
    """A whole call sent once more after its end gives no event at all."""
    messages = [headers for headers in headers_of(path) if headers.get("Event") != "DeviceStateChange"]
    used = tracker()
    run(messages, used)
    again = [fact for fact in run(messages, used) if not type(fact).__name__.startswith("Agent")]
    assert (again, used.size) == ([], 0)


def test_calls_in_a_parking_lot_stay_apart():
    """Channels that merely wait in the same holding bridge are not one call."""
    pbx = Pbx()
    one, first = pbx.call_in("13800138001")
    two, second = pbx.call_in("13800138002")
    used = tracker()
    run([*first, *second, pbx.enter(one, "lot", "holding"), pbx.enter(two, "lot", "holding")], used)
    assert len(used.live) == 2


def test_calls_in_one_conversation_become_one():
    """Two calls whose channels talk in one bridge are one call; the customer's survives an agent's internal one."""
    pbx = Pbx()
    agent, inside = pbx.call_in("1001", "1002", device="1001", context="from-internal")
    customer, outside = pbx.call_in("13800138000")
    used = tracker()
    facts = run([*inside, *outside, pbx.enter(agent, "b"), pbx.enter(customer, "b")], used)
    assert [(view.call_id, view.channels) for view in used.live] == [("B", 2)]
    assert [fact.call_id for fact in facts if isinstance(fact, CallEnded)] == ["A"]


def test_call_whose_linkedid_changes_keeps_its_id():
    """A new linkedid is the same call; its events carry the new one."""
    pbx = Pbx()
    caller, arrived = pbx.call_in("13800138000")
    used = tracker()
    run(arrived, used)
    caller.linkedid = "1795299999.7"
    leg, rings = pbx.dial(caller, "1001")
    facts = run([pbx.about("NewCallerid", caller), *rings, *pbx.answer(caller, leg)], used)
    assert [(fact.call_id, fact.linkedid) for fact in facts if isinstance(fact, CallAnswered)] == [
        ("A", "1795299999.7")
    ]


def test_own_taps_are_no_calls():
    """Our audio taps and Asterisk's own helpers are ignored from creation to hang-up."""
    pbx = Pbx()
    facts, used = [], tracker()
    for name in ("AudioSocket/127.0.0.1:9092-uuid", "WebSocket/x/1", "UnicastRTP/127.0.0.1:1-0x7f", "Snoop/1-0000"):
        tap = pbx.line("x", "tap", state=4)
        tap.channel = name
        facts += run([pbx.about("Newchannel", tap), pbx.dial_begin(None, tap), pbx.enter(tap, "b")], used)
        facts += run([pbx.hangup(tap)], used)
    assert (facts, used.size) == ([], 0)


def test_live_view_shows_legs():
    """The live view names each call's agents and what they are doing."""
    pbx = Pbx()
    caller, arrived = pbx.call_in("13800138000")
    leg, rings = pbx.dial(caller, "1001")
    _, others = pbx.dial(caller, "1002")
    used = tracker()
    run([*arrived, *rings, *others, *pbx.answer(caller, leg), pbx.about("Hold", leg)], used)
    (view,) = used.live
    assert (view.number, view.direction, view.answered) == ("13800138000", Direction.INBOUND, True)
    assert [(one.interface, one.state, one.number) for one in view.legs] == [
        ("PJSIP/1001", "held", "13800138000"),
        ("PJSIP/1002", "ringing", "13800138000"),
    ]


def test_unhold_without_hold_is_nothing():
    """Transfers send Unhold for channels that were never held."""
    pbx = Pbx()
    caller, arrived = pbx.call_in("13800138000")
    assert calls(run([*arrived, pbx.about("Unhold", caller)], tracker())) == ["A arrived inbound: 13800138000 for 4000"]


def test_default_pattern_is_that_of_the_settings():
    """`pbx replay` and the application agree on who is an agent by default."""
    assert PbxSettings().agent_pattern == DEFAULT_AGENT_PATTERN
