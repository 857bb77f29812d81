"""Where a warranty decision stands, for readers of English: the names of the laws, their articles and the annex."""

from __future__ import annotations

import re
from collections.abc import Mapping

from workorder.policy.sanbao_cn import CONSUMER_LAW, RULE

LAWS: Mapping[str, str] = {
    RULE: "Provisions on Liability for the Repair, Replacement and Return of Certain Goods (1995)",
    CONSUMER_LAW: "Law on the Protection of Consumer Rights and Interests (2013)",
}
TITLES: Mapping[str, str] = {
    "彩色电视机": "colour television sets",
    "家用电冰箱": "household refrigerators",
    "洗衣机": "washing machines",
    "电风扇": "electric fans",
    "微波炉": "microwave ovens",
    "吸尘器": "vacuum cleaners",
    "家用空调器": "household air conditioners",
    "吸排油烟机": "cooker hoods",
    "燃气热水器": "gas water heaters",
}
"""The annex's lines by what they are called in it (``sanbao_cn.LISTED``)."""
_DIGITS = {digit: number for number, digit in enumerate("一二三四五六七八九", 1)}
_ARTICLE = re.compile(r"第([一二三四五六七八九十]+)条(?:（([一二三四五六七八九])）)?")
_LINE = re.compile(r"及目录“(.+?)”：(整机|主要部件)(\d+)年")
_WHOLE = {"整机": "whole appliance", "主要部件": "main parts"}
CARD, ANNEX, TERMS = "保修卡", "附件目录", "保修条款"


def in_english(citation: str) -> str:
    """``citation`` with its laws, articles and annex in English; what is somebody's own name for a source stays."""
    if citation == CARD:
        return "warranty card"
    law = next((name for name in LAWS if citation.startswith(name)), None)
    if law is None:
        return f"{citation.removesuffix(TERMS)} warranty terms" if citation.endswith(TERMS) else citation
    parts = [LAWS[law]]
    if found := _ARTICLE.search(citation):
        paragraph = f" ({_DIGITS[found[2]]})" if found[2] else ""
        parts.append(f"article {_number(found[1])}{paragraph}")
    if ANNEX in citation:
        parts.append("annex")
    if line := _LINE.search(citation):
        years = f"{line[3]} year{'' if line[3] == '1' else 's'}"
        parts.append(f"annex, {TITLES.get(line[1], line[1])}: {_WHOLE[line[2]]} {years}")
    return ", ".join(parts)


def _number(text: str) -> int:
    """Two Chinese digits at most: 八, 十, 十七, 二十四."""
    tens, ten, ones = text.rpartition("十")
    return (10 * _DIGITS.get(tens, 1) if ten else 0) + _DIGITS.get(ones, 0)
