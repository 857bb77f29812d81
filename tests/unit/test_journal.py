"""The journal's files: what goes in comes out, cuts are seen, old files go, and a full disk stops nothing else."""

from __future__ import annotations

import asyncio
import errno
import itertools
import random
import time
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from asr.audio import pcm_to_ulaw, ulaw_to_pcm
from callcenter.clock import VirtualClock
from callcenter.storage import journal as journal_module
from callcenter.storage import journal_samples
from callcenter.storage.journal import OFF, RETRY_S, DayJournal
from callcenter.storage.journal_format import MAGIC, RAW, JournalUnreadable, Kind, files
from nlp.catalogue import Catalogue

ABOUT = {"agent_pattern": "x", "timezone": "Asia/Shanghai", "engine": "off", "model": ""}


@pytest.fixture(autouse=True)
def own_log(monkeypatch):
    """A logger that was used before may be bound to another configuration."""
    monkeypatch.setattr(journal_module, "log", structlog.get_logger())


CATALOGUE = Catalogue(appliances={}, brands={}, faults={})


def opened(folder: Path, clock: VirtualClock | None = None, **changes) -> DayJournal:
    return DayJournal(
        folder,
        clock=clock or VirtualClock(),
        zone=ZoneInfo("Asia/Shanghai"),
        **{"audio": True, "keep_days": 3, "max_bytes": 8 * 2**20, "about": ABOUT, **changes},
    )


def kinds(folder: Path) -> list[list[Kind]]:
    return [[kind for kind, _ in file.records()] for file in files(folder)]


async def test_what_goes_in_comes_out_in_order(tmp_path):
    """Bytes of the PBX are kept to the last one, whatever they are, and the file ends as finished."""
    journal = opened(tmp_path)
    sent = [random.Random(n).randbytes(n * 7) for n in range(200)]
    for number, received in enumerate(sent):
        journal.raw(1, number, received)
    await journal.aclose()
    [file] = files(tmp_path)
    read = [body for kind, body in file.records() if kind is Kind.RAW]
    assert read == [RAW.pack(1, number) + received for number, received in enumerate(sent)]
    assert file.finished
    assert file.lost_bytes == 0
    assert oct(file.path.stat().st_mode & 0o777) == "0o600"


async def test_a_cut_or_damaged_tail_ends_the_reading(tmp_path):
    """Whatever the last bytes are, all blocks before them are read, and none of the damaged one."""
    journal = opened(tmp_path)
    for number in range(3):
        journal.raw(1, number, bytes(100))
        journal._hand_over()
    await journal.aclose()
    [file] = files(tmp_path)
    whole = file.path.read_bytes()
    everything = list(file.records())
    for end in range(len(MAGIC), len(whole)):
        file.path.write_bytes(whole[:end])
        read = list(file.records())
        assert read == everything[: len(read)]
        assert len(read) < len(everything)
        assert file.lost_bytes == 0 or end < len(whole)
    file.path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert list(file.records()) == everything[:-1]
    assert file.lost_bytes


@pytest.mark.parametrize("content", [b"", b"Asterisk Call Manager/11.0.0\r\n", MAGIC, MAGIC + b"\0" * 50])
def test_other_files_are_refused_with_their_name(tmp_path, content):
    """No journal, an empty one and a damaged beginning say so."""
    path = tmp_path / "2026-01-05-0001.journal"
    path.write_bytes(content)
    with pytest.raises(JournalUnreadable, match=path.name):
        _ = files(path)[0].head
    with pytest.raises(JournalUnreadable, match="no journal there"):
        files(tmp_path / "none")


async def test_a_new_day_begins_a_new_file_that_stands_alone(tmp_path):
    """After midnight in the zone rotation is due; the next file has the checkpoint and the calls under way."""
    clock = VirtualClock()
    journal = opened(tmp_path, clock)
    journal.context("one", {"number": "1"}, CATALOGUE)
    journal.segment("one", {"text": "a"})
    journal.context("two", {"number": "2"}, CATALOGUE)
    journal.closed("two")
    await clock.advance(timedelta(hours=7).total_seconds())  # 09:00 UTC is 17:00 there.
    journal.raw(1, 0, b"x")
    journal._hand_over()
    assert journal.rotation_due
    journal.rotate({"known": 1})
    assert not journal.rotation_due
    await journal.aclose()
    first, second = kinds(tmp_path)
    assert first[-1] is Kind.END
    assert second == [Kind.HEAD, Kind.CHECKPOINT, Kind.CATALOGUE, Kind.CARRIED, Kind.CARRIED, Kind.END]
    heads = [file.head for file in files(tmp_path)]
    assert [head["day"] for head in heads] == ["2026-01-05", "2026-01-06"]
    assert [head["number"] for head in heads] == [1, 2]
    assert heads[0]["run"] == heads[1]["run"]
    carried = [orjson.loads(body[1:]) for kind, body in files(tmp_path)[1].records() if kind is Kind.CARRIED]
    assert {row["call_id"] for row in carried} == {"one"}


async def test_a_large_file_makes_rotation_due(tmp_path):
    """A file is at most an eighth of what may be kept, however the day goes on."""
    journal = opened(tmp_path)
    noise = random.Random(1).randbytes(200_000)
    for _ in range(8):
        journal.raw(1, 0, noise[::-1])
        journal.raw(1, 0, random.Random(2).randbytes(200_000))
    journal._hand_over()
    await asyncio.to_thread(wait_written, journal)
    journal._hand_over()
    assert journal.rotation_due
    await journal.aclose()


def wait_written(journal: DayJournal) -> None:
    while journal._writer._done_bytes < journal._writer._told_bytes:
        pass


