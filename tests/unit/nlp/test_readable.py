"""Spoken text as people write it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.readable import Shown, apply, readable
from nlp.types import WordTime


def shown(text, words=()):
    return apply(text, readable(text, words))


def spoken(*words):
    """Words with pauses (ms) between them: spoken("你好", 300, "我是")."""
    at, found = 0, []
    for word in words:
        if isinstance(word, int):
            at += word
        else:
            found.append(WordTime(word, at, at + 200, 1.0))
            at += 200
    return "".join(word.word for word in found), found


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("北京中路六十六号御景苑五栋二零二", "北京中路66号御景苑5栋202。"),
        ("我住三单元十六楼一六零二室", "我住3单元16楼1602室。"),
        ("我的电话是幺三九零零幺二三四五六", "我的电话是13900123456。"),
        ("二零二六年十一月二十八号", "2026年11月28号。"),
        ("明天下午两点半", "明天下午2点半。"),
        ("三点二十", "3点20。"),
        ("十点十分", "10点10分。"),
        ("一点五匹的", "1.5匹的。"),
        ("花了一百八十块", "花了180块。"),
        ("百分之五十", "50%。"),
        ("十五天以内", "15天以内。"),
    ],
)
def test_numbers_that_people_write_in_digits(text, written):
    """Addresses, phone numbers, dates, hours, sizes and larger amounts are shown in digits."""
    assert shown(text) == written


@pytest.mark.parametrize(
    "text",
    ["万和的", "一点也不制冷", "有一点漏水", "两台空调", "用了三年了", "三四天了", "五一路", "第三次", "十分吵",
     "三室一厅", "四平市", "三元区", "一般", "万一", "三星", "千万别"],
)  # fmt: skip
def test_words_that_only_look_like_numbers(text):
    """Small counts, estimates, names and idioms stay in characters."""
    assert shown(text) == f"{text}。"


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("有没有燃气味", "？"),
        ("您好请问是什么问题", "？"),
        ("什么时间上门合适", "？"),
        ("还能修吗", "？"),
        ("不制冷了", "。"),
        ("说过几次了", "。"),
    ],
)
def test_a_sentence_ends_with_its_mark(text, mark):
    """A question gets a question mark, everything else a full stop."""
    assert shown(text)[-1] == mark


def test_a_pause_becomes_a_comma():
    """From 200 ms of silence between two words on, a comma stands there; shorter ones show nothing."""
    assert shown(*spoken("我家", "空调", 250, "不", 120, "制冷")) == "我家空调，不制冷。"


def test_no_comma_inside_a_number():
    """However slowly a number is said, it stays one number."""
    assert shown(*spoken("五", "栋", 300, "二", 400, "零", 400, "二")) == "5栋，202。"


def test_a_greeting_stands_apart():
    """A yes or a greeting at the beginning is set off; the same characters inside other words are not."""
    assert shown("好的麻烦说一下地址") == "好的，麻烦说一下地址。"
    assert shown("没有热水了") == "没有热水了。"
    assert shown("好的") == "好的。"


def test_text_with_punctuation_only_gets_digits():
    """What a recogniser or a person punctuated stays as it is."""
    assert shown("您好，我住五栋。") == "您好，我住5栋。"


@given(
    st.text(
        alphabet=st.one_of(
            st.sampled_from("零一二三四五六七八九十百千万两幺点号栋室分年月块匹第的了，。"), st.characters()
        ),
        max_size=60,
    )
)
def test_any_text_is_shown_and_nothing_is_lost(text):
    """The changes are in order, inside the text and apart, and what they do not touch stays."""
    changes = readable(text)
    ends = [0]
    for change in changes:
        assert ends[-1] <= change.start <= change.end <= len(text)
        ends.append(change.end)
    kept = "".join(text[a : b.start] for a, b in zip(ends, [*changes, Shown(len(text), len(text), "")], strict=True))
    assert all(c in apply(text, changes) for c in kept)
    assert shown(text) == shown(text, [WordTime(text, 0, 100)])


@given(st.lists(st.tuples(st.text(max_size=4), st.integers(0, 600)), max_size=12))
def test_words_that_do_not_cover_the_text_do_no_harm(pairs):
    """Words with any times, even foreign ones, never break the text."""
    words = [WordTime(word, at, at + 50) for word, at in pairs]
    text = "我家空调六十六号不制冷"
    written = shown(text, words)
    assert written.replace("，", "").rstrip("。？") == "我家空调66号不制冷"
