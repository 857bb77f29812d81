"""Model numbers, fault codes and order numbers spoken letter by letter and digit by digit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nlp.normalize import DIGIT, spoken_int

_DIGITS = r"(?:[零〇二三四五六七八九幺两洞拐\d]|一(?![般直共定样开会些起旦边块大长堆串排截段行小]))"
_DIGIT = "[零〇一二三四五六七八九幺两洞拐\\d]"
_WORDS = r"(?:PRO|PURE|MAX|PLUS|ULTRA|MINI|LITE)"
_JOIN = (
    r"(?:(?:[、,，.\-/]?(?:[斜横短中]?[杠横](?:线|杠)?|短线|减号|(?:后面|后边|后头|最后|末尾|尾巴)(?:[一两二三四五六]位)?(?:数字?|字母)?(?:还有|还带|是|有|带|跟)?[个一]*|还有个?|再|括号|然后|接着|呃|嗯|点))*"
    r"[、,，:：]?)"
)
_COUNT = (
    r"(?:(?<=[A-Z])|(?<=[A-Z][，,杠横]))(?:[一二三四五六七八九两][千百][零一二三四五六七八九十百两]*|[二三四五六七八九]?十[一二三四五六七八九]?)"
    r"(?![零一二三四五六七八九十百千两几多来块元月])"
)
"""A number counted out after a letter: R 一千八, V 十四."""
_UNIT = rf"(?:{_WORDS}|{_COUNT}|[A-Z](?![A-Z]{{2,}}[a-z])|{_DIGITS})"
_STRAY = rf"[，,]{_DIGITS}(?!{_DIGITS})(?!(?:(?<=[A-Z][，,]{_DIGIT})|(?<=[，,]{_DIGIT}[，,]{_DIGIT}))(?:[，,。]|$))"
"""One digit between commas is none of the code, unless its other parts stand so too (E，零，五)."""
_RUN = re.compile(rf"(?<![A-Z]){_UNIT}(?:(?!{_STRAY}){_JOIN}{_UNIT})*")
_PLACE = re.compile(r"^(?:座|栋|幢|塔|区(?!别)|单元|楼|号|室|门|层|期|街|路)")
_MEASURE = re.compile(
    r"^(?:几(?!几|[，。]|$)|[点个天年月号日块元百十千万度级层楼岁次回台件匹升寸公斤斤样下起款半位套条遍张串堆排])"
)
_LITRES = re.compile(r"^\d+[LW]$")


@dataclass(frozen=True, slots=True)
class Code:
    """``text`` (letters and digits) said at [start, end)."""

    text: str
    start: int
    end: int

    @property
    def letters(self) -> int:
        """How many letters."""
        return sum(c.isalpha() for c in self.text)

    @property
    def digits(self) -> int:
        """How many digits."""
        return sum(c.isdigit() for c in self.text)


def codes(s: str) -> Iterator[Code]:
    """Runs of letters and digits in ``s``; rooms (A座), measures (三天) and litres (16L) are no codes."""
    for m in _RUN.finditer(s):
        end = m.end()
        text = m.group()
        if _MEASURE.match(s[end:]) or _PLACE.match(s[end:]):
            text = re.sub(rf"(?:{_JOIN}){_DIGITS}+$", "", text) if "，" in text or "," in text else ""
            end = m.start() + len(text)
        if _NOT_READ.match(s, end):
            text = text[: max((part.start() for part in _PART.finditer(text)), default=len(text))]
        elif s[end : end + 1] == "是" and "，" in text:
            text = text[: text.rindex("，")]
        start = m.start()
        if s[start - 1 : start] in ("十", "百") and "，" in text:
            start += text.index("，") + 1
            text = text[start - m.start() :]
        if (again := _SPELLED.match(text)) and s[start - 1 : start] == "个":
            text = text[again.end() :]
        if number := _ORDER_NUMBER.match(text):
            yield Code(_clean(number.group()), start, start + number.end())
            start += number.end() + 1
            text = text[number.end() + 1 :]
        code = _clean(_without_letter(s[:start], text))
        if code and not _LITRES.match(code) and s[start - 1 : start] not in tuple("十百第周期月"):
            yield Code(code, start, end)


_ORDER_NUMBER = re.compile(rf"[A-Z]{{1,3}}[，,]?(?:{_DIGITS}[，,]?){{5,}}{_DIGITS}(?=[，,][A-Z]{{2}})")
"""The number of an order, which another code follows (C G 五零幺七七三零，K F R 二六)."""
_NOT_READ = re.compile("什么(?!时候)|啥|几?来着|还是|或者")
"""后面是 F M 什么, 后头 S F 还是 S E: so much of the tail was read that it is worth nothing."""
_PART = re.compile("[，,]|后[面边头]|最后|末尾|尾巴|还有|再")
_SPELLED = re.compile(rf"{_DIGITS}，(?=[A-Z])")
"""一个 E，一个幺，E 幺: the digit told apart before the whole."""
_NOT_BUT = re.compile("不是[^，。]{1,3}，?是$")


def _without_letter(before: str, text: str) -> str:
    """``text`` without the letter that was put right before it (不是 H，是 I，J S Q 三零)."""
    first, comma, rest = text.partition("，")
    return rest if comma and len(first) == 1 and rest[:1].isalpha() and _NOT_BUT.search(before) else text


def _clean(text: str) -> str:
    """The letters and digits; a part that spells out again what was just said is left out.

    Q 八，Q 后面是八 is Q8, and 八二，Q 八二 is Q82.
    """
    whole = ""
    counted = re.sub(_COUNT, lambda m: str(spoken_int(m.group())), _HOW_MANY.sub("", text))
    for part in re.split("[，,]", counted):
        code = "".join(d for c in part if (d := DIGIT.get(c, c)).isascii() and d.isalnum())
        again = len(whole) > 1 and len(code) > len(whole) and whole in code
        whole = code if again else whole + ("" if _said_before(whole, code) else code)
    return whole


_HOW_MANY = re.compile("[一两二三四五六]位|一个")
"""后面四位, 后面一个 A: how many signs follow, none of them."""


def _said_before(whole: str, code: str) -> bool:
    """Whether ``code`` only says the end of ``whole`` again, or names it by its beginning (B 九 L 二幺五，B 九那个)."""
    mixed = not (code.isalpha() or code.isdigit())
    return len(code) > 1 and (whole.endswith(code) or (mixed and whole.startswith(code)))
