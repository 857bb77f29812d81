"""How much an utterance is like those that voice a mood: scores from groups of characters, and what they decide."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.likeness import LONGEST, MODELS, Likeness, groups, likeness, portions
from tests.unit.nlp.calls import call, fields

HELLO, FAULT = "a 您好，海尔售后，请讲。", "c 我家海尔空调不制冷了。"


def test_pauses_make_no_difference() -> None:
    """A transcript with other stops, or with none at its end, has the same groups."""
    assert groups("修了三回。还漏！") == groups("修了三回，还漏")


def test_a_score_adds_up_the_weights_of_the_groups() -> None:
    """Each group counts once, against the square root of their number, from the bias on."""
    nothing = (0.0,) * len(MODELS)
    model = Likeness({"修": (2.0, *nothing[1:])}, (-1.0, *nothing[1:]))
    score = model.scores("修修修")
    assert score[0] == pytest.approx(-1.0 + 2.0 / len(groups("修修修")) ** 0.5)
    assert score[1:] == nothing[1:]


@given(st.text(max_size=60))
def test_any_text_has_scores(s: str) -> None:
    """No text breaks it, and no group is longer than LONGEST."""
    assert len(likeness().scores(s)) == len(MODELS)
    assert all(1 <= len(g) <= LONGEST for g in groups(s))


def test_a_sentence_is_scored_beside_the_whole() -> None:
    """The question stands before the whole and before the first sentence only; spans are those of the caller's words."""
    said = "二三年买的。你们这样搞太不像话了。"
    assert [text for _, _, text in portions(said, "什么时候买的？→")] == [
        "什么时候买的？→" + said,
        "什么时候买的？→二三年买的。",
        "你们这样搞太不像话了。",
    ]
    assert [said[a:b] for a, b, _ in portions(said, "")][1:] == ["二三年买的。", "你们这样搞太不像话了。"]


def test_tone_is_heard_without_known_words_and_says_where() -> None:
    """What sounds dissatisfied is found by its tone, with the words it was heard in."""
    result = call(HELLO, FAULT, "a 配件还没有到。", "c 上次也是等配件，等了二十天，这次又要多久啊？")
    (found,) = (s for s in result.slots if s.name == "sentiment_complaint")
    assert found.value is True
    assert found.evidence[0].segment_id == "3"


@pytest.mark.parametrize(
    "words", ["关了，我拖了一上午的地。", "遥控板电池换了两回了。", "没人接水也在流，水表转得飞快。"]
)
def test_doubtful_words_in_a_calm_call_are_no_dissatisfaction(words: str) -> None:
    """拖了, 换了两回了 and 没人接 are said of the appliance as well."""
    assert "sentiment_complaint" not in fields(HELLO, FAULT, f"c {words}")


def test_what_is_told_of_age_and_pay_is_no_claim() -> None:
    """When it was bought, and a visit's price, claim nothing of the warranty."""
    found = fields(HELLO, FAULT, "a 什么时候买的？", "c 前年十月买的。", "a 上门费五十。", "c 好的，没问题。")
    assert "in_warranty_claim" not in found
