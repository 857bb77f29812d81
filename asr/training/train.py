"""Training of the network: frame cross-entropy first, then lattice-free MMI.

The denominator of MMI is a phone-bigram automaton written as a dense, scaled forward-backward recursion; the numerator
is the same recursion restricted to the alignment, give or take a frame.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from asr.training.features import CEPSTRA, gain_curves, mel_to_cepstra
from asr.training.network import LEFT, RIGHT, SPLICE, SUBSAMPLING, Network
from asr.training.phones import PHONES

FRAMES, BATCH = 100, 40
"""Output frames (30 ms) of a piece, pieces of a step."""
CURVES = torch.tensor(gain_curves())
TO_CEPSTRA = torch.tensor(mel_to_cepstra()).float()
TO_MEL = torch.linalg.inv(TO_CEPSTRA)


@dataclass(frozen=True, slots=True)
class Material:
    """``frames`` [n, 40] MFCC; ``labels`` one stream of phone numbers per start frame 0, 1, 2."""

    frames: npt.NDArray[np.float16]
    labels: list[npt.NDArray[np.uint8]]

    @classmethod
    def load(cls, files: Sequence[Path]) -> Material:
        """Join the files that ``asr.training.augment`` wrote."""
        parts = [np.load(file) for file in files]
        labels = [np.concatenate([part[f"l{shift}"] for part in parts]) for shift in range(SUBSAMPLING)]
        return cls(np.concatenate([part["f"] for part in parts]), labels)

    def counts(self) -> npt.NDArray[np.float64]:
        """How often each phone stands, plus one."""
        return np.bincount(self.labels[0], minlength=len(PHONES)).astype(np.float64) + 1

    def stays(self) -> npt.NDArray[np.float64]:
        """Probability of each phone going on for another frame."""
        stream = self.labels[0]
        changes = np.bincount(stream[:-1][stream[1:] != stream[:-1]], minlength=len(PHONES))
        return np.asarray(1 - 1 / np.maximum(self.counts() / np.maximum(changes, 1), 1.2))

    def batch(self, rng: np.random.Generator, pieces: int = BATCH) -> tuple[Any, Any]:
        """Pieces with another channel, masked bands and masked moments: inputs [B, t, 40] and labels [B, FRAMES]."""
        shift = int(rng.integers(SUBSAMPLING))
        stream = self.labels[shift]
        length = SUBSAMPLING * (FRAMES + LEFT + RIGHT - 1) + SPLICE
        starts = rng.integers(LEFT + 3, len(self.labels[0]) - FRAMES - RIGHT - 4, pieces)
        first = SUBSAMPLING * (starts - LEFT) + shift - SPLICE // 2
        x = torch.from_numpy(np.stack([self.frames[a : a + length] for a in first])).float()
        y = torch.from_numpy(np.stack([stream[j : j + FRAMES] for j in starts])).long()
        colour = ((torch.randn(pieces, len(CURVES)) * 0.4 + torch.randn(pieces, 1) * 0.8) @ CURVES)[:, None]
        x = x + colour * (torch.rand(pieces, 1, 1) < 0.7)
        kept = torch.ones(pieces, CEPSTRA)
        for row in kept:
            for _ in range(int(rng.integers(0, 3))):
                width = int(rng.integers(1, 8))
                low = int(rng.integers(0, CEPSTRA - width))
                row[low : low + width] = 0
        x = torch.bmm(x, TO_MEL[None] @ (kept[:, :, None] * TO_CEPSTRA[None]))
        quiet = x.mean((0, 1))
        for piece in x:
            for _ in range(int(rng.integers(0, 3))):
                width = int(rng.integers(3, 15))
                at = int(rng.integers(0, length - width))
                piece[at : at + width] = quiet
        return x, y


class Denominator(torch.autograd.Function):  # type: ignore[misc]  # torch is not installed where types are checked
    """ln of the sum over all phone sequences of exp(sum of outputs); its gradient is the phones' occupation."""

    @staticmethod
    def forward(context: Any, y: Any, start: Any, moves: Any) -> Any:
        """``y`` [N, T, phones] → [N]."""
        top = y.max(2, keepdim=True).values
        likely = (y - top).exp()
        forward: list[Any] = []
        scales: list[Any] = []
        alpha = start * likely[:, 0]
        for t in range(y.shape[1]):
            if t:
                alpha = (alpha @ moves) * likely[:, t]
            scales.append(alpha.sum(1, keepdim=True))
            alpha = alpha / scales[-1]
            forward.append(alpha)
        beta = torch.ones_like(alpha)
        occupied: list[Any] = []
        for t in range(y.shape[1] - 1, -1, -1):
            occupied.append(forward[t] * beta)
            if t:
                beta = (beta * likely[:, t] / scales[t]) @ moves.T
        context.save_for_backward(torch.stack(occupied[::-1], 1))
        return top.sum((1, 2)) + torch.stack(scales, 1).log().sum((1, 2))

    @staticmethod
    def backward(context: Any, gradient: Any) -> Any:
        """Occupation times what comes from above."""
        return context.saved_tensors[0] * gradient[:, None, None], None, None


