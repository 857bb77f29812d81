import io
import shutil

import numpy as np
import pytest
import soundfile

from callcenter.errors import NotFound, Unavailable
from callcenter.ids import new_id
from callcenter.media.recordings import Recordings


@pytest.fixture
async def recordings(tmp_path):
    made = Recordings(tmp_path, min_free_mb=0)
    yield made
    await made.aclose()


def ramp(seconds, rate=8000):
    return (np.arange(round(seconds * rate)) % 30_000).astype("<i2").tobytes()


async def record(recordings, seconds=3.0, call_id=None):
    recorder = recordings.recorder(call_id or new_id(), 8000)
    recorder.push(0, ramp(seconds))
    recorder.push(1, bytes(len(ramp(seconds))))
    return recorder


async def test_a_recording_is_stored_with_its_facts(recordings, tmp_path):
    """FLAC of both sides, its size, sum and length; only it and its peaks stay."""
    import hashlib

    stored = await recordings.store(await record(recordings))
    file = recordings.file(stored.path)
    assert (stored.duration_ms, stored.size_bytes, stored.partial) == (3000, file.stat().st_size, False)
    assert stored.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    stereo, rate = soundfile.read(file, dtype="int16")
    assert rate == 8000
    assert stereo[:, 0].tobytes() == ramp(3)
    assert sorted(path.suffix for path in tmp_path.rglob("*.*")) == [".flac", ".json"]


async def test_wav_can_be_chosen(tmp_path):
    """With recording_format wav the file is a WAV."""
    recordings = Recordings(tmp_path, file_format="wav", min_free_mb=0)
    stored = await recordings.store(await record(recordings))
    assert stored.path.endswith(".wav")
    assert soundfile.info(recordings.file(stored.path)).format == "WAV"
    await recordings.aclose()


async def test_peaks_follow_the_sound(recordings):
    """Twenty peaks a second of each side, 0..1."""
    stored = await recordings.store(await record(recordings, 2.01))
    peaks = await recordings.peaks(stored.path)
    assert (peaks.sample_rate_hz, peaks.duration_ms, peaks.peaks_per_s) == (8000, 2010, 20)
    assert [len(channel) for channel in peaks.channels] == [41, 41]
    assert peaks.channels[0][1] == pytest.approx(799 / 32768, abs=0.001)
    assert set(peaks.channels[1]) == {0}


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "samples"),
    [(1000, 1500, 4000), (2900, 9000, 800), (5000, 6000, 0), (-5, 10, 80), (20, 10, 0)],
)
async def test_clips_are_cut_to_what_exists(recordings, start_ms, end_ms, samples):
    """Any span gives a WAV, empty where there is no sound."""
    stored = await recordings.store(await record(recordings))
    clip = await recordings.clip(stored.path, start_ms=start_ms, end_ms=end_ms, channel="both")
    assert len(soundfile.read(io.BytesIO(clip), always_2d=True)[0]) == samples


async def test_clips_are_at_most_a_minute(recordings):
    """A longer span is cut."""
    stored = await recordings.store(await record(recordings, 70))
    clip = await recordings.clip(stored.path, start_ms=0, end_ms=70_000, channel="caller")
    assert soundfile.info(io.BytesIO(clip)).duration == 60


@pytest.mark.parametrize(
    "call_id",
    ["../../etc/passwd", "", "x", "01ARZ3NDEKTSV4RRFFQ69G5FA/", "01arz3ndektsv4rrffq69g5fav", "8" + "0" * 25, "0" * 27],
)
async def test_hostile_call_ids_make_no_path(recordings, call_id):
    """Only a ULID becomes part of a path."""
    with pytest.raises(NotFound):
        recordings.recorder(call_id, 8000)


@pytest.mark.parametrize("path", ["../secret.flac", "/etc/passwd", "2026/01/01/none.flac", "link.flac", ".", ""])
async def test_hostile_paths_find_nothing(tmp_path, path):
    """Paths outside the folder, also by a link, are not found."""
    (tmp_path / "secret.flac").write_bytes(b"secret")
    root = tmp_path / "recordings"
    root.mkdir()
    (root / "link.flac").symlink_to(tmp_path / "secret.flac")
    recordings = Recordings(root)
    with pytest.raises(NotFound):
        recordings.file(path)
    await recordings.aclose()


async def test_what_a_crash_left_is_salvaged(recordings, tmp_path):
    """Part files, cut in the middle of a sample too, become partial recordings; foreign files stay."""
    recorder = await record(recordings)
    await recorder.close()
    with recorder.part.open("ab") as part:
        part.write(b"\x01\x02\x03")
    (recorder.part.parent / "notes.part").write_text("mine")
    again = Recordings(tmp_path, min_free_mb=0)
    (stored,) = await again.salvage()
    assert (stored.duration_ms, stored.partial) == (3000, True)
    assert soundfile.info(again.file(stored.path)).frames == 24_000
    assert await again.salvage() == []
    assert (recorder.part.parent / "notes.part").exists()
    await again.aclose()


async def test_a_crash_before_the_first_sound_leaves_nothing(recordings, tmp_path):
    """An empty file is no recording: it is removed at the next start and nothing is announced."""
    folder = tmp_path / "2026/11/21"
    folder.mkdir(parents=True)
    (folder / f"{new_id()}.8000.part").touch()
    assert await recordings.salvage() == []
    assert list(folder.iterdir()) == []


async def test_a_full_disk_stops_the_recording_and_marks_it_partial(tmp_path, monkeypatch):
    """Below the free-space limit what came before is kept, later sound is not, and pushing goes on without an error."""
    recordings = Recordings(tmp_path, min_free_mb=100)
    recorder = await record(recordings, 4)
    await recorder.flush()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 1))
    for _ in range(10):
        recorder.push(0, ramp(1))
        recorder.push(1, ramp(1))
        await recorder.flush()
    assert recorder.partial
    stored = await recordings.store(recorder)
    assert stored.partial
    assert 4000 <= stored.duration_ms < 14_000
    await recordings.aclose()


async def test_a_disk_full_from_the_start_leaves_no_recording(tmp_path, monkeypatch):
    """Nothing is written, nothing is stored, nothing is raised."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 1))
    recordings = Recordings(tmp_path, min_free_mb=100)
    recorder = await record(recordings)
    assert await recordings.store(recorder) is None
    assert recorder.partial
    await recordings.aclose()


async def test_a_recording_that_cannot_be_written_is_kept_for_later(recordings, monkeypatch):
    """When the final file fails, the error says so, no half file is left, and the part waits to be salvaged."""
    recorder = await record(recordings)
    with monkeypatch.context() as broken:
        broken.setattr(soundfile, "SoundFile", lambda *_, **__: (_ for _ in ()).throw(OSError(28, "No space left")))
        with pytest.raises(Unavailable, match="No space left"):
            await recordings.store(recorder)
        assert await recordings.retry() == []
    assert [path.suffix for path in recorder.part.parent.iterdir()] == [".part"]
    assert len(await recordings.salvage()) == 1


async def test_a_recording_that_could_not_be_written_is_stored_when_there_is_room(recordings, monkeypatch):
    """The next try after the disk has room again stores it whole, once."""
    recorder = await record(recordings)
    with monkeypatch.context() as broken:
        broken.setattr(soundfile, "SoundFile", lambda *_, **__: (_ for _ in ()).throw(OSError(28, "No space left")))
        with pytest.raises(Unavailable):
            await recordings.store(recorder)
    (stored,) = await recordings.retry()
    assert (stored.duration_ms, stored.partial) == (3000, False)
    assert await recordings.retry() == []
