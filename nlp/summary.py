"""One sentence for the order's description, the alerts, and the priority the call suggests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from nlp.types import Alert, SlotState, SlotValue

_ALERTS = {
    "gas_smell": "燃气味：请客户关阀、开窗、离开室内",
    "electric_shock": "漏电：请客户立即断电，不要触碰",
    "smoke": "冒烟：请客户断电断气，人员撤离",
    "water_leak": "漏水浸泡：请客户关闭进水阀",
}


def alerts(slots: Iterable[SlotValue]) -> tuple[Alert, ...]:
    """What has to be acted on at once."""
    return tuple(
        Alert(str(s.value), _ALERTS[str(s.value)], s.evidence)
        for s in slots
        if s.name == "safety" and s.state is not SlotState.WITHDRAWN and s.value in _ALERTS
    )


_PRIORITIES = ("critical", "high", "normal")


def priority(*orders: Iterable[SlotValue]) -> str:
    """critical, high or normal: the gravest of the orders of a call."""
    return min(map(_priority, orders), key=_PRIORITIES.index)


def _priority(slots: Iterable[SlotValue]) -> str:
    known = _by_name(slots)
    urgency = known["urgency"].value if "urgency" in known else None
    if urgency in ("critical", "high"):
        return str(urgency)
    chased = "prior_ticket" in known or _value(known, "service_type") in ("progress", "complaint")
    return "high" if chased and "sentiment_complaint" in known else "normal"


def summary(slots: Iterable[SlotValue], words: str = "") -> str:
    """A sentence from the slots, with the caller's own words about the fault in quotation marks."""
    known = _by_name(slots)
    if "service_type" not in known:
        return ""
    thing = "".join(known[n].display for n in ("brand", "appliance") if n in known)
    model = f"（{known['model'].display}）" if "model" in known else ""
    said = re.sub(r"[，。,.！!？?…\s]+$", "", words.strip())
    parts = [
        f"{known['service_type'].display}：{thing}{model}",
        (known["fault"].display if "fault" in known else "") + (f"，客户原话“{said}”" if said else ""),
        f"故障码{known['error_code'].display}" if "error_code" in known else "",
        f"{known['onset'].display}起" if "onset" in known else "",
        "偶发" if _value(known, "intermittent") is True else "",
        {True: "客户称在保", False: "已过保"}.get(_value(known, "in_warranty_claim") is True, "")
        if "in_warranty_claim" in known
        else "",
        f"原单号{known['prior_ticket'].display}" if "prior_ticket" in known else "",
        f"预约{known['appointment'].display}" if "appointment" in known else "",
        "客户不满" if _value(known, "sentiment_complaint") is True else "",
    ]
    return "，".join(p for p in parts if p) + "。"


def _by_name(slots: Iterable[SlotValue]) -> Mapping[str, SlotValue]:
    return {s.name: s for s in slots if s.state is not SlotState.WITHDRAWN}


def _value(known: Mapping[str, SlotValue], name: str) -> object:
    return known[name].value if name in known else None
