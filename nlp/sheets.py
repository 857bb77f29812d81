"""Tables of the package: one row a line, columns between blanks, ``#`` begins a comment."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files


def rows(name: str) -> Iterator[list[str]]:
    """The rows of ``nlp/data/name``."""
    for line in files("nlp.data").joinpath(name).read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split()
