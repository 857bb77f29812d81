"""Pinyin to phones, words to pronunciations: one table for speech labels, lexicon and network.

Every syllable is an initial and a tonal final. Syllables without an initial get an onset of their own (ii, uu, vv, aa),
so that repeated digits (一一, 五五, 二二) stay apart although a phone has a single state.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import chain

from pypinyin import Style, lazy_pinyin
from pypinyin.contrib.tone_convert import to_finals, to_initials

SILENCE = "SIL"
INITIALS = tuple("b p m f d t n l g k h j q x zh ch sh r z c s".split())
ONSETS = ("ii", "uu", "vv", "aa")
FINALS = tuple(
    "a ai an ang ao e ei en eng er i ix iy ia ian iang iao ie in ing iong iou o ong ou u ua uai uan uang uei uen "
    "ueng uo v van ve vn".split()
)
TONES = "12345"
PHONES = (SILENCE, *INITIALS, *ONSETS, *(final + tone for final in FINALS for tone in TONES))
PHONE_IDS = {phone: number for number, phone in enumerate(PHONES)}
"""Also the number of the network's output."""

_LETTERS = (
    "ei1|bi4|xi1|di4|yi4|ai2 fu5|ji4|ei1 chi5|ai4|zhei4|kei4|ai4 le5|ai4 mu5|en1|ou1|pi4|kiu4|a4 er5|ai4 si5|ti4|you1|"
    "wei1|da2 bu5 liu5|ai4 ke5 si5|wai1|zei4"
).split("|")
LETTERS = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", _LETTERS, strict=True))
"""Letters as Mandarin speakers name them."""
AS_SAID = {
    "嗯": "en4", "哎": "ai1", "诶": "ei1", "哦": "o4", "噢": "o1", "喂": "wei4", "幺": "yao1", "啊": "a5", "呃": "e4",
    "重装": "chong2 zhuang1", "重启": "chong2 qi3", "行": "xing2", "嘞": "lei5", "了": "le5", "着": "zhe5", "得": "de5",
    "打不着火": "da3 bu4 zhao2 huo3", "不着火": "bu4 zhao2 huo3", "海尔": "hai3 er3", "地": "di4", "银行": "yin2 hang2",
}  # fmt: skip
ALSO_SAID = {
    "了": "liao3", "得": "dei3", "地": "de5", "还": "huan2", "行": "hang2", "长": "zhang3",
    "重": "chong2", "着": "zhao2",
    "那": "nei4", "这": "zhei4", "谁": "shui2",
    "都": "du1", "大": "dai4", "不": "bu2", "一": "yi2", "说": "shui4",
    "么": "me5", "个": "ge5", "上": "shang5", "里": "li5", "吗": "ma5", "吧": "ba5", "啊": "a1", "给": "gei3",
    "乐": "yue4",
    "调": "diao4", "转": "zhuan4", "数": "shu3", "空": "kong4", "号": "hao2", "为": "wei2", "种": "zhong4", "嗯": "en1",
    "喂": "wei2", "两": "liang2",
}  # fmt: skip

Pronunciation = tuple[str, ...]


@lru_cache(None)
def syllables(word: str) -> tuple[str, ...] | None:
    """The usual reading as pinyin with tone digits (5: neutral); None for a word that cannot be read."""
    spelt = LETTERS.get(word) or AS_SAID.get(word)
    if spelt:
        return tuple(spelt.split())
    if not re.fullmatch("[\u4e00-\u9fff]+", word):
        return None
    read = lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True)
    return tuple(read) if len(read) == len(word) and all(map(phones_of, read)) else None


@lru_cache(None)
def phones_of(syllable: str) -> Pronunciation | None:
    """``zhong1`` → (zh, ong1); None when it is no syllable of Mandarin."""
    parts = re.fullmatch(r"([a-zêüv]+)([1-5])", syllable)
    if not parts:
        return None
    sound, tone = parts.groups()
    sound = {"ng": "en", "n": "en", "m": "en", "hm": "en", "hng": "en", "ê": "ei"}.get(sound, sound)
    initial = to_initials(sound, strict=True)
    # kiu (the letter Q) and io are no pinyin, yet they are said.
    final = {"er": "er", "kiu": "iou", "io": "o"}.get(sound) or to_finals(sound, strict=True, v_to_u=True)
    final = final.replace("ü", "v")
    if final == "i":
        final = {"zh": "ix", "ch": "ix", "sh": "ix", "r": "ix", "z": "iy", "c": "iy", "s": "iy"}.get(initial, final)
    if final == "uo" and initial in {"b", "p", "m", "f"}:
        final = "o"
    initial = initial or {"i": "ii", "u": "uu", "v": "vv"}.get(final[:1], "aa")
    found = (initial, final + tone)
    return found if all(phone in PHONE_IDS for phone in found) else None


def pronunciations(word: str) -> set[Pronunciation]:
    """Every way the lexicon lets ``word`` be said: usual, variants of characters, and tone sandhi of 一 and 不."""
    ways = [syllables(word)] if syllables(word) else []
    if word in ALSO_SAID:
        ways.append(tuple(ALSO_SAID[word].split()))
    if word == "一":
        ways.append(("yi4",))
    usual = syllables(word)
    if usual and len(word) > 1 and word[0] in "一不" and len(usual) == len(word):
        ways.append((usual[0][:-1] + ("2" if usual[1][-1] == "4" else "4"), *usual[1:]))
    return {tuple(chain.from_iterable(phones_of(s) or () for s in way)) for way in ways if way}
