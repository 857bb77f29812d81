"""A back-off model as the acceptor that the decoder composes with (``graph/Gr.fst``)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from asr.fst import ROW, ConstFst, acceptor
from asr.training.lm import END, START, BackoffModel, History


def grammar(model: BackoffModel, word_ids: Mapping[str, int], bonus: Mapping[str, float]) -> ConstFst:
    """One state per history with continuations; back-off arcs are epsilons (label 0). ``bonus`` is taken off a word."""
    states: dict[History, int] = {(START,): 0, (): 1}
    for gram in model.logp:
        if len(gram) > 1:
            states.setdefault(gram[:-1], len(states))

    def after(words: History) -> int:
        while words not in states:
            words = words[1:]
        return states[words]

    arcs: list[tuple[int, int, float, int]] = []
    finals = np.full(len(states), np.inf, np.float32)
    for gram, logp in model.logp.items():
        state = states[gram[:-1]]
        if gram[-1] == END:
            finals[state] = -logp
        elif gram[-1] in word_ids:
            cost = -logp - bonus.get(gram[-1], 0.0)
            arcs.append((state, word_ids[gram[-1]], cost, after(gram[-2:])))
    arcs += [(state, 0, -model.backoff.get(h, 0.0), after(h[1:])) for h, state in states.items() if h]
    return acceptor(0, finals, np.array(arcs, ROW))
