"""The names in a caller's record, listened for in that call: what merely sounds like one of them is taken for it.

No model can be taught these: they change with every call. A grammar of the recogniser would forbid all other words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from asr.events import Word
from callcenter.media.events import HeardName
from callcenter.media.transcriber import FindNames
from nlp.sound_alikes import SoundAlikes
from nlp.types import WordTime
from workorder.views.customers import AddressView, CustomerCard

KEPT = 1000
"""Calls whose names are remembered: the last words of a call come when the desk has let it go."""
_CHINESE = re.compile("[\u4e00-\u9fff]+")
_COUNTED = re.compile("^(?:号楼|号院|号|栋|幢|座|单元|室|楼|层)+")
"""What stands behind a number of an address is part of no name."""
_PLACE = re.compile("(?:.+?(?:街道|街(?!道)|大道|路|巷|弄|小区|镇|乡))|.+")
_TITLE = re.compile("(?:先生|女士|小姐|老师|师傅|阿姨|叔叔)$")

CustomerOf = Callable[[str], CustomerCard | None]
"""Who is on the other side of a call, as far as the desk knows."""


class CallerNames:
    """``find_names`` of a call: those of the caller's record first, then what ``others`` find besides."""

    def __init__(self, customer_of: CustomerOf, others: FindNames) -> None:
        self._customer_of = customer_of
        self._others = others
        self._calls: dict[str, tuple[str, ...]] = {}

    def find_names(self, call_id: str, text: str, words: Sequence[Word]) -> tuple[HeardName, ...]:
        """As ``media.transcriber.FindNames``."""
        heard = [WordTime(word.word, word.start_ms, word.end_ms, word.confidence) for word in words]
        own = [HeardName(m.start, m.end, m.text) for m in _alikes(self._names(call_id)).corrections(text, heard)]
        others = (name for name in self._others(call_id, text, words) if not any(_overlap(name, one) for one in own))
        return tuple(sorted([*own, *others], key=lambda name: name.start))

    def _names(self, call_id: str) -> tuple[str, ...]:
        customer = self._customer_of(call_id)
        if customer is not None:
            self._calls[call_id] = names_of(customer)
            if len(self._calls) > KEPT:
                del self._calls[next(iter(self._calls))]
        return self._calls.get(call_id, ())


def names_of(customer: CustomerCard) -> tuple[str, ...]:
    """The customer's name, places and streets of the addresses, brands of the appliances; in Chinese, two and more."""
    person = () if _TITLE.search(customer.name) else (customer.name,)
    places = (name for address in customer.addresses for name in _places(address))
    brands = (asset.brand for asset in customer.assets)
    return tuple(dict.fromkeys(n for n in (*person, *places, *brands) if len(n) >= 2 and _CHINESE.fullmatch(n)))


def _places(address: AddressView) -> Iterator[str]:
    yield from (address.province, address.city, address.district)
    for run in _CHINESE.findall(address.detail):
        yield from _PLACE.findall(_COUNTED.sub("", run))


@lru_cache(maxsize=256)
def _alikes(names: tuple[str, ...]) -> SoundAlikes:
    return SoundAlikes(names)


def _overlap(one: HeardName, other: HeardName) -> bool:
    return one.start < other.end and other.start < one.end
