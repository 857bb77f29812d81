"""What an order still needs: the questions left, in the order to ask them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from nlp.types import SlotState, SlotValue

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "repair": ("appliance", "brand", "fault", "address", "contact_phone", "customer_name", "appointment"),
    "install": ("appliance", "brand", "address", "contact_phone", "customer_name", "appointment"),
    "return_exchange": ("appliance", "brand", "fault", "address", "contact_phone", "customer_name", "appointment"),
    "maintenance": ("appliance", "brand", "address", "contact_phone", "customer_name", "appointment"),
    "complaint": ("appliance", "brand", "contact_phone", "customer_name"),
    "enquiry": (),
    "progress": ("contact_phone", "customer_name"),
}
"""Fields an order of each kind cannot do without, in the order an agent asks for them."""


def missing(slots: Iterable[SlotValue]) -> tuple[str, ...]:
    """Required slots still open. Without a known kind of service that is the first question."""
    known = {s.name: s for s in slots if s.state not in (SlotState.WITHDRAWN, SlotState.CONFLICTING)}
    kind = known.get("service_type")
    if kind is None:
        return ("service_type",)
    return tuple(name for name in REQUIRED.get(str(kind.value), ()) if not _complete(known.get(name)))


def _complete(slot: SlotValue | None) -> bool:
    """An address needs a city or district and what comes after it."""
    if slot is None:
        return False
    if slot.name != "address" or not isinstance(slot.value, dict):
        return True
    return bool((slot.value.get("city") or slot.value.get("district")) and slot.value.get("detail"))
