"""The journal of a running call centre, and its replay: identical, or naming what is not."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

import nlp.data
from callcenter.features.demo.schedule import CALLS
from callcenter.features.events import CallerIdentified
from callcenter.features.journal_audio import hear_again
from callcenter.features.journal_replay import Replay
from callcenter.ids import new_id
from callcenter.media.events import SegmentHeard, Speaker
from callcenter.storage.journal_format import JournalUnreadable, Kind, files
from callcenter.telephony.simulator.call import SimulatedCall
from nlp.catalogue import Catalogue
from nlp.extract import Extractor
from tests.stage import AGENT, Stage, running_stage
from workorder.services import customers

OTHER = "PJSIP/1002"
CALLCENTER = Path(sys.executable).with_name("callcenter")
SAID = (
    (Speaker.AGENT, "您好，售后服务，请问有什么可以帮您"),
    (Speaker.CALLER, "我家格力空调不制冷了，想明天下午两点修"),
    (Speaker.AGENT, "请问您贵姓，地址在哪里"),
    (Speaker.CALLER, "我姓王，杭州市西湖区文三路八号，电话一三八零零一三八零零零"),
)


async def until(holds) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.02)


def say(stage: Stage, call_id: str, lines=SAID, start_ms: int = 0) -> None:
    """Utterances as if they had been recognised."""
    for at, (speaker, words) in enumerate(lines):
        stage.app.bus.publish(
            SegmentHeard(
                at=stage.app.clock.now(),
                call_id=call_id,
                segment_id=new_id(),
                speaker=speaker,
                start_ms=start_ms + 3000 * at,
                end_ms=start_ms + 3000 * at + 2000,
                text=words,
                confidence=0.9,
            )
        )


async def talking(stage: Stage, number: str, interface: str, **changes) -> str:
    """A call that is talked on; returns its id."""
    known = {view.call_id for view in stage.app.tracker.live}
    await stage.pbx.place_call(SimulatedCall(number=number, interface=interface, ring_s=0.05, **changes))

    def found() -> list[str]:
        return [v.call_id for v in stage.app.tracker.live if v.call_id not in known and v.answered]

    await until(found)
    await stage.app.bus.drain()
    return found()[0]


async def identify(stage: Stage, call_id: str, number: str) -> None:
    """The agent says who the caller is: what was said is understood again."""
    async with stage.app.database.read() as work:
        card = await customers.card_by_phone(work.session, stage.app.read_phone(number))
    stage.app.live_calls.identified(call_id, card)
    stage.app.bus.publish(CallerIdentified(at=stage.app.clock.now(), call_id=call_id, customer_id=card.customer_id))
    await stage.app.bus.drain()


@pytest.fixture(scope="module")
def day(tmp_path_factory) -> Path:
    """The journal of a short and busy day: talks, an abandoned call, a PBX that restarts, a second file mid-call."""
    data = tmp_path_factory.mktemp("day")

    async def live() -> None:
        async with running_stage(data, media={"record": False}, journal={"audio": True}) as stage:
            heard = await talking(stage, "15800120788", OTHER, audio=CALLS[0].audio, talk_s=9)
            first = await talking(stage, "13800138000", AGENT, talk_s=60)
            say(stage, first, SAID[:2])
            await stage.app.bus.drain()
            stage.app.journal.rotation_due = True
            await stage.pbx.place_call(
                SimulatedCall(number=None, interface="PJSIP/1001", ring_s=30, abandon_after_s=0.2)
            )
            await until(lambda: not stage.app.journal.rotation_due)
            say(stage, first, SAID[2:], start_ms=9000)
            await until(lambda: heard not in {view.call_id for view in stage.app.tracker.live})
            await stage.pbx.restart()
            await until(lambda: stage.app.listener.state.connected and not stage.app.tracker.live)
            second = await talking(stage, "13900001111", AGENT, talk_s=60)
            say(stage, second)
            await stage.app.bus.drain()
            await identify(stage, second, "13800138000")
            say(stage, second, [(Speaker.CALLER, "不是格力，是美的空调")], start_ms=20_000)
            await stage.app.bus.drain()
            shutil.copytree(data / "journal", data / "copy")

    asyncio.run(live())
    return data / "journal"


def replayed(journal: Path, *, strict: bool = True, catalogue: Path | None = None) -> tuple[Replay, list]:
    today = Extractor(Catalogue.load(catalogue)) if catalogue else None
    replay = Replay(files(journal), today, strict=strict)
    return replay, list(replay.rows())


def test_a_replay_is_identical_bit_by_bit(day):
    """Every domain event and every draft revision comes out as it was recorded."""
    replay, rows = replayed(day)
    assert replay.differences == []
    assert replay.unconfirmed == 0
    assert len(files(day)) == 2
    names = {row.name for row in rows}
    assert {"CallArrived", "CallOffered", "CallAnswered", "CallEnded", "CallerAbandoned", "AmiGap", "Draft"} <= names
    drafts = [row.body for row in rows if row.name == "Draft"]
    assert any(draft["set"].get("brand", {}).get("value") == "格力" for draft in drafts)


def test_a_file_that_begins_in_mid_call_replays_alone(day):
    """Its checkpoint holds the calls, devices and words that the files before it brought."""
    second = files(day)[1].path
    replay, rows = replayed(second)
    assert replay.differences == []
    kinds = [kind for kind, _ in files(second)[0].records()]
    assert kinds[:2] == [Kind.HEAD, Kind.CHECKPOINT]
    assert Kind.CARRIED in kinds
    assert any(row.name == "CallEnded" for row in rows)


def test_a_changed_word_of_the_catalogue_is_named_by_call_and_field(day, tmp_path):
    """Without the brand's name the diff is about the brand, and strict replay stops at it."""
    brands = json.loads(Path(nlp.data.__path__[0], "brands.json").read_text("utf-8"))
    del brands["格力"]
    (tmp_path / "brands.json").write_text(json.dumps(brands), "utf-8")
    replay, _ = replayed(day, strict=False, catalogue=tmp_path)
    brand = [d for d in replay.differences if d.field == "brand"]
    assert {d.recorded["value"] for d in brand} == {"格力"}
    assert {d.now for d in brand} == {None}
    assert len({d.subject for d in brand}) >= 2
    assert {d.what for d in replay.differences} == {"Draft"}
    strict, _ = replayed(day, catalogue=tmp_path)
    assert strict.differences


