"""The network as Kaldi reads it (``am/final.mdl``), and back: binary TransitionModel and nnet3, no Kaldi needed.

Batch norms and the input's mean and deviation are folded into the affine components; large matrices take 16 bits a
weight (Kaldi's CompressedMatrix), half the file at equal results.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from asr.training.lexicon import KALDI_PHONES
from asr.training.phones import PHONE_IDS, SILENCE

Matrix = npt.NDArray[np.float32]
Affine = tuple[Matrix, Matrix]
"""Weights [out, in] and bias [out]."""
SMALL = 4096
"""Matrices up to this many numbers stay 32 bit."""
_COMPONENT = re.compile(rb"<ComponentName> (\w+) <FixedAffineComponent> <LinearParams> ")


class Writer:
    """Kaldi's binary notation: every number is preceded by its size in bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        file.write(b"\0B")

    def token(self, *tokens: str) -> None:
        self._file.write("".join(token + " " for token in tokens).encode())

    def integer(self, *values: int) -> None:
        for value in values:
            self._file.write(struct.pack("<bi", 4, value))

    def real(self, value: float) -> None:
        self._file.write(struct.pack("<bf", 4, value))

    def integers(self, values: Sequence[int]) -> None:
        self.integer(len(values))
        self._file.write(np.asarray(values, "<i4").tobytes())

    def vector(self, values: npt.ArrayLike) -> None:
        array = np.asarray(values, "<f4")
        self.token("FV")
        self.integer(len(array))
        self._file.write(array.tobytes())

    def matrix(self, values: Matrix) -> None:
        """16 bits a number between the smallest and the largest, or as it is when small."""
        rows, columns = values.shape
        if values.size > SMALL:
            low, spread = float(values.min()), float(np.ptp(values))
            steps = np.round((values - low) / spread * 65535).astype("<u2")
            self.token("CM2")
            self._file.write(struct.pack("<ffii", low, spread, rows, columns) + steps.tobytes())
            return
        self.token("FM")
        self.integer(rows, columns)
        self._file.write(np.ascontiguousarray(values, "<f4").tobytes())

    def text(self, text: str) -> None:
        self._file.write(text.encode())


def write_model(
    path: Path,
    layers: Mapping[str, Affine],
    stays: Mapping[str, float],
    *,
    offsets: Sequence[Sequence[int]],
    skip: float,
) -> None:
    """``layers``: a0 (input), l1, a1, … (one pair per entry of ``offsets``, in output frames), o (output).

    ``stays`` is the self-loop probability of each phone.
    """
    with path.open("wb") as file:
        out = Writer(file)
        _transitions(out, stays)
        hidden, outputs = layers["a0"][0].shape[0], layers["o"][0].shape[0]
        out.token("<Nnet3>")
        out.text("\n" + "\n".join(_wiring(offsets, skip)) + "\n\n")
        out.token("<NumComponents>")
        out.integer(3 + 4 * len(offsets))
        _affine(out, "a0", layers["a0"])
        _rectifier(out, "r0", hidden)
        for k in range(1, len(offsets) + 1):
            _affine(out, f"l{k}", layers[f"l{k}"])
            _affine(out, f"a{k}", layers[f"a{k}"])
            _rectifier(out, f"r{k}", hidden)
            out.token("<ComponentName>", f"s{k}", "<NoOpComponent>", "<Dim>")
            out.integer(hidden)
            out.token("<BackpropScale>")
            out.real(1.0)
            out.token("</NoOpComponent>")
        assert outputs == len(PHONE_IDS)
        _affine(out, "o", layers["o"])
        out.token("</Nnet3>", "<LeftContext>")
        out.integer(4 - 3 * sum(o[0] for o in offsets))
        out.token("<RightContext>")
        out.integer(4 + 3 * sum(max(o[-1], 0) for o in offsets))
        out.token("<Priors>")
        out.vector([])


