"""in_warranty_claim: whether the caller takes the warranty to run still, by the last word on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from nlp.dialogue import Found, Span, Talk, Turn
from nlp.likeness import heard
from nlp.rules.asides import asked_back, of_others, supposed, unknown
from nlp.types import SlotContent, SlotState

_TERM = r"(?:保修|质保|包修|三包|维保|延保|保质)"
_W = rf"(?:{_TERM}期?|保期?)"
_N = "[一二两三四五六七八九十几半]"
_SPAN = rf"(?:{_N}+年|{_N}+个?多?月|{_N}+天)"
_IN = re.compile(
    rf"(?<!没)(?<!不)(?<!没有)在{_TERM}(?:期|范围)?(?:[内里]|的)?|(?<!没)(?<!不)(?<!没有)在保(?:修?期)?(?:[内里]|的|吧|呢|啊|，|。|$)"
    rf"|在(?:{_TERM}|保)(?:期)?[内里]|{_TERM}期?(?:[内里]|之内)|没(?:有)?在保(?:修?期)?[内里]"
    rf"|(?:没有?|未|不算)(?:超|出|过|到)(?:了)?(?:{_TERM}期?|保(?!洁|养|险)期?)|(?:没有?|未)(?:到|过)期|保(?:修|质)?着|终身(?:保修|质保)|没过(?:了)?期|(?:保修|质保|保期)(?:期)?(?:肯定|应该|还|也|都)*没过"
    rf"|{_TERM}期?(?:都|还|也|是)*(?:没有?|未)(?:过|到|出|满|完|结束)"
    rf"|{_TERM}[^。]{{0,8}}(?:肯定|应该|现在|还|都|，)没(?:有)?(?:过|到)(?=[，。吧呢的]|$)|{_TERM}[^。]{{0,8}}(?:应该|肯定)(?:是|就)?(?:不要钱|不收[费钱]|不用钱|免费)"
    rf"|(?:差|有|剩)[^，。]{{0,2}}{_SPAN}[^，。]{{0,2}}(?:才|就)?(?:{_TERM}|(?:过|到|出)(?:{_TERM}期?|保|期))"
    rf"|(?<!没)(?<!没有)(?:买|有|加|送|办|续)(?:了|过|的)?[^，。没]{{0,8}}(?:延保|延长保修)(?!吗|没有|早|过|到期|已)|延保(?:是|买)?到(?:明年|后年|下个?月)|{_TERM}期?(?:应该|可能|肯定|估计|好像)?(?:是|都)?还(?:有|剩)(?!没)|延保.{{0,4}}没到期|还没到{_N}+年"
    rf"|(?:保修?|包修?|质保|三包)(?:期)?(?:是|有)?{_N}+年[^。]{{0,6}}(?:才|还没|这)|{_N}+年(?:的)?(?:{_TERM}|保)[^。？?]{{0,6}}(?:才|还没|就不认|不认)"
    rf"|{_N}年(?:的)?{_TERM}(?:的|呢|啊|嘛)?，[^。？?吗]{{0,6}}(?:说得|说了|说好|说的|写着|写得|讲好|承诺|保证|清清楚楚)"
    rf"|(?:没有?(?:到|满|过|超过)|不到|才|刚)[^，。]{{0,3}}{_SPAN}[^。]{{0,8}}(?:免费|不要钱|不收|不该收)"
    rf"|{_TERM}[^。，]{{0,6}}(?:还|尚|才)?(?:没有?|未)(?:满|到|过|出|完|结束|用完)|{_TERM}(?:期)?(?:还|才|只)(?:过|用)(?:了)?(?:一半|{_SPAN})"
    rf"|{_TERM}(?:卡|单|期|书)?[^。，]{{0,8}}[到至](?:明年|后年|大后年|下个?月|今年年底|年底)|{_TERM}(?![卡单书])[^。，]{{0,4}}(?:有效|剩余?|还有|还剩)(?!吗|没|不)|(?:离|距离?)(?:过保|出保|{_TERM}?到期)[^，。]{{0,4}}(?:早|远|久|差|有)"
    rf"|(?<![不没])在[^，。]{{0,4}}(?:{_TERM})(?:期|范围)(?:之?[内里]|的)|(?:^|[，。是都])保[内里]的|(?<![没不])(?:有|带|享受|享有|属于)(?:着|{_N}+年)?的?(?:{_TERM}|保)的|(?<!不)(?:肯定|应该|是|属于|都)保[内里](?=[，。]|$)|(?<!不)(?<!是不)(?:是|得|该|都?会|还|也)要?(?:{_TERM}|保)的(?:吧|呀|啊|嘛)?(?=[，。]|$)|{_TERM}(?:期限|期)?是到(?:明年|后年|二[七八九]年)|发票[^。]{{0,8}}(?:没有?|未)超期|(?:^|[，。])(?:那|当然|肯定|必须|自然|应该|总归|还|能|是|得)+(?:能|是|算|给|可以)?(?:保|包)修?(?:的|啦|啊|噻|撒|嘛|吧)(?=[，。！？]|$)|在保[^，。在]{{0,3}}就(?:给|得|该|应该|帮|好|行|放心)"
    rf"|延(?:长)?保(?:了)?{_N}+年|(?:^|[，。])(?:还|应该|肯定|总|就)+(?:能|给|可以|会)(?:保|包)修?(?:的)?吧"
)
_SURELY = re.compile(
    rf"{_N}+年(?:{_TERM}|包修)嘛|还?在保(?:修期?内?)?(?:是吧|对吧|是不是啊?)[？?]?[^。]{{0,4}}(?:行|好|那)|(?<!是)不是(?:说|有|还在?|在|应该|写)?[^，。]{{0,8}}(?:{_TERM}|在保|保内|保的|保{_N}+年|包{_N}+年)[^，。]{{0,4}}[吗么嘛吧的]"
    rf"|(?:应该|肯定|总|还|都)(?:是|还|能|会|可以|有|给|要|得)*(?:免费)?(?:{_TERM})(?:的|期)?(?=[吧呢呀啊嘛，。]|$)|(?:^|[，。是])(?:{_TERM})的[吧呀]|(?:应该|肯定|总|还)(?:是|能|会|可以|该)*免费(?:给?修|换|上门|维修|检修)?的?[吧呢呀啊嘛]"
)
"""Questions that claim it all the same: 不是两年保修吗, 应该保修的吧."""
_OUT = re.compile(
    rf"(?<!没)(?<!没有)(?<!未)(?:过完?|出|超过?)(?:了)?{_N}*[年个]*月?的?(?:{_TERM}期?|保(?!洁|养|险|修)期?)|超过[^，。]{{0,6}}保修|脱保|还保什么修|没(?:有)?{_TERM}(?!期?[内里])"
    rf"|(?:(?<!在)不|没有?)(?:再|算)?在(?:{_TERM}|保)期?[内里]?|{_TERM}期?(?:早|都|已经|肯定|应该|大概|估计|是|可能|刚|是不是|上个?月|去年|前年)*(?:就|已经)?(?:过(?!了?几|了?多)|没了|没有了|到头|到期|结束|完了|失效|出)"
    rf"|(?:{_N}+年保(?!修)|保(?:修|质)?{_N}+年)(?:(?![没不快]|还有|。).){{0,10}}过(?:了|的)"
    r"|(?<![担确])保(?:肯定|应该|早就?|估计|大概|也|都|是|已经)+过了?(?=[，。吧啊]|$)"
    rf"|{_TERM}期?[^，。]{{0,3}}(?:不指望|别想|甭想|没戏|没指望|享受不|谈不上|不用想|不(?:想|提|谈)了|别提|甭提|指望不上|黄了|免谈|没有的事|不存在|刚(?:到|过|满))|{_TERM}期?(?:就)?(?:上个?月|上周|上个?星期|前几天|去年|前年|年初|年底)(?:刚|就|已经)*(?:[到过满](?=[，。的了]|$)|到期|没了)|{_TERM}[^，。]{{0,4}}到(?:去年|前年|上个?月)"
    rf"|(?:哪(?:还|里还)?(?:有|来)|还(?:谈|讲|说|有)(?:什么|啥))(?:的)?(?:什么|啥)?{_TERM}|不(?:给|能|让)(?:保|包)修?了|(?:早|肯定|应该|估计|反正|都)+(?:就)?不(?:是)?免费(?:了|的)"
    r"|(?<!保)(?:早|已经|肯定|应该|大概|估计|是)+(?:就|都|是)?不(?:保|包)修?了?(?=[，。吧啊呀嘛的]|$)|不(?:保|包)修?了"
)
_SHORT_OF = re.compile(
    r"(?:差|有|离|剩)[^，。]{0,6}(?:才|就|就要)?$|(?:快|快要|马上|差点|就要|刚要|才|等)(?:就|该|要)?$"
)
_WHETHER = re.compile(
    r"(?:是不是|会不会|不然|要不|否则|有没有|在不|能不能|可不可以|要不要|算不算|过没|过|出)(?:已经|就|该|要)*$"
)


def settle(talk: Talk, belongs: Callable[[Span], bool] = lambda _: True) -> Found | None:
    """The caller's last position. ``belongs``: which places are about the appliance."""
    claim = next((c for c in reversed(talk.gather("warranty", _claims)) if belongs(c.span)), None)
    if claim is None:
        return None
    shown = "在保" if claim.inside else "已过保"
    return Found("in_warranty_claim", claim.inside, shown, claim.rule, SlotState.HEARD, (claim.span,), 0.85)


