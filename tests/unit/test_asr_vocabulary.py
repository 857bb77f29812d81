import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr.errors import ModelCorrupt, ModelMissing
from asr.fst import ROW, acceptor, read_const, rows_of
from asr.models import MANIFEST, Registry, check_files
from asr.vocabulary import adapt, can_adapt, prefer, read_words, spell

WORDS = {"海": 1, "尔": 2, "海尔": 3, "桂": 4, "花": 5, "桂花": 6, "路": 7, "K": 8, "三": 9}


def tiny():
    """State 0 is the start and backs off to 1, which knows every word."""
    rows = [(0, 0, 0.7, 1), *((1, label, 5.0, 0 if label == 7 else 1) for label in WORDS.values())]
    return acceptor(0, np.array([np.inf, 2.0], np.float32), np.array(rows, ROW))


def cost_of(fst, labels):
    """The cheapest way through the automaton that reads ``labels`` from the state without history."""
    costs = {1: 0.0}
    for label in labels:
        after = {}
        for state, found, cost, target in rows_of(fst).tolist():
            if state in costs and found == label:
                after[target] = min(after.get(target, math.inf), costs[state] + cost)
        costs = after
    return min(costs.values(), default=math.inf)


@pytest.mark.parametrize(
    ("phrase", "pieces"),
    [
        ("海尔", [3]),
        ("桂花路", [6, 7]),
        ("海花路", [1, 5, 7]),
        ("k3", [8, 9]),
        ("K-3", [8, 9]),
        ("海鸥", []),
        ("", []),
        ("花" * 13, []),
    ],
)
def test_a_phrase_is_spelt_in_as_few_words_as_can_be(phrase, pieces):
    """Longest words first, characters where needed, digits as read; nothing where the model lacks a character."""
    assert spell(phrase, WORDS) == pieces


def test_a_preferred_phrase_costs_its_share():
    """Two phrases share two per cent: each costs −ln 0.01 instead of the sum of its characters."""
    adapted = prefer(tiny(), [[1, 5, 7], [3]], share=0.02)
    assert cost_of(adapted, [1, 5, 7]) == pytest.approx(-math.log(0.01))
    assert cost_of(adapted, [3]) == pytest.approx(-math.log(0.01))
    assert cost_of(tiny(), [1, 5, 7]) == pytest.approx(15)


def test_after_a_phrase_the_model_goes_on_as_after_its_last_word():
    """The path of a phrase ends where its last word leads."""
    adapted = prefer(tiny(), [[6, 7]], share=0.02)
    assert 0 in {target for _, label, _, target in rows_of(adapted).tolist() if label == 7}


@given(st.lists(st.lists(st.sampled_from(sorted(WORDS.values())), min_size=1, max_size=4), max_size=5))
def test_other_texts_cost_what_they_did(phrases):
    """Paths are only added: whatever could be said costs no more, and no state or arc of the model is lost."""
    before, after = tiny(), prefer(tiny(), phrases, share=0.02)
    assert set(rows_of(before).tolist()) <= set(rows_of(after).tolist())
    assert after.states["final"][: len(before.states)].tolist() == before.states["final"].tolist()
    assert not np.isfinite(after.states["final"][len(before.states) :]).any()


def test_an_adapted_model_is_whole_and_leaves_its_source_alone(tmp_path):
    """The copy has a manifest that fits it; the built-in model's files are untouched."""
    source = Registry([]).path("zh-demo")
    manifest = (source / MANIFEST).read_bytes()
    made = adapt(source, tmp_path / "ours", ["海尔", "桂花路", "龘龘"])
    assert made.phrases == ("海尔", "桂花路")
    assert made.skipped == ("龘龘",)
    check_files(made.path, {})
    check_files(source, {})
    assert (source / MANIFEST).read_bytes() == manifest
    before, after = (read_const(path / "graph" / "Gr.fst") for path in (source, made.path))
    assert len(after.arcs) == len(before.arcs) + sum(
        len(spell(p, read_words(source / "graph/words.txt"))) for p in made.phrases
    )


def test_a_taken_folder_is_not_written_over(tmp_path):
    """What is there already stays as it is."""
    (tmp_path / "ours").mkdir()
    with pytest.raises(ModelMissing, match="ours is there already"):
        adapt(Registry([]).path("zh-demo"), tmp_path / "ours", ["海尔"])
    assert not list((tmp_path / "ours").iterdir())


def test_a_model_of_another_kind_is_refused_and_nothing_is_left(tmp_path):
    """A static graph has no grammar to change: said so, with no half-made folder."""
    model = tmp_path / "static"
    (model / "am").mkdir(parents=True)
    (model / "am" / "final.mdl").write_bytes(b"x")
    with pytest.raises(ModelCorrupt, match=r"no graph/Gr\.fst"):
        adapt(model, tmp_path / "ours", ["海尔"])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["static"]


def test_the_bundled_model_can_say_rare_characters_of_names():
    """Streets and people: none of these is skipped when the model is adapted."""
    words = read_words(Registry([]).path("zh-demo") / "graph" / "words.txt")
    assert all(spell(name, words) for name in ("岳麓大道", "橘洲新苑", "滕飞", "蟠桃街", "褚燕", "鳌江镇"))
    assert sum(len(word) == 1 for word in words) > 6000


def test_only_a_grammar_of_the_known_kind_can_be_changed(tmp_path):
    """zh-demo's can; a folder without one, or with another kind, cannot."""
    assert can_adapt(Registry([]).path("zh-demo"))
    assert not can_adapt(tmp_path)
    (tmp_path / "graph").mkdir()
    (tmp_path / "graph" / "Gr.fst").write_bytes(b"something else")
    assert not can_adapt(tmp_path)
