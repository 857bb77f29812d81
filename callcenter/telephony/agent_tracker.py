"""What each agent's device is doing, derived from device states, queue memberships and tracked calls.

Sources in order of trust: a tracked call of the device (ringing, talking, held), then what the PBX says about the
device (DeviceStateChange, or the status in QueueMember events), then pause and membership of queues. A device is PAUSED
while it is idle and paused in any queue, and OFFLINE when unreachable or when it left its last queue.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from callcenter.telephony.ami_events import AmiEvent, DeviceStateChange, QueueMember
from callcenter.telephony.events import AgentState, AgentStateChanged

DEVICE_STATES: dict[str, AgentState] = {
    "NOT_INUSE": AgentState.AVAILABLE,
    "INUSE": AgentState.ON_CALL,
    "BUSY": AgentState.ON_CALL,
    "RINGINUSE": AgentState.ON_CALL,
    "RINGING": AgentState.RINGING,
    "ONHOLD": AgentState.ON_HOLD,
    "UNAVAILABLE": AgentState.OFFLINE,
    "INVALID": AgentState.OFFLINE,
}
"""UNKNOWN says nothing and is left out."""

MEMBER_STATUS: dict[int, AgentState] = {
    1: AgentState.AVAILABLE,
    2: AgentState.ON_CALL,
    3: AgentState.ON_CALL,
    4: AgentState.OFFLINE,
    5: AgentState.OFFLINE,
    6: AgentState.RINGING,
    7: AgentState.ON_CALL,
    8: AgentState.ON_HOLD,
}
"""Asterisk's device state numbers, as QueueMember events send them; 0 is unknown."""


@dataclass(slots=True)
class AgentStanding:
    """What is known of one device; ``shown`` is what was last said about it."""

    device: AgentState | None = None
    line: AgentState | None = None
    queues: dict[str, str | None] = field(default_factory=dict)
    """Queue → pause reason, None when not paused there."""
    left: bool = False
    shown: AgentState | None = None

    def state(self) -> tuple[AgentState, str | None]:
        """What all sources add up to, and why."""
        if self.line is not None:
            return self.line, None
        if self.device not in (None, AgentState.AVAILABLE):
            return self.device, None
        if self.left:
            return AgentState.OFFLINE, "logged_out"
        pauses = [reason for reason in self.queues.values() if reason is not None]
        return (AgentState.PAUSED, pauses[0] or None) if pauses else (AgentState.AVAILABLE, None)


class AgentTracker:
    """Reduces events to AgentStateChanged, one for each change of a device's state; the first sighting counts as one.

    ``is_agent`` says whether a device name (``PJSIP/1001``) is an agent's.
    """

    def __init__(self, is_agent: Callable[[str], bool]) -> None:
        self._is_agent = is_agent
        self._agents: dict[str, AgentStanding] = {}

    @property
    def states(self) -> dict[str, AgentState]:
        """Every device seen so far and its state now."""
        return {interface: agent.shown for interface, agent in self._agents.items() if agent.shown is not None}

    def apply(self, event: AmiEvent) -> list[AgentStateChanged]:
        """Take a DeviceStateChange or QueueMember event; others change nothing."""
        if isinstance(event, DeviceStateChange):
            return self._device(event.device, DEVICE_STATES.get(event.state), event.at)
        if isinstance(event, QueueMember) and self._is_agent(event.interface):
            return self._member(event)
        return []

    def on_line(self, interface: str, state: AgentState | None, at: float) -> list[AgentStateChanged]:
        """The tracked calls of ``interface`` put it into ``state``; None: it has none."""
        agent = self._agents.setdefault(interface, AgentStanding())
        agent.line = state
        return self._changed(interface, agent, at)

    def _device(self, interface: str, state: AgentState | None, at: float) -> list[AgentStateChanged]:
        if state is None or not self._is_agent(interface):
            return []
        agent = self._agents.setdefault(interface, AgentStanding())
        agent.device = state
        return self._changed(interface, agent, at)

    def _member(self, event: QueueMember) -> list[AgentStateChanged]:
        agent = self._agents.setdefault(event.interface, AgentStanding())
        if event.event == "QueueMemberRemoved":
            agent.queues.pop(event.queue, None)
            agent.left = not agent.queues
        else:
            agent.queues[event.queue] = (event.reason or "") if event.paused else None
            agent.left = False
        agent.device = MEMBER_STATUS.get(event.status, agent.device)
        return self._changed(event.interface, agent, event.at)

    @staticmethod
    def _changed(interface: str, agent: AgentStanding, at: float) -> list[AgentStateChanged]:
        state, reason = agent.state()
        if state is agent.shown:
            return []
        agent.shown = state
        return [AgentStateChanged(at=datetime.fromtimestamp(at, UTC), interface=interface, state=state, reason=reason)]
