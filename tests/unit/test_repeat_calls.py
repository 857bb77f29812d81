"""Whether a call is about something that is being worked on already."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from callcenter.features.repeat_calls import repeat_alert
from workorder.fields import FieldState, FieldValue, Source
from workorder.policy.lifecycle import STATUS_LABELS, Status
from workorder.views.orders import OrderBrief


def brief(number: str, appliance: str | None, fault: str | None, status: Status = Status.DISPATCHED) -> OrderBrief:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    return OrderBrief(f"O{number}", number, status, "repair", appliance, "海尔", fault, at, None)


OPEN = (brief("WO3", "冰箱", "漏水"), brief("WO2", "冰箱", None), brief("WO1", "空调", "不制冷", Status.WAITING_PARTS))


def said(**values: str | None) -> dict[str, FieldValue]:
    return {
        name: FieldValue(value=value, display=value or "", source=Source.HEARD, state=FieldState.HEARD)
        for name, value in values.items()
    }


@pytest.mark.parametrize(
    ("fields", "number"),
    [
        (said(appliance="冰箱", fault="漏水"), "WO3"),
        (said(appliance="冰箱", fault="噪音大"), "WO2"),
        (said(appliance="冰箱"), "WO3"),
        (said(appliance="空调", fault="不制冷"), "WO1"),
        (said(appliance="空调", fault="漏水"), None),
        (said(appliance="洗衣机"), None),
        (said(appliance=None, fault="漏水"), None),
        (said(fault="漏水"), None),
        ({}, None),
    ],
)
def test_the_same_appliance_with_the_same_or_an_unknown_fault_repeats(fields, number):
    """The newest order that fits is named; nothing is said before an appliance is known."""
    alerts = repeat_alert(fields, OPEN)
    assert [alert.kind for alert in alerts] == (["repeat"] if number else [])
    assert all(f" {number}（" in alert.display for alert in alerts)


def test_the_alert_names_the_status_in_words():
    """Every status has a word for people."""
    assert "（等配件）" in repeat_alert(said(appliance="空调"), OPEN)[0].display
    assert set(STATUS_LABELS) == set(Status)
