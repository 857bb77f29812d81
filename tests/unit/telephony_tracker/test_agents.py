"""What an agent's device is doing."""

from __future__ import annotations

import pytest

from callcenter.telephony.agent_tracker import AgentTracker
from callcenter.telephony.ami_events import DeviceStateChange, Newchannel, QueueMember
from callcenter.telephony.events import AgentState

DESK = "PJSIP/1001"


def agent_tracker() -> AgentTracker:
    return AgentTracker(lambda device: device.startswith("PJSIP/10"))


def member(event: str = "QueueMemberStatus", queue: str = "support", status: int = 1, **fields) -> QueueMember:
    return QueueMember(
        1.0, event, queue, DESK, "Agent 1", status, fields.get("paused", False), fields.get("reason"), False
    )


@pytest.mark.parametrize(
    ("device", "state"),
    [
        ("NOT_INUSE", "available"), ("INUSE", "on_call"), ("BUSY", "on_call"), ("RINGING", "ringing"),
        ("RINGINUSE", "on_call"), ("ONHOLD", "on_hold"), ("UNAVAILABLE", "offline"), ("INVALID", "offline"),
    ],
)  # fmt: skip
def test_device_states(device, state):
    """Each device state of the PBX is one of ours."""
    (fact,) = agent_tracker().apply(DeviceStateChange(1.0, DESK, device))
    assert (fact.interface, fact.state) == (DESK, AgentState(state))


@pytest.mark.parametrize(
    ("status", "state"),
    [(1, "available"), (2, "on_call"), (3, "on_call"), (4, "offline"), (5, "offline"), (6, "ringing"), (8, "on_hold")],
)
def test_member_status(status, state):
    """A queue's number for a member's device says the same."""
    (fact,) = agent_tracker().apply(member(status=status))
    assert fact.state is AgentState(state)


@pytest.mark.parametrize(
    "event",
    [
        DeviceStateChange(1.0, "PJSIP/trunk", "INUSE"),
        DeviceStateChange(1.0, "Queue:support", "INUSE"),
        DeviceStateChange(1.0, DESK, "UNKNOWN"),
        Newchannel(1.0, "PJSIP/1001-00000001", "1.1", "1.1", 0, None, None, None, None, "", ""),
    ],
)
def test_what_says_nothing_about_an_agent(event):
    """Trunks, queues, unknown states and other events give nothing."""
    assert agent_tracker().apply(event) == []


def test_same_state_is_told_once():
    """Only changes are told, whichever source repeats them."""
    used = agent_tracker()
    told = [
        *used.apply(DeviceStateChange(1.0, DESK, "RINGING")),
        *used.apply(member(status=6)),
        *used.on_line(DESK, AgentState.RINGING, 1.0),
    ]
    assert [fact.state for fact in told] == [AgentState.RINGING]


def test_tracked_call_counts_more_than_a_late_device_state():
    """A device state that lags behind the call does not make the agent flicker."""
    used = agent_tracker()
    told = [
        *used.apply(DeviceStateChange(1.0, DESK, "NOT_INUSE")),
        *used.on_line(DESK, AgentState.RINGING, 2.0),
        *used.on_line(DESK, AgentState.ON_CALL, 3.0),
        *used.apply(DeviceStateChange(3.1, DESK, "RINGING")),
        *used.apply(DeviceStateChange(3.2, DESK, "INUSE")),
        *used.on_line(DESK, None, 4.0),
        *used.apply(DeviceStateChange(4.1, DESK, "NOT_INUSE")),
    ]
    assert [fact.state.value for fact in told] == ["available", "ringing", "on_call", "available"]


def test_paused_in_any_queue_until_in_none():
    """An idle agent is paused while any queue has them paused; the reason is told."""
    used = agent_tracker()
    told = [
        *used.apply(member("QueueMemberPause", "one", paused=True, reason="lunch")),
        *used.apply(member("QueueMemberPause", "two", paused=True, reason="lunch")),
        *used.apply(member("QueueMemberPause", "one")),
        *used.apply(member("QueueMemberPause", "two")),
    ]
    assert [(fact.state.value, fact.reason) for fact in told] == [("paused", "lunch"), ("available", None)]


def test_paused_agent_can_be_called():
    """A call shows over a pause, which is back when the call is over."""
    used = agent_tracker()
    used.apply(member("QueueMemberPause", paused=True))
    told = [*used.on_line(DESK, AgentState.ON_CALL, 2.0), *used.on_line(DESK, None, 3.0)]
    assert [fact.state.value for fact in told] == ["on_call", "paused"]


def test_leaving_the_last_queue_is_going_offline():
    """An agent who leaves one of two queues stays; after the last they are logged out until they join again."""
    used = agent_tracker()
    told = [
        *used.apply(member("QueueMemberAdded", "one")),
        *used.apply(member("QueueMemberAdded", "two")),
        *used.apply(member("QueueMemberRemoved", "one")),
        *used.apply(member("QueueMemberRemoved", "two")),
        *used.apply(member("QueueMemberAdded", "one")),
    ]
    assert [(fact.state.value, fact.reason) for fact in told] == [
        ("available", None),
        ("offline", "logged_out"),
        ("available", None),
    ]
    assert used.states == {DESK: AgentState.AVAILABLE}
