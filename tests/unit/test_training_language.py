import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr.fst import rows_of
from asr.training.corpus import Segmenter, utterances
from asr.training.grammar_fst import grammar
from asr.training.language import repeat_digits
from asr.training.lexicon import KALDI_IDS, leaving, staying, tree, unknown_pronunciations
from asr.training.lm import END, START, Counts, estimate
from asr.training.phones import PHONE_IDS, PHONES, phones_of, pronunciations, syllables

WORDS = ("一", "二", "三")
sentences = st.lists(st.lists(st.sampled_from(WORDS), max_size=5), min_size=1, max_size=8)


def model_of(lines, **options):
    counts = Counts()
    for line in lines:
        counts.add(line)
    return estimate(counts, dict.fromkeys(WORDS, 1.0), **options)


@given(sentences, st.sampled_from([0.0, 1e-3, 1e-1]))
def test_every_history_sums_to_one(lines, prune):
    """Whatever was counted and however much was pruned, the next word is one of the vocabulary or the end."""
    model = model_of(lines, prune=prune)
    histories = {(), (START,), *model.backoff}
    for history in histories:
        total = sum(math.exp(model._word(history, word, -99.0)) for word in (*WORDS, END))
        assert total == pytest.approx(1, abs=1e-4)


@given(sentences)
def test_pruning_only_drops(lines):
    """A pruned model has a part of the n-grams, and all single words."""
    whole, pruned = model_of(lines), model_of(lines, prune=0.05)
    assert set(pruned.logp) <= set(whole.logp)
    assert {gram for gram in whole.logp if len(gram) == 1} <= set(pruned.logp)


def test_what_was_said_more_often_is_likelier():
    """The model prefers the sentence it was taught."""
    model = model_of([["一", "二", "三"]] * 5 + [["三"]])
    assert model.score(["一", "二", "三"]) > model.score(["三", "二", "一"])


@given(st.lists(st.lists(st.sampled_from("零一五幺电"), max_size=8), min_size=1, max_size=6), st.floats(0.1, 0.8))
def test_a_digit_after_two_is_as_often_the_same_again(lines, share):
    """Behind two digits the last one comes again with the share asked for or more; what else was counted stays."""
    counts = Counts()
    for line in lines:
        counts.add(line)
    before = counts.grams.copy()
    repeat_digits(counts, share)
    for gram in counts.grams:
        if len(gram) == 3 and "电" not in gram[:2] and START not in gram[:2]:
            again = (*gram[:2], gram[1])
            total = sum(count for other, count in counts.grams.items() if len(other) == 3 and other[:2] == gram[:2])
            assert counts.grams[again] >= share * total - 1e-6
    assert {gram for gram, count in counts.grams.items() if count != before[gram]} <= {
        gram for gram in counts.grams if len(gram) == 3 and gram[1] == gram[2] and "电" not in gram
    }


def test_the_grammar_costs_what_the_model_says():
    """The cheapest path through the acceptor is the model's own score when nothing shorter is cheaper."""
    model = model_of([["一", "二"]] * 3 + [["二", "三"]])
    fst = grammar(model, {word: n for n, word in enumerate(WORDS, 1)}, {})
    for line in product(WORDS, repeat=2):
        assert path_cost(fst, [WORDS.index(w) + 1 for w in line]) <= -model.score(line) + 1e-4


def test_a_bonus_is_taken_off_the_word_alone():
    """Digits can be made cheaper without touching the rest."""
    ids = {word: n for n, word in enumerate(WORDS, 1)}
    model = model_of([["一", "二"]])
    plain, cheap = (rows_of(grammar(model, ids, bonus)).tolist() for bonus in ({}, {"二": 1.5}))
    for (_, label, cost, _), (_, _, less, _) in zip(plain, cheap, strict=True):
        assert cost - less == pytest.approx(1.5 if label == ids["二"] else 0.0, abs=1e-5)


def path_cost(fst, labels):
    rows = rows_of(fst).tolist()

    def closure(costs):
        while True:
            shorter = {
                target: costs[state] + cost
                for state, label, cost, target in rows
                if label == 0 and state in costs and costs[state] + cost < costs.get(target, math.inf) - 1e-9
            }
            if not shorter:
                return costs
            costs = costs | shorter

    costs = closure({fst.start: 0.0})
    for wanted in labels:
        after = {}
        for state, label, cost, target in rows:
            if label == wanted and state in costs:
                after[target] = min(after.get(target, math.inf), costs[state] + cost)
        costs = closure(after)
    return min(cost + float(fst.states["final"][state]) for state, cost in costs.items())


