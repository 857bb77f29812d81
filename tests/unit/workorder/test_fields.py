"""The table of fields: checks, displays, what is required."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workorder.errors import Invalid
from workorder.fields import (
    FIELDS,
    QUESTIONS,
    REQUIRED,
    SERVICE_TYPES,
    FieldState,
    FieldValue,
    Question,
    Source,
    missing,
    questions,
)
from workorder.policy.values import check_all, display

ADDRESS = {"province": None, "city": "杭州市", "district": "西湖区", "detail": "文三路288号"}
SLOT = {"start": "2026-11-22T14:00:00+08:00", "end": "2026-11-22T18:00:00+08:00"}


def typed(value: object) -> FieldValue:
    return FieldValue(value=value, display="", source=Source.AGENT, state=FieldState.EDITED)


def test_the_interface_document_names_the_same_fields() -> None:
    """docs/reference/api.md lists exactly the fields of the table, in its order."""
    document = Path("docs/reference/api.md").read_text(encoding="utf-8")
    found = re.search(r"Field names: `([^`]+)`", document)
    assert found is not None
    assert found.group(1).split() == list(FIELDS)


def test_every_service_type_has_required_fields_that_exist() -> None:
    """No service type without rules, no rule about an unknown field."""
    assert set(REQUIRED) == set(QUESTIONS) == set(SERVICE_TYPES)
    assert {name for names in QUESTIONS.values() for name in names} <= set(FIELDS)
    assert all(set(names) <= set(QUESTIONS[service]) for service, names in REQUIRED.items())


@pytest.mark.parametrize(
    ("name", "value", "stored", "shown"),
    [
        ("brand", " 格力 ", "格力", "格力"),
        ("brand", "  ", None, ""),
        ("service_type", "repair", "repair", "维修"),
        ("intermittent", True, True, "是"),
        ("contact_phone", "13800138000", "13800138000", "138 0013 8000"),
        ("address", {"city": "杭州市", "detail": " 1号 "}, {**ADDRESS, "district": None, "detail": "1号"}, "杭州市1号"),
        ("address", {"city": ""}, None, ""),
        ("appointment", SLOT, SLOT, "2026-11-22 14:00–18:00"),
        (
            "appointment",
            {"start": "2026-11-22T14:00:00+08:00"},
            {"start": "2026-11-22T14:00:00+08:00", "end": None},
            "2026-11-22 14:00 起",
        ),
        (
            "appointment",
            {**SLOT, "end": "2026-11-23T18:00:00+08:00"},
            {**SLOT, "end": "2026-11-23T18:00:00+08:00"},
            "2026-11-22 14:00–2026-11-23 18:00",
        ),
    ],
)
def test_values_are_stored_and_shown(name: str, value: object, stored: object, shown: str) -> None:
    """Each kind has one stored form and one text for people."""
    kept = check_all({name: value})
    assert kept == {name: stored}
    assert display(name, kept[name]) == shown


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("colour", "red", "unknown_field"),
        ("brand", 5, "wrong_type"),
        ("brand", "x" * 61, "too_long"),
        ("brand", "a\x00b", "not_allowed"),
        ("service_type", "party", "not_allowed"),
        ("intermittent", "yes", "wrong_type"),
        ("contact_phone", "call me", "not_allowed"),
        ("address", "Hangzhou", "wrong_type"),
        ("address", {"street": "x"}, "not_allowed"),
        ("address", {"city": 5}, "wrong_type"),
        ("appointment", {"start": "tomorrow"}, "wrong_type"),
        ("appointment", {"start": "2026-11-22T14:00:00"}, "wrong_type"),
        ("appointment", {"start": SLOT["end"], "end": SLOT["start"]}, "not_allowed"),
    ],
)
def test_bad_values_are_refused_with_a_code(name: str, value: object, code: str) -> None:
    """The problem names the field and a stable word."""
    with pytest.raises(Invalid) as caught:
        check_all({name: value})
    assert [(problem.field, problem.code) for problem in caught.value.errors] == [(name, code)]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda x: st.dictionaries(st.text(max_size=8), x, max_size=4),
)


@given(st.dictionaries(st.sampled_from(list(FIELDS)), JSON, max_size=5))
def test_any_json_is_checked_without_surprise(values: dict[str, object]) -> None:
    """Either it is refused as Invalid, or checking the result again changes nothing and it can be shown."""
    try:
        kept = check_all(values)
    except Invalid as error:
        named = {problem.field for problem in error.errors}
        assert named
        assert named <= set(values)
        return
    assert check_all(kept) == kept
    for name, value in kept.items():
        assert isinstance(display(name, value), str)


def test_missing_follows_the_service_type() -> None:
    """Before the type is known only the basics are asked; an address without street counts as missing."""
    assert missing({}) == ("service_type", "contact_phone")
    fields = {"service_type": typed("repair"), "contact_phone": typed("1"), "address": typed({"city": "杭州市"})}
    assert missing(fields) == ("appliance", "brand", "fault", "address")
    assert missing({**fields, "address": typed(ADDRESS), "service_type": typed("maintenance")}) == ("appliance",)


def test_emptied_and_withdrawn_values_are_missing() -> None:
    """A field without value does not satisfy a requirement."""
    assert missing({"service_type": typed("enquiry"), "contact_phone": typed(None)}) == ("contact_phone",)


def test_questions_are_ticked_off_in_the_order_of_the_talk() -> None:
    """What is known is answered; what is asked for without being required never stands in the way."""
    asked = questions({"service_type": typed("repair"), "brand": typed("格力"), "fault": typed(None)})
    assert [question.field for question in asked if not question.answered] == [
        "appliance",
        "fault",
        "address",
        "contact_phone",
        "customer_name",
        "appointment",
    ]
    assert Question("brand", required=True, answered=True) in asked
    assert Question("customer_name", required=False, answered=False) in asked