def claims(talk: Talk) -> Iterator[tuple[int, SlotContent]]:
    """(turn, claim) of everything the caller says about the warranty before the agent answers it."""
    claimed = talk.gather("warranty", _claims)
    yield from ((c.span.turn, c.inside) for c in claimed if not _answered_by(talk.turns[c.span.turn]))


def _answered_by(turn: Turn) -> bool:
    """Whether the agent spoke of the warranty right before, so that the caller's words give in to it."""
    return turn.question is not None and "保" in turn.question.read


class Claim(NamedTuple):
    """Whether it says that the warranty runs still, by which rule, and the words."""

    inside: bool
    rule: str
    span: Span


_Claim = tuple[bool, re.Match[str]]
"""Whether it says that the warranty runs still, and the words."""


def _claims(_: Talk, turn: Turn) -> Iterator[Claim]:
    if turn.by_agent:
        return
    claim = _claimed(turn.read) or _answered(turn)
    if claim:
        inside, m = claim
        yield Claim(inside, "warranty.in" if inside else "warranty.out", Span(turn.index, *m.span()))
    else:
        yield from _sounding(turn)


_SURE_IN, _SURE_OUT = -0.3, -0.8
"""Scores of nlp.likeness from which a claim needs no words that are known."""
_ABOUT = re.compile(rf"{_TERM}|[在过出不]保|保(?![洁养险障证护温])|免费|收费|[过到]期|费用|[自花掏]")
"""Words of the warranty, or of who pays, without which nothing is claimed."""


