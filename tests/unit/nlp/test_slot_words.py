"""Fields in many words: every line of slot_words.txt, with as many that only sound like it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from nlp.catalogue import Catalogue
from nlp.evaluate import NEUTRAL, Judge
from tests.unit.nlp.calls import fields

WORDS = Path(__file__).parents[2] / "fixtures" / "corpus" / "slot_words.txt"
CASES = [line for line in WORDS.read_text("utf-8").splitlines() if not line.startswith("#")]
HELLO, FAULT = "a 您好，海尔售后，请讲。", "c 我家海尔空调不制冷了。"
PLACE = ("a 您的地址？", "c 南京市鼓楼区汉口路八号二栋三零一。")


@lru_cache(maxsize=1)
def judge() -> Judge:
    return Judge(Catalogue.load())


def meant(name: str, value: str) -> Any:
    """The value in gold format; None for nothing."""
    if name == "appointment" and value != "-":
        start, end = value.split("~")
        return {"start": f"{start}:00+08:00", "end": f"{end}:00+08:00"}
    return {"true": True, "false": False, "-": None}.get(value, value)


@pytest.mark.parametrize("line", CASES)
def test_a_field_is_heard_in_many_words(line: str) -> None:
    """The words give the field, or nothing where they only sound like it."""
    name, value, *turns = line.split("|")
    if turns[0].startswith("!"):
        found = fields(HELLO, turns[0][1:], *turns[1:], *(() if name == "service_type" else PLACE))
    else:
        found = fields(HELLO, FAULT, *turns)
    wanted, given = meant(name, value), found.get(name)
    if wanted is None:
        assert given in (None, NEUTRAL.get(name))
    else:
        assert given is not None
        assert judge().same(name, wanted, given), (wanted, given)
