"""How right live extraction is, and corrected calls as new development data, on every database."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from callcenter.cli.main import main
from callcenter.features.heard_report import export_corrected, heard_report
from callcenter.storage import audit, calls
from callcenter.storage.call_writer import CallWriter
from nlp.extract import extract
from nlp.gold import read_dialogue
from tests.contract.test_storage_orders import AT, COMPLETE, create, edit, heard, open_draft, revise
from workorder.fields import EvidenceRef
from workorder.policy.phones import parse_phone

SHANGHAI = ZoneInfo("Asia/Shanghai")


async def call(db, call_id: str) -> None:
    writer = CallWriter()
    phone = parse_phone("13800138000")
    writer.record_arrival(call_id=call_id, linkedid=call_id, at=AT, direction="inbound", phone=phone)
    for turn, (speaker, text) in enumerate([("agent", "您好，请问什么故障？"), ("caller", "格力空调不制冷")]):
        start = turn * 2000
        writer.add_segment(
            call_id=call_id,
            segment_id=f"{call_id}S{turn}",
            speaker=speaker,
            start_ms=start,
            end_ms=start + 1000,
            text=text,
            confidence=0.9,
        )
    async with db.write() as work:
        await calls.save(work.session, writer.take())
        await work.commit()


async def saved(db, call_id: str, fields=None):
    """A call whose order was heard, edited and created."""
    await call(db, call_id)
    draft = await open_draft(db, call_id=call_id)
    evidence = (EvidenceRef(f"{call_id}S1", 0, 2, None, None),)
    said = {name: replace(heard(name, value), evidence=evidence) for name, value in COMPLETE.items()}
    draft = await revise(db, draft.order_id, said)
    edited = await edit(db, draft, fields or {}, "service_type")
    await create(db, edited)


async def test_the_report_counts_what_became_of_each_slot(database):
    """Precision counts ticked and left values as right; calibration compares that with how sure the machine was."""
    await saved(database, "C1", {"fault": "不制冷"})
    await saved(database, "C2")
    figures = await heard_report(database)
    slots = {slot.slot: slot for slot in figures.slots}
    assert (slots["fault"].values, slots["fault"].corrected, slots["fault"].precision) == (2, 1, 0.5)
    assert (slots["service_type"].accepted, slots["brand"].left) == (2, 2)
    assert figures.precision == pytest.approx(11 / 12)
    assert figures.calibration_error == pytest.approx(11 / 12 - 0.8)


async def test_nothing_judged_gives_an_empty_report(database):
    """No division by zero on the first day; what was decided earlier is left out."""
    await saved(database, "C1")
    later = AT.replace(year=2027)
    assert (await heard_report(database, later)).values == 0


async def test_corrected_calls_become_dialogues_with_gold(database, tmp_path):
    """Only the corrected call is written, as nlp reads it, gold from the saved order, for its owner's eyes, and audited."""
    await saved(database, "C1", {"fault": "不制冷"})
    await saved(database, "C2")
    target = tmp_path / "dev.jsonl"
    assert await export_corrected(database, target, by="cli:me", at=AT, zone=SHANGHAI) == 1
    (line,) = target.read_text("utf-8").splitlines()
    record = json.loads(line)
    assert (record["id"], record["caller_number"]) == ("C1", "13800138000")
    assert record["call_started_at"].endswith("+08:00")
    assert record["gold"] == COMPLETE | {"fault": "不制冷"}
    assert record["corrected"] == {"fault": {"heard": "漏水", "rule": "fault.rule", "confidence": 0.8}}
    assert record["evidence"]["brand"] == [1, "格力"]
    _, context, segments = read_dialogue(record)
    assert {slot.name for slot in extract(segments, context).slots} >= {"brand", "appliance", "fault"}
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.glob("*dev*")] == ["dev.jsonl"]
    async with database.read() as work:
        (written,) = await audit.lines(work.session, subject=str(target))
    assert (written.action, written.by, written.detail) == ("nlp.exported", "cli:me", {"calls": 1, "since": None})


def test_the_command_reports_and_exports(tmp_path, monkeypatch):
    """On a fresh database there is nothing to say, in JSON and in words, and nothing to export; a bad folder is told."""
    monkeypatch.setenv("CALLCENTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    reported = CliRunner().invoke(main, ["nlp", "report", "--json", "--since", "2026-01-01"])
    assert (reported.exit_code, json.loads(reported.stdout)["values"]) == (0, 0)
    exported = CliRunner().invoke(main, ["nlp", "report", "--export", "out.jsonl"])
    assert (exported.exit_code, (tmp_path / "out.jsonl").read_bytes()) == (0, b"")
    refused = CliRunner().invoke(main, ["nlp", "report", "--export", "nowhere/out.jsonl"])
    assert refused.exit_code == 3
    assert "nowhere" in refused.output


def test_the_catalogue_is_written_out_checked_and_never_overwritten(tmp_path):
    """The files come out as shipped and can be used; a second export is a conflict; a mistake is told by file and line."""
    folder = tmp_path / "catalogue"
    assert CliRunner().invoke(main, ["nlp", "catalogue", "--export", str(folder)]).exit_code == 0
    assert CliRunner().invoke(main, ["nlp", "catalogue", "--check", str(folder)]).exit_code == 0
    assert CliRunner().invoke(main, ["nlp", "catalogue", "--export", str(folder)]).exit_code == 5
    (folder / "brands.json").write_text('{\n "晨星": {"aliases": "一个"}\n}', "utf-8")
    refused = CliRunner().invoke(main, ["nlp", "catalogue", "--check", str(folder)])
    assert refused.exit_code == 3
    assert "brands.json:2: aliases must be a list of texts" in refused.output
