"""The calls and agents of this moment, reduced from events; nothing here waits or asks anybody."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from callcenter.features.wall_views import WallAgent, WallCall
from callcenter.telephony.events import AgentState, AgentStateChanged, CallArrived, Direction


@dataclass(slots=True)
class LiveTalk:
    """A call that goes on. ``legs``: device → ringing or talking."""

    arrival: CallArrived
    number: str | None
    counted: bool
    """It counts as one of today's inbound calls."""
    witnessed: bool
    """We saw it arrive, so its waiting time is known."""
    queue: str | None = None
    answered_at: datetime | None = None
    abandoned: bool = False
    transcript: str | None = None
    """None until an agent answered; then as in WallTranscripts."""
    legs: dict[str, str] = field(default_factory=dict)
    waits: dict[str, datetime] = field(default_factory=dict)
    """Channel → since when it is in a queue."""
    state: str = "arriving"
    since: datetime | None = None

    def settle(self, at: datetime) -> None:
        """Work out the state after a change of ``legs`` at ``at``."""
        now = self._state()
        if now != self.state or self.since is None:
            # Between two devices that do not answer the caller has waited since the join.
            began = {"arriving": self.arrival.at, "dialling": self.arrival.at, "waiting": self.queued_at}
            self.state, self.since = now, began.get(now) or at

    @property
    def queued_at(self) -> datetime | None:
        """Since when somebody of this call waits in a queue."""
        return min(self.waits.values(), default=None)

    def _state(self) -> str:
        states = self.legs.values()
        if "talking" in states:
            return "talking"
        if "ringing" in states:
            return "ringing"
        if self.waits:
            return "waiting"
        if self.answered_at is not None:
            return "away"
        return "arriving" if self.arrival.direction is Direction.INBOUND else "dialling"

    def view(self) -> WallCall:
        """As shown."""
        return WallCall(
            call_id=self.arrival.call_id,
            state=self.state,
            direction=self.arrival.direction.value,
            number=self.number,
            queue=self.queue,
            arrived_at=self.arrival.at,
            answered_at=self.answered_at,
            since=self.since or self.arrival.at,
            queued_at=self.queued_at,
            interfaces=tuple(self.legs),
        )


class Floor:
    """Everybody and everything that is on the phone."""

    def __init__(self) -> None:
        self.calls: dict[str, LiveTalk] = {}
        self.names: dict[str, str] = {}
        """Device → display name of its user."""
        self._agents: dict[str, AgentStateChanged] = {}

    def agent(self, event: AgentStateChanged) -> None:
        """A device changed its state."""
        self._agents[event.interface] = event

    def call_views(self) -> tuple[WallCall, ...]:
        """Oldest first."""
        return tuple(call.view() for call in self.calls.values())

    def agent_views(self, since: datetime) -> tuple[WallAgent, ...]:
        """By device; those of users that the PBX has not told us about are offline since ``since``."""
        on_call = self._on_call()
        unheard = {
            name: AgentStateChanged(at=since, interface=name, state=AgentState.OFFLINE)
            for name in self.names.keys() - self._agents.keys()
        }
        known = sorted((self._agents | unheard).values(), key=lambda agent: agent.interface)
        return tuple(
            WallAgent(
                interface=agent.interface,
                display_name=self.names.get(agent.interface),
                state=agent.state,
                since=agent.at,
                reason=agent.reason,
                call_id=on_call.get(agent.interface),
            )
            for agent in known
            if agent.interface in self.names or agent.state is not AgentState.OFFLINE
        )

    def _on_call(self) -> dict[str, str]:
        """Device → its call; the one it talks on when another rings."""
        found: dict[str, str] = {}
        for wanted in ("ringing", "talking"):
            for call_id, call in self.calls.items():
                found |= {interface: call_id for interface, state in call.legs.items() if state == wanted}
        return found
