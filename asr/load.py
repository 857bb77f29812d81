"""From names in the settings to a loaded recogniser."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from asr.engines.sherpa_layout import layout_of
from asr.errors import ModelMissing
from asr.models import Registry
from asr.recognizer import Recognizer


def load_recognizer(engine: str, model: str, threads: int = 0, registry: Registry | None = None) -> Recognizer:
    """Load ``model`` (a registry name or a directory) with ``engine``; ``threads`` 0 means one per core. Blocks.

    Raises ModelMissing or ModelCorrupt, both with what to do.
    """
    if engine not in ENGINES:
        raise ModelMissing(f"there is no engine {engine!r}", fix=f"choose one of: {', '.join(ENGINES)}")
    return ENGINES[engine](find_model(engine, model, registry), threads)


def find_model(engine: str, model: str, registry: Registry | None = None) -> Path:
    """Where ``model`` is, after a look at its files; quick, nothing is loaded. Raises ModelMissing or ModelCorrupt."""
    found = registry or Registry()
    if engine != "sherpa":
        return found.path(model)
    path = Path(model) if os.sep in model else found.path(model)
    layout_of(path)
    return path


def _vosk(path: Path, threads: int) -> Recognizer:
    try:
        from asr.engines.vosk import VoskRecognizer
    except ImportError as error:
        raise ModelMissing("the package vosk is not installed", fix="pip install 'callcenter-desk[vosk]'") from error
    return VoskRecognizer.load(path, threads=threads)


def _sherpa(path: Path, threads: int) -> Recognizer:
    try:
        from asr.engines.sherpa import SherpaRecognizer
    except ImportError as error:
        raise ModelMissing(
            "the package sherpa-onnx is not installed", fix="pip install 'callcenter-desk[sherpa]'"
        ) from error
    return SherpaRecognizer.load(path, threads=threads)


ENGINES: Mapping[str, Callable[[Path, int], Recognizer]] = {"vosk": _vosk, "sherpa": _sherpa}
