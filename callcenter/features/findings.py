"""What a check found and, where it is not right, what to do: shared by ``doctor`` and ``pbx join``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is: ``error`` keeps callcenter from doing its work, ``warning`` limits it."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. ``fix`` is empty when all is well."""

    check: str
    level: Level
    message: str
    fix: str = ""


class Problem(Exception):  # noqa: N818 - a finding on its way to the report
    """Raised by a check that found something."""

    def __init__(self, level: Level, message: str, fix: str) -> None:
        super().__init__(message)
        self.level, self.message, self.fix = level, message, fix


def healthy(findings: list[Finding]) -> bool:
    """Whether none of them is an error."""
    return all(finding.level is not Level.ERROR for finding in findings)
