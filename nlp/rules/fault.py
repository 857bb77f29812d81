"""fault: a label of the catalogue under the appliance; the present symptom the caller settles on."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from nlp.catalogue import GENERAL
from nlp.dialogue import Found, Mention, Span, Talk, Turn, Verdict, mention
from nlp.lexicon import Hit, Lexicon
from nlp.rules import danger
from nlp.rules.asides import supposed
from nlp.types import SlotState

_DENIED = re.compile(r"(?:跟|(?<!好)像|如同|不是|没有|没|倒是|不会|并不是|也不|不是说|没说)(?:说|什么|有)?$")
_MAIN = re.compile(
    r"(?:这[次回](?:是|又|就)*|主要是?(?:现在)?|现在就?是|关键是?|其实是?|就是|而是|应该是|问题是|是因为|它就)$"
)
_QUESTION = re.compile(
    r"[^，。？?！]*(?:吗|呢|[？?]|还是|没有[？?])|[^，。？?！]*，(?:是不是|对吧|对吗|是吧|是吗|对不对)"
)
_PAST = re.compile(
    r"(?:老早就?|早就|去年|(?:买|搬|送)来?的?时候就)[^，。]{0,2}$|(?:之前|以前|上次|原先|原来|前面|上回|本来)(?:来)?(?:修|报)?(?:的)?(?:也|是|因为|的)*.{0,3}$"
)
_ONLY = re.compile("(?:光|只)(?:听|见|有)[^，。]{0,2}$")
"""光听哒哒响，火起不来: what follows is what is wrong."""
_NOT_IT = re.compile(
    r"门框|地板|(?<!顺着)(?<!沿着)(?<!顺)墙面?|台面|家具|瓷砖|地砖|地面|楼道|电梯|车|邻居|隔壁|别人|如果|(?<![主重])要是|万一|会不会|以为|估计|怕(?!是)"
)
_TAKEN_BACK = re.compile(r"了?[，。…、]*(?:哎|哦|啊|呃|噢)?(?:不对|说错了?|错了|不是)[，。、是]")
_ALL_RIGHT = re.compile(
    r"[^，。没不]{0,3}(?:没有?(?:问题|事|毛病|影响)|正常|好好的|还行|不用管)|[^。]{0,3}，(?:这个|那个|它)?(?:先)?不(?:用)?管"
)
"""制冷没问题，就是…; 异响那个不管了: not what the call is for."""
_WHETHER = re.compile("(?:要不要|用不用|能不能|可不可以|该不该|需不需要|需要|可以)[^，。？]{0,2}$")
"""霜要不要刮掉: what to do, no symptom."""
_WORK = "加补"
_PRICED = re.compile("[，]?(?:一次|一下|的|液|要)*(?:师傅|多少|怎么收|什么价|收费|贵|[一几两]个压)")
"""加氟多少钱: work that is asked about, no symptom."""
_PART = re.compile("(?:防|漏)电(?:保护|开关|插头)")
_WORKS_NOW = re.compile("现在[^。]{0,10}(?:正常|能用|好了|有问题|怎么样)")
_WORKS = re.compile(r"(?:是|又|已经|现在)?(?:转了|好了|正常了?|(?<!不)能用了?|修好了|好使)")
FIRST_WORDS = 0.5
ONLY_GENERAL = frozenset({"install"})


def settle(talk: Talk, appliance: str | None, kind: str | None, belongs: Callable[[Span], bool]) -> Found | None:
    """The symptom with most said for it among those of the appliance. ``belongs``: which places are about it."""
    if appliance is None or kind is None:
        return None
    score: dict[str, float] = defaultdict(float)
    spans: dict[str, list[tuple[int, Span]]] = defaultdict(list)
    quality: dict[str, float] = defaultdict(float)
    general = talk.catalogue.faults.get(GENERAL, {})
    by_caller = False
    for m in mentions(talk, appliance):
        explained = kind == "enquiry" and m.by_agent and m.weight > AGREED_TO
        if explained or not belongs(m.span) or (kind in ONLY_GENERAL and m.name not in general):
            continue
        first = m.weight >= 1 and not m.by_agent and not by_caller
        by_caller = by_caller or not m.by_agent
        score[m.name] += (m.weight + (FIRST_WORDS if first else 0.0)) * (0.6 + 0.4 * m.quality)
        quality[m.name] = max(quality[m.name], m.quality)
        spans[m.name].append((int(m.by_agent), m.span))
    if score.get(_CODE_ALONE) and any(v > 0.5 for k, v in score.items() if k != _CODE_ALONE):
        score[_CODE_ALONE] = 0.0
    for name in general:
        if kind == "repair" and any(v >= ONE_MENTION for k, v in score.items() if k not in general):
            score[name] *= BESIDE_A_SYMPTOM
    if _SMELL in score and len(score) > 1 and danger.grave(talk):
        score[_SMELL] *= BESIDE_A_SYMPTOM
    if not score or max(score.values()) < 0.5 or _works_by_now(talk, kind):
        return None
    label = max(score, key=lambda n: score[n])
    state = SlotState.CONFIRMED if score[label] >= 3 else SlotState.HEARD
    if any(
        _against(spans[label], spans[rival]) for rival, said in score.items() if rival != label and said >= ONE_MENTION
    ):
        state = SlotState.CONFLICTING
    span = min(spans[label])[1]
    rule = "fault.caller" if not talk.turns[span.turn].by_agent else "fault.agent"
    return Found("fault", label, label, rule, state, (span,), quality[label])


_SMELL = "异味"
BESIDE_A_SYMPTOM = 0.4
"""What is left of a dent, and of the smell of what burns, where the machine has another symptom."""
ONE_MENTION = 2.0
"""What a symptom scores that was said once and not denied."""


def _against(chosen: list[tuple[int, Span]], rival: list[tuple[int, Span]]) -> bool:
    """Whether only one speaker names the chosen symptom and afterwards only the other one names another."""
    speakers = {by_agent for by_agent, _ in chosen}, {by_agent for by_agent, _ in rival}
    return (
        len(speakers[0] | speakers[1]) > 1
        and len(speakers[0]) == len(speakers[1]) == 1
        and max(chosen)[1] < min(rival)[1]
    )


_CODE_ALONE = "报故障码"


def by_code(talk: Talk, appliance: str | None, kind: str, code: Found) -> Found | None:
    """The symptom of a call in which the fault code is the only one told."""
    known = talk.catalogue.faults.get(appliance or "", {})
    if kind not in ("repair", "progress") or _CODE_ALONE not in known:
        return None
    return Found("fault", _CODE_ALONE, _CODE_ALONE, "fault.code", code.state, code.spans, code.quality)


def told(talk: Talk, appliance: str, belongs: Callable[[Span], bool] = lambda _: True) -> bool:
    """Whether the caller names a symptom of the appliance that is none of delivery or installation."""
    general = talk.catalogue.faults.get(GENERAL, {})
    return any(
        m.name not in general and m.quality > WRITTEN and m.weight >= 2
        for m in mentions(talk, appliance)
        if not m.by_agent and belongs(m.span)
    )


AGREED_TO = 2.0
"""What an agent tells beyond that is no answer of the caller's: in an enquiry it explains (不然容易漏水)."""
_SOLVED = re.compile(
    "[哎哦嗯啊好欸诶，]*(?:(开|好|行|亮|着|有|通|出来|可以|能用|转)了\\1了|(?:开|亮|着|转|出来)了，|(?:好|可以|能用|弄好|搞定)了[，。](?:谢|开|出|能|真|原来))"
)
"""哎开了开了，出风了: what the agent told to do has helped."""
CURED = re.compile(
    "(?:^|[，。…！])(?:哎|哦|诶|嘿|欸|咦|真的?|果然|还真|这下|(?:他|她|我妈?)说|(?:现在|的确|确实)(?:是)?(?:就|已经)?)*，?(?:屋?里?|它|机[子器]|水|灯|屏幕?|画面|声音)?(?:也|又|就|都)?"
    "(?:(?!知道|明白|坏|死|行|算|够|对|忘|错|完|晚|不)([^，。…]{1,2})了，?\\1了|(?:能[用开转放连洗走]|转起来|连上|弄好|搞定|恢复|解决|好使|出(?:水|风|热水|图像|画面|声音?)|有(?:水|声音?|图像|画面|信号|热水|风)|不(?:响|漏|滴|闪|报|叫|跳|抖|晃|卡))(?:上|起来|出来)?了)"
    "(?![^，。]{0,4}(?:[吗么不？]|一?[会下阵]|又|但))|(?:亮|好|能用|转|开|通|热|凉)了[^，。]{0,2}(?:就|先)(?:这么)?用着|没(?:再)?(?:跳|报|响|漏|闪)[^，。]{0,3}了(?=[，。]|$)|(?:[凉冷热]?风|热?水|火|声音|图像|画面)(?:就|也|都)?(?:出来|来|进来|上来)了(?=[，。]|$)|了，(?:好|可以|行)了(?=[，。])"
)
"""能转了, 不响了, 亮了亮了: the same inside what is said (按了，嘀的一声，亮了亮了)."""
_NORMAL = re.compile("(?<!不)(?<!不太)(?:属于|都?是|算)正常(?:现象|情况|的|声音)?(?!吗|使用|？)")
"""The agent explains that nothing is wrong."""


