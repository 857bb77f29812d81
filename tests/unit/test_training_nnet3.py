import orjson
import pytest

from asr.models import Registry
from asr.training.nnet3 import read_layers, write_model

OFFSETS = ((-1, 0, 1), (-1, 0, 1), (-1, 0, 1), (-2, 0, 1), (-2, 0, 1), (-3, 0, 1), (-3, 0))


def test_the_shipped_network_is_written_byte_for_byte(tmp_path):
    """Reading final.mdl and writing it gives the very file: transition model, wiring, weights, context."""
    folder = Registry([]).path("zh-demo") / "am"
    stays = orjson.loads((folder / "self_loop.json").read_bytes())
    write_model(tmp_path / "final.mdl", read_layers(folder / "final.mdl"), stays, offsets=OFFSETS, skip=0.66)
    assert (tmp_path / "final.mdl").read_bytes() == (folder / "final.mdl").read_bytes()


def test_an_unknown_matrix_is_refused(tmp_path):
    """A matrix of another kind is named instead of misread."""
    (tmp_path / "m").write_bytes(b"<ComponentName> a0 <FixedAffineComponent> <LinearParams> DM ....")
    with pytest.raises(ValueError, match="DM"):
        read_layers(tmp_path / "m")
