"""The editable service levels: what is accepted is usable, what is not is refused with its place."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from workorder.errors import Invalid
from workorder.policy.holidays_cn import HOLIDAYS
from workorder.policy.lifecycle import Status
from workorder.policy.sla_table import DEFAULTS, levels, read, stored_levels

SHANGHAI = ZoneInfo("Asia/Shanghai")


def changed(**places: Any) -> str:
    """The built-in table as JSON with some places changed; ``a__b__0`` is a path."""
    tree = DEFAULTS.model_dump(mode="json")
    for path, value in places.items():
        *parents, last = [int(part) if part.isdigit() else part for part in path.split("__")]
        place = tree
        for part in parents:
            place = place[part]
        place[last] = value
    return json.dumps(tree)


def test_the_built_in_table_survives_writing_and_reading() -> None:
    """What is shown can be put back as it is and means the same."""
    document = DEFAULTS.model_dump_json()
    assert read(document) == DEFAULTS
    assert stored_levels(document) == levels(DEFAULTS)


def test_every_limit_is_below_two_days_as_complaints_grow_after() -> None:
    """No built-in tier lets an order wait for more than 48 hours of working time."""
    assert all(tier.resolve < timedelta(hours=48) for tier in levels(DEFAULTS).tiers)


def test_every_resting_place_is_watched() -> None:
    """Each status of an open order has a longest stay."""
    rests = {Status.CREATED, *levels(DEFAULTS).nodes}
    assert rests >= {s for s in Status if s not in {"draft", "confirmed", "followed_up", "cancelled"}}


def test_warnings_come_at_fractions_and_at_minutes_before_the_end() -> None:
    """75 % and half an hour before: both, each once, in order."""
    tier = levels(read(changed(tiers__4__warn_before_min=[30, 60], tiers__4__respond_min=120))).tiers[4]
    assert tier.warnings(tier.respond) == (0.5, 0.75)
    assert tier.warnings(timedelta(hours=24)) == pytest.approx((0.75, 1 - 1 / 24, 1 - 0.5 / 24))


def test_a_house_holiday_and_a_worked_sunday_are_followed() -> None:
    """Own days come on top of the country's: stocktaking on a Monday, open on the Sunday before."""
    table = read(
        changed(
            calendars__office__off={"2026-11-23": "stocktaking"},
            calendars__office__worked=["2026-11-22"],
        )
    )
    calendar = table.calendars["office"].calendar()
    start = datetime(2026, 11, 20, 17, 30, tzinfo=SHANGHAI)
    assert calendar.after(start, timedelta(hours=1)) == datetime(2026, 11, 22, 9, 0, tzinfo=SHANGHAI)
    assert calendar.shifts(date(2026, 11, 23)) == ()
    assert set(HOLIDAYS) <= set(calendar.off)


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ("{", "table"),
        ("[]", "table"),
        (changed(tiers=[]), "tiers"),
        (changed(tiers__0__name="Danger!"), "tiers.0.name"),
        (changed(tiers__1__name="danger"), "table"),
        (changed(tiers__0__urgency=["boiling"]), "tiers.0.urgency.0"),
        (changed(tiers__1__service_type=["cooking"]), "tiers.1.service_type.0"),
        (changed(tiers__0__calendar="lunar"), "table"),
        (changed(tiers__4__level=["vip"]), "table"),
        (changed(tiers__0__resolve_min=5), "tiers.0"),
        (changed(tiers__0__resolve_min=0), "tiers.0.resolve_min"),
        (changed(tiers__0__warn_at=[1.0]), "tiers.0.warn_at.0"),
        (changed(calendars__office__zone="Mars/Olympus"), "calendars.office.zone"),
        (changed(calendars__office__zone="../../etc/passwd"), "calendars.office.zone"),
        (changed(calendars__office__week={}), "calendars.office"),
        (changed(calendars__office__week={"mon": ["09:00-12:00", "11:00-13:00"]}), "calendars.office"),
        (changed(calendars__office__week={"mon": ["9-12"]}), "calendars.office.week.mon.0"),
        (changed(nodes_min={"confirmed": 5}), "nodes_min.confirmed.[key]"),
        (changed(risk_alert=2), "risk_alert"),
        (changed(speed=9), "speed"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused_at_its_place(document: str, place: str) -> None:
    """Each mistake names where it is; nothing of it is used."""
    with pytest.raises(Invalid) as caught:
        read(document)
    assert place in [problem.field for problem in caught.value.errors]