_HOW_LONG = re.compile(rf"{_TERM}期?[^，。]{{0,2}}(?:几|多少|多久|多长|怎么算|吗)")


def _sounding(turn: Turn) -> Iterator[Claim]:
    """What only sounds like a claim."""
    asked = turn.question.read if turn.question else ""
    if not _ABOUT.search(asked + turn.read) or _HOW_LONG.search(turn.read):
        return
    portions = list(heard(turn))
    for model, inside, least in (("covered", True, _SURE_IN), ("run_out", False, _SURE_OUT)):
        best = max(portions, key=lambda h: h.of(model))
        if best.of(model) > least:
            yield Claim(inside, f"warranty.{model}", best.span)
            return


_HEDGES = (
    "(?:应该|应当|肯定|估计|估摸着?|大概|大约|可能|怕是?|恐怕|好像|多半|八成|指定|铁定|绝对|看来|按理说?|反正|确实|本来|其实"
    "|但|可|那|就|都|也|早|已经?|刚刚?|刚好|正好|是|着|我|想|觉得|看|这|这个|它|差不多|算|才|又|上个?月|去年|前年|今年|年初|年底"
    "|[一-龥]{2}机|电视|冰箱|空调|机[器子])*+"
)
_ENDS = (
    r"(?:的|吧|嘛|呗|呢|啊|呀|哈|噻|撒|哦|喽|咯|啦|了|我(?:知道|晓得|认|有数)|[啥几没好]{1,2}[天月]"
    r"|[一两三半]个?[多来]?(?:天|月|星期|年))*+(?=[，。！？；…]|$)"
)
_BARE_OUT = re.compile(
    rf"(?:^|(?<=[，。！；…])){_HEDGES}(?<!没)(?<!未)(?:[过超]了|[过超出]期|到期|出了|到头|没了|没有了|不在了|不保了|失效)(?!没){_ENDS}"
)
_BARE_IN = re.compile(
    rf"(?:^|(?<=[，。！；…])){_HEDGES}(?:还|尚)?(?:没有?|未)(?:满|[过出到超完]了?期?|[过超到满][一二两三四五六七八九十]+年){_ENDS}"
)
"""Short words that state it once the warranty is spoken of (三年保，我这都四年了，过了)."""
_SPOKEN_OF = re.compile(
    rf"{_TERM}|[在过出快]保|保[内的]|保(?:不保|多久|几年)|保[^，。洁养险障证护温]{{0,4}}{_N}+年|{_N}+年(?:的)?保"
)


