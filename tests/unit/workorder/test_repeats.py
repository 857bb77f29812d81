"""Which open order a new report is about."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from workorder.policy.repeats import same_matter


@dataclass(frozen=True)
class Open:
    number: str
    service_type: str | None = "repair"
    appliance: str | None = "空调"
    fault: str | None = "漏水"


NEWEST, COOLING, INSTALL = Open("WO3", appliance="冰箱"), Open("WO2"), Open("WO1", service_type="install", fault=None)
ORDERS = [NEWEST, COOLING, INSTALL]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"service_type": "repair", "appliance": "空调", "fault": "漏水"}, COOLING),
        ({"service_type": "repair", "appliance": "空调"}, COOLING),
        ({"appliance": "空调", "fault": "不制冷"}, INSTALL),
        ({"service_type": "repair", "appliance": "空调", "fault": "不制冷"}, None),
        ({"service_type": "install", "appliance": "空调"}, INSTALL),
        ({"service_type": "complaint", "appliance": "空调", "fault": "漏水"}, None),
        ({"service_type": "progress"}, NEWEST),
        ({"service_type": "progress", "appliance": "空调"}, COOLING),
        ({"service_type": "repair"}, None),
        ({"service_type": "complaint", "prior_ticket": " wo2 "}, COOLING),
        ({"prior_ticket": "WO9", "service_type": "progress"}, NEWEST),
        ({}, None),
    ],
)
def test_the_same_matter(said, found):
    """By its number; else same service, appliance and fault, the unknown fitting anything; asking how it goes: the newest."""
    assert same_matter(said, ORDERS) is found
    assert same_matter(said, []) is None
