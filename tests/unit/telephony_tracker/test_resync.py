"""Catching up after an outage: what the snapshot adds, ends and leaves alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from callcenter.telephony.ami_reading import EVENT_NAMES, parse
from callcenter.telephony.ami_stream import AmiParser
from callcenter.telephony.call_tracker import CallTracker
from callcenter.telephony.events import CallArrived, CallOffered
from callcenter.telephony.pbx_snapshot import PbxSnapshot
from tests.unit.telephony_tracker.pbx import Line, Pbx
from tests.unit.telephony_tracker.traces import TRACES, agents, calls, headers_of, run, tracker

MID_CALL = [TRACES / folder / "18-reconnect-mid-call.txt" for folder in ("full", "asterisk16/full")]
"""A client that logs in while one call is answered and another rings, and asks for lists."""


def row(line: Line, application: str = "", **more: str) -> dict[str, str]:
    """The CoreShowChannel row of a channel."""
    return {"Event": "CoreShowChannel", **line.headers(), "Application": application, "Duration": "00:00:05", **more}


def snapshot(*rows: dict[str, str], complete: bool = True) -> PbxSnapshot:
    return PbxSnapshot.from_rows(rows, at=1795300100.0, complete=complete)


def queue_entry(line: Line, queue: str = "support", wait: str = "7") -> dict[str, str]:
    return {"Event": "QueueEntry", "Queue": queue, "Uniqueid": line.uniqueid, "Wait": wait}


@pytest.mark.parametrize("path", MID_CALL, ids=lambda path: path.parts[-3])
def test_real_lists_rebuild_both_calls(path):
    """From a real PBX's lists: the talking call and the ringing one, with numbers, queues and agents' states."""
    messages = headers_of(path)
    cut = next(n for n, headers in enumerate(messages) if headers.get("Event") == "QueueStatusComplete")
    used = tracker()
    change = used.resync(PbxSnapshot.from_rows(messages[:cut], at=1795298890.0))
    assert calls(change.events) == [
        "A arrived inbound: 13800138015 for 4000",
        "B arrived inbound: 13800138016 for 4001",
        "A offered to 1001: 13800138015 from queue support, the first channel",
        "A answered by 1001 from queue support, the first channel",
        "B offered to 1002: 13800138016 from queue support, the first channel",
    ]
    assert agents(change.events) == {"1001": ["ringing", "on_call"], "1002": ["ringing"]}
    assert (change.calls_reconstructed, change.calls_ended_unseen) == (2, 0)
    rest = calls(run(messages[cut:], used))
    assert sorted(line for line in rest if "ended" not in line and "abandoned f" not in line) == [
        "A left by 1001",
        "B missed by 1002: caller_abandoned",
    ]
    assert used.size == 0


def test_call_is_dated_by_its_duration():
    """A rebuilt call arrived when its channel was created, not when we came back."""
    pbx = Pbx()
    caller, _ = pbx.call_in("13800138000")
    change = tracker().resync(snapshot(row(caller, "Queue", Duration="00:01:40")))
    (arrived,) = (fact for fact in change.events if isinstance(fact, CallArrived))
    assert arrived.at.timestamp() == 1795300000.0


@pytest.mark.parametrize("twice", [False, True])
def test_known_calls_are_not_told_again(twice):
    """A snapshot of what we know already gives nothing, however often it is taken."""
    pbx = Pbx()
    caller, arrived = pbx.call_in("13800138000")
    leg, rings = pbx.dial(caller, "1001")
    used = tracker()
    run([*arrived, *rings, *pbx.answer(caller, leg, "b")], used)
    rows = row(caller, "Dial", BridgeId="b"), row(leg, "AppDial", BridgeId="b")
    changes = [used.resync(snapshot(*rows)) for _ in range(1 + twice)]
    assert [(change.events, change.calls_reconstructed) for change in changes] == [([], 0)] * (1 + twice)


def test_buffered_events_of_rebuilt_calls_offer_nothing_twice():
    """Events that were waiting behind the snapshot and tell of the same ring add no offer."""
    pbx = Pbx()
    caller, arrived = pbx.call_in("13800138000")
    leg, rings = pbx.dial(caller, "1001")
    used = tracker()
    used.resync(snapshot(row(caller, "Dial"), row(leg, "AppDial")))
    assert calls(run([*arrived, *rings], used)) == []


def test_call_gone_unseen_ends():
    """A call that the PBX no longer has ended while we did not look; late events of it change nothing."""
    pbx = Pbx()
    caller, arrived = pbx.call_in("13800138000")
    leg, rings = pbx.dial(caller, "1001")
    used = tracker()
    before = run([*arrived, *rings, *pbx.answer(caller, leg)], used)
    change = used.resync(snapshot())
    assert calls([*before, *change.events])[-2:] == ["A left by 1001", "A ended 0 answered"]
    assert (change.calls_ended_unseen, change.calls_reconstructed, used.size) == (1, 0, 0)
    assert run([pbx.hangup(leg), pbx.hangup(caller)], used) == []


def test_answer_that_nobody_saw():
    """A device that rang before the outage and talks now has answered."""
    pbx = Pbx()
    caller, arrived = pbx.call_in("13800138000")
    leg, rings = pbx.dial(caller, "1001")
    used = tracker()
    before = run([*arrived, *rings], used)
    leg.state = 6
    change = used.resync(snapshot(row(caller, "Dial", BridgeId="b"), row(leg, "AppDial", BridgeId="b")))
    assert calls([*before, *change.events])[-1] == "A answered by 1001, the first channel"


def test_next_device_rings_unseen():
    """During the outage the queue went on to the next agent: the first missed it, the second is offered it."""
    pbx = Pbx()
    caller, arrived = pbx.call_in("13800138000")
    _, rings = pbx.dial(caller, "1001")
    used = tracker()
    before = run([*arrived, *rings], used)
    other, _ = pbx.dial(caller, "1002")
    change = used.resync(snapshot(row(caller, "Queue"), row(other, "AppQueue"), queue_entry(caller)))
    assert calls([*before, *change.events])[-2:] == [
        "A missed by 1001: no_answer",
        "A offered to 1002: 13800138000 from queue support, the first channel",
    ]


def test_party_changed_unseen():
    """An attended transfer that we missed: the desk learns whom its agent talks to now."""
    pbx = Pbx()
    colleague, arrived = pbx.call_in("1001", "1002", device="1001", context="from-internal")
    leg, rings = pbx.dial(colleague, "1002")
    used = tracker()
    before = run([*arrived, *rings, *pbx.answer(colleague, leg)], used)
    customer, _ = pbx.call_in("13800138000")
    leg.linkedid, leg.connected = customer.linkedid, customer.number
    rows = row(customer, "Queue", BridgeId="b"), row(leg, "AppDial", BridgeId="b")
    change = used.resync(snapshot(*rows))
    assert "B 1002 now has 13800138000, the first channel, moved from A" in calls([*before, *change.events])
    assert [(view.call_id, view.channels) for view in used.live] == [("B", 2)]


def test_agent_who_dials_out_has_a_party():
    """A rebuilt outgoing call is answered by the agent who made it, with the outside party's channel."""
    pbx = Pbx()
    agent = pbx.line("1001", "1001", state=6, exten="013900139000")
    outside = pbx.line("trunk", "013900139000", agent.linkedid, state=6, context="from-trunk")
    rows = row(agent, "Dial", BridgeId="b"), row(outside, "AppDial", BridgeId="b")
    assert calls(tracker().resync(snapshot(*rows)).events) == [
        "A arrived outbound: 013900139000 for 013900139000",
        "A answered by 1001, another channel",
    ]


