"""What the web layer needs from the rest, in one frozen value that app.py fills.

    auth = Auth(database=database, clock=clock, settings=settings.web)
    services = Services(settings=settings, clock=clock, database=database, auth=auth, api_keys=api_keys, hub=hub, …)
    application = build_web(services)          # aiohttp.web.Application; callcenter.web.server

``hub`` is made first (``Hub(queue_limit=settings.web.socket_queue, metrics=registry)``) because features
push frames to it; it implements ``callcenter.features.desk.Desk``. Everything behind a Protocol here is called on the
event loop.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from prometheus_client import CollectorRegistry

from callcenter.auth.api_keys import ApiKeys
from callcenter.auth.sessions import Auth
from callcenter.clock import Clock
from callcenter.config import Settings
from callcenter.features.caller_choice import ChosenCaller
from callcenter.features.mail_intake import MailIntake
from callcenter.features.readiness import Check
from callcenter.features.report_intake import ReportIntake
from callcenter.features.wall_views import WallboardView
from callcenter.storage.blobs import BlobStore
from callcenter.storage.database import Database
from callcenter.web.hub import Hub
from workorder.views.orders import OrderView

Channel = Literal["caller", "agent", "both"]


class LiveCalls(Protocol):
    """The calls that are on the desks now. ``interface`` None is a user without a phone (a supervisor)."""

    def snapshot(self, interface: str | None) -> Mapping[str, object]:
        """Body of the ``snapshot`` frame; must not wait, so that no frame falls between it and the stream."""
        ...

    def done(self, interface: str, call_id: str) -> None:
        """The agent puts a finished call away; unknown calls are ignored (another tab was faster)."""
        ...

    def painted(self, interface: str, call_id: str, painted_at_ms: float) -> None:
        """The pop is on the glass since ``painted_at_ms`` (server clock, ms since the epoch)."""
        ...


class Wallboard(Protocol):
    """The whole floor."""

    def snapshot(self) -> WallboardView:
        """The floor now; must not wait."""
        ...


class LiveOrders(Protocol):
    """Tells the desks about orders changed over HTTP."""

    def changed(self, order: OrderView) -> None:
        """``order`` was committed; push it to every desk that shows it."""
        ...


class CallerChoice(Protocol):
    """Tells everybody who the agent said is on the line."""

    def chosen(self, call_id: str, caller: ChosenCaller) -> None:
        """The choice was committed; the desks and the understanding of the call follow."""
        ...


class Peaks(Protocol):
    """The loudest sample of each slice, for a waveform: one list of 0..1 per channel (caller, agent)."""

    @property
    def sample_rate_hz(self) -> int: ...  # noqa: D102
    @property
    def duration_ms(self) -> int: ...  # noqa: D102
    @property
    def peaks_per_s(self) -> float: ...  # noqa: D102
    @property
    def channels(self) -> tuple[tuple[float, ...], ...]: ...  # noqa: D102


class Recordings(Protocol):
    """The stereo files of finished calls; ``path`` is relative to the recordings folder, as RecordingStored says it."""

    def file(self, path: str) -> Path:
        """The file on disk. Raises NotFound when it is gone or ``path`` leads outside the folder."""
        ...

    async def remove(self, path: str) -> None:
        """Delete the file with all that was made from it; nothing happens when it is gone. Raises Unavailable."""
        ...

    async def peaks(self, path: str) -> Peaks:
        """Peaks of both channels. Raises NotFound."""
        ...

    async def clip(self, path: str, *, start_ms: int, end_ms: int, channel: Channel) -> bytes:
        """A WAV file of that span, cut to what exists; ``both`` is stereo. Raises NotFound."""
        ...


class LiveAudio(Protocol):
    """The audio of calls that still go on."""

    async def clip(self, call_id: str, *, start_ms: int, end_ms: int, channel: Channel) -> bytes | None:
        """A WAV file of that span, cut to what was heard so far; None when the call is not live any more."""
        ...


class Notify(Protocol):
    """The sending of messages."""

    def changed(self) -> None:
        """The rules were saved."""
        ...

    def lanes(self) -> tuple[str, ...]:
        """The ways out that are set up."""
        ...


class WaysOut(Protocol):
    """The ways out of messages that are set up."""

    async def try_out(self, lane: str, *, to: str, subject: str, text: str) -> str | None:
        """Send one message at once; the receiver's reference. Raises NotFound (no such lane), Unreachable, Refused."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything the routes use.

    ``catalogue`` gives the JSON of /api/catalogue; ``checks`` are those of /readyz, by name.
    """

    settings: Settings
    clock: Clock
    database: Database
    auth: Auth
    api_keys: ApiKeys
    hub: Hub
    live_calls: LiveCalls
    live_orders: LiveOrders
    caller_choice: CallerChoice
    wallboard: Wallboard
    recordings: Recordings
    live_audio: LiveAudio
    reports: ReportIntake
    mails: MailIntake
    blobs: BlobStore
    catalogue: Callable[[], Mapping[str, object]]
    checks: Mapping[str, Callable[[], Awaitable[Check]]]
    metrics: CollectorRegistry
    notify: Notify
    ways_out: WaysOut
