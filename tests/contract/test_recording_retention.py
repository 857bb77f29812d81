"""How long recordings are kept, on every database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from ulid import ULID

from callcenter.clock import VirtualClock
from callcenter.errors import Unavailable
from callcenter.features.recording_retention import RecordingRetention
from callcenter.media.recordings import Recordings
from callcenter.storage import audit, call_log, calls
from callcenter.storage.call_writer import CallWriter
from callcenter.storage.database import Database
from workorder.commands import CreateOrder, OpenDraft
from workorder.policy.phones import parse_phone
from workorder.services import orders

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
FIELDS = {"service_type": "enquiry", "contact_phone": "13800138000"}


@pytest.fixture
async def recordings(tmp_path):
    recordings = Recordings(tmp_path / "recordings", min_free_mb=0)
    yield recordings
    await recordings.aclose()


def sweeper(database: Database, recordings: Recordings, keep: int, with_order: int = 0) -> RecordingRetention:
    return RecordingRetention(
        database=database,
        recordings=recordings,
        clock=VirtualClock(NOW),
        keep_days=keep,
        with_order_days=with_order,
    )


async def recorded(database: Database, recordings: Recordings, days_ago: int, *, ordered: bool = False) -> str:
    """A call of that day with a recording on disk, and an order if wanted; returns its id."""
    at = NOW - timedelta(days=days_ago)
    call_id = str(ULID.from_datetime(at))
    recorder = recordings.recorder(call_id, 8000)
    for side in (0, 1):
        recorder.push(side, np.full(8000, 1000, "<i2").tobytes())
    stored = await recordings.store(recorder)
    writer = CallWriter()
    writer.record_arrival(call_id=call_id, at=at, linkedid="l", direction="inbound", phone=parse_phone("13800138000"))
    facts = {
        name: getattr(stored, name)
        for name in ("path", "sample_rate_hz", "duration_ms", "size_bytes", "sha256", "partial")
    }
    writer.add_recording(call_id=call_id, at=at, file_format="flac", **facts)
    async with database.write() as work:
        await calls.save(work.session, writer.take())
        if ordered:
            draft = await orders.open_draft(work.session, OpenDraft(by="U", at=at, call_id=call_id, fields=FIELDS))
            await orders.create_order(work.session, CreateOrder(by="U", at=at, order_id=draft.order_id))
        await work.commit()
    return call_id


async def kept(database: Database, *call_ids: str) -> list[bool]:
    async with database.read() as work:
        return [await call_log.recording_of(work.session, call_id) is not None for call_id in call_ids]


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


async def test_recordings_go_when_their_time_is_over(database, recordings, tmp_path):
    """Older than keep_days: file, peaks, empty folders and the row are gone, the call stays and an audit line tells."""
    old, young = await recorded(database, recordings, 31), await recorded(database, recordings, 29)
    assert await sweeper(database, recordings, 30).sweep() == 1
    assert await kept(database, old, young) == [False, True]
    assert files(tmp_path / "recordings") == [f"{young}.flac", f"{young}.peaks.json"]
    assert len([path for path in tmp_path.rglob("[0-9][0-9]") if path.is_dir() and not any(path.iterdir())]) == 0
    async with database.read() as work:
        assert (await call_log.call_detail(work.session, old)).recording is None
        assert [line.action for line in await audit.lines(work.session, subject=old)] == ["recording.expired"]


async def test_recordings_behind_an_order_stay_longer(database, recordings):
    """keep_days_with_order counts for calls that became an order, and never less than keep_days."""
    plain, ordered, ancient = [
        await recorded(database, recordings, days, ordered=with_order)
        for days, with_order in ((40, False), (40, True), (400, True))
    ]
    assert await sweeper(database, recordings, 30, with_order=365).sweep() == 2
    assert await kept(database, plain, ordered, ancient) == [False, True, False]
    assert await sweeper(database, recordings, 50, with_order=10).sweep() == 0
    assert await kept(database, ordered) == [True]


async def test_a_file_that_is_gone_already_only_loses_its_row(database, recordings, tmp_path):
    """After a crash between the two the next sweep finishes what was begun."""
    old = await recorded(database, recordings, 31)
    next(tmp_path.rglob("*.flac")).unlink()
    assert await sweeper(database, recordings, 30).sweep() == 1
    assert await kept(database, old) == [False]


async def test_a_disk_that_refuses_keeps_row_and_file(database, recordings, tmp_path, monkeypatch):
    """Nothing is forgotten that is still there, and the error says what to do."""
    old = await recorded(database, recordings, 31)

    def refuse(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(Unavailable, match="Permission denied"):
        await sweeper(database, recordings, 30).sweep()
    assert await kept(database, old) == [True]
    assert f"{old}.flac" in files(tmp_path)
