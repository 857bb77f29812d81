"""Telephone numbers in speech: digits in groups, misheard, interrupted, repeated, taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nlp.normalize import DIGIT, PUNCTUATION
from nlp.sound import syllable

HEARD_AS = {
    "ling": "0",
    "lin": "0",
    "ning": "0",
    "yao": "1",
    "yi": "1",
    "er": "2",
    "liang": "2",
    "lia": "2",
    "san": "3",
    "shan": "3",
    "si": "4",
    "shi": "4",
    "wu": "5",
    "fu": "5",
    "wo": "5",
    "liu": "6",
    "lu": "6",
    "niu": "6",
    "qi": "7",
    "ba": "8",
    "jiu": "9",
    "dong": "0",
    "guai": "7",
}
MISHEARD = 0.3
SKIPPED = 0.5
FILLER = frozenset("呃嗯啊那个的了就是这然后面再哦额")
MOBILE = re.compile(r"1[3-9]\d{9}")
LANDLINE = re.compile(r"0(?:10|2\d|[3-9]\d\d)[2-8]\d{6,7}|[48]00\d{7}|9[56]\d{3}")
SERVICE = re.compile(r"[489]")
"""How a service number begins (400, 800, 95…). Such short patterns fit scraps of anything: none is made of guesses."""


@dataclass(frozen=True, slots=True)
class SpokenNumber:
    """Digits heard at [start, end) of a text; ``cost`` grows with every digit that had to be guessed from its sound."""

    digits: str
    start: int
    end: int
    cost: float


def exact_digit(c: str) -> str | None:
    """The digit a character certainly is."""
    d = DIGIT.get(c, c)
    return d if len(d) == 1 and d in "0123456789" else None


def guessed_digit(c: str) -> str | None:
    """The digit a character sounds like."""
    return HEARD_AS.get(syllable(c))


def runs(s: str, least: int = 3) -> Iterator[tuple[int, int]]:
    """Stretches of ``s`` that read as spoken digits: at least ``least`` certain ones, with little between them."""
    sure = [i for i, c in enumerate(s) if exact_digit(c) is not None]
    start = 0
    while start < len(sure):
        last = start
        while last + 1 < len(sure) and _bridge(s[sure[last] + 1 : sure[last + 1]]):
            last += 1
        if last - start + 1 >= least:
            yield _grow(s, sure[start], sure[last] + 1)
        start = last + 1


def _bridge(between: str) -> bool:
    """Whether what stands between two digits can be a pause, a filler or misheard digits."""
    if len(between) > 6:
        return False
    return all(c in PUNCTUATION or c in FILLER or guessed_digit(c) is not None for c in between)


def _grow(s: str, start: int, end: int) -> tuple[int, int]:
    """Take in misheard digits at both ends."""
    while start > 0 and _at_end(s[start - 1]):
        start -= 1
    while end < len(s) and _at_end(s[end]):
        end += 1
    return start, end


def _at_end(c: str) -> bool:
    """Whether a character beside certain digits can be a misheard one; fu is one between digits only (服务, 父亲)."""
    return guessed_digit(c) is not None and syllable(c) != "fu"


def readings(s: str, start: int, end: int, beam: int = 48) -> list[SpokenNumber]:
    """Ways to read ``s[start:end]`` as digits, cheapest first. Certain digits are kept, misheard ones perhaps."""
    states: list[tuple[str, float]] = [("", 0.0)]
    for c in s[start:end]:
        sure = exact_digit(c)
        if sure is not None:
            states = [(d + sure, cost) for d, cost in states]
            continue
        guess = guessed_digit(c)
        if guess is None:
            continue
        skip = 0.1 if c in FILLER else SKIPPED
        states = [(d, cost + skip) for d, cost in states] + [(d + guess, cost + MISHEARD) for d, cost in states]
        states = sorted(states, key=lambda state: state[1])[:beam]
    return [SpokenNumber(d, start, end, cost) for d, cost in sorted(states, key=lambda state: state[1])]


def phones(s: str) -> list[SpokenNumber]:
    """Whole telephone numbers spoken in ``s``, in order."""
    found: list[SpokenNumber] = []
    for start, end in runs(s, least=6):
        best = _phone_of(s, start, end)
        if best is not None:
            found.append(best)
    return found


def _phone_of(s: str, start: int, end: int) -> SpokenNumber | None:
    certain = "".join(d for c in s[start:end] if (d := exact_digit(c)) is not None)
    options = [
        r
        for r in readings(s, start, end)
        if is_phone(r.digits) and (r.digits == certain or not SERVICE.match(r.digits))
    ]
    if options:
        return options[0]
    return _last_inside(s, start, end)


def is_phone(digits: str) -> bool:
    """Whether the digits are a whole mobile, landline or service number."""
    return bool(MOBILE.fullmatch(digits) or LANDLINE.fullmatch(digits))


def _last_inside(s: str, start: int, end: int) -> SpokenNumber | None:
    """The last complete number inside a longer run: a false start or a repeated beginning went before it."""
    certain = [(i, d) for i in range(start, end) if (d := exact_digit(s[i])) is not None]
    digits = "".join(d for _, d in certain)
    if len(digits) <= 11:
        return None
    for pattern, cost in ((MOBILE, 0.2), (LANDLINE, 0.4)):
        for at in range(len(digits) - 1, -1, -1):
            m = pattern.match(digits, at)
            if m and m.end() == len(digits):
                return SpokenNumber(m.group(), certain[at][0], certain[m.end() - 1][0] + 1, cost)
    return None
