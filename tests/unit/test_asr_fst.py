import numpy as np
import pytest

from asr.fst import ROW, acceptor, read_const, rows_of, write_const
from asr.models import Registry


def small():
    rows = np.array([(0, 7, 1.5, 1), (0, 0, 0.25, 1), (1, 3, 2.0, 0)], ROW)
    return acceptor(0, np.array([np.inf, 0.5], np.float32), rows)


def test_what_was_written_is_read_again(tmp_path):
    """States, arcs and costs survive the file; arcs are sorted by label and epsilons counted."""
    write_const(small(), tmp_path / "g.fst")
    fst = read_const(tmp_path / "g.fst")
    assert fst.start == 0
    assert fst.states["final"].tolist() == [np.inf, 0.5]
    assert fst.states["in_eps"].tolist() == [1, 0]
    assert rows_of(fst).tolist() == [(0, 0, 0.25, 1), (0, 7, 1.5, 1), (1, 3, 2.0, 0)]


def test_the_bundled_grammar_is_written_byte_for_byte(tmp_path):
    """Reading the grammar of zh-demo and writing it gives the very file."""
    source = Registry([]).path("zh-demo") / "graph" / "Gr.fst"
    write_const(read_const(source), tmp_path / "g.fst")
    assert (tmp_path / "g.fst").read_bytes() == source.read_bytes()


@pytest.mark.parametrize("content", [b"", b"\0\1", b"not an automaton at all"])
def test_another_file_is_refused(tmp_path, content):
    """What is no OpenFst file, or cut short, is named instead of misread."""
    (tmp_path / "g.fst").write_bytes(content)
    with pytest.raises(ValueError, match=r"g\.fst"):
        read_const(tmp_path / "g.fst")


def test_another_kind_of_automaton_is_refused(tmp_path):
    """A look-ahead or n-gram FST says which kind it is."""
    write_const(small(), tmp_path / "g.fst")
    raw = (tmp_path / "g.fst").read_bytes()
    (tmp_path / "g.fst").write_bytes(raw.replace(b"const", b"ngram", 1))
    with pytest.raises(ValueError, match="ngram"):
        read_const(tmp_path / "g.fst")


def test_a_cut_file_is_refused(tmp_path):
    """A grammar whose arcs are missing is not taken."""
    write_const(small(), tmp_path / "g.fst")
    whole = (tmp_path / "g.fst").read_bytes()
    (tmp_path / "g.fst").write_bytes(whole[:-5])
    with pytest.raises(ValueError, match="short"):
        read_const(tmp_path / "g.fst")
