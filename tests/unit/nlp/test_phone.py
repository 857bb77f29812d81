"""The number the caller wants used."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.numbers import phones
from tests.unit.nlp.calls import call, fields

START = ("a 您好，请讲。", "c 我家空调不制冷。", "a 请留个联系电话。")
SPOKEN = dict(zip("0123456789", "零幺二三四五六七八九", strict=True))

ANSWERS = """
幺三九幺二三四五六七八|13912345678
一三九一二三四五六七八|13912345678
幺三九，幺二三四，五六七八|13912345678
幺三九……幺二三四……五六七八|13912345678
幺三九幺二三四五六七九，哦不对，是七八，幺三九幺二三四五六七八|13912345678
我的是幺三九幺二三四五六七八，我姓王|13912345678
打我爱人的吧，幺八八零零零零幺幺幺幺|18800001111
零七五五，八六五四三二幺零|075586543210
座机零幺零六二三四五六七八|01062345678
零二幺五四三二幺零九八|02154321098
13912345678|13912345678
幺三拐幺二三四五洞洞八|13712345008
幺五零零零幺幺二二，后面再三三……幺五零零零幺幺二二三三|15000112233
要三九幺二三四五六七八|13912345678
幺三九幺儿三四五六七八|13912345678
幺三九幺二三四无六七八|13912345678
四零零八幺零零九九九|4008100999
"""


@pytest.mark.parametrize("case", ANSWERS.strip().splitlines())
def test_spoken_number(case: str) -> None:
    """Numbers are understood in groups, corrected, with radio digits, misheard by a syllable."""
    words, digits = case.split("|")
    assert fields(*START, f"c {words}。").get("contact_phone") == digits


@pytest.mark.parametrize(
    "words",
    [
        "就这个号码",
        "就打这个",
        "本机",
        "就我现在打的这个",
        "打我这个就行",
        "就是这个电话",
        "用来电这个号码",
        "就这个吧",
        "对，就现在打进来的这个",
        "这个号就可以",
    ],
)
def test_this_number(words: str) -> None:
    """The calling number counts when the caller says so."""
    assert fields(*START, f"c {words}。", number="13700002222").get("contact_phone") == "13700002222"


@pytest.mark.parametrize("words", ["就这个号啊，你们看不到吗？", "本机", "就打这个"])
def test_hidden_number_cannot_be_this_number(words: str) -> None:
    """With a hidden number "this one" says nothing."""
    assert "contact_phone" not in fields(*START, f"c {words}", number=None)


@pytest.mark.parametrize(
    ("question", "answer", "number"),
    [
        ("电话是这个吗？", "是的", "13800001111"),
        ("联系方式还是您打来的这个号？", "对", "13800001111"),
        ("就是来电的手机号吧？", "嗯", "13800001111"),
        ("电话就用您打进来的？", "嗯对", "13800001111"),
        ("电话是手机还是座机？", "是手机", None),
        ("手机是现在这个吗？", "没错", "13800001111"),
        ("您打进来的号码可以联系吗？", "可以", "13800001111"),
        ("电话是这个吗？", "不是，换一个", None),
        ("电话是多少？", "嗯", None),
    ],
)
def test_bare_yes_to_the_calling_number(question: str, answer: str, number: str | None) -> None:
    """A bare yes takes the calling number when the agent asked whether it is that one."""
    assert fields(*START, f"a {question}", f"c {answer}。").get("contact_phone") == number


def test_read_back_confirms() -> None:
    """A number read back and agreed to is confirmed."""
    slots = {
        s.name: s for s in call(*START, "c 幺三九幺二三四五六七八。", "a 幺三九幺二三四五六七八对吗？", "c 对。").slots
    }
    assert slots["contact_phone"].state == "confirmed"


def test_wrong_read_back_changes_nothing() -> None:
    """The agent's slip, corrected by the caller, does not replace the number."""
    lines = (
        "c 幺三八幺二三四零零零八。",
        "a 幺三八幺二三四零零八零？",
        "c 不是，是零零零八，三个零一个八。",
        "a 好的，零零零八。",
    )
    assert fields(*START, *lines)["contact_phone"] == "13812340008"


def test_no_service_number_is_made_of_a_misheard_correction() -> None:
    """A correction of which only scraps were heard (是 for 四) is no 400 number; what was said whole stays."""
    lines = (
        "a 留个电话？",
        "c 幺三八幺二三四零零零八",
        "a 幺三八幺二三四零一八零",
        "c 不是是零零零八三二零一个八",
        "a 好的零零零八地址是",
    )
    assert fields(*START, *lines)["contact_phone"] == "13812340008"


def test_agents_number_is_kept_when_the_caller_agrees() -> None:
    """The registered number counts when the caller confirms it."""
    assert (
        fields("a 您好。", "c 我催一下空调维修。", "a 您电话还是幺三七零零零七零零零七？", "c 没变。")["contact_phone"]
        == "13700070007"
    )


def test_second_number_preferred() -> None:
    """Of two numbers the one offered instead counts."""
    heard = fields(*START, "c 幺三九幺幺幺幺二二二二，算了打我老公的，幺三八三三三三四四四四。")
    assert heard["contact_phone"] == "13833334444"


@given(
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.sampled_from([(3, 4, 4), (3, 8), (11,), (4, 3, 4), (3, 3, 3, 2)]),
    st.sampled_from(["", "，", "……", "，那个"]),
)
def test_any_grouping_is_understood(number: str, groups: tuple[int, ...], pause: str) -> None:
    """Every mobile number, spoken in any groups with pauses, comes back as it was."""
    pieces, at = [], 0
    for size in groups:
        pieces.append("".join(SPOKEN[d] for d in number[at : at + size]))
        at += size
    found = phones("电话" + pause.join(pieces) + "。")
    assert [n.digits for n in found] == [number]


@given(st.from_regex(r"1[3-9][0-9]{8}", fullmatch=True))
def test_nothing_is_invented(number: str) -> None:
    """Ten digits are no mobile number, and none is made up."""
    spoken = "".join(SPOKEN[d] for d in number)
    assert not [n for n in phones("号码是" + spoken + "。") if n.digits.startswith("1") and len(n.digits) == 11]


SAYS = {"1": "幺一", "7": "七拐", "0": "零洞"}


@settings(max_examples=200)
@given(
    st.one_of(
        st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
        st.from_regex(r"0(?:10|2[0-9]|571|755|431)[2-8][0-9]{7}", fullmatch=True),
        st.from_regex(r"[48]00[2-9][0-9]{6}", fullmatch=True),
    ),
    st.randoms(use_true_random=False),
)
def test_numbers_survive_the_ways_of_saying_them(number: str, rng: random.Random) -> None:
    """Mobile, landline and service numbers, in words, in 拐 and 洞, in digits, with hesitations between groups, come back."""
    in_digits = rng.random() < 0.25
    said = ""
    for i, digit in enumerate(number):
        said += rng.choice(["，", "，呃，", "……", "嗯"]) if i and rng.random() < 0.2 else ""
        said += digit if in_digits else rng.choice(SAYS.get(digit, SPOKEN[digit]))
    assert [n.digits for n in phones(f"我的电话是{said}。")] == [number]


@settings(max_examples=150)
@given(
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.integers(3, 8), st.sampled_from(["哦不对", "说错了", "不是"])
)
def test_a_number_said_again_counts(number: str, stop: int, taken_back: str) -> None:
    """A number broken off and begun anew is the whole one said last."""
    spoken = "".join(SPOKEN[d] for d in number)
    assert [n.digits for n in phones(f"{spoken[:stop]}，{taken_back}，{spoken}。")] == [number]