def _bare(s: str, start: int) -> Iterator[_Claim]:
    """Short words that state it in ``s[start:]``."""
    yield from ((False, m) for m in _BARE_OUT.finditer(s, start) if _meant(s, m))
    yield from ((True, m) for m in _BARE_IN.finditer(s, start) if _meant(s, m))


def _claimed(s: str) -> _Claim | None:
    """The last claim made in ``s``; None if it says or only asks nothing of it."""
    if "保" not in s and "期" not in s and "包" not in s and "免费" not in s and "年" not in s:
        return None
    disputed = _DISPUTED.search(s)
    if disputed:
        return True, disputed
    out = [(False, m) for m in _OUT.finditer(s) if _meant(s, m) and not _SHORT_OF.search(s, 0, m.start())]
    short = [(True, m) for m in _OUT.finditer(s) if _meant(s, m) and _MONTHS_SHORT.search(s[: m.start()])]
    surely = [(True, m) for m in _SURELY.finditer(s) if not (_WHETHER.search(s[: m.start()]) or _DONE_ONCE.search(s))]
    within = [(True, m) for m in _IN.finditer(s) if _meant(s, m) and not any(_covers(o, m) for _, o in out)]
    spoken = _SPOKEN_OF.search(s)
    bare = _bare(s, spoken.end()) if spoken else ()
    return max([*out, *short, *surely, *within, *bare], key=lambda c: (c[1].start(), c[0]), default=None)


def _covers(whole: re.Match[str], part: re.Match[str]) -> bool:
    return whole.start() <= part.start() < whole.end()


_DONE_ONCE = re.compile("(?:安装|打孔|上墙|移机|挂墙|拆装|清洗|检测|上门|支架|送货|拆机)[^，。]{0,6}免费")
"""What is done free of charge for everybody says nothing of the warranty."""
_DISPUTED = re.compile(
    r"(?:怎么(?:会|可能)|不可能|哪(?:能|里|会)|谁说)[^，。]{0,6}(?:过|出|超)(?:了)?(?:保|期)|(?:凭|为)(?:什么|啥)[^，。]{0,3}不(?:给|能|算)?(?:保修|质保|在保|包修|免费)"
)
"""怎么会过保, 凭什么不给保修: it is not over, whatever is said."""


_MONTHS_SHORT = re.compile(rf"(?:差|有|剩)[^，。]{{0,2}}{_SPAN}[^，。]{{0,2}}(?:才|就)?$")
"""还差两个月才 before 过保."""


_THEIRS = re.compile(
    "(?:我[妈爸哥姐弟妹]|我们?(?:单位|公司|楼)|同事|朋友)[^，。我]{0,3}(?:家|那)(?:的|里|台|个)*[^，。我]{0,6}$"
)
_IF = re.compile("(?:了|就|啊)*(?:的话|[和跟与](?:没|不|在))")
"""过保了的话, 过保和没过保: spoken of and not claimed."""
_ONCE_THOUGHT = re.compile("(?:以为|当是|还当|原先|本以为)[^，。]{0,4}$|[和跟与]$")


def _meant(s: str, m: re.Match[str]) -> bool:
    """Whether the words state something of the caller's own appliance."""
    start, end = m.span()
    return not (
        _IF.match(s, end)
        or _ONCE_THOUGHT.search(s[:start])
        or _WHETHER.search(s[:start])
        or asked_back(s, end)
        or supposed(s, start)
        or of_others(s, start)
        or _THEIRS.search(s[:start])
        or unknown(s, start)
    )


