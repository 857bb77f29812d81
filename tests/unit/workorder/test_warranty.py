"""The warranty decision: the law's cases one by one, and what must hold for every appliance on every day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workorder.policy.sanbao_cn import LISTED, Cause, listed
from workorder.policy.warranty import (
    Basis,
    Contract,
    Facts,
    Remedy,
    Repair,
    Terms,
    Warranty,
    decide,
    last_day,
    same_day,
    warranty_state,
)
from workorder.policy.working_time import OFFICE

SOLD = date(2025, 3, 5)
GREE = Terms(
    brand="格力",
    appliance="空调",
    whole_months=72,
    part_months=(("压缩机", 120),),
    sold_from=date(2021, 3, 1),
    source="格力家用空调保修说明2021",
)


def codes(verdict):
    return [reason.code for reason in verdict.reasons]


@pytest.mark.parametrize(
    ("until", "state"),
    [(None, "unknown"), (date(2026, 11, 20), "out"), (date(2026, 11, 21), "in"), (date(2030, 1, 1), "in")],
)
def test_the_last_day_is_covered(until: date | None, state: str) -> None:
    """Out from the day after the end; unknown without an end."""
    assert warranty_state(until=until, on=date(2026, 11, 21)) == state


@pytest.mark.parametrize(
    ("appliance", "title"),
    [
        ("空调", "家用空调器"),
        ("变频空调", "家用空调器"),
        ("柜机", "家用空调器"),
        ("中央空调", None),
        ("电冰箱", "家用电冰箱"),
        ("滚筒洗衣机", "洗衣机"),
        ("燃气热水器", "燃气热水器"),
        ("电热水器", None),
        ("热水器", None),
        ("抽油烟机", "吸排油烟机"),
        ("洗碗机", None),
        ("", None),
    ],
)
def test_the_laws_list_is_read_by_the_names_people_use(appliance, title):
    """What is not in the list is not guessed to be."""
    line = listed(appliance)
    assert (line.title if line else None) == title


@pytest.mark.parametrize(
    ("appliance", "part", "until"),
    [
        ("空调", None, date(2026, 3, 5)),
        ("空调", "压缩机", date(2028, 3, 6)),
        ("空调", "遥控器", date(2026, 3, 5)),
        ("微波炉", "磁控管", date(2027, 3, 5)),
        ("电视", "集成电路", date(2028, 3, 6)),
    ],
)
def test_the_whole_has_a_year_and_main_parts_have_longer(appliance, part, until):
    """The day of the invoice comes again as the last day; 5 March 2028 is a Sunday, so the Monday counts."""
    facts = Facts(appliance=appliance, sold_on=SOLD, invoice_no="1")
    verdict = decide(facts, on=until, part=part)
    assert (verdict.state, verdict.until, verdict.basis) == (Warranty.IN, until, Basis.LAW)
    assert "部分商品修理更换退货责任规定第八条" in verdict.reasons[0].citation
    assert decide(facts, on=until + timedelta(days=1), part=part).state is Warranty.OUT


def test_an_end_on_a_holiday_moves_to_the_first_working_day():
    """National Day 2026 is off to 7 October."""
    facts = Facts(appliance="冰箱", sold_on=date(2025, 10, 1), invoice_no="1")
    assert decide(facts, on=date(2026, 10, 8)).until == date(2026, 10, 8)


def test_29_february_ends_with_the_month():
    """A month without that day ends the period."""
    assert same_day(date(2024, 2, 29), 12) == date(2025, 2, 28)


@pytest.mark.parametrize(
    ("days", "remedies"),
    [
        (0, (Remedy.RETURN, Remedy.EXCHANGE, Remedy.REPAIR)),
        (7, (Remedy.RETURN, Remedy.EXCHANGE, Remedy.REPAIR)),
        (8, (Remedy.EXCHANGE, Remedy.REPAIR)),
        (15, (Remedy.EXCHANGE, Remedy.REPAIR)),
        (16, (Remedy.REPAIR,)),
        (365, (Remedy.REPAIR,)),
        (366, ()),
    ],
)
def test_seven_and_fifteen_days(days, remedies):
    """Return within 7 days of the sale, exchange within 15, then repair, then nothing."""
    verdict = decide(Facts(appliance="洗衣机", sold_on=SOLD, invoice_no="1"), on=SOLD + timedelta(days=days))
    assert verdict.remedies == remedies


def test_days_under_repair_are_added():
    """Ten days in the workshop are ten days more; overlapping repairs count once."""
    repairs = (
        Repair(date(2025, 5, 1), date(2025, 5, 11)),
        Repair(date(2025, 5, 4), date(2025, 5, 8)),
    )
    facts = Facts(appliance="空调", sold_on=SOLD, invoice_no="1", repairs=repairs)
    verdict = decide(facts, on=date(2026, 3, 16))
    # 15 March 2026 is a Sunday.
    assert (verdict.state, verdict.until) == (Warranty.IN, date(2026, 3, 16))
    assert "repair_days_added" in codes(verdict)


def test_twice_repaired_or_ninety_days_away_may_be_exchanged():
    """Articles 11 and 12."""
    twice = (Repair(date(2025, 5, 1), date(2025, 5, 2)), Repair(date(2025, 6, 1), date(2025, 6, 2)))
    long = (Repair(date(2025, 5, 1), None),)
    for repairs, code in ((twice, "repaired_twice"), (long, "ninety_days")):
        verdict = decide(Facts(appliance="空调", sold_on=SOLD, invoice_no="1", repairs=repairs), on=date(2025, 8, 10))
        assert Remedy.EXCHANGE in verdict.remedies
        assert code in codes(verdict)


def test_periods_start_anew_with_an_exchange():
    """Article 14."""
    facts = Facts(appliance="空调", sold_on=SOLD, invoice_no="1", replaced_on=date(2026, 1, 8))
    verdict = decide(facts, on=date(2026, 12, 1))
    assert (verdict.state, verdict.until) == (Warranty.IN, date(2027, 1, 8))
    assert "restarted" in codes(verdict)


@pytest.mark.parametrize("cause", list(Cause))
def test_what_the_law_leaves_out_is_paid_for(cause):
    """Article 17: each exclusion has its number in the citation; no contract or promise changes the answer."""
    facts = Facts(appliance="空调", brand="格力", sold_on=SOLD, invoice_no="1")
    verdict = decide(facts, on=SOLD, cause=cause, terms=[GREE])
    assert (verdict.state, verdict.remedies, codes(verdict)[0]) == (Warranty.OUT, (), "excluded")
    assert "第十七条" in verdict.reasons[0].citation


def test_a_makers_promise_counts_where_it_is_better_than_the_law():
    """Six years for the whole, ten for the compressor, to other brands nothing; with their source."""
    facts = Facts(appliance="变频空调", brand="格力", sold_on=SOLD, invoice_no="1")
    whole, part = (decide(facts, on=date(2030, 1, 1), part=name, terms=[GREE]) for name in (None, "压缩机"))
    assert (whole.until, whole.basis) == (date(2031, 3, 5), Basis.MAKER)
    assert part.until == date(2035, 3, 5)
    assert whole.reasons[0].citation == "格力家用空调保修说明2021"
    other = Facts(appliance="空调", brand="美的", sold_on=SOLD)
    assert decide(other, on=date(2030, 1, 1), terms=[GREE]).state is Warranty.OUT
    old = Facts(appliance="空调", brand="格力", sold_on=date(2021, 2, 28))
    assert decide(old, on=date(2022, 6, 1), terms=[GREE]).state is Warranty.OUT


def test_a_promise_may_count_from_installation():
    """Where the day is known; else from the invoice."""
    terms = Terms(brand="格力", appliance="空调", whole_months=12, from_installation=True)
    facts = Facts(appliance="中央空调", brand="格力", sold_on=SOLD, installed_on=date(2025, 9, 1))
    assert decide(facts, on=SOLD, terms=[terms]).until == date(2026, 9, 1)
    uninstalled = Facts(appliance="中央空调", brand="格力", sold_on=SOLD)
    assert decide(uninstalled, on=SOLD, terms=[terms]).until == date(2026, 3, 5)


def test_beyond_warranty_a_contract_covers():
    """延保 only when nothing else covers the day; while the law covers, it is 保内."""
    contract = Contract(number="YB-1", since=SOLD, until=date(2030, 3, 5))
    facts = Facts(appliance="空调", sold_on=SOLD, invoice_no="1")
    late = decide(facts, on=date(2029, 1, 1), contracts=[contract])
    assert (late.state, late.basis, late.reasons[0].citation) == (Warranty.EXTENDED, Basis.CONTRACT, "YB-1")
    assert decide(facts, on=date(2025, 6, 1), contracts=[contract]).state is Warranty.IN
    assert decide(facts, on=date(2030, 3, 6), contracts=[contract]).state is Warranty.OUT


def test_nothing_on_file_is_said_to_be_unknown():
    """No date: ask for the invoice. Not in the list and no terms: unknown, but returnable for 7 days by consumer law."""
    undated = decide(Facts(appliance="空调"), on=SOLD)
    assert (undated.state, codes(undated)) == (Warranty.UNKNOWN, ["no_sale_date"])
    unlisted = decide(Facts(appliance="洗碗机", sold_on=SOLD), on=SOLD + timedelta(days=3))
    assert (unlisted.state, unlisted.remedies) == (Warranty.UNKNOWN, (Remedy.RETURN,))
    stated = decide(Facts(appliance="洗碗机", stated_until=date(2026, 1, 1)), on=SOLD)
    assert (stated.state, stated.basis) == (Warranty.IN, Basis.STATED)


DAYS = st.dates(date(2020, 1, 1), date(2027, 12, 31))
SPANS = st.lists(
    st.tuples(DAYS, st.integers(0, 120)).map(lambda pair: Repair(pair[0], pair[0] + timedelta(days=pair[1]))),
    max_size=4,
)
APPLIANCES = st.sampled_from([line.names[0] for line in LISTED])


@given(sold=DAYS, repairs=SPANS, months=st.sampled_from([12, 24, 36]), on=DAYS)
def test_a_period_ends_on_a_working_day_and_repairs_only_lengthen_it(sold, repairs, months, on):
    """Never before the plain calendar day, whatever the order in which repairs are on file."""
    plain = last_day(sold, months, (), on=on)
    until = last_day(sold, months, repairs, on=on)
    assert until >= plain >= same_day(sold, months)
    assert OFFICE.shifts(until)
    assert last_day(sold, months, reversed(repairs), on=on) == until


@given(appliance=APPLIANCES, sold=DAYS, on=DAYS, repairs=SPANS)
def test_in_and_out_change_only_at_the_named_day(appliance, sold, on, repairs):
    """From the sale to the named last day in, after it out; in is free repair, out is nothing."""
    facts = Facts(appliance=appliance, sold_on=sold, repairs=tuple(repairs))
    verdict = decide(facts, on=on)
    inside = sold <= on <= verdict.until
    assert verdict.state is (Warranty.IN if inside else Warranty.OUT)
    assert (Remedy.REPAIR in verdict.remedies) == inside
    assert verdict.reasons[0].citation
    assert decide(facts, on=verdict.until).state is Warranty.IN


@given(appliance=APPLIANCES, sold=DAYS, on=DAYS, months=st.integers(0, 240))
def test_no_promise_takes_from_the_law(appliance, sold, on, months):
    """With a maker's terms of any length the cover ends no earlier than without."""
    facts = Facts(appliance=appliance, brand="甲", sold_on=sold)
    terms = Terms(brand="甲", appliance=appliance, whole_months=months)
    assert decide(facts, on=on, terms=[terms]).until >= decide(facts, on=on).until


@given(sold=DAYS, on=DAYS, part=st.sampled_from(["压缩机", "冷凝器", "四通阀"]))
def test_a_main_part_is_covered_at_least_as_long_as_the_whole(sold, on, part):
    """Part in whenever the whole is."""
    facts = Facts(appliance="空调", sold_on=sold)
    if decide(facts, on=on).state is Warranty.IN:
        assert decide(facts, on=on, part=part).state is Warranty.IN
