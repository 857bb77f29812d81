"""Numbers as Mandarin speakers read them."""

from __future__ import annotations

import random

DIGITS = "零一二三四五六七八九"
MONTH_DAYS = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def number(n: int) -> str:
    """0 … 99 999 in full: 一百二十, 两千零五, 十三."""
    if n < 10:
        return DIGITS[n]
    if n < 20:
        return "十" + _tail(n % 10)
    if n < 100:
        return DIGITS[n // 10] + "十" + _tail(n % 10)
    if n < 1000:
        return DIGITS[n // 100] + "百" + _after_hundreds(n % 100)
    if n < 10_000:
        rest = n % 1000
        return count(n // 1000) + "千" + ("零" + number(rest) if 0 < rest < 100 else number(rest) if rest else "")
    rest = n % 10_000
    return count(n // 10_000) + "万" + ("零" + number(rest) if 0 < rest < 1000 else number(rest) if rest else "")


def count(n: int) -> str:
    """Before a measure word two is 两: 两点, 两次, 十二次."""
    return "两" if n == 2 else number(n)


def digits(
    rng: random.Random, length: int, one: str | None = None, *, repeats: bool = False, room: bool = False
) -> str:
    """``length`` digits read one by one; ``one`` is how 1 is said (幺 or 一, drawn when None).

    ``repeats`` makes runs of the same digit likely, ``room`` a number such as 一二零三 (no leading zero).
    """
    one = one or rng.choice("幺幺一")
    found: list[int] = []
    for place in range(length):
        if repeats and found and rng.random() < 0.5:
            found.append(found[-1])
        elif room and place == length - 2:
            found.append(rng.choice((0, 0, 0, 0, 1, 2)))
        else:
            found.append(rng.randrange(1 if room and not place else 0, 10))
    return "".join(one if d == 1 else DIGITS[d] for d in found)


def _tail(n: int) -> str:
    return DIGITS[n] if n else ""


def _after_hundreds(n: int) -> str:
    if not n:
        return ""
    return "零" + DIGITS[n] if n < 10 else DIGITS[n // 10] + "十" + _tail(n % 10)
