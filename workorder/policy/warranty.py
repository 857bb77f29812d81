"""Whether an appliance is under warranty on a day, for a part, and why: law, maker's terms and contracts side by side.

Everything here is a pure function of dates and texts. Each cover (the law's year, a maker's six years, a contract) is a
span of days; whatever covers the day counts, and the one that lasts longest is named.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from workorder.policy.sanbao_cn import (
    DURABLE_BURDEN_MONTHS,
    EXCHANGE_DAYS,
    EXCLUSIONS,
    LONGEST_REPAIR_DAYS,
    REPAIRS_BEFORE_EXCHANGE,
    RETURN_DAYS,
    RULE,
    Cause,
    listed,
)
from workorder.policy.warranty_reasons import (
    BURDEN,
    EXTENDED,
    FIFTEEN,
    INVOICE,
    NINETY,
    REPAIR,
    REPLACED,
    SEVEN,
    SEVEN_UNLISTED,
    TWICE,
    UNDATED,
    Reason,
    unlisted,
)
from workorder.policy.working_time import OFFICE


class Warranty(StrEnum):
    """In or out of warranty (保内, 保外), covered by a contract beyond it (延保), or nothing on file to tell."""

    IN = "in"
    OUT = "out"
    EXTENDED = "extended"
    UNKNOWN = "unknown"


class Basis(StrEnum):
    """What a cover rests on."""

    LAW = "law"
    MAKER = "maker"
    STATED = "stated"
    CONTRACT = "contract"


class Remedy(StrEnum):
    """What the customer may ask for free of charge."""

    RETURN = "return"
    EXCHANGE = "exchange"
    REPAIR = "repair"


Right = tuple[tuple[Remedy, ...], Reason]
"""What may be asked for, and why."""


class Repair(NamedTuple):
    """Days from which and until which the appliance was under repair; ``until`` None: it still is."""

    since: date
    until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is on file about an appliance.

    ``sold_on`` is the date of the invoice, ``replaced_on`` that of an exchange (all periods start anew then),
    ``stated_until`` the last day that its warranty card names.
    """

    appliance: str
    brand: str = ""
    sold_on: date | None = None
    invoice_no: str = ""
    installed_on: date | None = None
    replaced_on: date | None = None
    stated_until: date | None = None
    repairs: tuple[Repair, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a maker promises beyond the law: months for the whole appliance and for named parts.

    They fit appliances of ``brand`` whose name ends in ``appliance``, sold from ``sold_from`` to ``sold_to``.
    ``from_installation``: months count from the day it was installed, where that is known.
    """

    brand: str
    appliance: str
    whole_months: int
    part_months: tuple[tuple[str, int], ...] = ()
    from_installation: bool = False
    sold_from: date | None = None
    sold_to: date | None = None
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """An extended warranty or a maintenance contract that covers repairs, from day to day."""

    number: str
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Cover:
    """Days on which something is covered, first and last included, and on what that rests."""

    basis: Basis
    since: date
    until: date
    citation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The decision. ``until`` is the last day of the cover that counts (or counted last), ``basis`` its ground."""

    state: Warranty
    until: date | None
    basis: Basis | None
    remedies: tuple[Remedy, ...]
    reasons: tuple[Reason, ...]


def warranty_state(*, until: date | None, on: date) -> Warranty:
    """The last day counts as covered; without an end date on file the state is unknown."""
    if until is None:
        return Warranty.UNKNOWN
    return Warranty.IN if on <= until else Warranty.OUT


def decide(
    facts: Facts,
    *,
    on: date,
    part: str | None = None,
    cause: Cause | None = None,
    terms: Sequence[Terms] = (),
    contracts: Sequence[Contract] = (),
) -> Verdict:
    """The decision for the whole appliance, or for ``part``, on the day ``on``."""
    found = covers(facts, on=on, part=part, terms=terms, contracts=contracts)
    notes = tuple(_notes(facts, on))
    if cause is not None:
        text, english, article = EXCLUSIONS[cause]
        reason = Reason("excluded", f"不属三包：{text}", f"Not covered: {english}", f"{RULE}{article}")
        return Verdict(state=Warranty.OUT, until=_last(found), basis=None, remedies=(), reasons=(reason, *notes))
    if not found:
        reason = unlisted(facts.appliance) if _start(facts) else UNDATED
        rights = _rights(facts, on, ())
        return Verdict(
            state=Warranty.UNKNOWN,
            until=None,
            basis=None,
            remedies=_remedies(rights),
            reasons=(reason, *(right for _, right in rights), *notes),
        )
    counting = [cover for cover in found if cover.since <= on <= cover.until]
    best = max(counting or found, key=lambda cover: (cover.until, cover.basis is not Basis.CONTRACT))
    rights = _rights(facts, on, counting)
    return Verdict(
        state=_state(counting),
        until=best.until,
        basis=best.basis,
        remedies=_remedies(rights),
        reasons=(_covered(best, on, part), *(right for _, right in rights), *notes),
    )


def covers(
    facts: Facts,
    *,
    on: date,
    part: str | None = None,
    terms: Sequence[Terms] = (),
    contracts: Sequence[Contract] = (),
) -> tuple[Cover, ...]:
    """Every cover of the appliance, or of its ``part``; ``on`` matters while a repair is not finished."""
    found = [*_by_law(facts, part, on), *_by_maker(facts, part, terms, on)]
    if facts.stated_until is not None:
        start = _start(facts) or date.min
        found.append(Cover(Basis.STATED, start, facts.stated_until, "保修卡"))
    found += [Cover(Basis.CONTRACT, held.since, held.until, held.number) for held in contracts]
    return tuple(found)


def same_day(start: date, months: int) -> date:
    """The day ``months`` later: the period's last, included; a month that has no such day ends it (民法典 202)."""
    year, month = divmod(start.month - 1 + months, 12)
    year, month = start.year + year, month + 1
    return date(year, month, min(start.day, calendar.monthrange(year, month)[1]))


def last_day(start: date, months: int, repairs: Iterable[Repair] = (), *, on: date) -> date:
    """The last day of a legal period: days under repair are added; an end on a day off moves to a working day."""
    until = same_day(start, months)
    for since, back in _merged(repairs, on):
        if start <= since <= until:
            until += back - since
    while not OFFICE.shifts(until):
        until += timedelta(days=1)
    return until


def _start(facts: Facts) -> date | None:
    return facts.replaced_on or facts.sold_on


def _by_law(facts: Facts, part: str | None, on: date) -> Iterator[Cover]:
    line, start = listed(facts.appliance), _start(facts)
    if line is None or start is None:
        return
    main = part is not None and any(name in part for name in line.parts)
    years, what = (line.part_years, "主要部件") if main else (line.whole_years, "整机")
    until = last_day(start, 12 * years, facts.repairs, on=on)
    yield Cover(Basis.LAW, start, until, f"{RULE}第八条及目录“{line.title}”：{what}{years}年")


def _by_maker(facts: Facts, part: str | None, terms: Sequence[Terms], on: date) -> Iterator[Cover]:
    start = _start(facts)
    if start is None:
        return
    for term in terms:
        if not _fits(term, facts):
            continue
        begin = (facts.installed_on if term.from_installation else None) or start
        named = [months for name, months in term.part_months if part is not None and name in part]
        months = max([term.whole_months, *named])
        if months > 0:
            until = last_day(begin, months, facts.repairs, on=on)
            yield Cover(Basis.MAKER, begin, until, term.source or f"{term.brand}{term.appliance}保修条款")


def _fits(term: Terms, facts: Facts) -> bool:
    sold = facts.sold_on or facts.replaced_on
    return (
        term.brand.casefold() == facts.brand.strip().casefold()
        and facts.appliance.strip().endswith(term.appliance)
        and (term.sold_from is None or (sold is not None and sold >= term.sold_from))
        and (term.sold_to is None or (sold is not None and sold <= term.sold_to))
    )


def _merged(repairs: Iterable[Repair], on: date) -> Iterator[tuple[date, date]]:
    """Spans under repair in order, overlapping ones as one; an unfinished one counts up to ``on``."""
    spans = sorted((since, max(since, until or on)) for since, until in repairs)
    held: tuple[date, date] | None = None
    for since, until in spans:
        if held is not None and since <= held[1]:
            held = held[0], max(held[1], until)
            continue
        if held is not None:
            yield held
        held = since, until
    if held is not None:
        yield held


def _state(counting: Sequence[Cover]) -> Warranty:
    if not counting:
        return Warranty.OUT
    return Warranty.EXTENDED if all(cover.basis is Basis.CONTRACT for cover in counting) else Warranty.IN


def _last(found: Sequence[Cover]) -> date | None:
    return max((cover.until for cover in found), default=None)


def _remedies(rights: Sequence[Right]) -> tuple[Remedy, ...]:
    allowed = {remedy for remedies, _ in rights for remedy in remedies}
    return tuple(remedy for remedy in Remedy if remedy in allowed)


def _rights(facts: Facts, on: date, counting: Sequence[Cover]) -> list[Right]:
    """What may be asked for on the day, each with its reason."""
    start = _start(facts)
    days = (on - start).days if start else None
    if days is not None and days < 0:
        return []
    rights: list[Right] = []
    if listed(facts.appliance) is None and days is not None and days <= RETURN_DAYS:
        rights.append(((Remedy.RETURN,), SEVEN_UNLISTED))
    if any(cover.basis is Basis.LAW for cover in counting):
        rights += _listed_rights(facts, days, on)
    if counting:
        rights.append(((Remedy.REPAIR,), REPAIR))
    return rights


def _listed_rights(facts: Facts, days: int | None, on: date) -> Iterator[Right]:
    if days is not None and days <= RETURN_DAYS:
        yield (Remedy.RETURN, Remedy.EXCHANGE), SEVEN
    elif days is not None and days <= EXCHANGE_DAYS:
        yield (Remedy.EXCHANGE,), FIFTEEN
    start = _start(facts) or date.min
    repairs = [repair for repair in facts.repairs if repair.since >= start]
    if sum(repair.until is not None for repair in repairs) >= REPAIRS_BEFORE_EXCHANGE:
        yield (Remedy.EXCHANGE,), TWICE
    if any(((repair.until or on) - repair.since).days > LONGEST_REPAIR_DAYS for repair in repairs):
        yield (Remedy.EXCHANGE,), NINETY


def _covered(best: Cover, on: date, part: str | None) -> Reason:
    what, what_en = (f"部件“{part}”", f"part “{part}”") if part else ("整机", "the appliance")
    if best.since > on:
        return Reason(
            "not_yet", f"{what}自{best.since}起才在保", f"{what_en} is covered from {best.since} only", best.citation
        )
    if on <= best.until:
        return Reason("covered", f"{what}在保至{best.until}", f"{what_en} is covered to {best.until}", best.citation)
    return Reason("expired", f"{what}已于{best.until}过保", f"{what_en} was covered to {best.until}", best.citation)


def _notes(facts: Facts, on: date) -> Iterator[Reason]:
    """What to know besides."""
    start = _start(facts)
    if start is None:
        return
    if facts.sold_on is not None and not facts.invoice_no:
        yield INVOICE
    if facts.replaced_on is not None:
        yield REPLACED
    if any(repair.since >= start for repair in facts.repairs):
        yield EXTENDED
    if listed(facts.appliance) is not None and start <= on <= same_day(start, DURABLE_BURDEN_MONTHS):
        yield BURDEN
