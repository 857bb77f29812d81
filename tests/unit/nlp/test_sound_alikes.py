"""Names put in the place of what sounds like them, and nothing else."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.features.own_words import sound_alikes
from nlp.catalogue import Catalogue
from nlp.readable import Shown, apply, readable
from nlp.sound_alikes import SoundAlikes
from nlp.types import WordTime

NAMES = ("龙溪街", "松石支路", "海昌街", "翠苑小区", "陈德福", "格力", "人民中路", "海甸五西路")
DIALOGUES = Path(__file__).parents[3] / "asr" / "training" / "text" / "dialogues.txt"


def heard_as(text: str, confidence: float) -> list[WordTime]:
    return [WordTime(c, i * 300, i * 300 + 300, confidence) for i, c in enumerate(text)]


def meant(text: str, *names: str, confidence: float = 0.7) -> str:
    return apply(text, SoundAlikes(names or NAMES).corrections(text, heard_as(text, confidence)))


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        ("重庆市渝北区楼西街道搜十支路九十八号", "重庆市渝北区龙溪街道松石支路九十八号"),
        ("嘉兴市海宁市海窗街道", "嘉兴市海宁市海昌街道"),
        ("我住翠院小区三栋", "我住翠苑小区三栋"),
        ("我叫陈得福", "我叫陈德福"),
        ("哥力空调", "格力空调"),
        ("人民中录十八号", "人民中路十八号"),
    ],
)
def test_what_sounds_like_a_name_becomes_the_name(heard: str, said: str) -> None:
    """Streets, estates, people and brands of one's own."""
    assert meant(heard) == said


@pytest.mark.parametrize(
    "text",
    ["", "龙溪街道松石支路", "我想问一下时间", "合理的价格", "今天力气大", "三七二一", "海甸五西路", "我家楼上漏水"],
)
def test_everything_else_stays(text: str) -> None:
    """Names as they are, everyday words, numbers."""
    assert meant(text) == text


@pytest.mark.parametrize(
    ("heard", "sure"), [("渝北区楼西街道", "渝北区楼西街道"), ("哥力空调", "哥力空调"), ("翠院小区", "翠苑小区")]
)
def test_what_was_heard_without_doubt_gives_way_to_the_same_sound_only(heard: str, sure: str) -> None:
    """Short names, and characters that are but half alike, need a recogniser that was not sure."""
    assert meant(heard, confidence=1.0) == sure
    assert meant(heard, confidence=0.7) != heard


def test_between_two_names_that_are_as_near_none_is_taken() -> None:
    """卓燕 and 卓雁 sound the same: 卓彦 may be either."""
    assert meant("我叫卓彦", "卓燕", "卓雁") == "我叫卓彦"
    assert meant("我叫卓彦", "卓燕") == "我叫卓燕"


def test_a_known_phrase_is_no_misheard_name() -> None:
    """冷藏不凉 is a way to say a fault: it does not become another fault's label that sounds like it."""
    alikes = SoundAlikes(["冷藏不冷"], phrases=["冷藏不凉"])
    assert not alikes.corrections("其实是冷藏不凉")
    assert not alikes.corrections("其实是冷藏不粮")


def clean_turns() -> Iterator[str]:
    lines = DIALOGUES.read_text(encoding="utf-8").splitlines()
    for line in lines:
        if line and not line.startswith("#"):
            yield from filter(None, re.split("[，。？！、；：…]", line))


SOMEBODY_ELSES = {("完假了", "万家乐"), ("浒山街", "府山街"), ("平江路", "滨江路"), ("华路街", "华楼街")}
"""Right words in 7 600 turns that sound so much like one of 300 streets or a brand that they give way: 放完|假了."""


def test_no_right_word_is_changed() -> None:
    """In the written dialogues nothing else gives way to a name, with the built-in catalogue and names from these dialogues."""
    own = re.findall("(?:区|镇|街道)([\u4e00-\u9fff]{2,5}?(?:路|街|大道))", DIALOGUES.read_text(encoding="utf-8"))
    alikes = sound_alikes(Catalogue.load(), [])
    mine = SoundAlikes(own)
    changed = {
        (text[shown.start : shown.end], shown.text)
        for text in clean_turns()
        for shown in (*alikes.corrections(text), *mine.corrections(text))
    }
    assert changed <= SOMEBODY_ELSES
    assert len(set(own)) > 250


def test_a_counted_numeral_is_no_part_of_a_street() -> None:
    """花园六栋 stays as it is, with 花园路 among the names."""
    assert meant("东方花园六栋二单元", "花园路") == "东方花园六栋二单元"


@given(st.text(alphabet="龙楼溪西街松搜石十支路格哥力海昌窗，。A1 ", max_size=30))
def test_a_correction_is_as_long_as_what_was_heard_and_can_be_undone(text: str) -> None:
    """In order, without overlaps, each a name of the list; the text itself is not touched."""
    found = SoundAlikes(NAMES).corrections(text, heard_as(text, 0.5))
    assert all(shown.text in NAMES and shown.end - shown.start == len(shown.text) for shown in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert len(apply(text, found)) == len(text)


def test_names_and_numbers_are_shown_together() -> None:
    """The name keeps its numeral, the house number becomes digits, commas stay outside."""
    text = "海店五西路三十八号您好"
    names = [Shown(0, 5, "海甸五西路")]
    assert apply(text, readable(text, heard_as(text, 0.9), names)) == "海甸五西路38号您好。"
