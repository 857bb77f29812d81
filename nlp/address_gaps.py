"""Divisions that a chain lacks, from what stands around it: named apart, before or after, or garbled."""

from __future__ import annotations

import re
from dataclasses import replace

from nlp.divisions import DISTRICT, districts_of, divisions, matches
from nlp.sound import alike
from nlp.spoken_address import Spoken

MARGIN = 0.1
"""How much likelier than any other name the likeliest must be."""
_LATE_CITY = re.compile(r"[，。]([\u4e00-\u9fff]{2,4}市)(?=[，。？]|对|是|吧|$)")
_DISTRICT = re.compile(r"[，,的]?([\u4e00-\u9fff]{1,3}[区县市旗])(?![\u4e00-\u9fff]?[路街道])")


def with_garbled_district(s: str, head: Spoken) -> Spoken:
    """The district of the city that the word after it sounds like, a character lost or not (杭州市 湖区)."""
    m = _DISTRICT.match(s, head.end) if head.city and not head.district else None
    if m is None or head.city is None:
        return head
    likeness = {name: alike(m.group(1), name) for name in districts_of(head.city)}
    district = _most_alike(likeness, 0.6)
    unsure = max(likeness.values(), default=0.0) >= 0.6
    return replace(head, district=district, end=m.end(), quality=0.6) if district or unsure else head


def with_city_around(s: str, head: Spoken, last: int) -> Spoken:
    """The chain with its city: named before it, garbled right before it, or named after the rest, from ``last`` on."""
    return _with_late_city(s[last:], _with_garbled_city(s, _with_earlier_city(s, head)))


def _with_earlier_city(s: str, head: Spoken) -> Spoken:
    """The city of the district that was named before it and apart (都在三亚，旧的在天涯区…，新的在吉阳区)."""
    if head.city or not head.district or not head.start:
        return head
    cities = {p.city for p in divisions().said.get(head.district, ()) if p.level == DISTRICT}
    before = (p.name for m in matches(s[: head.start]) if not m.cost for p in divisions().said[m.word] if p.level == 1)
    city = next((name for name in before if name in cities), None)
    return replace(head, city=city) if city else head


def _with_garbled_city(s: str, head: Spoken) -> Spoken:
    """A district tells which of its cities the garbled word before it was (唐杉 丰润区, 京市 鼓楼区)."""
    if head.city or not head.district:
        return head
    places = [p for p in divisions().said.get(head.district, ()) if p.level == DISTRICT and p.name == head.district]
    before = s[: head.start].rstrip("，,、的")
    city = _most_alike(
        {p.city: _ends_like(before, p.city) for p in places if p.city}, 0.42 if len(places) == 1 else 0.6
    )
    return replace(head, city=city, quality=0.7) if city else head


def _with_late_city(rest: str, head: Spoken) -> Spoken:
    """The city of the district that is named only after the rest (芝罘区…六零一，烟台市)."""
    cities = {p.city for p in divisions().said.get(head.district or "", ()) if p.level == DISTRICT}
    said = next((m.group(1) for m in _LATE_CITY.finditer(rest) if m.group(1) in cities), None)
    return replace(head, city=said) if said and not head.city else head


def _ends_like(s: str, city: str) -> float:
    """How much the end of ``s`` sounds like the city's name, said with 市 or without."""
    names = {city, city.removesuffix("市")}
    return max((alike(s[-n:], name) for name in names for n in (len(name), len(name) - 1) if s and n), default=0.0)


def _most_alike(likeness: dict[str, float], least: float) -> str | None:
    """The likeliest name, if it is likely enough and no other is nearly as likely."""
    ranked = sorted(likeness, key=lambda name: -likeness[name])
    if not ranked or likeness[ranked[0]] < least:
        return None
    return ranked[0] if len(ranked) == 1 or likeness[ranked[0]] - likeness[ranked[1]] > MARGIN else None
