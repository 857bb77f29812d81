"""The demo's calls: which recording, from which number, in which order."""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DemoCall:
    """A recorded dialogue and the caller ID it comes with (None: hidden)."""

    name: str
    number: str | None

    @property
    def audio(self) -> Path:
        """The stereo recording, left caller, right agent."""
        return Path(str(importlib.resources.files(__package__).joinpath("calls", f"{self.name}.wav")))


CALLS = (
    DemoCall("dev-001", "13800138000"),
    DemoCall("dev-048", "15800120788"),
    DemoCall("dev-006", "13500890626"),
    DemoCall("dev-003", None),
    DemoCall("dev-007", "17700140864"),
    DemoCall("dev-011", "02380061190"),
    DemoCall("dev-027", "18012340018"),
    DemoCall("dev-039", "15277770152"),
)
"""A VIP first; a safety case, a hidden number, two appliances, a landline, a chase-up, and an unknown caller follow."""


def calls(count: int | None) -> Iterator[DemoCall]:
    """The first ``count`` calls, starting over after the last; None goes on for ever."""
    for index, call in enumerate(cycle(CALLS)):
        if count is not None and index >= count:
            return
        yield call
