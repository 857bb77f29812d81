"""Words beside the matter: conditions, other people's appliances, what the caller does not know."""

from __future__ import annotations

import re

from nlp.rules.appliance import NOT_OURS

_SENTENCE_ENDS = "。？！?!"
_CLAUSE_ENDS = "，。？！?!,"
_SUPPOSED = re.compile(r"(?<!不)如果|(?<![主重])要是|万一|假如|假设|倘若|只要|一旦|若是|哪怕")
_UNKNOWN = re.compile(r"不知道?|不晓得|不清楚|不确定|没问|查(?:一下|一查|查|下)|看看|问问|问一下|想问|请问")


def supposed(s: str, start: int) -> bool:
    """Whether the words at ``s[start:]`` stand in a condition (要是过保了怎么收费)."""
    return _SUPPOSED.search(_before(s, start, _CLAUSE_ENDS)) is not None


def of_others(s: str, start: int) -> bool:
    """Whether the clause speaks of somebody else's (邻居家的, 楼上那台)."""
    return NOT_OURS.search(_before(s, start, _CLAUSE_ENDS)) is not None


def unknown(s: str, start: int) -> bool:
    """Whether the clause says that the caller does not know, or asks (不知道在不在保)."""
    return _UNKNOWN.search(_before(s, start, _CLAUSE_ENDS)) is not None


def asked_back(s: str, end: int) -> bool:
    """Whether the sentence goes on as a question for yes or no after ``s[:end]`` (过保了没有, 在保吗)."""
    return _QUESTION.match(s, end) is not None


_QUESTION = re.compile(
    r"了?(?:没有?|没)?(?:[吗么]|没有|没(?=[，。？?]|$)|不(?=[，。？?]|$)|还是)|[^，。]{0,3}(?:不清楚|不知道|不晓得|忘了)"
)


def _before(s: str, start: int, ends: str) -> str:
    return s[max((s.rfind(c, 0, start) for c in ends), default=-1) + 1 : start]
