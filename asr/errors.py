"""Errors of speech recognition, each with a stable ``code``."""

from __future__ import annotations

from typing import ClassVar


class AsrError(Exception):
    """Base. ``recoverable`` says whether opening a new stream may help; ``fix`` tells the reader what to do."""

    code: ClassVar[str] = "asr_failed"
    recoverable: ClassVar[bool] = False

    def __init__(self, message: str, *, fix: str | None = None) -> None:
        super().__init__(f"{message} ({fix})" if fix else message)
        self.message = message
        self.fix = fix


class ModelMissing(AsrError):  # noqa: N818 - named for what is wrong
    """The named model is not installed; ``fix`` says where its files belong."""

    code = "model_missing"


class ModelCorrupt(AsrError):  # noqa: N818 - named for what is wrong
    """Files of the model are missing, cut or changed."""

    code = "model_corrupt"


class EngineFailed(AsrError):  # noqa: N818 - named for what is wrong
    """The engine raised during decoding: this stream is over, another may work."""

    code = "engine_failed"
    recoverable = True


class AudioInvalid(AsrError):  # noqa: N818 - named for what is wrong
    """The audio is empty, cut, or of a kind that cannot be read."""

    code = "audio_invalid"


class Overloaded(AsrError):  # noqa: N818 - named for what is wrong
    """The decoders have no room for one more stream; later they may."""

    code = "asr_overloaded"