def test_changed_rules_of_the_tracker_are_named_by_event(day, monkeypatch):
    """A tracker that no longer sees abandoned callers differs in that event and nothing else."""
    from callcenter.telephony.call_tracker import CallTracker

    monkeypatch.setattr(CallTracker, "_abandon", lambda *args: None)
    replay, _ = replayed(day, strict=False)
    assert {(d.what, d.now) for d in replay.differences} == {("CallerAbandoned", None)}


async def test_the_sound_is_recognised_to_the_same_words(day):
    """The recorded frames through the same model give every utterance again, with its times."""
    from asr.load import load_recognizer

    recognizer = load_recognizer("vosk", "zh-demo", 1)
    try:
        heard = [heard async for heard in hear_again(files(day), recognizer)]
    finally:
        await recognizer.aclose()
    assert {h.about["speaker"] for h in heard} == {"caller", "agent"}
    assert [d for h in heard for d in h.differences] == []
    assert sum(len(h.recorded) for h in heard) >= 2


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_command_gives_the_same_bytes_in_every_process(day, seed):
    """`callcenter replay --json` does not depend on hash seeds, and exits 0."""
    command = [CALLCENTER, "replay", str(day), "--json"]
    done = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONHASHSEED": seed}, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert "identical" in done.stderr.decode()
    _, rows = replayed(day)
    assert len(done.stdout.splitlines()) == len(rows)


def test_against_exits_1_and_prints_the_diff(day, tmp_path):
    """The command with another catalogue lists call, field, old and new."""
    (tmp_path / "brands.json").write_text("{}")
    command = [CALLCENTER, "replay", str(day), "--against", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "Draft.brand: 格力" in done.stdout


def test_a_journal_that_is_being_written_replays_as_far_as_it_goes(day):
    """The copy of a running journal has no end, and nothing in it differs."""
    replay, rows = replayed(day.with_name("copy"))
    assert replay.differences == []
    assert rows
    assert not files(day.with_name("copy"))[-1].finished


def test_a_caller_who_is_named_late_is_understood_anew(day):
    """The journal has a second beginning of that call, and the replay gives the same drafts."""
    calls = [
        orjson.loads(body)["call_id"] for file in files(day) for kind, body in file.records() if kind is Kind.CONTEXT
    ]
    assert len(calls) == len(set(calls)) + 1


def test_a_cut_tail_is_dropped_and_the_rest_is_identical(day, tmp_path):
    """After a crash in mid-write everything before the cut replays, wherever the cut is."""
    first = files(day)[0].path
    whole = first.read_bytes()
    everything = replayed(first)[1]
    for cut in (1, 7, 100, len(whole) // 2):
        shutil.rmtree(tmp_path)
        tmp_path.mkdir()
        (tmp_path / first.name).write_bytes(whole[:-cut])
        try:
            replay, rows = replayed(tmp_path)
        except JournalUnreadable:
            # How much one block holds depends on when the writer woke; with a single one nothing is before the cut.
            # tests/unit/test_journal.py cuts files whose blocks are known.
            continue
        assert replay.differences == []
        assert rows == everything[: len(rows)]
        [file] = files(tmp_path)
        list(file.records())
        assert file.lost_bytes
        assert not file.finished
