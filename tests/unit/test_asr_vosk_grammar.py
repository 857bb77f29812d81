import json

from asr.engines.vosk_grammar import grammar, in_words

WORDS = {"安徽省", "安徽", "芜湖市", "格力", "空调", "K", "F", "model", "[unk]"}


def test_phrases_are_cut_into_the_longest_known_words():
    """Longer words win; letters and spaces are taken as they are."""
    assert in_words("安徽省芜湖市", WORDS) == ["安徽省", "芜湖市"]
    assert in_words("格力空调 KF", WORDS) == ["格力", "空调", "K", "F"]
    assert in_words("model", WORDS) == ["model"]


def test_a_phrase_with_an_unknown_part_is_left_out():
    """Half a brand would be heard where the whole was meant."""
    assert in_words("格力冰箱", WORDS) == []
    assert json.loads(grammar(["格力冰箱", "空调"], WORDS)) == ["空调", "[unk]"]


def test_without_a_known_phrase_there_is_no_grammar():
    """A grammar of nothing would hear nothing: recognition stays free."""
    assert grammar(["冰箱"], WORDS) is None
    assert grammar([], WORDS) is None
