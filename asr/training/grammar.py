"""Templates of spoken turns: ``(a|b|)`` is a choice (an empty one leaves it out), ``{slot}`` is filled from a table."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Slots = Mapping[str, Callable[[random.Random], str]]


@dataclass(frozen=True, slots=True)
class Literal:
    """Text that is said as it stands."""

    text: str


@dataclass(frozen=True, slots=True)
class Slot:
    """The name of a table entry."""

    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several sequences, all as likely."""

    ways: tuple[Sequence, ...]


@dataclass(frozen=True, slots=True)
class Sequence:
    """Parts said one after the other."""

    parts: tuple[Literal | Slot | Choice, ...]

    def say(self, rng: random.Random, slots: Slots) -> str:
        """One way to say it. Raises ValueError when a slot has no table entry."""
        return "".join(_say(part, rng, slots) for part in self.parts)


def parse(template: str) -> Sequence:
    """Read a template. Raises ValueError for unbalanced brackets."""
    parsed, rest = _parse(template, 0, inside=False)
    if rest != len(template):
        raise ValueError(f"template {template!r}: stray {template[rest]!r}; balance the brackets")
    return parsed[0]


def read_templates(text: str) -> list[Sequence]:
    """Every line that is neither blank nor a comment (``#``)."""
    return [parse(line.strip()) for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _say(part: Literal | Slot | Choice, rng: random.Random, slots: Slots) -> str:
    match part:
        case Literal(text):
            return text
        case Choice(ways):
            return rng.choice(ways).say(rng, slots)
        case Slot(name):
            if name not in slots:
                raise ValueError(f"template slot {{{name}}} is unknown; add it to asr.training.slots")
            return slots[name](rng)


def _parse(text: str, at: int, *, inside: bool) -> tuple[tuple[Sequence, ...], int]:
    """The alternatives from ``at`` on, and where they end: at ``)`` when ``inside`` brackets, else at the end."""
    ways: list[Sequence] = []
    parts: list[Literal | Slot | Choice] = []
    while at < len(text) and text[at] != ")":
        match text[at]:
            case "(":
                inner, at = _parse(text, at + 1, inside=True)
                parts.append(Choice(inner))
            case "{":
                end = text.find("}", at)
                if end < 0:
                    raise ValueError(f"template {text!r}: slot without an end; close the brace")
                parts.append(Slot(text[at + 1 : end]))
                at = end + 1
            case "|" if inside:
                ways.append(Sequence(tuple(parts)))
                parts = []
                at += 1
            case _:
                end = at
                while end < len(text) and text[end] not in "(){|":
                    end += 1
                parts.append(Literal(text[at:end] or text[at]))
                at = max(end, at + 1)
    ways.append(Sequence(tuple(parts)))
    if inside:
        if at >= len(text):
            raise ValueError(f"template {text!r}: choice without an end; close the bracket")
        at += 1
    return tuple(ways), at
