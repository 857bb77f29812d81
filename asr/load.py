"""From names in the settings to a loaded recogniser."""

from __future__ import annotations

from asr.errors import ModelMissing
from asr.models import Registry
from asr.recognizer import Recognizer

ENGINES = ("vosk",)


def load_recognizer(engine: str, model: str, threads: int = 0, registry: Registry | None = None) -> Recognizer:
    """Load ``model`` (a registry name or a directory) with ``engine``; ``threads`` 0 means one per core. Blocks.

    Raises ModelMissing or ModelCorrupt, both with what to do.
    """
    if engine not in ENGINES:
        raise ModelMissing(f"there is no engine {engine!r}", fix=f"choose one of: {', '.join(ENGINES)}")
    path = (registry or Registry()).path(model)
    try:
        from asr.engines.vosk import VoskRecognizer
    except ImportError as error:
        raise ModelMissing("the package vosk is not installed", fix="pip install 'callcenter-desk[vosk]'") from error
    return VoskRecognizer.load(path, threads=threads)
