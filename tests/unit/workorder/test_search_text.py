"""Full text: what is asked for is found, whatever characters it is made of; and names by pinyin."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workorder.policy.pinyin import name_keys, typed_pinyin
from workorder.policy.search_text import (
    TextQuery,
    asked_tokens,
    fits,
    normal,
    parse_query,
    says_all,
    snippet,
    tokens_of,
)

CHARACTERS = st.text("空调不制冷漏水格力美的KFRkfr35ＧＷ-／ 0123，。\n", max_size=40)
ANY = st.text(max_size=60)


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("不制冷", "格力空调不制冷了", True),
        ("制冷不", "格力空调不制冷了", False),
        ("漏", "空调漏水", True),
        ("kfr", "型号KFR-35GW", True),
        ("35gw", "型号KFR-35GW", True),
        ("5gw", "型号KFR-35GW", False),
        ("ｋｆｒ－35", "型号KFR-35GW", True),
        ("格力 漏水", "漏水的格力空调", True),
        ('"格力 空调"', "格力，空调", True),
        ('"格力 空调"', "格力的空调", False),
        ("空调 -漏水", "空调漏水", False),
        ("空调 -漏水", "空调不制冷", True),
        ("3幢502", "文三路288号3幢502室", True),
        ("3幢502", "文三路288号13幢502室", False),
    ],
)
def test_words_are_found_literally(query, text, found):
    """Chinese anywhere, other words from their beginning, whatever the width and case."""
    asked = parse_query(query)
    assert fits(asked, text) is found
    if found:
        assert set(asked_tokens(asked)) <= set(tokens_of(text))


@given(text=CHARACTERS, begin=st.integers(0, 40), length=st.integers(1, 12))
@example(text="KFR35", begin=0, length=3)
def test_every_part_of_a_text_is_looked_up_by_tokens_it_has(text, begin, length):
    """What fits a text has all its tokens in the text's: the index never hides a fitting text."""
    asked = parse_query(f'"{text[begin : begin + length]}"')
    if asked.terms and fits(asked, text):
        assert set(asked_tokens(asked)) <= set(tokens_of(text))


@given(text=CHARACTERS, asked=st.text('空调不制冷kfr35 -"', max_size=8))
@example(text="KFR-35", asked="kf 35")
@example(text="空调不制冷", asked="制冷 -空")
def test_where_tokens_say_all_no_text_is_read_again(text, asked):
    """A text fits such a query exactly when it has the tokens."""
    query = parse_query(asked)
    if query.terms and says_all(query):
        assert fits(query, text) == (set(asked_tokens(query)) <= set(tokens_of(text)))


def test_which_tokens_say_all():
    """Characters alone or in pairs and beginnings of words; not what is longer, and nothing with what is unwanted."""
    assert all(says_all(parse_query(asked)) for asked in ("王", "空调 漏水", "kfr 35gw"))
    assert not any(says_all(parse_query(asked)) for asked in ("不制冷", "漏水 -空调", "kfr-35", "a" * 17))


@given(text=CHARACTERS, begin=st.integers(0, 40), length=st.integers(1, 12))
def test_chinese_is_found_wherever_it_stands(text, begin, length):
    """Against a plain search: any run of Chinese characters of a text finds it."""
    part = normal(text)[begin : begin + length].strip()
    if part and all("\u4e00" <= character <= "\u9fff" for character in part):
        assert fits(TextQuery((part,)), text)


@given(ANY)
def test_no_query_breaks_the_parser_or_leaves_normal_form(text):
    """Whatever is typed: terms in normal form, tokens of letters and digits alone, so nothing of it is syntax."""
    asked = parse_query(text)
    for term in (*asked.terms, *asked.without):
        assert term == " ".join(normal(term).split())
        assert len(term) <= 40
    assert all(token.isalnum() for token in asked_tokens(asked))


@given(text=ANY, query=ANY)
def test_a_snippet_is_part_of_the_text(text, query):
    """Its pieces put together stand in the text; normal form keeps every place."""
    pieces = snippet(parse_query(query), text)
    assert "".join(piece.text for piece in pieces) in text.replace("\n", " ")
    assert len(normal(text)) == len(text)


def test_a_snippet_marks_every_hit():
    """Hits and the rest alternate, from a little before the first hit."""
    pieces = snippet(parse_query("漏水"), "格力空调漏水，卫生间也漏水", length=20)
    assert [(piece.text, piece.hit) for piece in pieces] == [
        ("格力空调", False),
        ("漏水", True),
        ("，卫生间也", False),
        ("漏水", True),
    ]


@pytest.mark.parametrize(
    ("name", "pinyin", "initials"),
    [
        ("张三", "zhangsan", "zs"),
        ("单雄信", "shanxiongxin", "sxx"),
        ("曾国藩", "zengguofan", "zgf"),
        ("尉迟恭", "yuchigong", "ycg"),
        ("欧阳震华", "ouyangzhenhua", "oyzh"),
        ("John Smith", "johnsmith", "j"),
        ("", "", ""),
    ],
)
def test_names_have_the_keys_people_type(name, pinyin, initials):
    """Family names as they are read in names."""
    assert name_keys(name) == (pinyin, initials)


@given(st.text("王张李单曾尉迟欧阳芳伟娜敏静三四", min_size=1, max_size=6))
def test_a_name_is_found_by_any_beginning_of_its_keys(name):
    """Full pinyin and initials, typed with or without blanks."""
    keys = name_keys(name)
    assert len(keys.initials) == len(name)
    assert typed_pinyin(keys.pinyin[:5].upper()) == keys.pinyin[:5]
    assert typed_pinyin(" ".join(keys.initials)) == keys.initials


@pytest.mark.parametrize("text", ["张三", "138", "zs1", "", "é"])
def test_what_is_no_pinyin_is_not_taken_for_it(text):
    """Only letters are."""
    assert typed_pinyin(text) is None or text == ""
