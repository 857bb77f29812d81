"""Where a replay differs from what was recorded: per call, event or draft, and field."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import orjson

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """``subject``: the call's id, else the device or ``pbx``. ``what``: an event's name, Draft or Words.

    ``field`` is None when one side has the whole thing and the other has not.
    """

    subject: str
    what: str
    field: str | None
    recorded: Any
    now: Any

    def __str__(self) -> str:
        """For people, in one line."""
        name = f"{self.what}.{self.field}" if self.field else self.what
        return f"{self.subject}  {name}: {_short(self.recorded)} -> {_short(self.now)}"


def first_difference(recorded: bytes, now: bytes | None) -> list[Difference]:
    """Two events that should be the same."""
    old_name, old = orjson.loads(recorded)
    new_name, new = orjson.loads(now) if now else (None, {})
    if old_name != new_name:
        return [Difference(subject(old), "event", None, old_name, new_name)]
    return _fields(subject(old), old_name, old, new)


def compare_facts(recorded: Sequence[bytes], now: Sequence[bytes]) -> list[Difference]:
    """All events, those of one call and name in their order."""
    before, after = _grouped(recorded), _grouped(now)
    found: list[Difference] = []
    for key in dict.fromkeys([*before, *after]):
        who, name = key
        for old, new in zip_longest(before.get(key, ()), after.get(key, ())):
            if old is None or new is None:
                found.append(Difference(who, name, None, old, new))
            else:
                found += _fields(who, name, old, new)
    return found or [Difference("pbx", "event", "order", None, None)]


def compare_drafts(call_id: str, recorded: Mapping[str, bytes], now: Mapping[str, bytes]) -> list[Difference]:
    """One call's draft, field by field."""
    return [
        Difference(call_id, "Draft", name, _value(recorded.get(name)), _value(now.get(name)))
        for name in dict.fromkeys([*recorded, *now])
        if recorded.get(name) != now.get(name)
    ]


def subject(body: Json) -> str:
    """Whom an event is about."""
    return str(body.get("call_id") or body.get("interface") or "pbx")


def _grouped(facts: Sequence[bytes]) -> dict[tuple[str, str], list[Json]]:
    groups: dict[tuple[str, str], list[Json]] = defaultdict(list)
    for fact in facts:
        name, body = orjson.loads(fact)
        groups[subject(body), name].append(body)
    return groups


def _fields(who: str, name: str, old: Json, new: Json) -> list[Difference]:
    return [
        Difference(who, name, field, old.get(field), new.get(field))
        for field in dict.fromkeys([*old, *new])
        if old.get(field) != new.get(field)
    ]


def _value(written: bytes | None) -> Any:
    return None if written is None else orjson.loads(written)


def _short(value: Any) -> str:
    """A field's value as people read it; where only its evidence or trust changed, all of it."""
    if isinstance(value, dict) and "display" in value:
        return f"{value['display']} ({value.get('rule')}, {value.get('confidence')}, {value.get('state')})"
    return "nothing" if value is None else orjson.dumps(value).decode()
