import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr.training.grammar import parse, read_templates
from asr.training.numbers import count, digits, number
from asr.training.slots import WORDS, Speaker, word_lists

SLOTS = {"brand": lambda rng: "海尔", "d": lambda rng: "三"}


def said(template, seed=0):
    return parse(template).say(random.Random(seed), SLOTS)


def test_choices_and_slots_are_filled():
    """A choice takes one of its ways, an empty way leaves it out, nested ones are drawn in turn."""
    heard = {said("(您好|)，{brand}(售后|客服(热线|))", seed) for seed in range(200)}
    assert heard == {f"{hello}，海尔{tail}" for hello in ("您好", "") for tail in ("售后", "客服", "客服热线")}


@pytest.mark.parametrize("broken", ["(一|二", "一)", "{brand", "((一)"])
def test_a_broken_template_is_named(broken):
    """Unbalanced brackets are refused with the template's own text."""
    with pytest.raises(ValueError, match=re.escape(repr(broken))):
        parse(broken)


def test_an_unknown_slot_is_named():
    """A slot without values is an error, not silence."""
    with pytest.raises(ValueError, match=r"\{colour\}"):
        said("{colour}")


def test_every_shipped_template_can_be_said():
    """Each line of turns.txt parses, finds all of its slots, and says only Chinese, letters and pauses."""
    from asr.training.corpus import TEXT

    slots, rng = Speaker().slots, random.Random(1)
    for template in read_templates((TEXT / "turns.txt").read_text(encoding="utf-8")):
        for _ in range(5):
            assert re.fullmatch(r"[\u4e00-\u9fffA-Z，。？！]*", template.say(rng, slots))


def test_word_lists_keep_repeats():
    """A word that stands twice is drawn twice as often."""
    assert word_lists("# note\na: 一 二 二\n\nb: 三") == {"a": ["一", "二", "二"], "b": ["三"]}
    assert {"brand", "app", "symptom"} <= set(word_lists(WORDS.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (0, "零"), (2, "二"), (10, "十"), (13, "十三"), (20, "二十"), (105, "一百零五"), (110, "一百一十"), (326, "三百二十六"),
        (1006, "一千零六"), (1698, "一千六百九十八"), (2000, "两千"), (2030, "两千零三十"), (10500, "一万零五百"), (23456, "两万三千四百五十六"),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_read_them(value, read):
    """Zero inside, 两 before thousands, no 一 before a leading ten."""
    assert number(value) == read


@given(st.integers(0, 99_999))
def test_every_number_reads_back(value):
    """What is read gives the number again."""
    total = group = digit = 0
    for sign in number(value).replace("两", "二"):
        if sign in "零一二三四五六七八九":
            digit = "零一二三四五六七八九".index(sign)
        elif sign == "万":
            total, group, digit = (group + digit) * 10_000, 0, 0
        else:
            group += (digit or (1 if sign == "十" else 0)) * {"十": 10, "百": 100, "千": 1000}[sign]
            digit = 0
    assert total + group + digit == value


def test_two_is_said_otherwise_before_a_measure_word():
    """两点 but 十二点."""
    assert (count(2), count(12)) == ("两", "十二")


@given(st.integers(0, 1000), st.integers(1, 12))
def test_digits_have_the_asked_length_and_one_word_for_one(seed, length):
    """A number is said with 幺 or with 一, never both; a room has no leading zero."""
    spoken = digits(random.Random(seed), length, room=length > 2)
    assert len(spoken) == length
    assert not {"幺", "一"} <= set(spoken)
    assert length < 3 or spoken[0] != "零"


def test_training_text_holds_no_evaluation_call():
    """No line of 12 characters or more of the evaluation calls stands in what the model was trained on."""
    import json
    from pathlib import Path

    from asr.training.corpus import TEXT, dialogues, turns

    calls = Path(__file__).parents[1] / "fixtures" / "corpus" / "dev.jsonl"
    told = [
        turn["text"] for line in calls.read_text(encoding="utf-8").splitlines() for turn in json.loads(line)["turns"]
    ]
    clauses = {c for text in told for c in re.split("[，。？！、…；]", text.replace(" ", "")) if len(c) >= 12}
    seen = "\n".join([*dialogues(), (TEXT / "turns.txt").read_text(encoding="utf-8"), *turns(random.Random(3), 3000)])
    assert len(clauses) > 100
    assert not [clause for clause in clauses if clause in seen]
