"""What stands behind the web server where nobody calls: each remembers what it was told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from callcenter.errors import NotFound
from callcenter.features.caller_choice import ChosenCaller
from callcenter.features.wall_views import (
    Quantiles,
    WallboardView,
    WallGap,
    WallLink,
    WallOrders,
    WallPops,
    WallToday,
    WallTranscripts,
)
from workorder.views.orders import OrderView

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)


@dataclass
class DeskCalls:
    """The live calls of a desk nobody calls; remembers what the page told."""

    done_calls: list[tuple[str, str]] = field(default_factory=list)
    painted_calls: list[tuple[str, str, float]] = field(default_factory=list)

    def snapshot(self, interface: str | None) -> Mapping[str, object]:
        return {"server_time": NOW, "agent_state": "available", "pbx": {"connected": True, "since": NOW}, "calls": []}

    def done(self, interface: str, call_id: str) -> None:
        self.done_calls.append((interface, call_id))

    def painted(self, interface: str, call_id: str, painted_at_ms: float) -> None:
        self.painted_calls.append((interface, call_id, painted_at_ms))


WALL = WallboardView(
    at=NOW,
    day=NOW.date(),
    calls=(),
    agents=(),
    today=WallToday(
        offered=3, answered=2, abandoned=1, missed=0, wait_avg_s=4.5, service_level=0.6667, service_level_s=20
    ),
    pbx=WallLink(connected=True, since=NOW, reason="connected"),
    gaps=(WallGap(NOW, NOW, 1, 0),),
    pops=WallPops(sent=Quantiles(2, 1.5, 3.0), painted=Quantiles(0, None, None)),
    transcripts=WallTranscripts(complete=2),
    orders=WallOrders(running=7, due_soon=2, late=1, paused=3),
)


class QuietWall:
    """A floor on which nothing happens."""

    def snapshot(self) -> WallboardView:
        return WALL


class QuietNotify:
    """Sends nothing."""

    def changed(self) -> None:
        """Nobody listens."""

    def lanes(self) -> tuple[str, ...]:
        return ("sms",)


@dataclass
class TriedOut:
    """One way out, that remembers what it took; ``fault`` is what it answers with."""

    sent: list[tuple[str, str, str]] = field(default_factory=list)
    fault: Exception | None = None

    async def try_out(self, lane: str, *, to: str, subject: str, text: str) -> str | None:
        if self.fault is not None:
            raise self.fault
        if lane != "sms":
            raise NotFound(f"there is no way out {lane}", field="lane")
        self.sent.append((to, subject, text))
        return "R1"


@dataclass
class DeskOrders:
    """Remembers which orders the desks were told about."""

    seen: list[OrderView] = field(default_factory=list)
    callers: list[tuple[str, ChosenCaller]] = field(default_factory=list)

    def chosen(self, call_id: str, caller: ChosenCaller) -> None:
        self.callers.append((call_id, caller))

    def changed(self, order: OrderView) -> None:
        self.seen.append(order)


@dataclass(frozen=True)
class Waveform:
    sample_rate_hz: int = 8000
    duration_ms: int = 2000
    peaks_per_s: float = 1.0
    channels: tuple[tuple[float, ...], ...] = ((0.5, 0.25), (0.0, 1.0))


@dataclass
class Sounds:
    """Recordings in a folder, and the audio of calls that go on, by call."""

    folder: Path
    live: dict[str, bytes] = field(default_factory=dict)

    def file(self, path: str) -> Path:
        if not (self.folder / path).is_file():
            raise NotFound("the recording is gone", field="call_id")
        return self.folder / path

    async def remove(self, path: str) -> None:
        (self.folder / path).unlink(missing_ok=True)

    async def peaks(self, path: str) -> Waveform:
        self.file(path)
        return Waveform()

    async def clip(self, path: str, *, start_ms: int, end_ms: int, channel: str) -> bytes:
        return f"RIFF {path} {start_ms} {end_ms} {channel}".encode()


@dataclass
class LiveSounds:
    calls: dict[str, bytes] = field(default_factory=dict)

    async def clip(self, call_id: str, *, start_ms: int, end_ms: int, channel: str) -> bytes | None:
        return self.calls.get(call_id)
