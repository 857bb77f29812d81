"""A time-delay network with low-rank layers (TDNN-F style); every step is one Kaldi nnet3 component (see nnet3.py)."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

CEPSTRA = 40
SPLICE = 9
"""MFCC frames the first layer sees; it moves on by ``SUBSAMPLING``."""
SUBSAMPLING = 3
OFFSETS = ((-1, 0, 1), (-1, 0, 1), (-1, 0, 1), (-2, 0, 1), (-2, 0, 1), (-3, 0, 1), (-3, 0))
"""Of each low-rank layer, in output frames of 30 ms."""
LEFT = sum(-offsets[0] for offsets in OFFSETS)
RIGHT = sum(max(offsets[-1], 0) for offsets in OFFSETS)
SKIP = 0.66
"""Share of a layer's input that is added to its output."""


class Network(nn.Module):  # type: ignore[misc]  # torch is not installed where types are checked
    """``hidden`` units a layer squeezed through ``rank``, ``outputs`` phones."""

    def __init__(self, outputs: int, hidden: int = 512, rank: int = 128) -> None:
        super().__init__()
        self.hidden, self.outputs = hidden, outputs
        self.register_buffer("mean", torch.zeros(CEPSTRA))
        self.register_buffer("std", torch.ones(CEPSTRA))
        self.inp = nn.Linear(SPLICE * CEPSTRA, hidden)
        self.bn0 = nn.BatchNorm1d(hidden)
        self.lin = nn.ModuleList(nn.Linear(len(o) * hidden, rank, bias=False) for o in OFFSETS)
        self.aff = nn.ModuleList(nn.Linear(rank, hidden) for _ in OFFSETS)
        self.bn = nn.ModuleList(nn.BatchNorm1d(hidden) for _ in OFFSETS)
        self.out = nn.Linear(hidden, outputs)
        self.drop = 0.1

    def forward(self, x: Any) -> Any:
        """[N, 3·(T+LEFT+RIGHT−1)+9, 40] MFCC → [N, T, outputs]."""
        x = ((x - self.mean) / self.std).unfold(1, SPLICE, SUBSAMPLING).transpose(2, 3)
        n, t = x.shape[:2]
        x = self.bn0(self.inp(x.reshape(n * t, SPLICE * CEPSTRA))).relu().view(n, t, self.hidden)
        x = functional.dropout(x, self.drop, self.training)
        for offsets, lin, aff, bn in zip(OFFSETS, self.lin, self.aff, self.bn, strict=True):
            left = -offsets[0]
            length = x.shape[1] - left - max(offsets[-1], 0)
            # Column blocks instead of a spliced copy: a third of the memory traffic.
            low = sum(
                functional.linear(
                    x[:, left + d : left + d + length], lin.weight[:, k * self.hidden : (k + 1) * self.hidden]
                )
                for k, d in enumerate(offsets)
            )
            high = bn(aff(low).reshape(n * length, self.hidden)).relu().view(n, length, self.hidden)
            x = functional.dropout(high, self.drop, self.training) + SKIP * x[:, left : left + length]
        return self.out(x)