async def test_old_days_and_too_much_are_deleted(tmp_path):
    """Files of days before the last three go, then the oldest until there is room; other files stay."""
    for name, size in (
        ("2026-01-01-0001.journal", 10),
        ("2026-01-03-0001.journal", 5 * 2**20),
        ("2026-01-04-0001.journal", 5 * 2**20),
        ("notes.txt", 10),
    ):
        (tmp_path / name).write_bytes(bytes(size))
    journal = opened(tmp_path)
    await journal.aclose()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "2026-01-04-0001.journal",
        "2026-01-05-0001.journal",
        "notes.txt",
    ]


async def test_a_second_start_on_a_day_makes_a_second_file(tmp_path):
    """Nothing is ever written over."""
    for _ in range(2):
        await opened(tmp_path).aclose()
    heads = [file.head for file in files(tmp_path)]
    assert len(heads) == 2
    assert heads[0]["run"] != heads[1]["run"]


async def test_a_full_disk_stops_the_journal_with_one_warning(tmp_path, monkeypatch):
    """What comes after is dropped, nothing is raised, and what was written before can be read."""
    journal = opened(tmp_path)
    journal.raw(1, 0, b"before")
    journal._hand_over()
    await asyncio.to_thread(wait_written, journal)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(journal._writer, "_append", full)
    with capture_logs() as logs:
        for _ in range(10):
            journal.raw(1, 0, b"after")
            journal._hand_over()
        await journal.aclose()
    assert [entry["event"] for entry in logs] == ["journal.stopped"]
    assert "No space left" in logs[0]["why"]
    assert kinds(tmp_path) == [[Kind.HEAD, Kind.RAW]]
    assert not journal._pending


async def test_the_journal_goes_on_by_itself_when_there_is_room_again(tmp_path, monkeypatch):
    """Tried again every half minute at a quiet moment; the new file begins with a checkpoint, apart from the cut one."""
    clock = VirtualClock()
    journal = opened(tmp_path, clock=clock)
    write = journal._writer._append

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    def later() -> bool:
        journal.raw(1, 0, b"lost")
        return journal.rotation_due

    with capture_logs() as logs:
        monkeypatch.setattr(journal._writer, "_append", full)
        journal.raw(1, 0, b"lost")
        journal._hand_over()
        await asyncio.to_thread(wait_until, lambda: journal._writer.stopped)
        assert not later()
        await clock.advance(RETRY_S)
        assert later()
        journal.rotate({"still": "full"})
        journal._hand_over()
        await asyncio.to_thread(wait_until, lambda: journal._writer.stopped and journal._writer.idle)
        monkeypatch.setattr(journal._writer, "_append", write)
        await clock.advance(RETRY_S)
        assert later()
        journal.rotate({"there is": "room"})
        journal.raw(1, 0, b"kept")
        await journal.aclose()
    assert [entry["event"] for entry in logs] == ["journal.stopped", "journal.goes_on"]
    assert kinds(tmp_path)[-1] == [Kind.HEAD, Kind.CHECKPOINT, Kind.RAW, Kind.END]
    numbers = [file.head["number"] for file in files(tmp_path)]
    assert all(after > before + 1 for before, after in itertools.pairwise(numbers))


def wait_until(true) -> None:
    while not true():
        time.sleep(0.001)


async def test_a_folder_that_cannot_be_made_stops_the_journal_only(tmp_path):
    """A file where the folder should be: one warning, and the application goes on."""
    (tmp_path / "journal").write_text("in the way")
    with capture_logs() as logs:
        journal = opened(tmp_path / "journal")
        journal.raw(1, 0, b"x")
        await journal.aclose()
    assert [entry["event"] for entry in logs] == ["journal.stopped"]


async def test_a_disk_that_is_too_slow_stops_the_journal(tmp_path, monkeypatch):
    """Memory is bounded: with too much waiting the journal gives up."""
    monkeypatch.setattr(journal_module, "BACKLOG_BYTES", 1000)
    journal = opened(tmp_path)
    with capture_logs() as logs:
        journal.raw(1, 0, bytes(2000))
        journal._hand_over()
        await journal.aclose()
    assert [entry["event"] for entry in logs] == ["journal.stopped"]
    assert "too slow" in logs[0]["why"]


def test_off_keeps_nothing_and_hands_through():
    """The journal that is off gives fresh ids and the clock's own readings."""
    assert OFF.reading(1.5) == 1.5
    assert len(OFF.new_id()) == 26
    assert OFF.new_id() != OFF.new_id()
    assert not OFF.on
    assert not OFF.rotation_due


@given(st.binary(max_size=400))
def test_any_samples_come_back_exactly(pcm):
    """Coding loses nothing, odd bytes included."""
    assert journal_samples.decode(*journal_samples.encode(pcm)) == pcm


@given(st.binary(max_size=400))
def test_sound_of_a_telephone_line_takes_half(codes):
    """Samples that came from mu-law are kept as 8-bit codes, and those of A-law too."""
    coding, kept = journal_samples.encode(ulaw_to_pcm(codes))
    assert len(kept) == len(codes)
    assert ulaw_to_pcm(pcm_to_ulaw(ulaw_to_pcm(codes))) == journal_samples.decode(coding, kept)
    alaw = journal_samples._DECODED[journal_samples.Coding.ALAW]
    from_alaw = b"".join(int(alaw[code]).to_bytes(2, "little", signed=True) for code in codes)
    coding, kept = journal_samples.encode(from_alaw)
    assert len(kept) == len(codes)
    assert journal_samples.decode(coding, kept) == from_alaw
