"""The approval rules: which one fits, and that a document which could not be used is refused by its place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workorder.errors import Invalid
from workorder.fields import SERVICE_TYPES
from workorder.policy.approvals import DEFAULTS, SUBJECTS, ApprovalTable, Facts, check_roles, read
from workorder.policy.customers import LEVELS
from workorder.policy.lifecycle import MOVES, Action, Status


def rule(**more: Any) -> dict[str, Any]:
    return {"name": "one", "subject": "goodwill", "roles": ["supervisor"], "label": "甲", "label_en": "One", **more}


def table(*rules: dict[str, Any]) -> ApprovalTable:
    return read(json.dumps({"rules": rules}))


FACTS = st.builds(
    Facts,
    status=st.sampled_from(Status),
    service_type=st.sampled_from([*SERVICE_TYPES, None]),
    level=st.sampled_from(list(LEVELS)),
    reason=st.sampled_from(["", "客户投诉", "重复下单"]),
    amount_minor=st.none() | st.integers(1, 10_000),
)


def test_the_built_in_rules() -> None:
    """Cancelling once dispatched, reopening after the follow-up and any goodwill need a supervisor."""
    for status in MOVES[Action.CANCEL].sources:
        asked = DEFAULTS.rule_for("cancel", Facts(status=status, service_type="repair"))
        assert (asked is None) == (status in {Status.DRAFT, Status.CREATED})
    for status in MOVES[Action.REOPEN].sources:
        asked = DEFAULTS.rule_for("reopen", Facts(status=status, service_type=None))
        assert (asked is not None) == (status is Status.FOLLOWED_UP)
    assert DEFAULTS.rule_for("goodwill", Facts(status=Status.WORKING, service_type=None, amount_minor=1))
    assert not DEFAULTS.rule_for("goodwill", Facts(status=Status.CANCELLED, service_type=None, amount_minor=1))


def test_amount_level_service_type_and_reason_are_conditions() -> None:
    """Each narrows its rule; the first rule that fits decides."""
    rules = table(
        rule(name="big", from_amount_minor=50_000, roles=["admin"]),
        rule(name="vip", level=["vip"]),
        rule(name="complaint", service_type=["complaint"], reason=["投诉", "曝光"]),
    )

    def met(**facts: Any) -> str | None:
        about = {"status": Status.WORKING, "service_type": "repair", "amount_minor": 100, **facts}
        found = rules.rule_for("goodwill", Facts(**about))
        return found and found.name

    assert met() is None
    assert (met(amount_minor=49_999), met(amount_minor=50_000)) == (None, "big")
    assert (met(level="vip"), met(level="vip", amount_minor=60_000)) == ("vip", "big")
    assert met(service_type="complaint") is None
    assert met(service_type="complaint", reason="客户投诉到平台") == "complaint"
    assert rules.rule_for("cancel", Facts(status=Status.WORKING, service_type="repair")) is None


@given(facts=FACTS, subject=st.sampled_from(SUBJECTS))
def test_buttons_never_ask_for_what_no_rule_wants(facts: Facts, subject: str) -> None:
    """What a button says beforehand is so for every customer and reason."""
    rules = table(
        rule(name="a", subject="escalate", level=["vip"]),
        rule(name="b", subject="escalate", status=["working"]),
        rule(name="c", subject="cancel", service_type=["repair"]),
        rule(name="d", subject="reschedule", reason=["重复"]),
    )
    if subject in rules.needing(facts.status, facts.service_type):
        assert rules.rule_for(subject, facts) is not None


@given(facts=FACTS, subject=st.sampled_from(SUBJECTS))
def test_without_rules_nobody_has_to_agree(facts: Facts, subject: str) -> None:
    """An empty table is a choice, too."""
    assert table().rule_for(subject, facts) is None


@pytest.mark.parametrize(
    ("rules", "place"),
    [
        ([rule(subject="create")], "rules.0.subject"),
        ([rule(subject="fly")], "rules.0.subject"),
        ([rule(subject="confirm", status=["working"])], "rules.0"),
        ([rule(status=["cancelled"])], "rules.0"),
        ([rule(subject="cancel", from_amount_minor=5)], "rules.0"),
        ([rule(from_amount_minor=0)], "rules.0.from_amount_minor"),
        ([rule(roles=[])], "rules.0.roles"),
        ([rule(level=["gold"])], "rules.0.level.0"),
        ([rule(service_type=["dance"])], "rules.0.service_type.0"),
        ([rule(), rule(extra=1)], "rules.1.extra"),
        ([rule(), rule()], "rules"),
    ],
)
def test_a_rule_that_could_not_be_used_names_its_place(rules: list[dict[str, Any]], place: str) -> None:
    """Nothing is accepted that fails when an order meets it."""
    with pytest.raises(Invalid) as caught:
        table(*rules)
    assert caught.value.errors[0].field == place


def test_what_is_no_json_is_refused() -> None:
    """With the same kind of error."""
    for junk in (b"", b"{", b"[]", b"\xff\xfe", b'{"rules": 7}'):
        with pytest.raises(Invalid):
            read(junk)


def test_a_role_nobody_can_have_is_refused() -> None:
    """It would make a step impossible."""
    with pytest.raises(Invalid, match="no role boss") as caught:
        check_roles(table(rule(), rule(name="two", roles=["admin", "boss"])), ["supervisor", "admin"])
    assert caught.value.errors[0].field == "rules.1.roles"
