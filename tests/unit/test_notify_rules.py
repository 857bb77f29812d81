"""Rules of messages: what is accepted can be sent; quiet hours; templates; signatures; addresses that are forbidden."""

from __future__ import annotations

import ipaddress
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.channels.port import Refused
from callcenter.channels.signing import signed, verified
from callcenter.channels.targets import Targets
from callcenter.features.notify.circuit import FAILURES, Circuit
from callcenter.features.notify.rules import DEFAULTS, filled, read, sendable_at
from callcenter.features.notify.wording import SAMPLES, VARIABLES, filled_text, filled_where_possible, problems_in
from workorder.errors import Invalid

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def changed(**places: Any) -> str:
    tree = DEFAULTS.model_dump(mode="json")
    for path, value in places.items():
        *parents, last = [int(part) if part.isdigit() else part for part in path.split("__")]
        place = tree
        for part in parents:
            place = place[part]
        place[last] = value
    return json.dumps(tree)


def test_the_built_in_rules_survive_writing_and_reading_and_every_wording_fills_in() -> None:
    """What is shown can be put back; each built-in text has no brace left over."""
    assert read(DEFAULTS.model_dump_json()) == DEFAULTS
    for wordings in DEFAULTS.templates.values():
        assert set(wordings) == {"zh", "en"}
        for language, wording in wordings.items():
            assert not {"{", "}"} & set("".join(filled(wording, SAMPLES[language])))


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ("{", "rules"),
        (changed(templates__mentioned__zh__text="{password}"), "templates.mentioned.zh.text"),
        (changed(templates__mentioned__zh__text="{number.__class__}"), "templates.mentioned.zh.text"),
        (changed(templates__mentioned__zh__text="{number!r}"), "templates.mentioned.zh.text"),
        (changed(templates__mentioned__zh__text="{number:>9999999}"), "templates.mentioned.zh.text"),
        (changed(templates__mentioned__zh__text="{number"), "templates.mentioned.zh.text"),
        (changed(rules__0__event="Nothing"), "rules.0.event"),
        (changed(rules__0__template="nope"), "rules"),
        (changed(rules__1__name="mention"), "rules"),
        (changed(rules__0__to="x"), "rules.0"),
        (changed(rules__0__channel="sms"), "rules.0"),
        (changed(rules__9__channel="email"), "rules.9"),
        (changed(quiet_hours__customer="9pm"), "quiet_hours.customer"),
        (changed(speed=1), "speed"),
    ],
)
def test_rules_that_could_fail_later_are_refused_when_saved(document: str, place: str) -> None:
    """Unknown variables, attributes, conversions, widths; events and templates that are not there; no way to reach."""
    with pytest.raises(Invalid) as caught:
        read(document)
    assert any(problem.field.startswith(place) for problem in caught.value.errors)


def test_a_template_leaves_out_what_is_not_known_and_never_fills_in_twice() -> None:
    """A customer whose name looks like a variable stays that name."""
    _, text = filled(DEFAULTS.templates["accepted"]["zh"], {"customer_name": "{number}", "number": "WO1"})
    assert "{number}您好" in text
    assert "WO1" in text


def test_what_is_wrong_with_a_template_is_said_by_line_and_name() -> None:
    """Every unknown variable and every brace that does not match; what is right is filled in meanwhile."""
    text = "{customer_name}您好\n{nmae}，{brnad}\n明天 {\n{{原样}}"
    assert [(one.line, one.code, one.name) for one in problems_in(text)] == [
        (2, "unknown_variable", "nmae"),
        (2, "unknown_variable", "brnad"),
        (3, "braces", None),
    ]
    assert filled_where_possible(text, VARIABLES) == "王芳您好\n{nmae}，{brnad}\n明天 {\n{原样}"


@given(
    st.text(alphabet="ab{}\n!:.数", max_size=30) | st.lists(st.sampled_from(["{number}", "{due}", "x\n"])).map("".join)
)
def test_a_template_without_problems_can_be_filled_in_and_no_other(text: str) -> None:
    """Against Python's own formatting with exactly the known names."""
    try:
        text.format_map(dict.fromkeys(VARIABLES, "v"))
        plain = not any(mark in part for part in text.split("{")[1:] for mark in "!:.[")
    except (KeyError, ValueError, IndexError, AttributeError):
        plain = False
    if not problems_in(text):
        assert filled_text(text, {}) == filled_where_possible(text, {})
    if plain:
        assert not problems_in(text)


