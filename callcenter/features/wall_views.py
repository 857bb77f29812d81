"""What the wallboard shows, as it goes over HTTP and the agent socket (docs/reference/api.md, Wallboard)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from callcenter.telephony.events import AgentState

SERVICE_LEVEL_S = 20.0
"""An answer within so many seconds of the call's arrival is in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WallCall:
    """A call that goes on.

    ``state``: arriving (inbound, not in a queue yet), dialling (outbound or internal, the same), waiting (in a queue,
    no device rings), ringing, talking, or away (was answered, no agent has it now: parked, or handed to somebody
    outside). ``since``: of that state. ``queued_at``: since when a party of it waits in a queue, whether a device rings
    or not; None when nobody does. ``interfaces``: the devices that ring or talk.
    """

    call_id: str
    state: str
    direction: str
    number: str | None
    queue: str | None
    arrived_at: datetime
    answered_at: datetime | None
    since: datetime
    queued_at: datetime | None
    interfaces: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WallAgent:
    """A device that a user has, or that is not offline. ``call_id``: the call that it rings for or talks on."""

    interface: str
    display_name: str | None
    state: AgentState
    since: datetime
    reason: str | None
    call_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WallToday:
    """Inbound calls that arrived today.

    ``abandoned`` callers gave up, ``missed`` calls ended unanswered otherwise; what is left of ``offered`` still goes
    on unanswered. ``wait_avg_s``: of the answered ones. ``service_level``: share (0..1) of calls answered or lost that
    were answered within ``service_level_s``. Both are None without such calls; a call whose arrival we did not witness
    (a restart in the middle of it) counts in neither.
    """

    offered: int
    answered: int
    abandoned: int
    missed: int
    wait_avg_s: float | None
    service_level: float | None
    service_level_s: float


@dataclass(frozen=True, slots=True)
class WallLink:
    """The link to the PBX, since when it is so and why."""

    connected: bool
    since: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class WallGap:
    """A time in which the PBX could not be heard, and what was found out about it afterwards."""

    since: datetime
    until: datetime
    calls_reconstructed: int
    calls_ended_unseen: int


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Of the last ``count`` measurements; None without any."""

    count: int
    p50_ms: float | None
    p95_ms: float | None


@dataclass(frozen=True, slots=True)
class WallPops:
    """From the PBX's offer of a call to our frame, and to paint on the glass."""

    sent: Quantiles
    painted: Quantiles


@dataclass(frozen=True, slots=True)
class WallTranscripts:
    """Calls answered today by what became of their transcript; ``failed``: at least one speaker has none."""

    live: int = 0
    complete: int = 0
    failed: int = 0
    none: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WallOrders:
    """Open orders by their clock, a few seconds old.

    ``running``: it runs; ``due_soon``: of these, to be resolved within the hour. ``paused``: it stands while parts or
    the customer are waited for. ``late``: past their time to resolve, running or paused.
    """

    running: int = 0
    due_soon: int = 0
    late: int = 0
    paused: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WallboardView:
    """Everything at one moment. ``day`` is the day of ``today``, ``gaps`` and ``transcripts`` in the settings' zone."""

    at: datetime
    day: date
    calls: tuple[WallCall, ...]
    agents: tuple[WallAgent, ...]
    today: WallToday
    pbx: WallLink
    gaps: tuple[WallGap, ...]
    pops: WallPops
    transcripts: WallTranscripts
    orders: WallOrders
