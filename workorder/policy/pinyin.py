"""How a name is typed in pinyin: ``zhangsan`` and ``zs`` both find 张三, 单 at the front of a name is ``shan``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

MAX_NAME = 20
MAX_PINYIN = 120
MAX_INITIALS = 20

SURNAMES: Mapping[str, tuple[str, ...]] = {
    "尉迟": ("yu", "chi"), "万俟": ("mo", "qi"), "澹台": ("tan", "tai"), "长孙": ("zhang", "sun"),
    "单于": ("chan", "yu"),
    "单": ("shan",), "曾": ("zeng",), "仇": ("qiu",), "解": ("xie",), "查": ("zha",), "盖": ("ge",), "任": ("ren",),
    "华": ("hua",), "朴": ("piao",), "缪": ("miao",), "区": ("ou",), "翟": ("zhai",), "召": ("shao",), "洗": ("xian",),
    "繁": ("po",), "秘": ("bi",), "尹": ("yin",), "员": ("yun",), "黑": ("he",), "乐": ("yue",), "宓": ("mi",),
    "折": ("she",), "种": ("chong",), "覃": ("qin",), "费": ("fei",), "葛": ("ge",), "燕": ("yan",), "应": ("ying",),
}  # fmt: skip
"""Family names that are read otherwise than the character alone; two-character names first."""


class NameKeys(NamedTuple):
    """``pinyin`` is all syllables together, ``initials`` the first letter of each."""

    pinyin: str
    initials: str


@lru_cache(maxsize=4096)
def name_keys(name: str) -> NameKeys:
    """Keys of the first 20 characters of ``name``; letters and digits in it stand as they are, in small letters."""
    from pypinyin import lazy_pinyin

    spoken = "".join(name.split())[:MAX_NAME]
    family = next((family for family in SURNAMES if spoken.startswith(family)), "")
    syllables = [*SURNAMES.get(family, ()), *lazy_pinyin(spoken[len(family) :])]
    plain = ["".join(filter(str.isalnum, syllable)).lower() for syllable in syllables]
    return NameKeys("".join(plain)[:MAX_PINYIN], "".join(syllable[:1] for syllable in plain)[:MAX_INITIALS])


def typed_pinyin(text: str) -> str | None:
    """What was typed as a key, when it can be one: letters of the Latin alphabet, blanks and marks left out."""
    key = "".join(text.replace("'", "").split()).lower()
    return key if key.isascii() and key.isalpha() else None
