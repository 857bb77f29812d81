"""The sherpa-onnx engine: which files are which model, words from tokens, and the real library on toy models."""

from pathlib import Path

import pytest

from asr.engines.sherpa import PLAIN_CONFIDENCE, SherpaEngine, words_of
from asr.engines.sherpa_layout import layout_of
from asr.errors import ModelCorrupt, ModelMissing
from asr.load import load_recognizer

TOYS = Path(__file__).parents[1] / "fixtures" / "sherpa"


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        (("encoder-epoch-99.onnx", "decoder-epoch-99.onnx", "joiner-epoch-99.onnx"), "transducer"),
        (("encoder.int8.onnx", "decoder.int8.onnx"), "paraformer"),
        (("model.int8.onnx",), "zipformer2_ctc"),
    ],
)
def test_the_files_tell_the_kind_of_model(tmp_path, files, kind):
    """The three layouts of the releases are told apart by what lies in the folder."""
    for name in (*files, "tokens.txt"):
        (tmp_path / name).touch()
    assert layout_of(tmp_path)[0].kind == kind


def test_quantised_files_are_preferred(tmp_path):
    """Where both lie there, the int8 file is taken."""
    for name in ("model.onnx", "model.int8.onnx", "tokens.txt"):
        (tmp_path / name).touch()
    assert layout_of(tmp_path)[1] == {"model": str(tmp_path / "model.int8.onnx")}


@pytest.mark.parametrize("files", [(), ("tokens.txt",), ("model.onnx",), ("tokens.txt", "encoder.onnx")])
def test_an_incomplete_folder_says_what_belongs_there(tmp_path, files):
    """Anything less than a whole model names the folder and the files it needs."""
    for name in files:
        (tmp_path / name).touch()
    with pytest.raises(ModelMissing, match="no sherpa-onnx model") as caught:
        load_recognizer("sherpa", str(tmp_path))
    assert "tokens.txt" in caught.value.fix


def test_a_damaged_model_is_named(tmp_path):
    """Files that are no model give an error with the folder, not a crash."""
    (tmp_path / "model.onnx").write_bytes(b"not a model")
    (tmp_path / "tokens.txt").write_bytes((TOYS / "ctc" / "tokens.txt").read_bytes())
    with pytest.raises(ModelCorrupt, match=str(tmp_path)):
        SherpaEngine(tmp_path)


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        (["空", "调", "漏", "水"], ["空", "调", "漏", "水"]),
        (["型", "号", "▁K", "F", "R", "的"], ["型", "号", "KFR", "的"]),
        (["▁HEL", "LO", "▁WORLD", "好"], ["HELLO", "WORLD", "好"]),
        (["hel@@", "lo", "你", "好"], ["hello", "你", "好"]),
        (["K", "F", "R"], ["K", "F", "R"]),
        (["▁", "你", "好"], ["你", "好"]),
        ([], []),
    ],
)
def test_words_from_tokens(tokens, words):
    """A Chinese character is a word; pieces of Latin words are joined in both spellings."""
    assert [word for word, _, _ in words_of(tokens, [0.1 * i for i in range(len(tokens))], [])] == words


def test_a_word_is_as_sure_as_its_worst_piece():
    """Log probabilities become 0..1; without them every word has the plain confidence."""
    (word,) = words_of(["▁HEL", "LO"], [0.0, 0.1], [-0.1, -1.0])
    assert word[2] == pytest.approx(0.368, abs=0.001)
    assert words_of(["好"], [0.0], [])[0][2] == PLAIN_CONFIDENCE


def test_only_transducers_take_a_vocabulary():
    """What the model cannot do is declared."""
    assert SherpaEngine(TOYS / "transducer").capabilities.grammar
    assert not SherpaEngine(TOYS / "ctc").capabilities.grammar


async def test_hot_words_are_taken(caplog):
    """A transducer opens a stream with phrases, also such with characters the model does not know."""
    recognizer = load_recognizer("sherpa", str(TOYS / "transducer"), threads=1)
    stream = recognizer.open(sample_rate_hz=8000, vocabulary=("嗯是", "格力", "a/b"))
    stream.push(bytes(16_000))
    stream.end_input()
    assert [event async for event in stream] == []
    await recognizer.aclose()
