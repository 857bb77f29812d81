# ruff: noqa: SLF001 - this module is the tracker's memory on paper
"""What the tracker knows, as JSON and back: where a new journal file goes on.

Everything that can change a later event is in it; ``restored(checkpoint(tracker))`` behaves exactly like ``tracker``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from callcenter.errors import Invalid
from callcenter.telephony.agent_tracker import AgentStanding
from callcenter.telephony.call_state import Call, Channel
from callcenter.telephony.call_tracker import CallTracker
from callcenter.telephony.events import AgentState, Direction

Json = dict[str, Any]

_CHANNEL = tuple(field.name for field in fields(Channel) if field.name != "call")
_CALL = tuple(field.name for field in fields(Call) if field.name not in {"linkedids", "channels", "taken", "direction"})


class CheckpointUnreadable(Invalid):
    """A checkpoint was written by a version that knew other things."""

    code = "checkpoint_unreadable"


def checkpoint(tracker: CallTracker) -> Json:
    """The state of ``tracker``, ready for JSON."""
    calls = list(tracker._calls.values())
    order = next(tracker._order)
    tracker._order = itertools.count(order)
    return {
        "at": tracker._at,
        "order": order,
        "gone": dict(tracker._gone),
        "calls": [_call_json(call) for call in calls],
        "channels": [_channel_json(channel) for channel in _channels(tracker, calls)],
        "live": list(tracker._channels),
        "bridges": {bridge: list(members) for bridge, members in tracker._bridges.items()},
        "agents": {
            interface: {field.name: getattr(agent, field.name) for field in fields(agent)}
            for interface, agent in tracker.agents._agents.items()
        },
    }


def restore(tracker: CallTracker, state: Json) -> None:
    """Put ``state`` into a fresh ``tracker``. Raises CheckpointUnreadable."""
    try:
        _restore(tracker, state)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointUnreadable(
            f"this version cannot read the checkpoint: {error!r}", fix="replay from the first file of that run"
        ) from error


def _channels(tracker: CallTracker, calls: Iterable[Call]) -> Iterable[Channel]:
    """Live channels, and dead ones that a call still remembers."""
    yield from tracker._channels.values()
    for call in calls:
        if call.taken is not None and call.taken.uniqueid not in tracker._channels:
            yield call.taken


def _call_json(call: Call) -> Json:
    return {
        **{name: getattr(call, name) for name in _CALL},
        "direction": call.direction.value,
        "linkedids": sorted(call.linkedids),
        "channels": list(call.channels),
        "taken": call.taken.uniqueid if call.taken else None,
    }


def _channel_json(channel: Channel) -> Json:
    return {**{name: getattr(channel, name) for name in _CHANNEL}, "call": channel.call.call_id}


def _restore(tracker: CallTracker, state: Json) -> None:
    calls: dict[str, Call] = {}
    for row in state["calls"]:
        call = Call(**{name: row[name] for name in _CALL}, direction=Direction(row["direction"]))
        call.linkedids = set(row["linkedids"])
        calls[call.call_id] = call
    channels = {
        row["uniqueid"]: Channel(**{name: row[name] for name in _CHANNEL}, call=calls[row["call"]])
        for row in state["channels"]
    }
    for row in state["calls"]:
        call = calls[row["call_id"]]
        call.channels = {uniqueid: channels[uniqueid] for uniqueid in row["channels"]}
        call.taken = channels[row["taken"]] if row["taken"] else None
    live = {uniqueid: channels[uniqueid] for uniqueid in state["live"]}
    tracker._at = state["at"]
    tracker._order = itertools.count(state["order"])
    tracker._gone.update(state["gone"])
    tracker._calls.update(calls)
    tracker._by_linkedid.update({linkedid: call for call in calls.values() for linkedid in call.linkedids})
    tracker._channels.update(live)
    tracker._bridges.update({b: dict.fromkeys(members) for b, members in state["bridges"].items()})
    for channel in live.values():
        if channel.interface is not None:
            tracker._devices.setdefault(channel.interface, set()).add(channel)
    tracker.agents._agents.update({i: _agent(row) for i, row in state["agents"].items()})


def _agent(row: Json) -> AgentStanding:
    states = {name: AgentState(row[name]) if row[name] else None for name in ("device", "line", "shown")}
    return AgentStanding(**{**row, **states})
