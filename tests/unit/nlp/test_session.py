"""A session takes segments one by one and can prove every value."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.catalogue import Catalogue
from nlp.errors import CatalogueError, RecordError
from nlp.evaluate import score
from nlp.extract import Extractor, extract
from nlp.files import extract_file
from nlp.gold import read_dialogue, to_gold
from nlp.types import CallContext, KnownAsset, KnownCustomer, Segment, SlotState, WordTime
from tests.unit.nlp.calls import NOON, call, extractor

CORPUS = Path(__file__).parents[2] / "fixtures" / "corpus"
CONTEXT = CallContext(datetime.fromisoformat(NOON), "13800001111")
SPEAKERS = st.sampled_from(["caller", "agent"])


def records(name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (CORPUS / name).read_text("utf-8").splitlines()]


def test_evidence_is_the_words_themselves() -> None:
    """Characters of the evidence, cut from the segment's own text, are the words that gave the value."""
    text = "我家 格力 空调不制冷，型号 K F R 三五 G W。"
    slots = {s.name: s for s in call("c " + text).slots}
    cut = {name: text[s.evidence[0].start_char : s.evidence[0].end_char] for name, s in slots.items() if s.evidence}
    assert cut["brand"] == "格力"
    assert cut["appliance"] == "空调"
    assert cut["fault"] == "不制冷"
    assert cut["model"] == "K F R 三五 G W"


def test_evidence_has_its_seconds() -> None:
    """With word times the evidence says when the words were spoken."""
    words = tuple(WordTime(w, 1000 + 300 * i, 1300 + 300 * i) for i, w in enumerate(("我家", "格力", "空调", "不制冷")))
    session = extractor().start(CONTEXT)
    slots = {s.name: s for s in session.push(Segment("s1", "caller", "我家格力空调不制冷", 1000, 2200, words)).slots}
    assert (slots["brand"].evidence[0].start_ms, slots["brand"].evidence[0].end_ms) == (1300, 1600)
    assert (slots["fault"].evidence[0].start_ms, slots["fault"].evidence[0].end_ms) == (1900, 2200)


def test_evidence_without_word_times_is_in_proportion() -> None:
    """Without word times the place in the text tells about when."""
    session = extractor().start(CONTEXT)
    slots = {s.name: s for s in session.push(Segment("s1", "caller", "格力空调坏了修一下吧", 0, 10000)).slots}
    assert (slots["brand"].evidence[0].start_ms, slots["brand"].evidence[0].end_ms) == (0, 2000)


def test_a_segment_pushed_again_changes_nothing() -> None:
    """Pushing is idempotent by segment id."""
    session = extractor().start(CONTEXT)
    segment = Segment("s1", "caller", "我家格力空调不制冷")
    first = session.push(segment)
    assert session.push(segment) is first


def test_a_corrected_segment_replaces_the_old_one() -> None:
    """A segment with a known id and other words replaces what it said before."""
    session = extractor().start(CONTEXT)
    session.push(Segment("s1", "caller", "我家格力空调不制冷"))
    result = session.push(Segment("s1", "caller", "我家美的空调不制热"))
    assert {s.name: s.value for s in result.slots}["brand"] == "美的"


def test_order_of_arrival_does_not_matter() -> None:
    """Segments with times give the same order whatever order they arrive in."""
    segments = [
        Segment("a", "agent", "您好，格力客服。", 0, 900),
        Segment("b", "caller", "我家格力空调不制冷。", 1000, 2900),
        Segment("c", "agent", "您贵姓？", 3000, 3900),
        Segment("d", "caller", "我姓王，电话幺三九幺二三四五六七八。", 4000, 6000),
    ]
    results = [extract(order, CONTEXT, extractor()) for order in permutations(segments)]
    assert all(r == results[0] for r in results)


def test_values_can_be_taken_back() -> None:
    """A cancelled appointment is shown as withdrawn and is no value any more."""
    lines = ("c 我家空调不制冷，明天上午来修。", "a 好的，明天上午。", "c 哎等一下，先不约了，取消吧。")
    result = call(*lines)
    slot = next(s for s in result.slots if s.name == "appointment")
    assert (slot.state, slot.confidence) == (SlotState.WITHDRAWN, 0.0)
    assert "appointment" not in to_gold(result)


