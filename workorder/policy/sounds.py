"""Keys by which people are found by what was heard: the sound of a name, the number of a house.

Names that a recogniser mixes up fall together: toneless pinyin with its usual confusions folded.

``王建国`` and ``汪剑国`` have the key ``wan jian guo``; the family name alone is the key's first word.
"""

from __future__ import annotations

import re
from functools import lru_cache

TITLES = ("先生", "女士", "小姐", "太太", "师傅", "老师", "老板", "经理", "阿姨", "大爷", "大妈")
_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"), ("r", "l"), ("f", "h"))
_FAMILIAR = "老小阿"
MAX_NAME = 20
MAX_KEY = 120
MAX_HOUSE = 12


@lru_cache(maxsize=4096)
def sound_key(name: str) -> str:
    """Folded syllables of ``name`` (its first 20 characters), a blank between; other characters stand as they are."""
    from pypinyin import lazy_pinyin

    spoken = "".join(name.split())[:MAX_NAME]
    return " ".join(_folded(syllable) for syllable in lazy_pinyin(spoken))[:MAX_KEY]


def family_key(name: str) -> tuple[str, bool]:
    """(key, whether it is of the whole name): ``王女士`` and ``老王`` say no more than the family name."""
    bare = name.strip()
    title = next((title for title in TITLES if bare.endswith(title)), "")
    bare = bare.removesuffix(title)
    if title or (len(bare) == 2 and bare[0] in _FAMILIAR):
        bare = bare.lstrip(_FAMILIAR) or bare
    return sound_key(bare), len(bare) > 1


def house_number(detail: str) -> str:
    """The first number in an address below the district; "" without one. Digits are heard better than street names."""
    number = re.search(r"\d+", detail, re.ASCII)
    return number.group()[:MAX_HOUSE] if number else ""


def _folded(syllable: str) -> str:
    for spoken, heard in _INITIALS:
        if syllable.startswith(spoken):
            syllable = heard + syllable[len(spoken) :]
            break
    return syllable[:-1] if syllable.endswith("ng") else syllable
