"""The record of calls is kept whatever one of them holds."""

from __future__ import annotations

from datetime import UTC, datetime

from callcenter.bus.local import LocalBus
from callcenter.clock import VirtualClock
from callcenter.features.call_record import CallRecord
from callcenter.media.events import RecordingStored
from callcenter.storage import call_log
from callcenter.storage.database import Database
from callcenter.telephony.events import CallArrived, Direction
from workorder.policy.phones import parse_phone

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
NO_COLUMN_HOLDS = 2**70


def arrived(call_id: str) -> CallArrived:
    return CallArrived(
        at=AT,
        call_id=call_id,
        linkedid=f"l{call_id}",
        uniqueid=f"u{call_id}",
        number="13800138000",
        name=None,
        dialled="4000",
        direction=Direction.INBOUND,
    )


def stored(call_id: str, duration_ms: int) -> RecordingStored:
    return RecordingStored(
        at=AT,
        call_id=call_id,
        path=f"{call_id}.flac",
        sample_rate_hz=8000,
        duration_ms=duration_ms,
        size_bytes=1,
        sha256="0" * 64,
        partial=False,
    )


async def test_a_fact_that_cannot_be_stored_costs_no_other_call(database: Database) -> None:
    """The call with the impossible fact loses what came with it; the others of the same moment are all there."""
    bus = LocalBus()
    record = CallRecord(database, VirtualClock(AT), parse_phone)
    record.subscribe(bus)
    for call_id, duration_ms in (("C1", 1000), ("C2", NO_COLUMN_HOLDS), ("C3", 3000)):
        bus.publish(arrived(call_id))
        bus.publish(stored(call_id, duration_ms))
    await bus.aclose()
    await record.aclose()
    async with database.read() as work:
        for call_id, duration_ms in (("C1", 1000), ("C3", 3000)):
            found = await call_log.recording_of(work.session, call_id)
            assert found is not None
            assert found.duration_ms == duration_ms
