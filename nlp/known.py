"""What is on file against what was heard: misheard words repaired, and customers behind a hidden number ranked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from nlp.address_parts import components
from nlp.addresses import parse
from nlp.dialogue import Found
from nlp.sound import alike
from nlp.spoken_address import Spoken
from nlp.types import KnownCustomer, SlotState, SlotValue

NAME_ALIKE = 0.72
PART_ALIKE = 0.6
_WEIGHTS = {"name": 0.45, "address": 0.4, "asset": 0.15}


def repaired(f: Found, customer: KnownCustomer | None) -> Found:
    """The finding with the spelling on file where that sounds the same; never a value that was not spoken of."""
    if customer is None:
        return f
    repair = {"customer_name": _name, "model": _model, "contact_phone": _phone, "address": _address}.get(f.name)
    return repair(f, customer) if repair else f


def _text(f: Found, value: str) -> Found:
    if value == f.value:
        return replace(f, quality=max(f.quality, 0.95))
    return replace(f, value=value, display=value, rule=f"{f.name}.on_file", quality=0.9)


def _name(f: Found, customer: KnownCustomer) -> Found:
    heard = str(f.value)
    best = max(customer.names, key=lambda n: alike(heard, n), default=None)
    return _text(f, best) if best and len(best) == len(heard) and alike(heard, best) >= NAME_ALIKE else f


def _model(f: Found, customer: KnownCustomer) -> Found:
    """A model heard in part is not completed; one with a single wrong or missing sign is."""
    heard = _plain(str(f.value))
    for asset in customer.assets:
        if asset.model and _edits(heard, _plain(asset.model)) <= 1 and len(heard) >= 4:
            return _text(f, asset.model)
    return f


def _phone(f: Found, customer: KnownCustomer) -> Found:
    heard = str(f.value)
    for phone in customer.phones:
        digits = "".join(c for c in phone if c.isdigit())[-11:]
        if digits != heard and len(digits) == len(heard) and _edits(heard, digits) == 1 and f.quality < 0.97:
            return _text(f, digits)
    return f


@lru_cache(maxsize=1024)
def _on_file(address: str) -> Spoken | None:
    return parse(address, asked=True)


def _address(f: Found, customer: KnownCustomer) -> Found:
    """Names of roads and estates as on file, where the numbers that were heard are the same."""
    if not isinstance(f.value, dict) or not f.value.get("detail"):
        return f
    heard = str(f.value["detail"])
    for known in customer.addresses:
        filed = _on_file(known)
        if filed is None or not filed.detail or _numbers(filed.detail) != _numbers(heard):
            continue
        if alike(heard, filed.detail) < PART_ALIKE:
            continue
        value = {**f.value, "detail": filed.detail}
        for level in ("province", "city", "district"):
            value[level] = value[level] or getattr(filed, level)
        inferred = tuple(x for x in ("province", "city", "district") if value[x] and not f.value.get(x)) + f.inferred
        display = "".join(dict.fromkeys(v for v in value.values() if v))
        return replace(f, value=value, display=display, rule="address.on_file", quality=0.95, inferred=inferred)
    return f


def _numbers(detail: str) -> list[str]:
    return [
        "".join(c for c in text if c.isascii() and c.isalnum())
        for _, text in components(detail)
        if any(map(str.isdigit, text))
    ]


def _plain(code: str) -> str:
    return "".join(c for c in code.upper() if c.isalnum())


def _edits(a: str, b: str) -> int:
    return int(Levenshtein.distance(a, b))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A customer who may be calling: likeness 0..1 and what spoke for them."""

    customer_id: str
    score: float
    reasons: tuple[str, ...]


def rank_candidates(
    slots: Iterable[SlotValue], customers: Sequence[tuple[str, KnownCustomer]], *, least: float = 0.3, limit: int = 5
) -> list[Candidate]:
    """Customers behind a hidden or shared number, likeliest first, by sound of name, address and appliance.

    ``customers``: (id, what is on file) of those to choose from; those below ``least`` are left out.
    """
    known = {s.name: s for s in slots if s.state is not SlotState.WITHDRAWN}
    ranked = [c for key, customer in customers if (c := _candidate(key, customer, known)).score >= least]
    return sorted(ranked, key=lambda c: (-c.score, c.customer_id))[:limit]


def _candidate(customer_id: str, customer: KnownCustomer, known: dict[str, SlotValue]) -> Candidate:
    parts = {
        "name": _name_likeness(known.get("customer_name"), customer),
        "address": _address_likeness(known.get("address"), customer),
        "asset": _asset_likeness(known, customer),
    }
    score = sum(_WEIGHTS[k] * v for k, v in parts.items())
    return Candidate(customer_id, round(score, 4), tuple(k for k, v in parts.items() if v >= 0.6))


def _name_likeness(slot: SlotValue | None, customer: KnownCustomer) -> float:
    """Full names by sound; a surname alone speaks for everybody who has it, but only half."""
    if slot is None:
        return 0.0
    heard = str(slot.value)
    whole = max((alike(heard, n) for n in customer.names), default=0.0)
    family = max((alike(heard[:1], n[:1]) for n in customer.names), default=0.0)
    return max(whole if whole >= 0.5 else 0.0, 0.5 * family if family > 0.8 else 0.0)


def _address_likeness(slot: SlotValue | None, customer: KnownCustomer) -> float:
    if slot is None or not slot.display:
        return 0.0
    return max((alike(slot.display, a) for a in customer.addresses), default=0.0)


def _asset_likeness(known: dict[str, SlotValue], customer: KnownCustomer) -> float:
    said = {name: str(known[name].value) for name in ("appliance", "brand", "model") if name in known}
    if not said:
        return 0.0
    best = 0.0
    for asset in customer.assets:
        filed = {"appliance": asset.appliance, "brand": asset.brand, "model": asset.model}
        best = max(best, sum(_plain(v) == _plain(filed[k] or "") for k, v in said.items()) / len(said))
    return best
