"""Going on with a network that is there: further LF-MMI on new speech, then the mean of the weights.

A run at a constant rate wanders about a minimum: its weights hear training talkers better and others worse. The mean
of the weights along the run, and of that with the weights it came from, hears others better than either.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from asr.training.network import Network
from asr.training.phones import PHONES
from asr.training.train import Material, denominator_graph, mmi_loss, weight_groups

PIECES = 24
"""Pieces of a step: fewer than from chance, as what is left to learn is little."""
FIRST, EVERY = 60, 5
"""Steps before the weights are summed up, and between two that are."""
SAMPLE = 12
"""Steps whose inputs tell the batch norms what they see."""


def calibrate(checkpoint: Path, files: Sequence[Path]) -> None:
    """Give the neutral batch norms of ``asr.training.export.resume`` the moments of what they see; hears the same.

    Without it the first step in training mode would normalise what is normalised already.
    """
    saved, network = _load(checkpoint)
    network.eval()
    norms = [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm1d)]
    sums: dict[Any, list[Any]] = {norm: [0, 0.0, 0.0] for norm in norms}

    def count(norm: Any, given: Any, _: Any) -> None:
        x = given[0].double()
        sums[norm] = [sums[norm][0] + len(x), sums[norm][1] + x.sum(0), sums[norm][2] + (x**2).sum(0)]

    hooks = [norm.register_forward_hook(count) for norm in norms]
    material, rng = Material.load(files), np.random.default_rng(99)
    with torch.no_grad():
        for _ in range(SAMPLE):
            network(material.batch(rng)[0])
        for norm, (seen, total, squares) in sums.items():
            mean = (total / seen).float()
            variance = (squares / seen).float() - mean**2
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(variance)
            norm.bias.copy_(mean)
            norm.weight.copy_((variance + norm.eps).sqrt())
    for hook in hooks:
        hook.remove()
    torch.save({**saved, "net": network.state_dict()}, checkpoint)


def tune(target: Path, files: Sequence[Path], *, start: Path, minutes: float, rate: float, seed: int) -> None:
    """LF-MMI from ``start`` for ``minutes`` at a constant ``rate``; ``target``: the mean of the weights on the way."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    saved, network = _load(start)
    network.drop = 0.0
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            module.momentum = 0.02
    material = Material.load(files)
    graph = denominator_graph(material)
    optimizer = torch.optim.AdamW(weight_groups(network), lr=rate, betas=(0.9, 0.98))
    network.train()
    mean: dict[str, Any] = {}
    summed, step, end = 0, 0, time.monotonic() + minutes * 60
    while time.monotonic() < end or not summed:
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / 50)
        x, y = material.batch(rng, PIECES)
        value = mmi_loss(network(x).float(), y, graph)
        optimizer.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        step += 1
        if step >= FIRST and step % EVERY == 0:
            summed += 1
            mean = _nearer(mean, network.state_dict(), 1 / summed)
        if step % 100 == 0:
            print(f"tune step {step} loss {value.item():.3f}", flush=True)
    torch.save({**saved, "net": mean, "steps": saved["steps"] + step}, target)


def blend(target: Path, shares: dict[Path, float]) -> None:
    """Weighted mean of the weights of checkpoints that go back to one; everything else is the first one's."""
    whole = sum(shares.values())
    first: dict[str, Any] = {}
    mean: dict[str, Any] = {}
    sofar = 0.0
    for path, share in shares.items():
        saved, network = _load(path)
        first = first or saved
        sofar += share / whole
        mean = _nearer(mean, network.state_dict(), share / whole / sofar)
    torch.save({**first, "net": mean}, target)


def _nearer(mean: dict[str, Any], state: dict[str, Any], share: float) -> dict[str, Any]:
    """``mean`` moved by ``share`` of the way to ``state``; the first ``state`` where there is no mean yet."""
    if not mean:
        return {name: value.detach().clone() for name, value in state.items()}
    return {
        name: value + (state[name] - value) * share if value.is_floating_point() else value
        for name, value in mean.items()
    }


def _load(checkpoint: Path) -> tuple[dict[str, Any], Network]:
    saved = torch.load(checkpoint, weights_only=False)
    network = Network(len(PHONES))
    network.load_state_dict(saved["net"])
    return saved, network
