"""Whatever order, punctuation or spelling of numbers the words come in, the order of the call is the same."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.dialogue import Talk, Turn
from nlp.evaluate import Score, score
from nlp.extract import Extractor, extract
from nlp.gold import read_dialogue, to_gold
from nlp.mended import mended
from nlp.normalize import PUNCTUATION
from nlp.readable import apply, readable
from nlp.types import CallContext, Extraction, Segment, SpeakerName
from tests.unit.nlp.calls import NOON, extractor, fields

CORPUS = Path(__file__).parents[2] / "fixtures" / "corpus"
SETS = ("dev", "own", "blind", "blind_second", "sealed")


@lru_cache(maxsize=1)
def records() -> list[dict]:
    return [json.loads(line) for name in SETS for line in (CORPUS / f"{name}.jsonl").read_text("utf-8").splitlines()]


def timed(index: int) -> tuple[CallContext, list[Segment]]:
    """A call of the corpus with times, a second a turn."""
    _, context, segments = read_dialogue(records()[index % len(records())])
    return context, [Segment(s.segment_id, s.speaker, s.text, 1000 * i, 1000 * i + 900) for i, s in enumerate(segments)]


CALLS = st.integers(0, 10_000)


@settings(max_examples=60)
@given(CALLS, st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same(index: int, rng: random.Random) -> None:
    """Timed segments in any order of arrival end in the extraction of the right order."""
    context, segments = timed(index)
    shuffled = rng.sample(segments, len(segments))
    assert extract(shuffled, context, extractor()) == extract(segments, context, extractor())


@settings(max_examples=40)
@given(CALLS, st.randoms(use_true_random=False))
def test_what_is_kept_between_pushes_changes_nothing(index: int, rng: random.Random) -> None:
    """After every push, late, repeated and corrected segments too, the state is that of a session that starts anew."""
    context, segments = timed(index)
    session = extractor().start(context)
    arrived: dict[str, Segment] = {}
    late = rng.sample(segments, len(segments)) if rng.random() < 0.5 else segments
    for segment in late:
        draft = Segment(segment.segment_id, segment.speaker, segment.text[::2], segment.start_ms, segment.end_ms)
        for one in (draft, segment, segment) if rng.random() < 0.3 else (segment,):
            result = session.push(one)
            arrived[one.segment_id] = one
        assert result == _anew(context, sorted(arrived.values(), key=lambda s: (s.start_ms or 0, s.segment_id)))


def _anew(context: CallContext, segments: list[Segment]) -> Extraction:
    session = extractor().start(context)
    result = Extraction()
    for segment in segments:
        result = session.push(segment)
    return result


@settings(max_examples=40)
@given(CALLS)
def test_pushing_everything_again_changes_nothing(index: int) -> None:
    """Pushing is idempotent over a whole call."""
    context, segments = timed(index)
    session = extractor().start(context)
    for segment in segments:
        result = session.push(segment)
    assert all(session.push(segment) is result for segment in segments)


def test_a_corrected_segment_without_times_keeps_its_place() -> None:
    """A segment whose words are put right later stays where it was in the talk."""
    _, context, _ = read_dialogue(records()[0])
    session = extractor().start(context)
    session.push(Segment("1", "agent", "您看什么时间方便上门？"))
    session.push(Segment("2", "caller", "我家空调不制冷，明天尚武来。"))
    session.push(Segment("3", "caller", "哦不，后天下午吧。"))
    result = session.push(Segment("2", "caller", "我家空调不制冷，明天上午来。"))
    assert [t.segment.segment_id for t in session.talk.turns] == ["1", "2", "3"]
    slot = next(s for s in result.slots if s.name == "appointment")
    assert slot.display.endswith("13:00–18:00")


# ---- the same words in other writing --------------------------------------------------------------------------------


def bare(text: str) -> str:
    """Without punctuation and blanks, as a recogniser gives it."""
    return "".join(c for c in text if c not in PUNCTUATION and not c.isspace())


def written(text: str) -> str:
    """As the transcript shows it: numbers in digits, marks put back where they seem right."""
    spoken = bare(text)
    return apply(spoken, readable(spoken))


def scored(change: Callable[[str], str]) -> Score:
    """The score of the corpus with every text changed."""
    pred = {}
    for record in records():
        turns = [{**turn, "text": change(turn["text"])} for turn in record["turns"]]
        call_id, context, segments = read_dialogue({**record, "turns": turns})
        pred[call_id] = to_gold(extract(segments, context, extractor()))
    return score(records(), pred)


@pytest.mark.parametrize(
    ("change", "least"),
    [
        (bare, 0.98),
        (written, 0.98),
        (lambda text: text.replace("幺", "一"), 0.995),
        (lambda text: text.replace("零", "〇").replace("，", ","), 0.99),
        (" ".join, 0.995),
    ],
    ids=["no punctuation", "digits", "yi for yao", "another zero and comma", "blanks between"],
)
def test_writing_makes_no_difference(change: Callable[[str], str], least: float) -> None:
    """Required fields are found whether or not there is punctuation, 幺 is 一, and numbers are words or digits."""
    result = scored(change)
    assert result.micro().f1 >= least
    assert result.empty_left == result.empty


SAME = [
    ("电话幺三八，零零幺三，八零零零。", "电话13800138000", "contact_phone", "13800138000"),
    ("杭州市西湖区文三路二百八十八号三幢二单元五零一。", "杭州市西湖区文三路288号3幢2单元501", "address", None),
    ("十月四号下午两点到四点。", "10月4号下午2点到4点", "appointment", None),
    ("下周五上午九点半。", "下周5上午9点半", "appointment", None),
    ("型号 K F R 三五 G W。", "型号KFR35GW", "model", "KFR35GW"),
    ("二零二一年三月买的。", "2021年3月买的", "purchase_date", "2021-03"),
]
ASKED = {
    "contact_phone": "联系电话是多少？",
    "address": "地址在哪里？",
    "appointment": "什么时间方便上门？",
    "model": "型号是什么？",
    "purchase_date": "什么时候买的？",
}


@pytest.mark.parametrize(("spoken", "digits", "name", "value"), SAME)
def test_digits_are_as_good_as_words(spoken: str, digits: str, name: str, value: str | None) -> None:
    """An answer in Chinese numerals and in Arabic digits, with and without punctuation, gives the same value."""
    _, context, _ = read_dialogue(records()[0])
    values = [
        to_gold(
            extract(
                [
                    Segment("1", "caller", "我家空调不制冷"),
                    Segment("2", "agent", ASKED[name]),
                    Segment("3", "caller", answer),
                ],
                context,
                extractor(),
            )
        ).get(name)
        for answer in (spoken, bare(spoken), digits, digits.replace("幺", "1") + "。")
    ]
    assert values[0] is not None
    assert all(v == values[0] for v in values)
    assert value is None or values[0] == value


def test_an_utterance_asks_only_for_what_it_changes() -> None:
    """One more turn is looked at itself, and so are the agent's turns that it answers; no other, however long the call."""
    _, context, segments = read_dialogue(records()[0])
    talk = extractor().start(context).talk
    asked: list[int] = []

    def find(_: Talk, turn: Turn) -> tuple[int, ...]:
        asked.append(turn.index)
        return (turn.index,)

    for i in range(200):
        talk.append(Segment(str(i), ("agent", "agent", "caller")[i % 3], segments[i % len(segments)].text))
        asked.clear()
        assert list(talk.gather("counted", find)) == list(range(i + 1))
        assert asked == ([i - 2, i - 1, i] if i % 3 == 2 else [i])


