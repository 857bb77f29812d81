"""Surnames, and the ways in which people explain theirs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Surnames:
    """The surnames as a pattern and as sets, and how people explain them."""

    pattern: str
    single: frozenset[str]
    explained: dict[str, str]


@lru_cache(maxsize=1)
def surnames() -> Surnames:
    """Read the surname file once."""
    rows = dict(
        line.split(" ", 1)
        for line in files("nlp.data").joinpath("surnames.txt").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    )
    single = rows["single"].strip()
    explained = dict(pair.split("=") for pair in rows["explained"].split())
    return Surnames(rf"(?:{'|'.join(rows['compound'].split())}|[{single}])", frozenset(single), explained)
