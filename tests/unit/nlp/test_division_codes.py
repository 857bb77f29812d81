"""Names of divisions and their codes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.division_codes import all_divisions, below, division, find
from nlp.divisions import divisions


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (("浙江省", "杭州市", "西湖区"), "330106"),
        (("", "杭州", "西湖"), "330106"),
        (("北京", "", "朝阳区"), "110105"),
        (("浙江", "", ""), "330000"),
        (("", "", "西湖区"), None),
        (("江苏省", "杭州市", ""), None),
        (("", "", ""), None),
        (("火星", "", ""), None),
    ],
)
def test_names_as_people_say_them_have_one_code_or_none(names, code):
    """A name that fits two divisions has no code until the city is told."""
    found = find(*names)
    assert (found.code if found else None) == code


@given(st.sampled_from(all_divisions()))
def test_every_division_is_found_by_its_full_name_and_its_code(place):
    """Code → names → code; only a municipality and its city share one."""
    assert find(place.province, place.city, place.district) == place
    assert division(place.code).code == place.code
    assert division(place.code).province == place.province


def test_codes_are_six_digits_and_unique_below_the_provinces():
    """What lies in a province has its first two digits."""
    places = all_divisions()
    assert len(places) > 3000
    assert all(len(place.code) == 6 and place.code.isdigit() for place in places)
    districts = [place.code for place in places if place.level == 2]
    assert len(districts) == len(set(districts))


def test_every_name_is_one_that_extraction_knows():
    """Codes and spoken names are of the same list."""
    said = divisions().said
    assert all(place.name in said for place in all_divisions())


def test_lists_lead_from_provinces_to_districts():
    """A municipality has its districts directly below it."""
    assert "浙江省" in [place.name for place in below(None)]
    assert next(place.name for place in below("330000")) == "杭州市"
    assert "西湖区" in [place.name for place in below("330100")]
    assert "朝阳区" in [place.name for place in below("110000")]
    assert below("330106") == ()
    assert below("999999") == ()
