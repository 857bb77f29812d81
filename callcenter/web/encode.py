"""The one JSON encoder of the web layer: dataclasses and pydantic models as they are, times in UTC with a ``Z``."""

from __future__ import annotations

from decimal import Decimal

import orjson
from pydantic import BaseModel


def encode(content: object) -> bytes:
    """Compact UTF-8 JSON. Raises TypeError for a type that has no JSON form."""
    return orjson.dumps(content, default=_fallback, option=orjson.OPT_UTC_Z)


def _fallback(content: object) -> object:
    if isinstance(content, BaseModel):
        return content.model_dump(mode="json")
    if isinstance(content, Decimal):
        return str(content)
    if isinstance(content, frozenset | set):
        return sorted(content)
    raise TypeError(f"{type(content).__name__} has no JSON form")
