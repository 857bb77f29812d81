"""Provinces, cities and districts of China, found in speech and checked against each other."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from nlp.sound import SoundIndex, SoundMatch

MUNICIPALITIES = frozenset({"北京市", "上海市", "天津市", "重庆市"})
_PROVINCE_TAIL = re.compile(r"(?:特别行政区|维吾尔自治区|壮族自治区|回族自治区|自治区|省|市)$")


@dataclass(frozen=True, slots=True)
class Place:
    """A division: level 0 province, 1 city, 2 district; parents are official names."""

    level: int
    name: str
    province: str
    city: str | None


@dataclass(frozen=True, slots=True)
class Divisions:
    """All divisions by the names people say."""

    said: dict[str, tuple[Place, ...]]
    sound: SoundIndex
    longest: int
    first: frozenset[str]


@lru_cache(maxsize=1)
def divisions() -> Divisions:
    """Read the division file once."""
    said: dict[str, list[Place]] = defaultdict(list)
    for line in files("nlp.data").joinpath("divisions.tsv").read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        province, city, districts = line.split("\t")
        _add(said, Place(0, province, province, None))
        _add(said, Place(1, city, province, city))
        for name in districts.split():
            _add(said, Place(2, name.lstrip("~+"), province, city))
    table = {name: tuple(dict.fromkeys(places)) for name, places in said.items()}
    return Divisions(table, SoundIndex(table), max(map(len, table)), frozenset(name[0] for name in table))


def _add(said: dict[str, list[Place]], place: Place) -> None:
    for name in spoken_names(place):
        if place not in said[name]:
            said[name].append(place)


def spoken_names(place: Place) -> set[str]:
    """The official name and what people say for it: 浙江, 杭州, 西湖, 凉山州."""
    names = {place.name}
    if place.level == 0:
        names.add(_PROVINCE_TAIL.sub("", place.name))
    elif place.level == 1:
        short = re.sub(r"(?:市|地区|盟)$", "", place.name)
        names.add(short if len(short) >= 2 else place.name)
        plain = _short_autonomous(place.name)
        if plain:
            names |= {plain, plain + "州"}
    else:
        short = re.sub(r"(?:区|县|市|旗)$", "", place.name)
        if len(short) >= 2:
            names.add(short)
        plain = _short_autonomous(place.name)
        if plain:
            names |= {plain, plain + place.name[-1]} if len(plain) >= 2 else {plain + place.name[-1]}
    return {n for n in names if len(n) >= 2}


def _short_autonomous(name: str) -> str | None:
    """凉山彝族自治州 → 凉山, 彭水苗族土家族自治县 → 彭水."""
    m = re.match(
        r"(.{2,4}?)(?:布依族|哈尼族|彝族|傣族|土家族|苗族|侗族|藏族|羌族|回族|蒙古族?|哈萨克族?|柯尔克孜|朝鲜族|白族|景颇族|傈僳族|壮族|满族|瑶族|畲族|黎族|各族|土族|撒拉族|达斡尔族|锡伯族?|塔吉克族?|保安族|裕固族|仡佬族|水族|毛南族|仫佬族|拉祜族|佤族|纳西族|普米族|独龙族|怒族|布朗族|阿昌族|东乡族).*自治[州县旗]$",
        name,
    )
    return m.group(1) if m else None


@lru_cache(maxsize=512)
def districts_of(city: str) -> tuple[str, ...]:
    """The districts of a city."""
    every = {p for places in divisions().said.values() for p in places if p.level == DISTRICT and p.city == city}
    return tuple(sorted(p.name for p in every))


CITY, DISTRICT = 1, 2
"""The levels of cities and of districts."""


def matches(s: str, *, heard_to: int = 0) -> list[SoundMatch]:
    """Divisions named in ``s``, and in ``s[:heard_to]`` misheard ones too."""
    table = divisions()
    found = [
        SoundMatch(s[i:j], i, j, 0.0)
        for i, c in enumerate(s)
        if c in table.first
        for j in range(i + 2, min(len(s), i + table.longest) + 1)
        if s[i:j] in table.said
    ]
    known = {(m.word, m.start) for m in found}
    return found + [m for m in table.sound.find(s, 0, heard_to) if (m.word, m.start) not in known]