_ASKED_STILL = re.compile(rf"(?:{_TERM}|在保|保内|包换)[^。，]{{0,6}}(?:吗|[？?]|没有|还是)")
_ASKED_OVER = re.compile(rf"(?:过|出|超)了?(?:{_TERM}期?|保)[^。，]{{0,3}}(?:吗|[？?]|没有?)")
_OVER_THEN = re.compile("(?:那?就是|那是|我?这个|它)[过超]了")
_YEARS = re.compile(rf"整机[^。]{{0,4}}{_N}+年|保修?[^。]{{0,8}}{_N}+年|{_N}+年[^。]{{0,4}}保修|整机是?{_N}+年")
"""How long the warranty runs."""
_LEAD = "(?:[啊哎呃嗯哦，那都就]*)"
_RUN_OUT = re.compile(
    rf"(?:^|[，。]){_LEAD}(?:早|应该|肯定|估计|可能|好像|大概|已经|刚|怕是|都|就)*(?:过(?:了(?!啊)|期|啦|喽)|不在了?|没有?了|没在|到期|没有?(?=[，。]|$)(?![，。]?(?:还|过|到)))"
)
_STILL = re.compile(rf"^{_LEAD}(?:对|是|应该|肯定|当然|还|都|，)*(?:在(?=[的呢啊吧在，。]|$)|有的|没过|没到|保着|保的)")
_NOT_OVER = re.compile(rf"^{_LEAD}(?:应该|肯定|好像)?(?:还)?(?:没(?!了|有了)|不(?:会|可能))")
_GIVES_IN = re.compile(
    r"^(?:[啊哎呃嗯哦，对是我也]*)(?:知道|晓得|清楚|认)(?![，]?(?:了?吗|么))|(?:那?就是|那是)过了|(?:出|过)了?保?了?啊?，我?(?:还|一直)?以为|不保就不保|(?<!没)[过超](?:了|保)?(?:我)?(?:就[过超]|也?认)|(?:收费|自费)(?:就收费|就自费|修)"
)
"""That the warranty is over, as the agent says, is no news to the caller."""


def _answered(turn: Turn) -> _Claim | None:
    """A short answer to the question whether the warranty still runs (早过了, 还在), or giving in to the agent's no."""
    if turn.question is None:
        return None
    told = turn.question.read
    asked_over = _ASKED_OVER.search(told)
    if asked_over:
        return _either(_RUN_OVER.search(turn.read), _NOT_OVER.search(turn.read))
    given_in = _given_in(turn.read, told)
    if given_in:
        return given_in
    taken_up = _FREE_THEN.search(turn.read) if _SAID_INSIDE.search(told) else None
    if taken_up:
        return True, taken_up
    if not _ASKED_STILL.search(told):
        return None
    return _either(_RUN_OUT.search(turn.read), _STILL.search(turn.read))


def _given_in(s: str, told: str) -> _Claim | None:
    """What the caller makes of being told that the warranty is over, or how long it runs."""
    over = _OUT.search(told) or _EXCEEDED.search(told)
    if not over and not _YEARS.search(told):
        return None
    yielded = (over and _GIVES_IN.search(s)) or _OVER_THEN.search(s) or _RUN_OUT.search(s)
    if yielded:
        return False, yielded
    own = (c for c in _bare(s, 0) if c[0] or not c[1].group().endswith("啊"))
    return max(own, key=lambda c: c[1].start(), default=None)


_EXCEEDED = re.compile("保修[^。]{0,6}过了|超(?:出|期)(?:了|[^，。]{0,6}[年月天])|超了")
"""The agent says that it has run out."""
_SAID_INSIDE = re.compile(
    rf"(?<!不)在(?:{_TERM}|保)(?:期)?(?:[内里]|的|，|。|$)|(?:还没|没有?|未)(?:过|出)保|(?<!不)(?:是|可以|能|属于)免费"
)
_FREE_THEN = re.compile(
    "^[^。？?]{0,10}(?:那?就?是?免费(?:修|换|的|嘛|吧)|不(?:要|用|收)(?:钱|费)|还差不多|在保[^，。]{0,3}就(?:行|好))"
)
"""在保的。—那就是免费修嘛: the caller takes the agent's word up."""
_RUN_OVER = re.compile(
    rf"^{_LEAD}(?:早|应该|肯定|估计|可能|好像|大概|已经|刚|怕是|都|就)*(?:过(?!保?了?(?:没|吗))|对|是的)"
)


def _either(out: re.Match[str] | None, still: re.Match[str] | None) -> _Claim | None:
    return (False, out) if out else (True, still) if still else None