def read_layers(path: Path) -> dict[str, Affine]:
    """The affine components of a model that ``write_model`` wrote. Raises ValueError for another kind of matrix."""
    raw = path.read_bytes()
    layers = {}
    for found in _COMPONENT.finditer(raw):
        weights, at = _read_matrix(raw, found.end())
        mark = b"<BiasParams> FV \4"
        if raw[at : at + len(mark)] != mark:
            raise ValueError(f"{path}: no bias after {found.group(1)!r}")
        (length,) = struct.unpack_from("<i", raw, at + len(mark))
        layers[found.group(1).decode()] = (weights, np.frombuffer(raw, "<f4", length, at + len(mark) + 4).copy())
    return layers


def _read_matrix(raw: bytes, at: int) -> tuple[Matrix, int]:
    if raw[at : at + 4] == b"CM2 ":
        low, spread, rows, columns = struct.unpack_from("<ffii", raw, at + 4)
        steps = np.frombuffer(raw, "<u2", rows * columns, at + 20)
        return (steps * (spread / 65535) + low).astype(np.float32).reshape(rows, columns), at + 20 + steps.nbytes
    if raw[at : at + 3] == b"FM ":
        rows, columns = (struct.unpack_from("<i", raw, at + 4 + 5 * i)[0] for i in (0, 1))
        values = np.frombuffer(raw, "<f4", rows * columns, at + 13)
        return values.reshape(rows, columns).copy(), at + 13 + values.nbytes
    raise ValueError(f"matrix of kind {raw[at : at + 4]!r}")


def _transitions(out: Writer, stays: Mapping[str, float]) -> None:
    """One emitting state a phone; per phone the self-loop first, then the way on (as in the graph)."""
    phones = len(KALDI_PHONES) - 1
    out.token("<TransitionModel>", "<Topology>")
    out.integers(range(1, phones + 1))
    out.integers([-1] + [0] * phones)
    out.integer(1, 2)
    out.integer(0, 2, 0)
    out.real(0.5)
    out.integer(1)
    out.real(0.5)
    out.integer(-1, 0)
    out.token("</Topology>", "<Triples>")
    out.integer(phones)
    for number, phone in enumerate(KALDI_PHONES[1:], 1):
        out.integer(number, 0, PHONE_IDS[phone if phone == SILENCE else phone[:-2]])
    out.token("</Triples>", "<LogProbs>")
    shares = [stays.get(phone if phone == SILENCE else phone[:-2], 0.5) for phone in KALDI_PHONES[1:]]
    out.vector([0.0, *np.log([p for share in shares for p in (share, 1 - share)])])
    out.token("</LogProbs>", "</TransitionModel>")


def _wiring(offsets: Sequence[Sequence[int]], skip: float) -> list[str]:
    def spliced(name: str, places: Sequence[int]) -> str:
        return ", ".join(f"Offset({name}, {d})" if d else name for d in places)

    def node(name: str, source: str) -> str:
        return f"component-node name={name} component={name} input={source}"

    lines = ["input-node name=input dim=40", node("a0", f"Append({spliced('input', range(-4, 5))})"), node("r0", "a0")]
    before = "r0"
    for k, places in enumerate(offsets, 1):
        source = f"Append({spliced(before, [3 * d for d in places])})"
        lines += [node(f"l{k}", source), node(f"a{k}", f"l{k}"), node(f"r{k}", f"a{k}")]
        lines.append(node(f"s{k}", f"Sum(r{k}, Scale({skip}, {before}))"))
        before = f"s{k}"
    return [*lines, node("o", before), "output-node name=output input=o"]


def _affine(out: Writer, name: str, layer: Affine) -> None:
    out.token("<ComponentName>", name, "<FixedAffineComponent>", "<LinearParams>")
    out.matrix(layer[0])
    out.token("<BiasParams>")
    out.vector(layer[1])
    out.token("</FixedAffineComponent>")


def _rectifier(out: Writer, name: str, width: int) -> None:
    out.token("<ComponentName>", name, "<RectifiedLinearComponent>", "<Dim>")
    out.integer(width)
    for statistic in ("<ValueAvg>", "<DerivAvg>"):
        out.token(statistic)
        out.vector([])
    out.token("<Count>")
    out.real(0)
    out.token("<OderivRms>")
    out.vector([])
    for statistic in ("<OderivCount>", "<NumDimsSelfRepaired>", "<NumDimsProcessed>"):
        out.token(statistic)
        out.real(0)
    out.token("</RectifiedLinearComponent>")
