"""What the PBX's stream means: link up, events, snapshots, link down → domain events. Pure, so that it can be replayed.

The listener feeds it live; ``features.journal_replay`` feeds it what a journal holds and must get the same.
"""

from __future__ import annotations

from datetime import datetime

import structlog

from callcenter.telephony.ami_reading import parse
from callcenter.telephony.ami_stream import Headers
from callcenter.telephony.call_book import TrackerEvent
from callcenter.telephony.call_tracker import CallTracker
from callcenter.telephony.events import AmiGap, PbxLinkChanged
from callcenter.telephony.pbx_snapshot import PbxSnapshot

log = structlog.get_logger(__name__)

Fact = TrackerEvent | AmiGap | PbxLinkChanged


def is_unasked(headers: Headers) -> bool:
    """Whether a message is an event that the PBX sent by itself: only those are the tracker's business."""
    return "Event" in headers and "ActionID" not in headers


class CallStream:
    """The tracker with what the link knows around it. ``taken``: events so far; ``failed``: those that broke us."""

    def __init__(self, tracker: CallTracker) -> None:
        self.tracker = tracker
        self.taken = 0
        self.failed = 0
        self.blind_since: datetime | None = None

    def up(self, at: datetime, version: str) -> list[Fact]:
        """Logged in to an AMI of ``version``."""
        return [PbxLinkChanged(at=at, connected=True, reason=f"connected, AMI {version}")]

    def down(self, at: datetime, reason: str, *, heard_at: datetime | None) -> list[Fact]:
        """The link is gone; since ``heard_at`` we may have missed something (None: we heard nothing, or stopped it)."""
        if heard_at is not None and self.blind_since is None:
            self.blind_since = heard_at
        return [PbxLinkChanged(at=at, connected=False, reason=reason)]

    def event(self, headers: dict[str, str]) -> list[TrackerEvent]:
        """One AMI event; whatever is wrong with it, the next one is taken."""
        self.taken += 1
        try:
            event = parse(headers)
            return self.tracker.apply(event) if event is not None else []
        except Exception:
            self.failed += 1
            log.exception("listener.event_failed", ami_event=headers.get("Event", ""))
            return []

    def snapshot(self, snapshot: PbxSnapshot, now: datetime) -> list[Fact]:
        """Bring the tracker in line with the PBX, and tell the gap if there was one."""
        try:
            change = self.tracker.resync(snapshot)
        except Exception:
            log.exception("listener.resync_failed")
            return []
        facts: list[Fact] = [*change.events]
        since, self.blind_since = self.blind_since, None
        if since is not None:
            facts.append(
                AmiGap(
                    at=now,
                    since=since,
                    until=now,
                    calls_reconstructed=change.calls_reconstructed,
                    calls_ended_unseen=change.calls_ended_unseen,
                )
            )
        return facts
