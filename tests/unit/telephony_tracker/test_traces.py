"""Every captured call against what its scenario means."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from callcenter.telephony.events import CallAnswered, CallEvent, CallMissed, CallOffered, MissReason
from tests.unit.telephony_tracker import expected
from tests.unit.telephony_tracker.traces import TRACES, agents, calls, found, headers_of, queue_stays, run, tracker

FOLDERS = ("lean", "full", "asterisk16/lean", "asterisk16/full")
ALL = [pytest.param(path, id=f"{folder}/{path.stem}") for folder in FOLDERS for path in found(folder)]

MID_CALL: list[str] = []
"""The full captures of 18 are of a client that logs in mid-call: it sees no call begin (see test_resync)."""

DIFFERENT: dict[str, dict[str, list[str]]] = {
    "full": {"18-reconnect-mid-call": MID_CALL},
    "asterisk16/full": {"18-reconnect-mid-call": MID_CALL, "04-abandoned-while-ringing": expected.ABANDONED_16},
    "asterisk16/lean": {
        "04-abandoned-while-ringing": expected.ABANDONED_16,
        "11-ami-atxfer": expected.consulted_by_feature("13800138008", left_first=True),
        "18-reconnect-mid-call": expected.cause_16(expected.EXPECTED["18-reconnect-mid-call"], call="B"),
    },
}
"""Where a capture differs from the scenario's usual one: Asterisk 16 gives callers who leave a queue a cause, and tells
of them before it hangs up the agent's leg."""


def meaning(path: Path) -> list[str]:
    """What is expected of a capture."""
    folder = path.parent.relative_to(TRACES).as_posix()
    return DIFFERENT.get(folder, {}).get(path.stem, expected.EXPECTED[path.stem])


@pytest.mark.parametrize("path", ALL)
def test_trace_gives_the_events_of_its_scenario(path):
    """A captured call gives exactly the events that its scenario means, in order."""
    assert calls(run(headers_of(path), tracker())) == meaning(path)


@pytest.mark.parametrize("path", ALL)
def test_nothing_is_left_after_a_trace(path):
    """After the last Hangup the tracker holds no call, channel, bridge or device."""
    used = tracker()
    run(headers_of(path), used)
    assert (used.size, used.live) == (0, ())


@pytest.mark.parametrize("path", ALL)
def test_who_went_into_a_queue_came_out_of_it(path):
    """Callers enter the queue that their number leads to, in turn, and none is left waiting."""
    stays = [line.rpartition(" at ")[0] for line in queue_stays(run(headers_of(path), tracker()))]
    entered = [line for line in stays if " into " in line]
    assert sorted(line.replace(" out of ", " into ") for line in stays if " out of " in line) == sorted(entered)
    queues = set(re.findall(r"from queue ([^\s,]+)", "\n".join(meaning(path))))
    assert {line.rpartition(" ")[2] for line in entered} == queues


@pytest.mark.parametrize("stem", expected.QUEUE_STAYS)
def test_trace_gives_the_queue_stays_of_its_scenario(stem):
    """When callers waited, to a tenth of a second, with an Asterisk of either version."""
    paths = [param.values[0] for param in ALL if param.values[0].stem == stem]
    assert [queue_stays(run(headers_of(path), tracker())) for path in paths] == [expected.QUEUE_STAYS[stem]] * len(
        paths
    )


@pytest.mark.parametrize("path", ALL)
def test_trace_offers_each_device_once(path):
    """No channel is offered a call twice, and each offer names the call's current linkedid."""
    offers = [fact for fact in run(headers_of(path), tracker()) if isinstance(fact, CallOffered)]
    assert len({offer.uniqueid for offer in offers}) == len(offers)


@pytest.mark.parametrize("path", ALL)
def test_times_never_run_backwards(path):
    """Within a trace the events' times ascend."""
    times = [fact.at for fact in run(headers_of(path), tracker()) if isinstance(fact, CallEvent)]
    assert times == sorted(times)


def test_devices_learn_within_milliseconds_that_another_one_answered():
    """By the PBX's own stamps: from the answer to the end of each other device's ring, in every capture that has both."""
    waits = []
    for param in ALL:
        answered: dict[str, float] = {}
        for fact in run(headers_of(param.values[0]), tracker()):
            if isinstance(fact, CallAnswered):
                answered[fact.call_id] = fact.at.timestamp()
            elif isinstance(fact, CallMissed) and fact.reason is MissReason.ANSWERED_ELSEWHERE:
                waits.append(fact.at.timestamp() - answered.get(fact.call_id, fact.at.timestamp()))
    assert len(waits) >= 10
    assert max(waits) < 0.02


@pytest.mark.parametrize("stem", expected.AGENT_STATES)
def test_trace_gives_the_agents_states(stem):
    """Agents' devices go through the states of the scenario."""
    path = next(path for path in found("lean") if path.stem == stem)
    assert agents(run(headers_of(path), tracker())) == expected.AGENT_STATES[stem]


def test_every_trace_has_an_expectation():
    """A capture added to the fixtures needs its meaning written down."""
    assert {path.stem for folder in FOLDERS for path in found(folder)} == set(expected.EXPECTED)
