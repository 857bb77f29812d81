"""The words of a message: what a template may name, what is wrong with one and in which line, and one filled in."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from callcenter.storage.users import User
from workorder.fields import URGENCY
from workorder.policy.lifecycle import STATUS_LABELS
from workorder.views.orders import OrderView

Language = Literal["zh", "en"]

VARIABLES: Mapping[str, str] = {
    "number": "WO20261121-0001",
    "customer_name": "王芳",
    "appliance": "空调",
    "brand": "格力",
    "fault": "不制冷",
    "status": "已派工",
    "priority": "紧急",
    "appointment": "2026-11-22 14:00–16:00",
    "district": "西湖区",
    "due": "11-23 10:00",
    "limit": "解决",
    "reason": "等待配件",
    "handler": "李雷",
    "handler_phone": "13900139000",
    "eta": "14:00",
}
"""What a template may use, with the values that a preview without an order shows."""

SAMPLES: Mapping[Language, Mapping[str, str]] = {
    "zh": VARIABLES,
    "en": {
        **VARIABLES,
        "customer_name": "Wang Fang",
        "appliance": "air conditioner",
        "brand": "Gree",
        "fault": "does not cool",
        "status": "dispatched",
        "priority": "high",
        "limit": "resolve",
        "district": "Xihu",
        "reason": "waiting for a part",
        "handler": "Li Lei",
    },
}
"""The same made-up order in each language."""

_ZH: Mapping[str, str] = {
    **{str(status): label for status, label in STATUS_LABELS.items()},
    **URGENCY,
    "respond": "响应",
    "resolve": "解决",
}

NAMED = ("appliance", "brand", "fault")
"""Variables whose words the catalogue knows, with their English names."""

OF_THE_EVENT = ("due", "limit", "reason")
"""Variables that only the fact behind a message knows, not the order."""


@dataclass(frozen=True, slots=True)
class WordingProblem:
    """What is wrong in ``line`` (from 1) of a template: ``unknown_variable`` (``name``: which) or ``braces``."""

    line: int
    code: Literal["unknown_variable", "braces"]
    name: str | None
    message: str


_OPTIONAL = re.compile(r"\[([^\[\]\n]*\{\w[^\[\]\n]*)\]")
"""A part with at least one variable in it; other brackets are words like any."""


def problems_in(text: str) -> tuple[WordingProblem, ...]:
    """Everything that keeps ``text`` from being filled in; none: it can be."""
    return tuple(problem for number, line in enumerate(_lines(text), 1) for problem in _problems(number, line))


def filled_text(text: str, values: Mapping[str, str]) -> str:
    """``text`` (without problems) with every variable filled in.

    What is not known is left out, and with it the part in square brackets in which it stands: ``[，预计 {eta} 到达]``.
    """
    known = {name: values.get(name, "") for name in VARIABLES}

    def kept(part: re.Match[str]) -> str:
        names = [name for _, name, _, _ in string.Formatter().parse(part[1]) if name is not None]
        if not names:
            return part[0]
        return part[1] if all(known[name] for name in names) else ""

    return _OPTIONAL.sub(kept, text).format_map(known)


def filled_where_possible(text: str, values: Mapping[str, str]) -> str:
    """For looking at while it is typed: a line with a problem stays as it is."""
    return "\n".join(line if _problems(1, line) else filled_text(line, values) for line in _lines(text))


def order_values(
    order: OrderView,
    event: Mapping[str, Any],
    zone: ZoneInfo,
    language: Language,
    handler: User | None = None,
    *,
    english: Mapping[str, str],
) -> dict[str, str]:
    """What a template can say about ``order``, its handler, and the fact behind a message (its event as JSON).

    ``english`` has the names of the catalogue's words for readers of English. What a person wrote, and the names of
    people and places, stay as they are in every language.
    """
    names = english if language == "en" else {}
    shown = {name: field.display for name, field in order.fields.items() if field.value is not None}
    due = event.get("due_at")
    local = datetime.fromisoformat(str(due)).astimezone(zone) if due else None
    return {
        **{name: shown.get(name, "") for name in ("customer_name", "appointment")},
        **{name: names.get(word, word) for name in NAMED for word in (shown.get(name, ""),)},
        "number": order.number or "",
        "status": _word(order.status, language),
        "priority": _word(order.priority, language),
        "district": _district(order),
        "due": f"{local:%m-%d %H:%M}" if local else "",
        "limit": _word(str(event.get("limit") or ""), language),
        "reason": str(event.get("reason") or ""),
        "handler": handler.display_name if handler else "",
        "handler_phone": (handler.phone or "") if handler else "",
        "eta": f"{order.eta.astimezone(zone):%H:%M}" if order.eta else "",
    }


def _word(value: str, language: Language) -> str:
    return _ZH.get(value, value) if language == "zh" else value.replace("_", " ")


def _lines(text: str) -> list[str]:
    # By "\n" alone, as an editor counts; str.splitlines also splits at rarer characters.
    return text.split("\n")


def _problems(number: int, line: str) -> list[WordingProblem]:
    try:
        parts = list(string.Formatter().parse(line))
    except ValueError as error:
        message = f"line {number}: braces do not match: {error}; write {{{{ or }}}} for a brace itself"
        return [WordingProblem(number, "braces", None, message)]
    known = ", ".join(VARIABLES)
    return [
        WordingProblem(number, "unknown_variable", name, f"line {number}: {{{name}}} is not known; known are {known}")
        for _, name, spec, conversion in parts
        if name is not None and (name not in VARIABLES or spec or conversion)
    ]


def _district(order: OrderView) -> str:
    address = order.fields.get("address")
    parts = address.value if address else None
    return (parts.get("district") or "") if isinstance(parts, dict) else ""
