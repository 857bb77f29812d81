"""What the PBX holds at one moment, from the rows of its lists. Pure; ``snapshot`` asks for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from callcenter.telephony.ami_events import DeviceStateChange, QueueMember
from callcenter.telephony.ami_reading import Get, channel_fields, integer, queue_member, single
from callcenter.telephony.ami_stream import Headers


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One CoreShowChannel row; ``duration_s`` since the channel was created."""

    channel: str
    uniqueid: str
    linkedid: str
    state: int
    number: str | None
    name: str | None
    connected_number: str | None
    connected_name: str | None
    context: str
    exten: str
    application: str
    application_data: str
    bridge: str
    duration_s: int


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """One caller waiting in a queue; ``wait_s`` so far."""

    queue: str
    uniqueid: str
    wait_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxSnapshot:
    """What the PBX holds at one moment: rows of CoreShowChannels and of QueueStatus. ``at``: seconds since the epoch.

    ``complete`` false: only channels in bridges are listed, a call that rings may exist unseen.
    """

    at: float
    complete: bool = True
    channels: tuple[ChannelRow, ...] = ()
    entries: tuple[QueueEntry, ...] = ()
    members: tuple[QueueMember, ...] = ()
    devices: tuple[DeviceStateChange, ...] = field(default=())

    @staticmethod
    def from_rows(rows: Iterable[Headers], *, at: float, complete: bool = True) -> PbxSnapshot:
        """Sort list rows (CoreShowChannel, QueueEntry, QueueMember, DeviceStateChange) into a snapshot, in any order.

        Other rows (QueueParams, …Complete, responses) are skipped, so the answers of several actions may be chained.
        """
        found: dict[str, list[Get]] = {name: [] for name in _ROWS}
        for row in rows:
            get: Get = single(row)
            found.get(get("Event", ""), []).append(get)
        return PbxSnapshot(
            at=at,
            complete=complete,
            channels=tuple(_channel_row(get) for get in found["CoreShowChannel"]),
            entries=tuple(
                QueueEntry(get("Queue", ""), get("Uniqueid", ""), integer(get("Wait", "")))
                for get in found["QueueEntry"]
            ),
            members=tuple(queue_member(get, at) for get in found["QueueMember"]),
            devices=tuple(
                DeviceStateChange(at, get("Device", ""), get("State", "")) for get in found["DeviceStateChange"]
            ),
        )


_ROWS = ("CoreShowChannel", "QueueEntry", "QueueMember", "DeviceStateChange")


def _channel_row(get: Get) -> ChannelRow:
    fields = channel_fields(get, 0.0)[1:]
    bridge = get("BridgeId", "") or get("BridgeID", "")
    return ChannelRow(
        *fields, get("Application", ""), get("ApplicationData", ""), bridge, _clock_s(get("Duration", ""))
    )


def _clock_s(text: str) -> int:
    """``HH:MM:SS`` in seconds; 0 for anything else."""
    parts = text.split(":")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        return 0
    hours, minutes, seconds = (int(part) for part in parts)
    return hours * 3600 + minutes * 60 + seconds
