"""Which findings make which order: the main appliance's, and a second one's where two are reported."""

from __future__ import annotations

import itertools
import re
from bisect import bisect
from collections.abc import Callable
from dataclasses import dataclass

from nlp.contested import marked
from nlp.dialogue import Found, Span, Talk
from nlp.known import repaired
from nlp.rules import (
    address,
    appliance,
    appointment,
    brand,
    codes,
    danger,
    fault,
    flags,
    misdirected,
    name,
    onset,
    phone,
    purchase,
    sentiment,
    service,
    urgency,
    warranty,
)


@dataclass(frozen=True, slots=True)
class Findings:
    """What the rules found for the main order and for a second one; whether anything of it is about an appliance."""

    main: tuple[Found, ...] = ()
    second: tuple[Found, ...] = ()
    about_appliance: bool = False


def findings(talk: Talk) -> Findings:
    """Ask every rule. Empty when the call is about no order at all."""
    ranked = appliance.rank(talk)
    pair = appliance.second(talk, ranked)
    main = pair[0] if pair else ranked[0] if ranked else None
    place, slot, number = address.settle(talk), appointment.settle(talk), phone.settle(talk)
    heard = misdirected.Heard(main, place, number)
    if not misdirected.concrete(talk, heard):
        return Findings()
    regions = _regions(talk, pair)

    def mine(span: Span) -> bool:
        return not regions.beside(span)

    spelled = codes.settle(talk, regions.main, mine)
    code = next((f for f in spelled if f.name == "error_code"), None)
    symptom = main is not None and (code is not None or fault.told(talk, main.name) or bool(onset.onsets(talk)))
    chased = any(f.name == "prior_ticket" for f in spelled)
    told = service.Told(symptom=symptom, chased=chased, danger=danger.grave(talk))

    def wanted(span: Span) -> bool:
        return regions.main(span) or regions.both(span)

    kind = service.settle(talk, wanted, dispatched=bool(place or slot), told=told)
    problem = fault.settle(talk, main.name if main else None, str(kind.value), regions.main)
    if problem is None and code:
        problem = fault.by_code(talk, main.name if main else None, str(kind.value), code)
    maker = brand.settle(talk, regions.main)
    found = [
        kind,
        name.settle(talk),
        number,
        appliance.found(main, () if pair else ranked[1:]),
        maker,
        problem,
        place,
        slot,
    ]
    ill = problem is not None or kind.value == "repair"
    found += [*spelled, purchase.settle(talk, mine), _since(talk, main, mine) if ill else None]
    risk = danger.settle(talk)
    found += [flags.settle(talk), warranty.settle(talk), risk, urgency.settle(talk, str(risk.value) if risk else None)]
    found += [sentiment.settle(talk, str(kind.value))]
    other = _second(talk, pair, kind, maker, regions) if pair else []
    customer = talk.context.customer
    return Findings(
        tuple(repaired(marked(talk, f), customer) for f in found if f),
        tuple(repaired(f, customer) for f in other if f),
        about_appliance=misdirected.about_appliance(talk, heard, [f.name for f in found if f]),
    )


def _since(talk: Talk, thing: appliance.Reported | None, belongs: Callable[[Span], bool]) -> Found | None:
    """Since when it is so: said, or the day told with a symptom."""
    said = fault.mentions(talk, thing.name) if thing else ()
    return onset.settle(talk, (m.span for m in said if m.weight > 0 and not m.by_agent), belongs)


@dataclass(frozen=True, slots=True)
class _Regions:
    """Which places of the call speak of the main appliance and which of the second one."""

    main: Callable[[Span], bool]
    other: Callable[[Span], bool]
    beside: Callable[[Span], bool] = lambda _: False
    """Which stand in one utterance with the second one's name and speak of it."""
    shared: Callable[[Span], bool] = lambda _: False
    """Which stand before both are named in one utterance."""
    both: Callable[[Span], bool] = lambda _: False
    """Which follow both in the utterance that lists them (洗碗机和烤箱，都到了，约安装)."""


def _regions(talk: Talk, pair: tuple[appliance.Reported, appliance.Reported] | None) -> _Regions:
    if pair is None:
        return _Regions(lambda _: True, lambda _: False)
    marks = sorted((span.turn, span.start, i) for i, r in enumerate(pair) for span in r.spans)

    def owner(span: Span) -> int:
        """The appliance named last before the place, else the first named after it in the same breath."""
        at = bisect(marks, (span.turn, span.start, len(pair)))
        turn, start, named = marks[at] if at < len(marks) else (-1, 0, 0)
        if turn == span.turn and _OF.fullmatch(talk.turns[turn].s, span.end, start):
            return named
        if at:
            return marks[at - 1][2]
        return marks[0][2] if marks[0][0] == span.turn else 0

    named = [{span.turn: span.start for span in reversed(r.by_caller)} for r in pair]

    def beside(span: Span) -> bool:
        return owner(span) == 1 and span.turn in named[1]

    def shared(span: Span) -> bool:
        return all(span.start < turns.get(span.turn, 0) for turns in named)

    listed = {
        a.turn: b.end
        for a, b in itertools.product(pair[0].by_caller, pair[1].by_caller)
        if a.turn == b.turn and appliance.listed(talk.turns[a.turn].s, a, b)
    }

    def both(span: Span) -> bool:
        return span.start >= listed.get(span.turn, span.start + 1)

    return _Regions(lambda span: owner(span) == 0, lambda span: owner(span) == 1, beside, shared, both)


_OF = re.compile("牌?的?")
"""Between a word and the appliance that it belongs to: 美菱(的)冰箱."""


def _second(
    talk: Talk,
    pair: tuple[appliance.Reported, appliance.Reported],
    kind: Found,
    makers: Found | None,
    regions: _Regions,
) -> list[Found | None]:
    """The order of the second appliance: what is shared with the first is not repeated, but its maker is."""
    problem = fault.settle(talk, pair[1].name, str(kind.value), regions.other)
    maker = brand.settle(talk, regions.other)
    wanted = service.of_second(talk, regions.other) or kind
    named = None if appliance.of_unknown_maker(talk, pair[1]) else maker or makers
    spelled = [f for f in codes.settle(talk, regions.other, regions.beside) if f.name != "prior_ticket"]
    bought = purchase.settle(talk, lambda span: regions.beside(span) or regions.shared(span))
    since = _since(talk, pair[1], regions.beside) if problem else None
    return [wanted, appliance.found(pair[1]), named, problem, *spelled, bought, since]
