"""An order's fields as its row keeps them: JSON documents, one for each field with its provenance, and its form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from workorder.fields import (
    FIELDS,
    EvidenceRef,
    FieldContent,
    FieldSpec,
    FieldState,
    FieldValue,
    Question,
    Source,
    ticked,
)
from workorder.policy import forms
from workorder.policy.values import fits
from workorder.records import record


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


def decoded(raw: dict[str, Any]) -> FieldValue:
    """``encoded`` backwards."""
    values, refs = raw.copy(), raw["evidence"]
    values["source"], values["state"] = _SOURCES[raw["source"]], _STATES[raw["state"]]
    values["evidence"] = tuple([EvidenceRef(**ref) for ref in refs]) if refs else ()
    return record(FieldValue, values)


class PinnedForm:
    """What an order's ``form`` says. Without one: nothing but the built-in form of its service type."""

    def __init__(self, document: Any) -> None:
        form = forms.decoded(document) if document is not None else None
        self.document = document
        self.own_fields: tuple[FieldSpec, ...] = form.fields if form else ()
        """The fields that only this form has."""
        self.specs: Mapping[str, FieldSpec] = forms.specs(form.fields) if form else FIELDS
        """Every field that an order with it can have."""
        self.guidance = {ask.field: ask.guidance for ask in form.questions if ask.guidance} if form else {}
        """How to ask, by field, where it says so."""
        self.asked = tuple((ask.field, ask.required) for ask in form.questions) if form else None


_BUILT_IN = PinnedForm(None)


def pinned_form(document: Any) -> PinnedForm:
    """The form of an order that keeps this ``document``, or None."""
    return _BUILT_IN if document is None else PinnedForm(document)


class Contents:
    """What the documents of an order say. They are never changed, only replaced, so this is read once of each pair."""

    def __init__(self, field_values: Mapping[str, Any], form: PinnedForm) -> None:
        self.field_values, self.form = field_values, form
        known = form.specs
        self.fields = {name: decoded(raw) for name, raw in field_values.items() if is_of(known.get(name), raw)}
        """Values that the form has no field for are out of sight."""

    def asked(self) -> tuple[tuple[Question, ...], tuple[str, ...]]:
        """What the form asks, in order, and what of it is required and not there."""
        return ticked(self.fields, self.form.asked, self.form.specs)
