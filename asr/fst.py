"""Reading and writing OpenFst's ``const`` files without OpenFst."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

MAGIC = 2125659606
VERSION = 2
HEAD = struct.Struct("<iiQqqq")
"""Version, flags, properties, start state, how many states and arcs."""
PROPERTIES = 0x65A555550001
"""Expanded, an acceptor, sorted by input label, with input epsilons, weighted: what a back-off grammar is."""
STATE = np.dtype([("final", "<f4"), ("first", "<u4"), ("arcs", "<u4"), ("in_eps", "<u4"), ("out_eps", "<u4")])
ARC = np.dtype([("input", "<i4"), ("output", "<i4"), ("cost", "<f4"), ("next", "<i4")])
ROW = np.dtype([("state", "<i4"), ("label", "<i4"), ("cost", "<f4"), ("next", "<i4")])
"""An arc of an acceptor on its own: the state it leaves, its label (0: epsilon), −ln p, the state it leads to."""


@dataclass(frozen=True, slots=True)
class ConstFst:
    """``states`` (STATE) point into ``arcs`` (ARC); costs are −ln p, an infinite ``final`` is no final state."""

    start: int
    states: npt.NDArray[np.void]
    arcs: npt.NDArray[np.void]


def read_const(path: Path) -> ConstFst:
    """Raises ValueError when the file is cut short or of another kind."""
    raw = path.read_bytes()
    try:
        (magic,) = struct.unpack_from("<i", raw)
        if magic != MAGIC:
            raise ValueError(f"{path} is not an OpenFst file")
        kind, at = _text(raw, 4)
        weights, at = _text(raw, at)
        version, _flags, _properties, start, state_count, arc_count = HEAD.unpack_from(raw, at)
    except struct.error as error:
        raise ValueError(f"{path} is too short for an OpenFst file") from error
    if (kind, weights, version) != ("const", "standard", VERSION):
        raise ValueError(f"{path} is a {kind} FST of {weights} arcs, version {version}: only const/standard/2 is read")
    at += HEAD.size
    if len(raw) < at + state_count * STATE.itemsize + arc_count * ARC.itemsize:
        raise ValueError(f"{path} is cut short")
    states = np.frombuffer(raw, STATE, state_count, at)
    return ConstFst(start, states, np.frombuffer(raw, ARC, arc_count, at + states.nbytes))


def _text(raw: bytes, at: int) -> tuple[str, int]:
    (length,) = struct.unpack_from("<i", raw, at)
    end = at + 4 + length
    return raw[at + 4 : end].decode("ascii", "replace"), end


def write_const(fst: ConstFst, path: Path) -> None:
    """Write an acceptor whose arcs are sorted by label within each state."""
    head = struct.pack("<i", MAGIC) + b"".join(struct.pack("<i", len(t)) + t for t in (b"const", b"standard"))
    head += HEAD.pack(VERSION, 0, PROPERTIES, fst.start, len(fst.states), len(fst.arcs))
    path.write_bytes(head + fst.states.astype(STATE).tobytes() + fst.arcs.astype(ARC).tobytes())


def acceptor(start: int, finals: npt.NDArray[np.float32], rows: npt.NDArray[np.void]) -> ConstFst:
    """Make one from the cost of ending in each state (infinite: not there) and its arcs (ROW), in any order."""
    rows = rows[np.lexsort((rows["label"], rows["state"]))]
    states = np.zeros(len(finals), STATE)
    states["final"] = finals
    states["arcs"] = np.bincount(rows["state"], minlength=len(finals))
    states["first"] = np.concatenate(([0], np.cumsum(states["arcs"])[:-1]))
    states["in_eps"] = states["out_eps"] = np.bincount(rows["state"][rows["label"] == 0], minlength=len(finals))
    arcs = np.zeros(len(rows), ARC)
    arcs["input"] = arcs["output"] = rows["label"]
    arcs["cost"], arcs["next"] = rows["cost"], rows["next"]
    return ConstFst(start, states, arcs)


def rows_of(fst: ConstFst) -> npt.NDArray[np.void]:
    """The arcs with the states they leave."""
    rows = np.zeros(len(fst.arcs), ROW)
    rows["state"] = np.repeat(np.arange(len(fst.states)), fst.states["arcs"])
    rows["label"], rows["cost"], rows["next"] = fst.arcs["input"], fst.arcs["cost"], fst.arcs["next"]
    return rows
