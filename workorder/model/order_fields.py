"""An order's fields as its row keeps them: JSON documents, one for each field with its provenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from workorder.fields import FIELDS, EvidenceRef, FieldContent, FieldSpec, FieldState, FieldValue, Source
from workorder.policy.values import fits


def content_of(field: FieldValue | None) -> FieldContent | None:
    """Its value; None without one."""
    return field.value if field else None


def withdrawn(field: FieldValue) -> FieldValue:
    """No value any more; the old text stays so that the page can show it struck out."""
    return replace(field, value=None, confidence=None, state=FieldState.WITHDRAWN)


def encoded(field: FieldValue) -> dict[str, Any]:
    """Plain JSON types only, so that an unchanged document compares equal to the stored one."""
    return {
        "value": field.value,
        "display": field.display,
        "source": str(field.source),
        "state": str(field.state),
        "confidence": field.confidence,
        "rule": field.rule,
        "evidence": [asdict(ref) for ref in field.evidence],
    }


# Calling an enumeration costs three times as much as looking into a table.
_SOURCES: Mapping[str, Source] = {source.value: source for source in Source}
_STATES: Mapping[str, FieldState] = {state.value: state for state in FieldState}


def is_of(spec: FieldSpec | None, raw: Mapping[str, Any]) -> bool:
    """True for a value of this field; forms can have fields of one name and different kinds."""
    return spec is not None and (spec.name in FIELDS or fits(spec, raw["value"]))


def decoded(raw: Mapping[str, Any]) -> FieldValue:
    """``encoded`` backwards."""
    return FieldValue(
        value=raw["value"],
        display=raw["display"],
        source=_SOURCES[raw["source"]],
        state=_STATES[raw["state"]],
        confidence=raw["confidence"],
        rule=raw["rule"],
        evidence=tuple(EvidenceRef(**ref) for ref in raw["evidence"]),
    )
