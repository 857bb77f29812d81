"""Numbers of an address put right where they were misheard: 九是八好 → 九十八号. Offsets stay."""

from __future__ import annotations

from nlp.normalize import PUNCTUATION
from nlp.sound import syllable

NUMERALS = frozenset("零〇一二三四五六七八九十百千幺两0123456789")
_DIGIT_OF = {
    "ling": "零",
    "lin": "零",
    "yao": "幺",
    "yi": "一",
    "er": "二",
    "liang": "两",
    "lia": "两",
    "san": "三",
    "shan": "三",
    "si": "四",
    "wu": "五",
    "wo": "五",
    "liu": "六",
    "niu": "六",
    "qi": "七",
    "ba": "八",
    "jiu": "九",
    "bai": "百",
    "qian": "千",
}
_UNIT_OF = {
    "hao": "号",
    "dong": "栋",
    "zhuang": "幢",
    "chuang": "幢",
    "zuo": "座",
    "lou": "楼",
    "ceng": "层",
    "zu": "组",
    "nong": "弄",
    "xiang": "巷",
    "ti": "梯",
    "men": "门",
    "ta": "塔",
}
UNITS = frozenset("号栋幢座单楼层室弄组队门梯院巷户期区杠")
_LETTER_OF = {"ei": "A", "bi": "B", "xi": "C", "di": "D"}
_STRICT = frozenset({"er", "san", "wu", "liu", "qi", "ba", "jiu", "si", "yi", "shan"})
_BEFORE = frozenset("路街道巷弄号栋幢座塔元楼层门梯院村区期苑园城庭府厦湾里段") | PUNCTUATION


def heal(s: str) -> str:
    """``s`` with misheard numerals and units of house numbers replaced. Same length as ``s``."""
    chars = list(s)
    _roads(chars)
    _letters(chars)
    for _ in range(2):
        _numerals(chars)
        _units(chars)
    return "".join(chars)


def _at(chars: list[str], i: int) -> str:
    return chars[i] if 0 <= i < len(chars) else "。"


def _roads(chars: list[str]) -> None:
    """A syllable lu before a house number is 路."""
    for i in range(1, len(chars) - 1):
        if (
            chars[i] not in "路六"
            and (syllable(chars[i]) == "lu" or chars[i] in "乳汝")
            and chars[i - 1] not in NUMERALS
        ):
            nxt = _at(chars, i + 1)
            if nxt in NUMERALS or (syllable(nxt) in _DIGIT_OF and _at(chars, i + 2) in NUMERALS):
                chars[i] = "路"


def _letters(chars: list[str]) -> None:
    """A letter of a building misheard as a word: 必座 → B座."""
    for i in range(len(chars) - 1):
        letter = _LETTER_OF.get(syllable(chars[i])) if chars[i] in "诶必币比笔西稀希弟低地" else None
        if letter and (
            chars[i + 1] in ("座栋幢" if chars[i] == "西" else "座栋幢塔")
            or (syllable(chars[i + 1]) == "zuo" and _at(chars, i + 2) in NUMERALS)
        ):
            chars[i] = letter
            chars[i + 1] = chars[i + 1] if chars[i + 1] in "座栋幢塔" else "座"


def _numerals(chars: list[str]) -> None:
    for i, c in enumerate(chars):
        if c in NUMERALS or c in UNITS or c in PUNCTUATION or c in "甲乙丙丁" or (i == 0 and c == "是"):
            continue
        before, after = _at(chars, i - 1), _at(chars, i + 1)
        digit = _ten_or_four(chars, i) if syllable(c) == "shi" else _DIGIT_OF.get(syllable(c))
        if digit is None:
            continue
        left, right = before in NUMERALS, after in NUMERALS
        if (
            (left and right)
            or (right and before in _BEFORE)
            or (left and (after in UNITS or _unit_of(chars, i + 1)))
            or (before in _BEFORE and syllable(c) in _STRICT and (after in UNITS or _unit_of(chars, i + 1) == "单"))
            or (
                syllable(c) in _STRICT
                and _digit_like(before)
                and _at(chars, i - 2) in _BEFORE
                and (right or after in UNITS)
            )
            or (left and after in PUNCTUATION and _at(chars, i - 2) in NUMERALS and c not in "了吧")
        ):
            chars[i] = digit


def _digit_like(c: str) -> bool:
    """Whether a character sounds like a digit and is no word of its own beside numbers."""
    return c not in NUMERALS and c not in UNITS and (syllable(c) in _STRICT or syllable(c) == "shi") and c not in "有就"


def _ten_or_four(chars: list[str], i: int) -> str | None:
    """四 and 十 are both misheard as 是: 十 stands between a digit and a unit or digit of a counted number."""
    before, after = _at(chars, i - 1), _at(chars, i + 1)
    if before not in NUMERALS and after not in NUMERALS:
        return None
    if before not in NUMERALS and all(_at(chars, i + n) in NUMERALS for n in range(1, 5)):
        return None
    if _at(chars, i - 2) in NUMERALS - set("百千") and before in NUMERALS:
        return "四"
    if after in NUMERALS and _at(chars, i + 2) in NUMERALS - set("百千十") and before not in NUMERALS:
        return "四"
    return "十"


def _unit_of(chars: list[str], i: int) -> str | None:
    c = _at(chars, i)
    if c in UNITS or c in NUMERALS or c in PUNCTUATION:
        return None
    if syllable(c) in {"dan", "tan"} and syllable(_at(chars, i + 1)) in {"yuan", "yan"}:
        return "单"
    return _UNIT_OF.get(syllable(c))


def _units(chars: list[str]) -> None:
    for i in range(1, len(chars)):
        if chars[i - 1] == "号" and _at(chars, i - 2) in NUMERALS and _UNIT_OF.get(syllable(chars[i])) == "楼":
            chars[i] = chars[i] if _at(chars, i + 1) == "水" else "楼"
        if chars[i - 1] in NUMERALS and chars[i] == "单" and syllable(_at(chars, i + 1)) == "yuan":
            chars[i + 1] = "元"
        if chars[i - 1] not in NUMERALS or (chars[i] == "东" and _at(chars, i + 1) in "路街大"):
            continue
        unit = _unit_of(chars, i)
        if unit is None:
            continue
        if unit == "单":
            chars[i + 1] = "元"
        chars[i] = unit
