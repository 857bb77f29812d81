"""Objects made at the speed of a dictionary, where a list has hundreds of them."""

from __future__ import annotations

from typing import Any, TypeVar

Kind = TypeVar("Kind")


def record(kind: type[Kind], values: dict[str, Any]) -> Kind:
    """``kind(**values)`` of a frozen dataclass without slots, past its constructor: that takes a call for each field.

    ``values`` has all its fields and nothing else.
    """
    made = object.__new__(kind)
    made.__dict__.update(values)
    return made
