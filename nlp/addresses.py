"""Addresses in speech: the chain province, city, district, then road, number, estate, building, unit and room."""

from __future__ import annotations

import re
from dataclasses import replace

from nlp.address_chain import chain_in, only_place
from nlp.address_detail import HOUSE, NAMED, detail_from
from nlp.address_gaps import with_city_around, with_garbled_district
from nlp.address_parts import L, N
from nlp.address_text import prepared
from nlp.spoken_address import Spoken, of_same_city

_BUILDING = re.compile(rf"{N}(?:栋|幢|单元|室|弄|组|号楼|号院)|{L}座")
_ANEW = re.compile(r"(?:不是|不对|说错了?|错了)[，,。]")


def parse(raw: str, *, asked: bool, by_agent: bool = False) -> Spoken | None:
    """The address in an utterance. ``asked``: the agent had just asked for it, so less proof is needed."""
    s, at = prepared(raw)
    found = _parse(s, asked=asked, by_agent=by_agent)
    if found is None or not at:
        return None
    return replace(found, start=at[min(found.start, len(at) - 1)], end=at[min(max(found.end, 1), len(at)) - 1] + 1)


def _parse(s: str, *, asked: bool, by_agent: bool) -> Spoken | None:
    return _begun_anew(s, asked=asked, by_agent=by_agent) or _in_one(s, asked=asked, by_agent=by_agent)


def _begun_anew(s: str, *, asked: bool, by_agent: bool) -> Spoken | None:
    """An address that is taken back for another with its own district: 高新区…不是，那是公司，家里是武侯区…."""
    for m in reversed(list(_ANEW.finditer(s))):
        last = _in_one(s[m.end() :], asked=asked, by_agent=by_agent)
        if last is None or not last.detail or not last.district or last.quality < 1.0:
            continue
        last = replace(last, start=last.start + m.end(), end=last.end + m.end())
        return of_same_city(_in_one(s[: m.start()], asked=asked, by_agent=by_agent), last)
    return None


def _in_one(s: str, *, asked: bool, by_agent: bool) -> Spoken | None:
    bare = s.strip("，。,.！!？?…啊吧的呢")
    if asked and (place := only_place(bare)):
        return place
    head = chain_in(s, by_sound=asked or bool(HOUSE.search(s)))
    start = head.end if head else 0
    if head is None and not (asked or (len(HOUSE.findall(s)) >= 2 and _BUILDING.search(s)) or _road_number(s)):
        return None
    if head is not None:
        head = with_garbled_district(s, head)
        start = head.end
    detail, first, last, corrected = detail_from(s, start, by_agent=by_agent, headed=head is not None)
    if head is None and (not detail or not (HOUSE.search(s) or NAMED.search(detail))):
        return None
    if head is not None and not _worth(head, detail, asked=asked):
        return None
    base = with_city_around(s, head, last) if head else Spoken(None, None, None, "", first, last, 1.0)
    return replace(base, detail=detail, end=max(base.end, last), correction=corrected)


def _worth(head: Spoken, detail: str, *, asked: bool) -> bool:
    """A place named in passing (沈阳的沈, 我在苏州打工) is no address."""
    if HOUSE.search(detail) or NAMED.search(detail):
        return head.quality == 1.0 or head.levels > 1 or asked
    whole = asked and head.levels > 1 and head.quality == 1.0 and bool(head.district)
    return whole or ((head.levels > 1 or asked) and len(detail) < 3 and head.quality > 0.6)


def _road_number(s: str) -> bool:
    return bool(re.search(rf"(?:路|街|道|巷){N}号", s))
