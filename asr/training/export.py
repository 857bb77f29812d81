"""A trained network as a Vosk model folder, and a model folder as a network to go on training."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import torch

from asr.training.features import CEPSTRA, CONF
from asr.training.lexicon import KALDI_IDS, KALDI_PHONES
from asr.training.network import OFFSETS, SKIP, SPLICE, Network
from asr.training.nnet3 import Affine, read_layers, write_model
from asr.training.phones import PHONES

SCALE = 1.5
"""Outputs are multiplied by this: MMI leaves them flatter than the decoder likes (acoustic-scale stays near 1)."""
GLOBAL_COUNT = 1e5
"""Frames that the global mean claims to rest on."""
_PLACES = {"_B": "begin", "_I": "internal", "_E": "end"}


def export(checkpoint: Path, model: Path, global_mean: npt.NDArray[np.float32]) -> None:
    """Write am/, conf/mfcc.conf and the phone tables; the graph and conf/model.conf come from elsewhere."""
    saved = torch.load(checkpoint, weights_only=False)
    network = Network(len(PHONES))
    network.load_state_dict(saved["net"])
    for folder in ("am", "conf", "graph/phones"):
        (model / folder).mkdir(parents=True, exist_ok=True)
    stays = {phone: round(float(stay), 3) for phone, stay in zip(PHONES, saved["stays"], strict=True)}
    (model / "am" / "self_loop.json").write_bytes(orjson.dumps(stays))
    write_model(model / "am" / "final.mdl", layers(network), stays, offsets=OFFSETS, skip=SKIP)
    _write_global_mean(model / "am" / "global_cmvn.stats", global_mean)
    (model / "conf" / "mfcc.conf").write_text("".join(f"--{key}={value}\n" for key, value in CONF.items()))
    table = "".join(f"{phone} {number}\n" for number, phone in enumerate(KALDI_PHONES))
    (model / "graph" / "phones.txt").write_text(table)
    bounds = "".join(f"{KALDI_IDS[phone]} {_PLACES[phone[-2:]]}\n" for phone in KALDI_PHONES[2:])
    (model / "graph" / "phones" / "word_boundary.int").write_text("1 nonword\n" + bounds)


def layers(network: Any) -> dict[str, Affine]:
    """Affine components with the normalisations folded in."""
    weights = network.inp.weight.detach().numpy() / np.tile(network.std.numpy(), SPLICE)
    bias = network.inp.bias.detach().numpy() - weights @ np.tile(network.mean.numpy(), SPLICE)
    found = {"a0": _folded(weights, bias, network.bn0)}
    for k, (low, high, norm) in enumerate(zip(network.lin, network.aff, network.bn, strict=True), 1):
        rank = low.weight.shape[0]
        found[f"l{k}"] = (low.weight.detach().numpy(), np.zeros(rank, np.float32))
        found[f"a{k}"] = _folded(high.weight.detach().numpy(), high.bias.detach().numpy(), norm)
    found["o"] = (network.out.weight.detach().numpy() * SCALE, network.out.bias.detach().numpy() * SCALE)
    return found


def resume(model: Path, checkpoint: Path) -> None:
    """A checkpoint from the weights of ``model``: batch norms and input normalisation are neutral, being folded in."""
    found = read_layers(model / "am" / "final.mdl")
    network = Network(len(PHONES))
    state = network.state_dict()
    for name, (weights, bias) in found.items():
        if name.startswith("l"):
            state[f"lin.{int(name[1:]) - 1}.weight"] = torch.tensor(weights)
            continue
        factor = SCALE if name == "o" else 1.0
        place = {"a0": "inp", "o": "out"}.get(name) or f"aff.{int(name[1:]) - 1}"
        state[f"{place}.weight"], state[f"{place}.bias"] = torch.tensor(weights) / factor, torch.tensor(bias) / factor
    for name, value in state.items():
        if name.endswith("running_var"):
            state[name] = torch.full_like(value, 1 - network.bn0.eps)
    stays = orjson.loads((model / "am" / "self_loop.json").read_bytes())
    prior = np.full(len(PHONES), 1 / len(PHONES))
    torch.save(
        {"net": state, "prior": prior, "stays": [stays[p] for p in PHONES], "loss": "mmi", "steps": 0}, checkpoint
    )


def read_global_mean(model: Path) -> npt.NDArray[np.float32]:
    """Mean MFCC [40] that the online normalisation of ``model`` starts from."""
    sums = np.frombuffer((model / "am" / "global_cmvn.stats").read_bytes()[-2 * (CEPSTRA + 1) * 8 :], "<f8")
    return np.asarray(sums[:CEPSTRA] / sums[CEPSTRA], np.float32)


def _folded(weights: Any, bias: Any, norm: Any) -> Affine:
    gain = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach().numpy()
    return weights * gain[:, None], (bias - norm.running_mean.numpy()) * gain + norm.bias.detach().numpy()


def _write_global_mean(path: Path, mean: npt.NDArray[np.float32]) -> None:
    sums = np.append(mean * GLOBAL_COUNT, GLOBAL_COUNT)
    squares = np.append((mean**2 + 400) * GLOBAL_COUNT, 0)
    head = b"\0BDM " + struct.pack("<bibi", 4, 2, 4, CEPSTRA + 1)
    path.write_bytes(head + np.stack([sums, squares]).astype("<f8").tobytes())
