"""What utterances tell of an address, put together: with what was said before, read back, and completed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nlp.address_parts import components, merge_detail, read_back
from nlp.divisions import DISTRICT, MUNICIPALITIES, divisions
from nlp.sound import alike


@dataclass(frozen=True, slots=True)
class Spoken:
    """An address as far as one utterance tells it: [start, end) in the text, ``detail`` with Arabic digits."""

    province: str | None
    city: str | None
    district: str | None
    detail: str
    start: int
    end: int
    quality: float
    inferred: tuple[str, ...] = ()
    correction: bool = False

    @property
    def levels(self) -> int:
        """How many divisions were said, 0..3."""
        return sum(1 for v in (self.province, self.city, self.district) if v)


def of_same_city(before: Spoken | None, part: Spoken) -> Spoken:
    """``part`` with the city that was named before it, where its district lies in that city."""
    if before is None or part.city or not before.city:
        return part
    cities = {p.city for p in divisions().said.get(part.district or "", ()) if p.level == DISTRICT}
    return replace(part, city=before.city, province=part.province or before.province) if before.city in cities else part


def echoes(part: Spoken, whole: Spoken) -> bool:
    """Whether ``part`` sounds like a piece of the address so far, so that it is a reading back of it."""
    old = components(whole.detail)
    return any(k == kind and _same(text, t) for kind, text in components(part.detail) for k, t in old)


def contradicts(whole: Spoken, part: Spoken) -> bool:
    """Whether ``part`` names another city, district, building, unit or room than the address so far."""
    if any(a and b and a != b for a, b in ((whole.city, part.city), (whole.district, part.district))):
        return True
    said = dict(components(whole.detail))
    return any(kind in _EXACT and kind in said and said[kind] != text for kind, text in components(part.detail))


_EXACT = frozenset({"number", "lane", "building", "unit", "room"})


def _same(a: str, b: str) -> bool:
    """Names by sound, numbers exactly."""
    return a == b if any(c.isdigit() for c in a + b) else alike(a, b) >= 0.5


def merge(whole: Spoken | None, part: Spoken, *, asked: bool = True, by_agent: bool = False) -> Spoken:
    """The address so far with one more part; a different city or district starts over."""
    if whole is None:
        return part
    other = (part.city and whole.city and part.city != whole.city) or (
        part.district and whole.district and part.district != whole.district
    )
    if other:
        anew = (asked and not by_agent) or (part.levels >= whole.levels and len(part.detail) >= len(whole.detail))
        return of_same_city(whole, part) if anew else whole
    return replace(
        whole,
        province=whole.province or part.province,
        city=whole.city or part.city,
        district=whole.district or part.district,
        detail=(read_back if by_agent else merge_detail)(whole.detail, part.detail),
        quality=min(whole.quality, part.quality),
    )


def completed(a: Spoken) -> Spoken:
    """Infer the levels that follow from what was said: the city of a district that only one city has, its province."""
    inferred: list[str] = []
    city, province = a.city, a.province
    if a.district and not city:
        options = {
            p.city
            for p in divisions().said.get(a.district, ())
            if p.level == 2 and p.name == a.district and province in (None, p.province)
        }
        if len(options) == 1:
            city = options.pop()
            inferred.append("city")
    if city and not province and city not in MUNICIPALITIES:
        places = [p for p in divisions().said.get(city, ()) if p.level == 1 and p.name == city]
        if places:
            province = places[0].province
            inferred.append("province")
    return replace(a, city=city, province=province, inferred=tuple(inferred))
