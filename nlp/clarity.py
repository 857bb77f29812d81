"""How much of an utterance reads as Chinese: misrecognition leaves characters that form no words."""

from __future__ import annotations

from nlp.lexicon import common_words
from nlp.normalize import DIGIT

_ALONE = frozenset(
    "的了是我你您他她它们在有没不也都就还又很太好对那这个把被给跟和到从要想能会去来说看做用上下里外前后大小多少几吗呢吧啊呀嘛哦嗯哎喂哈啦嘞行成谁啥得着过再先最更"
    "点分号楼路街栋幢座室层单元组村镇乡区市县省年月日天周一二三四五六七八九十百千万两零幺半左右东西南北中家水电火气门灯冷热开关修装换买"
)


def clarity(s: str) -> float:
    """Share 0..1 of the Chinese characters that stand in an everyday word or can stand alone; 1 if there are none."""
    words = common_words()
    han = [i for i, c in enumerate(s) if "\u4e00" <= c <= "\u9fff"]
    if not han:
        return 1.0
    clear = sum(
        1 for i in han if s[i] in _ALONE or s[i] in DIGIT or s[i : i + 2] in words or (i and s[i - 1 : i + 1] in words)
    )
    return clear / len(han)
