"""From names in the settings to a loaded recogniser."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from asr.engines.sherpa_layout import layout_of
from asr.errors import ModelMissing
from asr.models import Registry
from asr.pool import DecodePool
from asr.pooled import Engine, PooledRecognizer
from asr.recognizer import Recognizer


def load_recognizer(
    engine: str, model: str, threads: int = 0, registry: Registry | None = None, *, max_load: float | None = None
) -> Recognizer:
    """Load ``model`` (a registry name or a directory) with ``engine``; ``threads`` 0 means one per core. Blocks.

    ``max_load`` (0..1) is the share of the threads' time that live streams may take; None lets all in.
    Raises ModelMissing or ModelCorrupt, both with what to do.
    """
    if engine not in ENGINES:
        raise ModelMissing(f"there is no engine {engine!r}", fix=f"choose one of: {', '.join(ENGINES)}")
    loaded = ENGINES[engine](find_model(engine, model, registry))
    return PooledRecognizer(loaded, DecodePool(threads, max_load=max_load))


def find_model(engine: str, model: str, registry: Registry | None = None) -> Path:
    """Where ``model`` is, after a look at its files; quick, nothing is loaded. Raises ModelMissing or ModelCorrupt."""
    found = registry or Registry()
    if engine != "sherpa":
        return found.path(model)
    path = Path(model) if os.sep in model else found.path(model)
    layout_of(path)
    return path


def _vosk(path: Path) -> Engine:
    try:
        from asr.engines.vosk import VoskEngine
    except ImportError as error:
        raise ModelMissing("the package vosk is not installed", fix="pip install 'callcenter-desk[vosk]'") from error
    return VoskEngine(path)


def _sherpa(path: Path) -> Engine:
    try:
        from asr.engines.sherpa import SherpaEngine
    except ImportError as error:
        raise ModelMissing(
            "the package sherpa-onnx is not installed", fix="pip install 'callcenter-desk[sherpa]'"
        ) from error
    return SherpaEngine(path)


ENGINES: Mapping[str, Callable[[Path], Engine]] = {"vosk": _vosk, "sherpa": _sherpa}