def test_arcs_are_sorted_as_the_decoder_needs_them():
    """Within a state labels rise."""
    fst = grammar(model_of([["三", "一"], ["二", "一"]]), {word: n for n, word in enumerate(WORDS, 1)}, {})
    rows = rows_of(fst)
    assert all(np.all(np.diff(rows["label"][rows["state"] == s]) > 0) for s in range(len(fst.states)))


@pytest.mark.parametrize(
    ("word", "read"),
    [
        ("空调", ("kong1", "tiao2")), ("幺", ("yao1",)), ("海尔", ("hai3", "er3")), ("重启", ("chong2", "qi3")),
        ("K", ("kei4",)), ("W", ("da2", "bu5", "liu5")), ("abc", None), ("一1", None),
    ],
)  # fmt: skip
def test_words_are_read(word, read):
    """Letters by their Mandarin names, words as they are said, nothing for what is neither."""
    assert syllables(word) == read


@pytest.mark.parametrize(
    ("syllable", "phones"),
    [
        ("zhong1", ("zh", "ong1")), ("er4", ("aa", "er4")), ("yi1", ("ii", "i1")), ("wu3", ("uu", "u3")),
        ("yue4", ("vv", "ve4")), ("zhi2", ("zh", "ix2")), ("si4", ("s", "iy4")), ("bo1", ("b", "o1")), ("xyz1", None),
        ("ma", None),
    ],
)  # fmt: skip
def test_a_syllable_is_two_phones(syllable, phones):
    """Initial and tonal final; a syllable without an initial gets an onset."""
    assert phones_of(syllable) == phones


def test_phone_numbers_are_the_outputs_of_the_shipped_network():
    """216 phones, silence first: a change would make every trained model useless."""
    assert len(PHONES) == len(PHONE_IDS) == 216
    assert PHONES[0] == "SIL"


def test_tone_sandhi_is_in_the_lexicon():
    """不要 is said bu2 yao4 as well; 一 alone has three ways."""
    assert ("b", "u2", "ii", "iao4") in pronunciations("不要")
    assert len(pronunciations("一")) == 3


def test_the_lexicon_is_a_tree_with_shared_beginnings():
    """Two words with the same first syllable share its states; each ends with its own label."""
    lexicon = {word: pronunciations(word) for word in ("空", "空调")}
    lexicon["空"] = {("k", "ong1")}
    lines = list(tree(lexicon, {"空": 1, "空调": 2}, {"k": 0.75}))
    begin = [line for line in lines if line.split()[2:3] == [str(leaving("k_B"))]]
    assert len(begin) == 1
    assert [line.split()[3] for line in lines if len(line.split()) == 5 and line.split()[3] != "0"] == ["1", "2"]
    loop = next(line for line in lines if line.split()[2:3] == [str(staying("k_B"))])
    assert float(loop.split()[4]) == pytest.approx(-math.log(0.75), abs=1e-4)
    assert KALDI_IDS["<eps>"] == 0


def test_the_garbage_word_is_every_syllable():
    """What a run-time grammar does not expect is any syllable of the lexicon."""
    assert unknown_pronunciations({"空调": pronunciations("空调")}) == {("k", "ong1"), ("t", "iao2")}


def test_text_is_cut_into_words_of_the_model():
    """Numbers and letters one by one, known words whole, unknown ones by character, the rest dropped."""
    segmenter = Segmenter({"空调", "不", "制", "冷", "一", "二", "下", "K", "幺"})
    assert segmenter.words("空调不制冷，K一二!!hello幺一") == ["空调", "不", "制", "冷", "K", "一", "二", "幺", "一"]
    assert segmenter.paused("空调，不制冷。") == ["空调", "，", "不", "制", "冷"]


def test_lines_are_cut_at_pauses_now_and_then():
    """Both the whole line and its parts come, as endpointing gives them."""
    import random

    heard = set(utterances(random.Random(1), ["好的，再见"] * 50))
    assert heard == {"好的，再见", "好的", "再见"}