def test_danger_raises_an_alert_at_once() -> None:
    """Safety words alert and make the call critical."""
    result = call("c 我家燃气灶有股煤气味！")
    assert [a.kind for a in result.alerts] == ["gas_smell"]
    assert result.suggested_priority == "critical"
    assert result.alerts[0].evidence


def test_summary_is_a_sentence_in_the_callers_words() -> None:
    """The description names the thing, the fault, and quotes the caller."""
    assert call("c 我家格力空调，一直往下滴水。").summary == "维修：格力空调，漏水，客户原话“一直往下滴水”。"


def test_names_on_file_mend_misheard_ones() -> None:
    """What the customer has on file mends the spelling, and fills nothing that was not spoken of."""
    customer = KnownCustomer(
        names=("王建国",),
        addresses=("浙江省杭州市西湖区文三路288号翠苑三区12幢2单元501",),
        assets=(KnownAsset("空调", "格力", "KFR-35GW"),),
    )
    lines = (
        "c 我家空调不制冷。",
        "a 您贵姓？",
        "c 我叫王见国。",
        "a 地址？",
        "c 杭州市西湖区文山路二百八十八号脆苑三区十二幢二单元五零一。",
    )
    values = {s.name: s.value for s in call(*lines, customer=customer).slots}
    assert values["customer_name"] == "王建国"
    assert isinstance(values["address"], dict)
    assert values["address"]["detail"] == "文三路288号翠苑三区12幢2单元501"
    assert "model" not in values


@settings(max_examples=150)
@given(st.lists(st.tuples(SPEAKERS, st.text()), max_size=6))
def test_no_text_breaks_it(turns: list[tuple[str, str]]) -> None:
    """Any Unicode, lone surrogates included, gives an extraction whose evidence lies inside the text."""
    session = extractor().start(CONTEXT)
    texts = {}
    for i, (speaker, text) in enumerate(turns):
        texts[str(i)] = text
        result = session.push(Segment(str(i), speaker, text))  # type: ignore[arg-type]
        for slot in result.slots:
            assert 0.0 <= slot.confidence <= 1.0
            assert all(0 <= e.start_char <= e.end_char <= len(texts[e.segment_id]) for e in slot.evidence)


HAN = st.text(
    alphabet="零一二三四五六七八九十百千幺两点半号路街栋单元室姓王李叫电话空调冰箱不制冷漏水明天上午下午周月年买的是对，。？A BKF",
    max_size=60,
)


@settings(max_examples=200)
@given(st.lists(st.tuples(SPEAKERS, HAN), max_size=6))
def test_no_jumble_of_our_own_words_breaks_it(turns: list[tuple[str, str]]) -> None:
    """Words of the trade in any jumble are survived, too."""
    session = extractor().start(CONTEXT)
    for i, (speaker, text) in enumerate(turns):
        session.push(Segment(str(i), speaker, text))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("dev.jsonl", 0.98),
        ("dev_cer10.jsonl", 0.92),
        ("own.jsonl", 0.98),
        ("own_second.jsonl", 0.97),
        ("own_third.jsonl", 0.97),
        ("own_fourth.jsonl", 0.97),
        ("blind.jsonl", 0.98),
        ("blind_second.jsonl", 0.98),
        ("sealed.jsonl", 0.98),
        ("blind_final.jsonl", 0.98),
        ("independent.jsonl", 0.98),
    ],
)
def test_corpus_scores(name: str, least: float) -> None:
    """Required fields of the corpus stay found (docs/extraction.md says what was tuned on what)."""
    gold = records(name)
    pred = {}
    for record in gold:
        call_id, context, segments = read_dialogue(record)
        pred[call_id] = to_gold(extract(segments, context, extractor()))
    result = score(gold, pred)
    assert result.micro().f1 >= least
    assert result.empty_left == result.empty


