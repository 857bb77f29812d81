"""The form of a service type as data: what to ask, in which order, what is required, what else to know and to do.

Built-in forms come from ``workorder.fields``; a call centre's own ones are versions in the database. An order keeps the
questions and fields of the version it was opened with, so that a new version changes no old order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

from workorder.errors import FieldProblem, Invalid
from workorder.fields import FIELDS, QUESTIONS, REQUIRED, SERVICE_TYPES, Ask, FieldSpec, Form, Kind, Reply, Step
from workorder.policy.lifecycle import Action

OWN_KINDS = (Kind.TEXT, Kind.CHOICE, Kind.FLAG)
"""Kinds that a call centre's own fields can have."""
MOST = 40
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_HOLE = re.compile(r"{(\w+)}")


_REPLIES = (
    Reply("已受理", "{customer_name}您好，您的服务单 {number} 已受理，我们会尽快与您联系。"),
    Reply("催单", "{customer_name}您好，您催促的服务单 {number} 已加急，请保持电话畅通。"),
    Reply("完工", "{customer_name}您好，您的{appliance}服务单 {number} 已完工，如有问题请随时联系我们。"),
)


def built_in(service_type: str) -> Form:
    """The form that the product brings. Raises Invalid for a service type that is none."""
    if service_type not in SERVICE_TYPES:
        raise Invalid(f"must be one of {', '.join(SERVICE_TYPES)}", field="service_type")
    required = REQUIRED[service_type]
    asks = tuple(Ask(name, name in required) for name in QUESTIONS[service_type])
    return Form(service_type=service_type, version=0, questions=asks, replies=_REPLIES)


def specs(own: Iterable[FieldSpec]) -> Mapping[str, FieldSpec]:
    """Every field that an order with these own fields can have."""
    return {**FIELDS, **{spec.name: spec for spec in own}}


def check(form: Form) -> None:
    """Raise Invalid with an entry per fault: unknown or doubled fields, kinds, choices, steps, too many of anything."""
    problems = [*_bad_fields(form), *_bad_questions(form), *_bad_extras(form)]
    if problems:
        raise Invalid("; ".join(f"{one.field}: {one.message}" for one in problems), errors=problems)


def filled(text: str, values: Mapping[str, str]) -> str:
    """A reply with its holes filled; what is not known leaves nothing behind."""
    return _HOLE.sub(lambda hole: values.get(hole[1], ""), text)


def encoded(form: Form) -> dict[str, Any]:
    """Plain JSON."""
    return {
        **asdict(form),
        "fields": [_encoded(spec) for spec in form.fields],
        **{name: [asdict(one) for one in getattr(form, name)] for name in ("questions", "replies", "steps")},
    }


def decoded(document: Mapping[str, Any]) -> Form:
    """``encoded`` backwards."""
    return Form(
        service_type=document["service_type"],
        version=int(document["version"]),
        questions=tuple(Ask(**one) for one in document["questions"]),
        fields=tuple(FieldSpec(**{**one, "kind": Kind(one["kind"])}) for one in document["fields"]),
        replies=tuple(Reply(**one) for one in document["replies"]),
        steps=tuple(Step(**one) for one in document["steps"]),
    )


def pinned(form: Form) -> dict[str, Any]:
    """What an order keeps of its form."""
    return encoded(replace(form, replies=()))


def _encoded(spec: FieldSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "kind": str(spec.kind),
        "label": spec.label,
        "label_en": spec.label_en,
        "max_length": spec.max_length,
        "choices": dict(spec.choices) if spec.choices is not None else None,
    }


def _bad_fields(form: Form) -> Iterable[FieldProblem]:
    seen: set[str] = set()
    for number, spec in enumerate(form.fields):
        where = f"fields.{number}"
        if not _NAME.fullmatch(spec.name) or spec.name in FIELDS or spec.name in seen:
            yield FieldProblem(f"{where}.name", "not_allowed", "must be new, of small letters, digits and _")
        if spec.kind not in OWN_KINDS:
            yield FieldProblem(f"{where}.kind", "not_allowed", f"must be one of {', '.join(OWN_KINDS)}")
        if (spec.kind is Kind.CHOICE) != bool(spec.choices):
            yield FieldProblem(f"{where}.choices", "not_allowed", "a choice needs them, nothing else has any")
        if not 0 < spec.max_length <= 2000 or not spec.label.strip():
            yield FieldProblem(where, "not_allowed", "needs a label, and a length of 1 to 2000")
        seen.add(spec.name)


def _bad_questions(form: Form) -> Iterable[FieldProblem]:
    known, seen = specs(form.fields), set[str]()
    for number, ask in enumerate(form.questions):
        if ask.field not in known:
            yield FieldProblem(f"questions.{number}.field", "unknown_field", f"there is no field {ask.field}")
        if ask.field in seen:
            yield FieldProblem(f"questions.{number}.field", "not_allowed", f"{ask.field} is asked twice")
        seen.add(ask.field)
    if not any(ask.field == "service_type" and ask.required for ask in form.questions):
        yield FieldProblem("questions", "required", "service_type must be asked and required")


def _bad_extras(form: Form) -> Iterable[FieldProblem]:
    for name in ("questions", "fields", "replies", "steps"):
        if len(getattr(form, name)) > MOST:
            yield FieldProblem(name, "too_long", f"at most {MOST}")
    for number, step in enumerate(form.steps):
        if step.blocks is not None and step.blocks not in set(Action):
            yield FieldProblem(f"steps.{number}.blocks", "not_allowed", f"must be one of {', '.join(Action)}")