def _works_by_now(talk: Talk, kind: str) -> bool:
    """Whether what a question or a complaint was about works by the end."""
    if kind == "enquiry":
        return bool(talk.gather("solved", _solved))
    return kind == "complaint" and _works_again(talk)


def _solved(_: Talk, turn: Turn) -> Iterator[int]:
    """That it works again, or that it never was broken."""
    sign = _NORMAL.search(turn.read) if turn.by_agent else _SOLVED.match(turn.read)
    if sign and turn.index:
        yield turn.index


def _works_again(talk: Talk) -> bool:
    return any(
        t.by_agent and bool(_WORKS_NOW.search(t.s)) and t.reply is not None and bool(_WORKS.search(t.reply.s))
        for t in talk.turns
    )


def mentions(talk: Talk, appliance: str) -> Sequence[Mention]:
    """Symptoms of an appliance named in the call."""
    return talk.gather(
        f"faults:{appliance}",
        lambda _, turn: [mention(turn, h, weight(talk, turn, h)) for h in symptoms(talk, turn, appliance)],
    )


def symptoms(talk: Talk, turn: Turn, appliance: str) -> list[Hit]:
    """Words for symptoms of an appliance in a turn."""
    faults = talk.lexica.faults(appliance)
    return turn.once(f"faults:{appliance}", lambda s: _without_also(s, faults))