def test_waiting_caller_keeps_the_queue():
    """A caller found waiting is in that queue, and the wait counts from when it began."""
    pbx = Pbx()
    caller, _ = pbx.call_in("13800138000")
    used = tracker()
    before = used.resync(snapshot(row(caller, "Queue"), queue_entry(caller))).events
    gone = {"Event": "QueueCallerAbandon", **caller.headers(), "Queue": "support", "Timestamp": "1795300103.0"}
    assert calls([*before, *run([gone], used)])[-1] == "A abandoned from queue support after 10.0 s"


def test_own_taps_in_the_snapshot_are_ignored():
    """Our audio taps are channels of the PBX too, and nobody's call."""
    pbx = Pbx()
    tap = pbx.line("x", "tap", state=6)
    tap.channel = "AudioSocket/127.0.0.1:9092-uuid"
    assert tracker().resync(snapshot(row(tap, "ChanSpy"))).events == []


def test_limited_snapshot_leaves_queued_calls_alone():
    """Without the right to list channels only bridges are seen: a caller who waits in a queue is still there."""
    pbx = Pbx()
    caller, arrived = pbx.call_in("13800138000")
    _, rings = pbx.dial(caller, "1001")
    used = tracker()
    run([*arrived, *rings], used)
    assert used.resync(snapshot(queue_entry(caller), complete=False)).events == []
    assert used.resync(snapshot(complete=False)).calls_ended_unseen == 1