def test_gold_scores_itself() -> None:
    """The scorer finds nothing wrong with the gold orders, and everything missing in empty ones."""
    gold = records("dev.jsonl")
    assert not score(gold, {str(r["id"]): r["gold"] for r in gold}).misses  # type: ignore[misc]
    assert score(gold, {}).micro().right == 0


def test_files_are_extracted_line_by_line(tmp_path: Path) -> None:
    """Good lines are extracted, bad ones reported with their number and skipped."""
    lines = (CORPUS / "dev.jsonl").read_bytes().splitlines()[:3]
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(
        b"\n".join([lines[0], b"{not json", lines[1], b"[]", b'{"id": "x"}', b"\xff\xfe", b"", lines[2]])
    )
    report = extract_file(source, out, extractor())
    assert (report.read, report.filled) == (3, 3)
    assert [b.number for b in report.bad] == [2, 4, 5, 6]
    assert "call_started_at" in report.bad[2].problem
    written = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [w["id"] for w in written] == ["dev-001", "dev-002", "dev-003"]
    assert written[0]["pred"]["brand"] == "格力"
    assert written[0]["slots"][0]["evidence"]


def test_bad_records_say_what_is_wrong() -> None:
    """A record without turns is refused by name."""
    with pytest.raises(RecordError, match="turns"):
        read_dialogue({"id": "x", "call_started_at": NOON})


def test_catalogue_is_editable(tmp_path: Path) -> None:
    """A folder with its own brands changes what is understood; a broken file is named."""
    (tmp_path / "brands.json").write_text('{"雪莲": {"aliases": ["雪莲花"]}}', "utf-8")
    session = Extractor(Catalogue.load(tmp_path)).start(CONTEXT)
    result = session.push(Segment("1", "caller", "我家雪莲花的冰箱不制冷"))
    assert {s.name: s.value for s in result.slots}["brand"] == "雪莲"
    (tmp_path / "brands.json").write_text("[", "utf-8")
    with pytest.raises(CatalogueError, match=r"brands\.json"):
        Catalogue.load(tmp_path)


def test_catalogue_view_is_json() -> None:
    """The desk gets service types, appliances, brands and the faults of each appliance."""
    view = json.loads(json.dumps(Catalogue.load().view(), ensure_ascii=False))
    assert "空调" in view["appliances"]
    assert "不制冷" in view["faults"]["空调"]
    assert {"value": "repair", "label": "维修"} in view["service_types"]


def test_naive_start_is_fine_in_any_zone() -> None:
    """Relative dates resolve in the zone the call is given in."""
    context = replace(CONTEXT, started_at=datetime(2026, 11, 18, 4, tzinfo=UTC))
    session = extractor().start(context)
    result = session.push(Segment("1", "caller", "我家空调不制冷，明天上午来修一下。"))
    slot = next(s for s in result.slots if s.name == "appointment")
    assert slot.value == {"start": "2026-11-19T08:00:00+00:00", "end": "2026-11-19T12:00:00+00:00"}


def _heard_with(confidence: float | None) -> dict[str, float]:
    """Confidences after words that were heard with ``confidence``; None: without words."""
    text = "我家格力空调不制冷"
    words = (
        ()
        if confidence is None
        else (
            WordTime("我家", 0, 300),
            WordTime("格力", 300, 600, confidence),
            WordTime("空调不制冷", 600, 1500),
        )
    )
    session = extractor().start(CallContext(datetime.fromisoformat(NOON)))
    slots = session.push(Segment("1", "caller", text, 0, 1500, words)).slots
    return {s.name: s.confidence for s in slots}


def test_unsure_words_lower_the_confidence() -> None:
    """A value whose words the recogniser doubted is trusted less; others, and text without words, are as before."""
    text, sure, unsure = _heard_with(None), _heard_with(0.95), _heard_with(0.4)
    assert sure == text
    assert unsure["brand"] == pytest.approx(text["brand"] / 2, abs=0.002)
    assert {k: v for k, v in unsure.items() if k != "brand"} == {k: v for k, v in text.items() if k != "brand"}