@given(st.integers(0, 24 * 60 - 1), st.integers(0, 24 * 60 - 1), st.integers(0, 24 * 60 - 1))
def test_quiet_hours_delay_to_their_end_and_nothing_else(begin: int, end: int, minute: int) -> None:
    """Against walking minute by minute: the first minute that is not quiet."""
    quiet = f"{begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02}"
    local = datetime(2026, 11, 23, minute // 60, minute % 60, tzinfo=SHANGHAI)

    def is_quiet(moment: datetime) -> bool:
        now = moment.hour * 60 + moment.minute
        return begin <= now < end if begin <= end else now >= begin or now < end

    walked = local
    while is_quiet(walked):
        walked += timedelta(minutes=1)
    assert sendable_at(quiet, local) == walked
    assert sendable_at(None, local) == local


def test_a_signature_proves_body_delivery_and_time() -> None:
    """Each changed part, another secret, an old message and a missing header are refused."""
    body, at = b'{"a":1}', int(NOW.timestamp())
    headers = signed(body, secret="s", delivery_id="D1", at_s=at)
    assert verified(body, headers, secret="s", now_s=at + 299)
    assert not verified(body, headers, secret="s", now_s=at + 301)
    assert not verified(b'{"a":2}', headers, secret="s", now_s=at)
    assert not verified(body, headers, secret="t", now_s=at)
    for name in headers:
        assert not verified(body, {**headers, name: "1"}, secret="s", now_s=at)
    assert not verified(body, {}, secret="s", now_s=at)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://169.254.169.254/latest/meta-data", False),
        ("http://[fe80::1]/", False),
        ("http://[::ffff:169.254.169.254]/", False),
        ("http://127.0.0.1/", False),
        ("http://[::1]/", False),
        ("http://10.0.0.5/", False),
        ("http://0.0.0.0/", False),
        ("http://224.0.0.1/", False),
        ("http://user:pw@203.0.113.9/", False),
        ("ftp://8.8.8.8/", False),
        ("file:///etc/passwd", False),
        ("http://8.8.8.8/", True),
        ("https://crm.example.com/hook", True),
    ],
)
def test_addresses_inside_our_networks_are_refused_unless_named(url: str, allowed: bool) -> None:
    """Link-local and metadata, loopback, private, multicast, odd schemes and credentials in the address."""
    if allowed:
        Targets().check_url(url)
    else:
        with pytest.raises(Refused):
            Targets().check_url(url)


def test_a_named_network_opens_itself_and_link_local_never() -> None:
    """allow_networks is for the one network; a wide one does not open the metadata service."""
    some = Targets(["10.1.0.0/16", "0.0.0.0/0"])
    assert some.allows(ipaddress.ip_address("10.1.2.3"))
    assert some.allows(ipaddress.ip_address("::ffff:10.1.2.3"))
    assert not some.allows(ipaddress.ip_address("169.254.169.254"))
    assert not Targets(["10.1.0.0/16"]).allows(ipaddress.ip_address("10.2.0.1"))


def test_a_circuit_opens_after_failures_in_a_row_rests_longer_each_time_and_forgets_on_success() -> None:
    """Four failures and a success leave it closed; the fifth in a row opens it for a minute, the next for two."""
    circuit = Circuit()
    for _ in range(FAILURES - 1):
        circuit.failed(NOW)
    circuit.succeeded()
    for _ in range(FAILURES - 1):
        circuit.failed(NOW)
    assert circuit.rests_until(NOW) is None
    circuit.failed(NOW)
    assert circuit.rests_until(NOW) == NOW + timedelta(seconds=60)
    later = NOW + timedelta(seconds=60)
    assert circuit.rests_until(later) is None
    circuit.failed(later)
    assert circuit.rests_until(later) == later + timedelta(seconds=120)


@pytest.mark.parametrize(
    ("text", "values", "shown"),
    [
        ("出发[，预计 {eta} 到达]。", {"eta": "14:00"}, "出发，预计 14:00 到达。"),
        ("出发[，预计 {eta} 到达]。", {}, "出发。"),
        ("[{handler} {handler_phone}]", {"handler": "李雷"}, ""),
        ("[{handler}][ {handler_phone}]", {"handler": "李雷"}, "李雷"),
        ("【格力】[急] {number}", {"number": "WO1"}, "【格力】[急] WO1"),
        ("[{{x}}] [{eta}", {"eta": "1"}, "[{x}] [1"),
    ],
)
def test_a_part_in_brackets_is_left_out_when_something_in_it_is_not_known(text, values, shown):
    """Only parts with a variable are meant; other brackets are words like any."""
    assert problems_in(text) == ()
    assert filled_text(text, values) == shown