MENDED = [
    ("名天尚午酒点吧", "明天上午九点吧"),
    ("下轴二夏午三典以后", "下周二下午三点以后"),
    ("我要头诉你们", "我要投诉你们"),
    ("我家洗衣机的天然气，上五楼", "我家洗衣机的天然气，上五楼"),
    ("青溪花园没有无线", "青溪花园没有无线"),
]


@pytest.mark.parametrize(("heard", "meant"), MENDED)
def test_words_the_rules_look_for_are_put_right_and_others_left_alone(heard: str, meant: str) -> None:
    """Misheard times and service words are read as meant; what makes sense as it stands stays, and so do places."""
    assert mended(heard) == meant
    assert len(mended(heard)) == len(heard)


@given(st.text(max_size=60))
def test_mending_keeps_the_length_of_any_text(text: str) -> None:
    """Offsets of evidence stay right whatever is said."""
    assert len(mended(text)) == len(text)


LOST = [
    ("c 杭州市湖区文三路八号三单元二零一。", "杭州市", "西湖区"),
    ("c 深圳市画区民治街道梅龙路八号三单元二零一。", "深圳市", "龙华区"),
    ("c 京市鼓楼区湖南路八号三单元二零一。", "南京市", "鼓楼区"),
    ("c 青岛市区香港中路八号三单元二零一。", "青岛市", None),
]


@pytest.mark.parametrize(("line", "city", "district"), LOST)
def test_a_place_with_a_character_lost_is_told_by_the_other(line: str, city: str, district: str | None) -> None:
    """A district that sounds like only one of the city's, a city that only one with the district sounds like."""
    found = fields("a 您的地址？", line)["address"]
    assert (found.get("city"), found.get("district")) == (city, district)


def test_after_the_warm_up_no_pattern_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiling one takes longer than a push may: rare surnames, codes and dates of a call need none anew."""
    session_maker = Extractor()
    # As in a process just started: what other tests left in re's cache would be pushed out of it during the warm-up.
    re.purge()
    session_maker.warm_up()
    session = session_maker.start(CallContext(datetime.fromisoformat(NOON), "13800001111"))
    compiled: list[object] = []
    compile_ = re._compiler.compile  # type: ignore[attr-defined]

    def counting(pattern: object, flags: int = 0) -> object:
        compiled.append(pattern)
        return compile_(pattern, flags)

    with monkeypatch.context() as patched:
        patched.setattr("re._compiler.compile", counting)
        for i, (speaker, text) in enumerate(RARE_CALL):
            session.push(Segment(str(i), speaker, text))
    assert compiled == []


RARE_CALL: tuple[tuple[SpeakerName, str], ...] = (
    ("agent", "您好，美的客服，请问您贵姓？"),
    ("caller", "我姓操，操心的操，操建军。洗衣机不脱水，报 E 三。"),
    ("agent", "操先生，您的地址？"),
    ("caller", "安徽省安庆市怀宁县高河镇育儿路一百二十号二单元三零一。"),
    ("agent", "电话就是这个吗？周四上午可以吗？"),
    ("caller", "对，就这个号码，周四上午可以。"),
)
