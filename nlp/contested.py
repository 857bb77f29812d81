"""Values that contradict each other: two turns tell different ones, and nobody settles which is right.

Brand, telephone number, appliance, fault, address and appointment weigh what was said in their own rules; this module
does the same for the fields whose rule picks one of several claims. Flags that stay true once said (danger, urgency,
dissatisfaction) cannot contradict themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from nlp.dialogue import TAKEN_BACK, Found, Talk, Verdict, verdict
from nlp.rules import codes, flags, name, onset, purchase, warranty
from nlp.sound import char_cost
from nlp.types import SlotContent, SlotState

Claims = Iterable[tuple[int, SlotContent]]
"""(turn, value) of everything that was said about a field."""


def marked(talk: Talk, found: Found) -> Found:
    """``found``, conflicting if another claim contradicts it."""
    if found.state not in (SlotState.HEARD, SlotState.INFERRED) or found.name not in _CLAIMS or not found.spans:
        return found
    claims, differ = _CLAIMS[found.name]
    at = found.spans[0].turn
    against = (turn for turn, value in claims(talk) if turn != at and differ(value, found.value))
    contested = any(not _settled(talk, max(turn, at)) for turn in against)
    return replace(found, state=SlotState.CONFLICTING) if contested else found


def _settled(talk: Talk, later: int) -> bool:
    """Whether the later of two claims takes the earlier one back (不对，是…), or denies it."""
    turn = talk.turns[later]
    return bool(TAKEN_BACK.search(turn.s)) or turn.once("verdict", verdict) is Verdict.NO


def _codes(kind: str) -> Callable[[Talk], Claims]:
    return lambda talk: ((c.span.turn, c.text) for c in codes.claims(talk) if c.kind == kind)


def _names(talk: Talk) -> Claims:
    """The surnames by which the agent addressed the caller, and those the caller gave when asked."""
    return ((h.span.turn, h.family) for h in name.claims(talk) if h.rule != "name.called")


def _purchases(talk: Talk) -> Claims:
    return ((f.spans[0].turn, f.value) for f in purchase.purchases(talk))


def _beginnings(talk: Talk) -> Claims:
    """When it began; today is left out, as it is named for many other reasons (今天就不能来吗)."""
    today = talk.context.started_at.date().isoformat()
    return ((f.spans[0].turn, f.value) for f in onset.onsets(talk) if f.value != today)


def _other_code(a: SlotContent, b: SlotContent) -> bool:
    """Different, and not one a part of the other: a model is often told piece by piece."""
    return str(a) not in str(b) and str(b) not in str(a)


def _other_name(family: SlotContent, chosen: SlotContent) -> bool:
    return str(family) not in str(chosen) and char_cost(str(family)[0], str(chosen)[0]) >= 1


def _other_date(a: SlotContent, b: SlotContent) -> bool:
    """Two dates of which none makes the other more precise; words (上周) contradict nothing."""
    dated = str(a)[:2].isdigit() and str(b)[:2].isdigit()
    return dated and not str(a).startswith(str(b)) and not str(b).startswith(str(a))


def _unlike(a: SlotContent, b: SlotContent) -> bool:
    return a != b


_CLAIMS: dict[str, tuple[Callable[[Talk], Claims], Callable[[SlotContent, SlotContent], bool]]] = {
    "customer_name": (_names, _other_name),
    "model": (_codes("model"), _other_code),
    "error_code": (_codes("error_code"), _other_code),
    "prior_ticket": (_codes("prior_ticket"), _other_code),
    "onset": (_beginnings, _other_date),
    "purchase_date": (_purchases, _other_date),
    "in_warranty_claim": (warranty.claims, _unlike),
    "intermittent": (flags.regularity, _unlike),
}