def denominator_graph(material: Material) -> tuple[Any, Any]:
    """Start probabilities and moves [phones, phones] of the phone bigram, self-loops included."""
    stream = material.labels[0]
    at = np.where(stream[1:] != stream[:-1])[0]
    pairs = np.full((len(PHONES), len(PHONES)), 0.02)
    np.add.at(pairs, (stream[at], stream[at + 1]), 1)
    pairs /= pairs.sum(1, keepdims=True)
    stays = material.stays()
    prior = material.counts() / material.counts().sum()
    moves = np.diag(stays) + (1 - stays)[:, None] * pairs
    return torch.tensor(prior, dtype=torch.float32), torch.tensor(moves, dtype=torch.float32)


def smoothed_targets() -> Any:
    """[phones, phones]: most on the phone, some on the same final in another tone, a little everywhere."""
    bases = [phone.rstrip("12345") for phone in PHONES]
    table = torch.full((len(PHONES), len(PHONES)), 0.04 / len(PHONES))
    for i, base in enumerate(bases):
        others = [j for j, other in enumerate(bases) if other == base and j != i]
        table[i, i] += 0.88 if others else 0.96
        for j in others:
            table[i, j] += 0.08 / len(others)
    return table


def mmi_loss(outputs: Any, labels: Any, graph: tuple[Any, Any]) -> Any:
    """Denominator minus numerator per frame, with a little weight decay on the outputs."""
    allowed = torch.zeros_like(outputs, dtype=torch.bool)
    allowed.scatter_(2, labels[..., None], True)
    allowed[:, 1:].scatter_(2, labels[:, :-1, None], True)
    allowed[:, :-1].scatter_(2, labels[:, 1:, None], True)
    every, right = (Denominator.apply(y, *graph) for y in (outputs, outputs.masked_fill(~allowed, -1e4)))
    return (every - right).sum() / labels.numel() + 5e-5 * (outputs**2).sum() / labels.numel()


def train(
    target: Path,
    files: Sequence[Path],
    *,
    loss: Literal["ce", "mmi"],
    minutes: float,
    start: Path | None = None,
    rate: float | None = None,
    seed: int = 0,
    bfloat16: bool = False,
) -> None:
    """Train for ``minutes`` and save weights, priors and self-loops to ``target``; ``start`` is an earlier result.

    ``bfloat16`` is five times as fast on CPUs with avx512_bf16 and slower on others.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    material = Material.load(files)
    network = Network(len(PHONES))
    prior = material.counts() / material.counts().sum()
    if start:
        saved = torch.load(start, weights_only=False)
        network.load_state_dict(saved["net"])
        if loss == "mmi" and saved["loss"] == "ce":
            _as_likelihoods(network, prior)
    else:
        sample = material.frames[::37].astype(np.float32)
        network.mean.copy_(torch.tensor(sample.mean(0)))
        network.std.copy_(torch.tensor(sample.std(0)))
    graph, targets = denominator_graph(material), smoothed_targets()
    top_rate = rate or (2e-3 if loss == "ce" else 8e-4)
    optimizer = torch.optim.AdamW(weight_groups(network), lr=top_rate, betas=(0.9, 0.98))
    network.train()
    began, step, average = time.monotonic(), 0, 0.0
    while (done := (time.monotonic() - began) / (minutes * 60)) < 1:
        warm = min(1.0, (step + 1) / (200 if loss == "ce" else 50))
        for group in optimizer.param_groups:
            group["lr"] = top_rate * warm * (0.5 * (1 + math.cos(math.pi * done)) * 0.97 + 0.03)
        x, y = material.batch(rng)
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            outputs = network(x).float()
        if loss == "ce":
            value = -(targets[y.flatten()] * outputs.flatten(0, 1).log_softmax(1)).sum(1).mean()
        else:
            value = mmi_loss(outputs, y, graph)
        optimizer.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0 if loss == "ce" else 1.0)
        optimizer.step()
        average = value.item() if not step else 0.98 * average + 0.02 * value.item()
        step += 1
        if step % 100 == 0:
            print(f"{loss} step {step} loss {average:.3f}", flush=True)
    state = {"net": network.state_dict(), "prior": prior, "stays": material.stays(), "loss": loss, "steps": step}
    torch.save(state, target)


def _as_likelihoods(network: Any, prior: npt.NDArray[np.float64]) -> None:
    """Posteriors to softened pseudo log-likelihoods: where MMI starts from."""
    with torch.no_grad():
        network.out.bias -= torch.tensor(np.log(prior), dtype=torch.float32)
        network.out.weight *= 0.6
        network.out.bias *= 0.6


def weight_groups(network: Any) -> list[dict[str, Any]]:
    """Matrices decay, vectors do not."""
    matrices = [p for p in network.parameters() if p.dim() > 1]
    vectors = [p for p in network.parameters() if p.dim() == 1]
    return [{"params": matrices, "weight_decay": 2e-2}, {"params": vectors, "weight_decay": 0}]
