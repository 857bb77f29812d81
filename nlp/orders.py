"""Which findings make which order: the main appliance's, and a second one's where two are reported."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from nlp.contested import marked
from nlp.dialogue import Found, Span, Talk
from nlp.focus import Focus
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
    pair,
    phone,
    purchase,
    sentiment,
    service,
    urgency,
    warranty,
)

Belongs = Callable[[Span], bool]
"""Which places of the call are about an appliance."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What the rules found for the main order and for a second one; ``order``: whether it is one if this was all."""

    main: tuple[Found, ...] = ()
    second: tuple[Found, ...] = ()
    order: Callable[[], bool] = lambda: False


def findings(talk: Talk) -> Findings:
    """Ask every rule. Empty when the call is about no order at all."""
    ranked = appliance.rank(talk)
    two = pair.reported(talk, ranked)
    main = two.main if two else pair.alone(talk, ranked)
    place, number = address.settle(talk), phone.settle(talk)
    slot = appointment.settle(talk, placed=place is not None)
    heard = misdirected.Heard(main, place, number)
    if not misdirected.concrete(talk, heard):
        return Findings()
    focus = Focus(talk, two) if two else None
    mine: Belongs = focus.main if focus else _everywhere
    spelled = codes.settle(talk, mine)
    told = service.Told(
        symptom=main is not None and _ails(talk, main, spelled, mine),
        chased=any(f.name == "prior_ticket" for f in spelled),
        danger=danger.grave(talk),
    )
    kind = service.settle(
        talk, mine, dispatched=slot is not None or _to_a_door(place) or bool(place and number), told=told
    )
    maker, problem = brand.settle(talk, mine), _fault(talk, main, kind, spelled, mine)
    found = [
        kind,
        name.settle(talk),
        number,
        appliance.found(main, [] if two else [r for r in ranked if r is not main]),
        maker,
        problem,
    ]
    found += [place, slot, *spelled, *_history(talk, main, kind, problem, mine)]
    risk = danger.settle(talk, mine)
    found += [risk, urgency.settle(talk, str(risk.value) if risk else None), sentiment.settle(talk, str(kind.value))]
    other = _second(talk, two.other, kind, maker, focus) if two and focus else []
    customer = talk.context.customer
    return Findings(
        tuple(repaired(marked(talk, f), customer) for f in found if f),
        tuple(repaired(f, customer) for f in other if f),
        order=lambda: misdirected.order(talk, heard, [f.name for f in found if f]),
    )


def _to_a_door(place: Found | None) -> bool:
    """Whether an address was told further than the town."""
    return place is not None and isinstance(place.value, dict) and bool(place.value["detail"])


def _everywhere(_: Span) -> bool:
    return True


def _ails(talk: Talk, thing: appliance.Reported, spelled: Iterable[Found], belongs: Belongs) -> bool:
    """Whether something is told to be wrong with the appliance."""
    return (
        any(f.name == "error_code" for f in spelled)
        or fault.told(talk, thing.name, belongs)
        or any(belongs(f.spans[0]) for f in onset.onsets(talk))
    )


def _fault(
    talk: Talk, thing: appliance.Reported | None, kind: Found, spelled: Iterable[Found], belongs: Belongs
) -> Found | None:
    """What is wrong: the symptom, or that it shows a code where no symptom is told."""
    label = thing.name if thing else None
    code = next((f for f in spelled if f.name == "error_code"), None)
    problem = fault.settle(talk, label, str(kind.value), belongs)
    return problem or (fault.by_code(talk, label, str(kind.value), code) if code else None)


def _history(
    talk: Talk, thing: appliance.Reported | None, kind: Found, problem: Found | None, belongs: Belongs
) -> list[Found | None]:
    """When the appliance was bought, since when and how often it ails, and whether it is under warranty."""
    ill = problem is not None or kind.value == "repair"
    since = _since(talk, thing, belongs) if ill else None
    return [purchase.settle(talk, belongs), since, flags.settle(talk, belongs), warranty.settle(talk, belongs)]


def _since(talk: Talk, thing: appliance.Reported | None, belongs: Belongs) -> Found | None:
    """Since when it is so: said, or the day told with a symptom."""
    said = fault.mentions(talk, thing.name) if thing else ()
    since = onset.settle(talk, (m.span for m in said if m.weight > 0 and not m.by_agent), belongs)
    return since if since and belongs(since.spans[0]) else None


def _second(
    talk: Talk, thing: appliance.Reported, first: Found, makers: Found | None, focus: Focus
) -> list[Found | None]:
    """The order of the second appliance: what is shared with the first is not repeated, but its maker is."""
    spelled = [f for f in codes.settle(talk, focus.other_alone) if f.name != "prior_ticket"]
    ails = _ails(talk, thing, spelled, focus.other_alone)
    kind = service.of_second(talk, focus.other_alone, symptom=ails) or first
    problem = _fault(talk, thing, kind, spelled, focus.other_alone) or _fault(talk, thing, kind, (), focus.other)
    named = None if appliance.of_unknown_maker(talk, thing) else brand.settle(talk, focus.other) or makers
    history = _history(talk, thing, kind, problem, focus.other)
    risk = danger.settle(talk, focus.other_alone)
    grave = risk is not None and risk.value in danger.CRITICAL
    pressing = urgency.settle(talk, str(risk.value)) if risk and grave else None
    return [kind, appliance.found(thing), named, problem, *spelled, *history, risk, pressing]
