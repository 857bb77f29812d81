import pytest

from asr.evaluate import ErrorRate, character_errors, comparable, edit_distance
from asr.text import join_words


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["洗衣机", "不", "脱水"], "洗衣机不脱水"),
        (["型号", "K", "F", "R", "三", "五"], "型号KFR三五"),
        (["用", "smart", "home", "控制"], "用smart home控制"),
        (["我", "[unk]", "姓", "<unk>", "王"], "我姓王"),
        ([], ""),
    ],
)
def test_chinese_text_has_no_spaces(words, text):
    """Words are joined as Chinese is written; spelled letters too; what was not understood is left out."""
    assert join_words(words) == text


def test_character_errors_count_only_what_is_spoken():
    """Punctuation, spaces and case are no errors, and 幺 is 一."""
    assert character_errors("幺三八，KFR。", "一 三 八 kfr").errors == 0
    assert comparable("好，OK！") == "好ok"


@pytest.mark.parametrize(
    ("wanted", "got", "distance"), [("", "", 0), ("abc", "", 3), ("", "ab", 2), ("kitten", "sitting", 3)]
)
def test_edit_distance(wanted, got, distance):
    """The textbook values."""
    assert edit_distance(wanted, got) == distance


def test_error_rates_add_up():
    """Rates of several texts are weighted by their length; silence heard as words is all wrong."""
    total = character_errors("一二三四", "一二") + character_errors("五六", "五六")
    assert (total.errors, total.characters, total.rate) == (2, 6, 2 / 6)
    assert ErrorRate(0, 0).rate == 0
    assert ErrorRate(3, 0).rate == 1
