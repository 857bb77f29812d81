"""Which kind of streaming model lies in a folder of a sherpa-onnx release. Needs no sherpa-onnx itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from asr.errors import ModelMissing


@dataclass(frozen=True, slots=True)
class Layout:
    """A kind of model: the parts that make it up, by the beginning of their file names."""

    kind: str
    parts: tuple[str, ...]
    hot_words: bool


LAYOUTS = (
    Layout("transducer", ("encoder", "decoder", "joiner"), hot_words=True),
    Layout("paraformer", ("encoder", "decoder"), hot_words=False),
    Layout("zipformer2_ctc", ("model",), hot_words=False),
)
"""In the order in which they are tried: a transducer has all the files of a Paraformer."""


def layout_of(path: Path) -> tuple[Layout, dict[str, str]]:
    """The kind of model in ``path`` and its files by part. Raises ModelMissing, saying what belongs there."""
    if (path / "tokens.txt").is_file():
        for layout in LAYOUTS:
            files = {part: _best(path.glob(f"{part}*.onnx")) for part in layout.parts}
            if all(files.values()):
                return layout, {part: str(file) for part, file in files.items()}
    raise ModelMissing(
        f"{path} holds no sherpa-onnx model",
        fix="unpack a streaming release there: tokens.txt with encoder/decoder/joiner, encoder/decoder or model .onnx",
    )


def _best(files: Iterable[Path]) -> Path | None:
    """Quantised before full, then by name."""
    return min(files, key=lambda file: (".int8." not in file.name, file.name), default=None)
