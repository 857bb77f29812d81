"""Phone numbers in every spelling lead to one key."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workorder.policy.phones import HIDDEN, PhoneKey, parse_phone

MOBILES = st.builds("{}{:08d}".format, st.sampled_from([130, 138, 151, 159, 186, 199]), st.integers(0, 99_999_999))


@pytest.mark.parametrize(
    ("raw", "e164", "display"),
    [
        ("13800138000", "+8613800138000", "138 0013 8000"),
        ("138 0013-8000", "+8613800138000", "138 0013 8000"),
        ("+8613800138000", "+8613800138000", "138 0013 8000"),
        ("008613800138000", "+8613800138000", "138 0013 8000"),
        ("8613800138000", "+8613800138000", "138 0013 8000"),
        ("013800138000", "+8613800138000", "138 0013 8000"),
        ("１３８００１３８０００", "+8613800138000", "138 0013 8000"),
        ("0571-88888888", "+8657188888888", "0571 8888 8888"),
        ("(010) 8888 8888", "+861088888888", "010 8888 8888"),
        ("+86 571 8888 8888", "+8657188888888", "0571 8888 8888"),
        ("4008123123", "+864008123123", "400 812 3123"),
        ("04008123123", "+864008123123", "400 812 3123"),
        ("8008123123", "+868008123123", "800 812 3123"),
        ("+12125550123", "+12125550123", "+1 212-555-0123"),
    ],
)
def test_numbers_are_read_as_written_here(raw: str, e164: str, display: str) -> None:
    """Prefixes, out-line digits, punctuation and full-width digits do not matter."""
    assert parse_phone(raw) == PhoneKey(raw, e164, display, e164)


@pytest.mark.parametrize("raw", ["95533", "095533", "9 55 33"])
def test_service_numbers_have_no_e164_form_but_a_key(raw: str) -> None:
    """95xxx numbers are looked up by their digits."""
    key = parse_phone(raw)
    assert (key.e164, key.lookup, key.display) == (None, "95533", "95533")


@pytest.mark.parametrize("raw", [None, "", " ", "anonymous", "Anonymous", "unknown", "<unknown>", "Restricted"])
def test_hidden_numbers_have_no_key(raw: str | None) -> None:
    """What stands for a hidden number never matches a customer."""
    key = parse_phone(raw)
    assert key.hidden
    assert (key.e164, key.lookup, key.display) == (None, None, "")


def test_a_local_number_gets_the_area_code() -> None:
    """With the call centre's area code, with or without its 0, seven and eight digits become national."""
    assert parse_phone("88888888", area_code="0571").e164 == "+8657188888888"
    assert parse_phone("88888888", area_code="571").e164 == "+8657188888888"
    assert parse_phone("88888888").e164 is None
    assert parse_phone("88888888").lookup == "88888888"


def test_a_local_number_that_begins_like_a_country_code_is_not_cut() -> None:
    """86123456 is a number in Hangzhou, not +86 123456."""
    assert parse_phone("86123456", area_code="0571").e164 == "+8657186123456"


def test_extensions_and_sip_names_keep_their_own_text() -> None:
    """An inner extension and a SIP user are looked up as they are."""
    assert parse_phone("1001").lookup == "1001"
    assert parse_phone("Alice").lookup == "alice"
    assert parse_phone("Alice").display == "Alice"


def test_another_countrys_plan_reads_national_numbers() -> None:
    """The country decides what a number without prefix means."""
    assert parse_phone("0201 555 0123", country="DE").e164 == "+492015550123"


@given(MOBILES, st.sampled_from(["", "+86", "0086", "86", "0", "+86 ", "(+86)"]), st.sampled_from(["", "-", " "]))
def test_every_spelling_of_a_mobile_number_has_one_key(digits: str, prefix: str, gap: str) -> None:
    """Prefix and punctuation never change the key."""
    spelled = f"{prefix}{digits[:3]}{gap}{digits[3:7]}{gap}{digits[7:]}"
    assert parse_phone(spelled).lookup == parse_phone(digits).lookup


@given(st.text(max_size=40))
def test_any_text_is_taken_and_kept(raw: str) -> None:
    """Nothing raises; the text as received is kept; a key exists unless the number is hidden."""
    key = parse_phone(raw)
    assert key.raw == raw
    assert key.lookup is None or key.lookup
    assert (key.lookup is None) == key.hidden
    assert key.e164 is None or (key.e164[0] == "+" and set(key.e164[1:]) <= set(string.digits))


@given(st.text(alphabet=string.digits + "+- ()", max_size=25))
def test_reading_a_key_again_gives_the_same_key(raw: str) -> None:
    """A stored key is a number that leads to itself."""
    lookup = parse_phone(raw).lookup
    if lookup is not None and lookup not in HIDDEN:
        assert parse_phone(lookup).lookup == lookup