def _without_also(s: str, faults: Lexicon) -> list[Hit]:
    """Hits as the words stand, and those that only an 也 within them hides (灯也不亮了)."""
    hits = faults.find(s)
    places = [i for i, c in enumerate(s) if c not in _ALSO]
    if len(places) == len(s):
        return hits
    for h in faults.find("".join(s[i] for i in places)):
        start, end = places[h.start], places[h.end - 1] + 1
        beside = [k for k in hits if k.end <= start or k.start >= end]
        longest = max((k.end - k.start for k in hits if k not in beside), default=0)
        if h.quality > WRITTEN and longest < end - start > h.end - h.start:
            hits = [*beside, replace(h, start=start, end=end)]
    return sorted(hits, key=lambda h: h.start)


_ALSO = frozenset("也")
WRITTEN = 0.8
"""What matches better was said so, and does not merely sound like it."""


def _no_symptom(s: str, h: Hit) -> bool:
    """Whether the words name what could be done or a part, and no symptom (要不要刮掉, 加氟多少钱, 漏电保护)."""
    priced = s[h.start] in _WORK and _PRICED.match(s, h.end)
    return bool(priced or _PART.match(s, h.start) or _WHETHER.search(s[max(0, h.start - 6) : h.start]))


def weight(talk: Talk, turn: Turn, h: Hit) -> float:
    """How much one mention says for or against a symptom."""
    before = turn.s[max(0, h.start - 6) : h.start]
    if _DENIED.search(before):
        return -2.0
    if turn.by_agent:
        return _agent_weight(talk, turn, h, before)
    if _TAKEN_BACK.match(turn.s[h.end :]) or _ALL_RIGHT.match(turn.s[h.end :]):
        return -1.0
    if _NOT_IT.search(turn.s[max(0, h.start - 8) : h.start]) or _no_symptom(turn.s, h):
        return 0.2
    if _PAST.search(before) or _ONLY.search(before):
        return 1.0
    return 3.0 if _MAIN.search(before) else 2.0


_FORESEEN = re.compile("(?:的话|容易|以免|免得|防止|避免|否则|不然|时间长了|久了)[^。]{0,5}$")
"""不清洗的话会漏水: what may become of it."""


def _agent_weight(talk: Talk, turn: Turn, h: Hit, before: str) -> float:
    if turn.index == 0:
        return 0.0
    answer, _ = talk.answer(turn.index, h.start)
    asked = _QUESTION.match(turn.s[h.end :])
    foreseen = supposed(turn.s, h.start) or _FORESEEN.search(turn.s[max(0, h.start - 8) : h.start])
    if foreseen or _PART.match(turn.s, h.start):
        return 0.3
    if _PAST.search(turn.s[max(0, h.start - 8) : h.start]):
        return 0.5
    if asked or "是不" in before or "有没有" in before or "还是" in before:
        sure = bool(asked and re.search(r"对吧|对吗|是吧", asked.group()))
        return {Verdict.YES: 2.0, Verdict.NO: -1.5, Verdict.OPEN: 1.5 if sure else 0.3}[answer]
    return 2.2
