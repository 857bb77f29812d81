"""The chain of divisions that an address begins with: province, city, district, each inside the one before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from nlp.address_detail import HOUSE, NAMED
from nlp.divisions import MUNICIPALITIES, Place, divisions, matches
from nlp.sound import SoundMatch
from nlp.spoken_address import Spoken

_LATER_ROAD = re.compile(
    r"^(?![\u4e00-\u9fff]{2}街道)(?:[东南西北中]|[一二三四五六七八九])?(?:路|街|大道|大街|巷|桥|村|镇|乡|大厦|花园|小区|国际|广场|公寓|城|家园|饭店|酒店|银行|苑|府|新村|中心|[东南西北中]路)"
)
_OF_ITSELF = re.compile("[省市区县旗盟]$|自治州$")
"""How a division ends that no road is named after without more: 惠州街 and 杭州西路 are roads elsewhere."""
_LINK = re.compile("(?:[市州省]|那个|这边|那边)?(?:的|啊|呢|吧|嘛)?[，,、。]?")


def only_place(bare: str) -> Spoken | None:
    """The one city or district that has this name: an answer of just 义乌."""
    places = [p for p in divisions().said.get(bare, ()) if p.level > 0]
    return _single(places[0], SoundMatch(bare, 0, len(bare), 0.0)) if len(places) == 1 else None


def chain_in(s: str, *, by_sound: bool) -> Spoken | None:
    """The most complete chain of divisions; of equal ones the one with most address after it, then the later.

    Misheard names are looked for only where the written ones make no chain down to a district.
    """
    exact = _best_chain(s, matches(s))
    if not by_sound:
        return exact
    if exact is not None and exact.levels >= 2 and exact.district:
        unread = 0 if exact.province or exact.start < 2 else exact.start
        return exact if unread == 0 else _best_chain(s, matches(s, heard_to=unread))
    return _best_chain(s, matches(s, heard_to=_names_end(s)))


def _names_end(s: str) -> int:
    """Divisions are said before the first house number."""
    house = HOUSE.search(s)
    return house.start() if house else min(len(s), 30)


def _best_chain(s: str, found: list[SoundMatch]) -> Spoken | None:
    whole = [k for k in found if k.cost == 0]
    found = sorted(found, key=lambda m: (m.start, m.cost, -len(m.word)))
    found = [m for m in found if not _LATER_ROAD.match(s[m.end :]) or _OF_ITSELF.search(m.word)]
    found = [m for m in found if not (len(m.word) == len("东区") and s.startswith("街道", m.end))]
    starts = [m for m in found if not any(k.start < m.start and m.end <= k.end for k in whole)]
    chains = [c for m in starts for c in _starting(s, m, found)]
    if not chains:
        return None
    return max(chains, key=lambda c: (c.levels + 2 * (c.quality - 1), bool(_followed(s[c.end :])), c.start))


def _followed(rest: str) -> bool:
    return bool(HOUSE.search(rest[:30]) or NAMED.search(rest[:14]))


def _starting(s: str, m: SoundMatch, found: list[SoundMatch]) -> Iterator[Spoken]:
    for place in divisions().said[m.word]:
        if _county_town(s, m, place):
            yield from _extended(s, _single(place, m), place, found)
            continue
        short = place.level == 2 and m.word != place.name and not m.word.endswith(("区", "县", "旗", "市"))
        if short or (place.level == 2 and m.cost and len(m.word) < 3):
            continue
        if place.level == 1 and m.word != place.name and m.cost:
            continue
        yield from _extended(s, _single(place, m), place, found)


def _county_town(s: str, m: SoundMatch, place: Place) -> bool:
    """Whether a county-level city stands alone by its short name: 昆山，花桥镇."""
    only = len(divisions().said[m.word]) == 1
    return place.level == 2 and place.name == m.word + "市" and only and m.cost == 0 and s[m.end : m.end + 1] in "，,"


def _single(place: Place, m: SoundMatch) -> Spoken:
    quality = 1.0 - m.cost / len(m.word)
    if place.level == 0 and place.name not in MUNICIPALITIES:
        return Spoken(place.name, None, None, "", m.start, m.end, quality)
    if place.level < 2:
        return Spoken(None, place.name, None, "", m.start, m.end, quality)
    return Spoken(None, None, place.name, "", m.start, m.end, quality)


def _extended(s: str, chain: Spoken, place: Place, found: list[SoundMatch]) -> Iterator[Spoken]:
    yield chain
    for m in found:
        if m.start < chain.end or not _linked(s[chain.end : m.start]):
            continue
        for lower in divisions().said[m.word]:
            if lower.level > place.level and _inside(lower, place) and _stands(s, m, lower):
                longer = replace(
                    chain,
                    city=chain.city or (lower.name if lower.level == 1 else None),
                    district=lower.name if lower.level == 2 else None,
                    end=m.end,
                    quality=min(chain.quality, 1.0 - m.cost / len(m.word)),
                )
                yield from _extended(s, longer, lower, found)


def _linked(gap: str) -> bool:
    return _LINK.fullmatch(gap) is not None


def _stands(s: str, m: SoundMatch, place: Place) -> bool:
    """A short district name counts only where it is not the beginning of another name (解放 路, 新华 联家园)."""
    return (
        m.word[-1] in "区县旗市州"
        or (m.cost == 0 and m.word == place.name)
        or (m.cost == 0 and place.level < 2)
        or (m.cost == 0 and not _LATER_ROAD.match(s[m.end :]))
    )


def _inside(lower: Place, upper: Place) -> bool:
    if upper.level == 0:
        return lower.province == upper.name
    return lower.city == upper.name
