"""Six-digit division codes (GB/T 2260) for the names of an address, and the names for a code."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from nlp.divisions import Place, spoken_names


@dataclass(frozen=True, slots=True)
class Division:
    """A province, city or district; the parts below its own level are empty."""

    code: str
    province: str
    city: str
    district: str

    @property
    def level(self) -> int:
        """0 province, 1 city, 2 district."""
        return 2 if self.district else 1 if self.city else 0

    @property
    def name(self) -> str:
        """Its own name."""
        return self.district or self.city or self.province


@lru_cache(maxsize=1)
def all_divisions() -> tuple[Division, ...]:
    """Every division with a code, by code; a municipality stands before its city, which has the same code."""
    lines = files("nlp.data").joinpath("division_codes.tsv").read_text("utf-8").splitlines()
    return tuple(Division(*line.split("\t")) for line in lines if not line.startswith("#"))


def division(code: str) -> Division | None:
    """The division with this code; None when there is none."""
    return _by_code().get(code)


def below(code: str | None) -> tuple[Division, ...]:
    """The divisions one level below ``code`` (None: the provinces), by code."""
    if code is None:
        return tuple(place for place in all_divisions() if place.level == 0)
    above = division(code)
    if above is None or above.level == 2:
        return ()
    # A municipality's one city says nothing: its districts follow at once.
    level = above.level + (2 if above.city == "" and _is_municipality(above) else 1)
    return tuple(
        place
        for place in all_divisions()
        if place.level == level and place.province == above.province and above.city in ("", place.city)
    )


def find(province: str = "", city: str = "", district: str = "") -> Division | None:
    """The one division that fits all given names (official or as people say them); None when none or several do.

    The lowest given name decides the level; the names above it may be missing: ``find(district="西湖区")`` is None,
    because two cities have one, ``find(city="杭州", district="西湖区")`` is not.
    """
    wanted = [part for part in (province, city, district) if part]
    if not wanted:
        return None
    level = 2 if district else 1 if city else 0
    fitting = [place for place in _by_name().get(wanted[-1], ()) if place.level == level]
    fitting = [place for place in fitting if _said(place.province, 0, province) and _said(place.city, 1, city)]
    exact = [place for place in fitting if place.name == wanted[-1]]
    chosen = exact or fitting
    return chosen[0] if len(chosen) == 1 else None


def _is_municipality(place: Division) -> bool:
    return any(other.code == place.code and other.level == 1 for other in all_divisions())


def _said(name: str, level: int, said: str) -> bool:
    return not said or said in _names(name, level)


@lru_cache(maxsize=4096)
def _names(name: str, level: int) -> frozenset[str]:
    return frozenset({name} | spoken_names(Place(level, name, name, name)))


@lru_cache(maxsize=1)
def _by_code() -> dict[str, Division]:
    found: dict[str, Division] = {}
    for place in all_divisions():
        found.setdefault(place.code, place)
    return found


@lru_cache(maxsize=1)
def _by_name() -> dict[str, tuple[Division, ...]]:
    found: defaultdict[str, list[Division]] = defaultdict(list)
    for place in all_divisions():
        for name in _names(place.name, place.level):
            found[name].append(place)
    return {name: tuple(places) for name, places in found.items()}