def test_limited_snapshot_tells_caller_from_agent():
    """Rows of bridges name no application: the call's oldest channel called, the other was dialled."""
    pbx = Pbx()
    caller, _ = pbx.call_in("13800138000")
    leg = pbx.line("1001", "1001", caller.linkedid, state=6, connected="13800138000")
    rows = row(caller, BridgeId="b"), row(leg, BridgeId="b")
    assert calls(tracker().resync(snapshot(*rows, complete=False)).events) == [
        "A arrived inbound: 13800138000 for 4000",
        "A offered to 1001: 13800138000, the first channel",
        "A answered by 1001, the first channel",
    ]


def test_agents_are_as_the_lists_say():
    """Queue members and devices in the snapshot give the agents' states."""
    member = {"Event": "QueueMember", "Queue": "support", "Location": "PJSIP/1001", "Name": "Agent 1", "Status": "1"}
    paused = {**member, "Location": "PJSIP/1002", "Paused": "1", "PausedReason": "lunch"}
    device = {"Event": "DeviceStateChange", "Device": "PJSIP/1003", "State": "UNAVAILABLE"}
    queue = {"Event": "DeviceStateChange", "Device": "Queue:support_avail", "State": "INUSE"}
    change = tracker().resync(snapshot(member, paused, device, queue))
    assert agents(change.events) == {"1001": ["available"], "1002": ["paused"], "1003": ["offline"]}


def test_bridges_of_the_snapshot_are_left_again():
    """Conversations found in the snapshot end with their channels."""
    pbx = Pbx()
    caller, _ = pbx.call_in("13800138000")
    leg = pbx.line("1001", "1001", caller.linkedid, state=6)
    used = tracker()
    rows = row(caller, "Dial", BridgeId="b"), row(leg, "AppDial", BridgeId="b")
    used.resync(snapshot(*rows))
    used.resync(snapshot(row(caller, "Dial", BridgeId="c"), row(leg, "AppDial", BridgeId="c")))
    run([pbx.hangup(caller), pbx.hangup(leg)], used)
    assert used.size == 0


def test_ids_of_the_same_second_after_a_restart_are_new_calls():
    """An Asterisk back within a second hands its uniqueids out again: that call is popped too; a repetition is not."""
    capture = Path(__file__).parents[2] / "fixtures" / "ami" / "lean" / "01-answered-caller-hangs-up.txt"
    headers = AmiParser(only=EVENT_NAMES).feed(capture.read_bytes())
    events = [event for header in headers if (event := parse(header)) is not None and event.at]
    later_s = events[-1].at - events[0].at + 0.001
    tracker = CallTracker(now=lambda: 0.0)

    def offered(shift_s: float) -> list[str]:
        facts = [fact for event in events for fact in tracker.apply(replace(event, at=event.at + shift_s))]
        return [fact.call_id for fact in facts if isinstance(fact, CallOffered)]

    first = offered(0.0)
    assert len(first) == 1
    assert offered(0.0) == []
    second = offered(later_s)
    assert len(second) == 1
    assert second != first
    assert tracker.size == 0
