"""onset: since when the trouble is there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from nlp.dialogue import Found, Span, Talk, Turn, asks
from nlp.rules.appliance import NOT_OURS
from nlp.rules.befell import Befell, befell
from nlp.rules.onset_asked import agreed, asked, heads
from nlp.rules.onset_days import ENDS, NO_BEGINNING, began_on, just_now, todays_halves
from nlp.rules.onset_spans import lasted, told_as, vague_times, vaguely
from nlp.rules.past import past_days
from nlp.times import When
from nlp.types import SlotState

Rank = tuple[int, int]
"""How far from the best way to tell it; which beginning of its utterance it is.

A further one (灶是前天坏的，烟机是昨天) counts where the first is another appliance's.
"""


def onsets(talk: Talk) -> list[Found]:
    """Every beginning of the trouble said."""
    return [found for (_, nth), found in talk.gather("onset", _onsets) if not nth]


def settle(talk: Talk, symptoms: Iterable[Span] = (), belongs: Callable[[Span], bool] = lambda _: True) -> Found | None:
    """Since when: an ISO date where it follows from the words, else the words; else the day told with a symptom.

    ``symptoms``: where the caller names what is wrong; ``belongs``: which places are about the appliance.
    """
    said = (f for f in talk.gather("onset", _onsets) if belongs(f[1].spans[0]))
    told = min(said, key=lambda f: f[0], default=((0, 0), None))[1]
    beside = told or next((f for span in symptoms if belongs(span) and (f := _with_symptom(talk, span))), None)
    last = (*talk.gather("onset.troubled", _troubled), *talk.gather("onset.fine_until", _fine_until))
    return beside or next((f for f in last if belongs(f.spans[0])), None)


def _with_symptom(talk: Talk, symptom: Span) -> Found | None:
    """The day, else the stretch of days, named last before a symptom in its sentence (昨天洗到一半，底下往外流水)."""
    turn = talk.turns[symptom.turn]
    days = ((w.start, w.end, w.day.isoformat()) for w in past_days(talk, turn) if w.day)
    stretches = ((m.start(), m.end(), told_as(talk, turn, m)) for m in vague_times(turn.read) if m.group()[0] in LATELY)
    for start, end, value in sorted([*days, *stretches], reverse=True):
        between = turn.read[end : symptom.start]
        if end > symptom.start or len(between) > NEAR:
            continue
        other = befell(turn.read, start, end) in (Befell.ERRAND, Befell.FINE)
        if other or ENDS.search(between) or _NOT_SINCE.search(between) or NOT_OURS.search(turn.read[:start]):
            return None
        span = Span(turn.index, start, end)
        return Found("onset", value, value, "onset.with_symptom", SlotState.HEARD, (span,), 0.75)
    return None


LATELY = "这前"
"""How stretches of days up to now begin: 这两天, 前几天."""


def _troubled(_talk: Talk, turn: Turn) -> Iterator[Found]:
    """The first past day, or half of today, that a trouble is told of in the same sentence."""
    if turn.by_agent or (turn.question and _ANOTHER_MATTER & asks(turn.question)):
        return
    for w in _days_and_halves(_talk, turn):
        if befell(turn.read, w.start, w.end) is Befell.TROUBLE and not NOT_OURS.search(
            turn.read[max(0, w.start - 14) : w.start]
        ):
            value = w.day.isoformat() if w.day else ""
            span = Span(turn.index, w.start, w.end)
            yield Found("onset", value, value, "onset.troubled", SlotState.HEARD, (span,), 0.7)
            return


def _fine_until(talk: Talk, turn: Turn) -> Iterator[Found]:
    """昨天还好好的: today."""
    m = None if turn.by_agent else _FINE_UNTIL.search(turn.read)
    if m and not NOT_OURS.search(turn.read[max(0, m.start() - 8) : m.start()]):
        value = talk.context.started_at.date().isoformat()
        span = Span(turn.index, m.start(), m.end())
        yield Found("onset", value, value, "onset.fine_until", SlotState.INFERRED, (span,), 0.6)


_FINE_UNTIL = re.compile(
    "(?:昨[天晚儿日夜][个晚]?(?:上|夜里)?|今?早[上晨]|上午|刚才|中午)[^，。？?]{0,6}(?:都|也)?还(?:好好的|好着|能用|用得好|正常|好用|是好的)"
)
_ANOTHER_MATTER = frozenset({"appointment", "purchase_date"})
"""Questions whose answer names other days."""


def _days_and_halves(talk: Talk, turn: Turn) -> list[When]:
    """Past days, and the half of today that is over or running."""
    return sorted([*past_days(talk, turn), *todays_halves(talk, turn)], key=lambda w: w.start)


NEAR = 18
"""At most so many characters stand between a day and the symptom that is told of it."""
_NOT_SINCE = re.compile(
    rf"{NO_BEGINNING.pattern}|还(?:好|能|是|行|没)|又|更|也|正常|好好的|来了|师傅|不是|说好|再|拆箱?|开箱|撕|收到|到货"
)


def _onsets(talk: Talk, turn: Turn) -> Iterator[tuple[Rank, Found]]:
    """(how far from the best way to tell it, what was told)."""
    if turn.by_agent:
        told = agreed(talk, turn)
        if told:
            yield (0, 0), told
        return
    answers = asked(talk, turn)
    for order, rule in enumerate((began_on, just_now, lasted, vaguely)):
        found = rule(talk, turn, answers)
        answered = answers and any(heads(turn.read, f.spans[0].start) for f in found)
        said = any(_BEGINNING.match(turn.read, f.spans[0].end) for f in found)
        best = -1 if said or answered else order
        if found and (_DENIED if answered else _PUT_RIGHT).match(turn.read) and (answered or rule is began_on):
            best = -2
        yield from (((order if rule is vaguely else best, nth), f) for nth, f in enumerate(found))


_BEGINNING = re.compile("就?开始")


_PUT_RIGHT = re.compile("[啊哎呃嗯哦，那我]*(?:不对|错了|说错|记错|等一下|等等|想起来)")
_DENIED = re.compile(f"{_PUT_RIGHT.pattern}|[啊哎呃嗯哦，那]*不是")
"""不对，是前天: instead of what was told before."""
