"""Which devices are phones and which are lines to the outside, and the pattern proposed for them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.telephony.agent_pattern import matches, propose, propose_pattern
from callcenter.telephony.call_book import DEFAULT_AGENT_PATTERN
from callcenter.telephony.devices import Device, Facts, Kind, Member, agents, classify, guessed, member_device
from callcenter.telephony.survey import facts, major

FREEPBX = Facts(
    names=frozenset({"PJSIP/1001", "PJSIP/1002", "PJSIP/2001", "PJSIP/Telecom-GZ", "PJSIP/02087654321", "SIP/3001"}),
    members=(
        Member("600", "Local/1001@from-queue/n", "hint:1001@ext-local", "王芳"),
        Member("600", "Local/2001@from-queue/n", "PJSIP/2001", "Local/2001@from-queue/n"),
    ),
    registering=frozenset({"PJSIP/Telecom-GZ"}),
)


def kinds(given_facts: Facts) -> dict[str, str]:
    return {device.interface: device.kind.value for device in classify(given_facts)}


def test_freepbx_is_told_apart():
    """Local members lead to their phones, numbers are extensions, what registers or is unnamed is no phone."""
    assert kinds(FREEPBX) == {
        "PJSIP/02087654321": "unknown",
        "PJSIP/1001": "agent",
        "PJSIP/1002": "extension",
        "PJSIP/2001": "agent",
        "PJSIP/Telecom-GZ": "trunk",
        "SIP/3001": "extension",
    }


def test_agents_have_a_user_each():
    """One agent per phone with all its queues; a member without a name of its own is called by its number."""
    found = {agent.interface: (agent.username, agent.name, agent.queues) for agent in agents(FREEPBX)}
    assert found == {
        "PJSIP/1001": ("1001", "王芳", ("600",)),
        "PJSIP/2001": ("2001", "2001", ("600",)),
    }


def test_a_line_is_known_by_the_context_of_its_calls():
    """A numeric trunk whose calls come in through from-trunk is no extension."""
    seen = Facts(names=frozenset({"PJSIP/8888"}), contexts={"PJSIP/8888": frozenset({"from-trunk"})})
    assert kinds(seen) == {"PJSIP/8888": "trunk"}


def test_where_the_technology_is_a_guess_the_pattern_takes_both():
    """Screen-pop rights on FreePBX: members are Local channels and devices cannot be listed."""
    blind = Facts(members=(Member("600", "Local/1001@from-queue/n", "hint:1001@ext-local", "王芳"),))
    assert guessed(blind) == {"PJSIP/1001"}
    assert propose(blind) == DEFAULT_AGENT_PATTERN
    assert matches(propose(blind), "SIP/1001")
    assert not guessed(FREEPBX)


@pytest.mark.parametrize(
    ("interface", "state", "device"),
    [
        ("PJSIP/1001", "PJSIP/1001", "PJSIP/1001"),
        ("Local/1001@agents/n", "PJSIP/1001", "PJSIP/1001"),
        ("Local/1001@from-queue/n", "hint:1001@ext-local", "SIP/1001"),
        ("Local/1009@from-queue/n", "", "PJSIP/1009"),
        ("Local/queue-overflow@x", "", None),
        ("Agent/7", "", None),
    ],
)
def test_the_phone_behind_a_member(interface, state, device):
    """Itself, what it watches, or the device of that number; None where nothing tells."""
    assert member_device(Member("q", interface, state, ""), ["SIP/1001", "PJSIP/1002"]) == device


def test_numbers_become_a_range_so_that_new_phones_are_matched():
    """Four-digit extensions in 1xxx and 2xxx: the next one is matched, the trunks are not."""
    pattern = propose_pattern(classify(FREEPBX))
    assert pattern == r"^(?P<interface>(?:PJSIP/[12]\d{3}|SIP/3\d{3}))-[0-9a-f]{8}$"
    assert matches(pattern, "PJSIP/1999")
    assert not matches(pattern, "PJSIP/Telecom-GZ")
    assert not matches(pattern, "PJSIP/02087654321")


def test_a_trunk_among_the_numbers_is_left_out():
    """A trunk numbered like a phone: the range would match it, so the phones are listed one by one."""
    found = classify(
        Facts(
            names=frozenset({"PJSIP/1001", "PJSIP/1002", "PJSIP/1999"}),
            contexts={"PJSIP/1999": frozenset({"from-pstn"})},
        )
    )
    pattern = propose_pattern(found)
    assert pattern == r"^(?P<interface>(?:PJSIP/1001|PJSIP/1002))-[0-9a-f]{8}$"


def test_names_without_a_rule_get_the_default_pattern_where_it_fits():
    """Named phones and a trunk called trunk-1: the shipped default tells them apart."""
    members = tuple(Member("q", f"PJSIP/{name}", "", name) for name in ("anna", "ben"))
    found = classify(Facts(names=frozenset({"PJSIP/trunk-1"}), members=members))
    assert propose_pattern(found) == DEFAULT_AGENT_PATTERN


def test_without_phones_the_default_is_proposed():
    """Nothing found, nothing invented."""
    assert propose_pattern([]) == DEFAULT_AGENT_PATTERN


NAMES = st.from_regex(r"(?:PJSIP|SIP)/[A-Za-z0-9_.+-]{1,12}", fullmatch=True)


@given(st.dictionaries(NAMES, st.sampled_from(list(Kind)), max_size=12))
def test_every_proposal_matches_all_phones_and_nothing_else(kinds_by_name):
    """Whatever the names, no phone is missed and no trunk or unknown device is taken for one."""
    devices = [Device(name, kind, "") for name, kind in kinds_by_name.items()]
    phones = {name for name, kind in kinds_by_name.items() if kind in (Kind.AGENT, Kind.EXTENSION)}
    pattern = propose_pattern(devices)
    re.compile(pattern)
    if phones:
        assert {name for name in kinds_by_name if matches(pattern, name)} == phones


@pytest.mark.parametrize(
    ("version", "ami", "expected"),
    [
        ("22.10.1+dfsg", "11.0.0", 22),
        ("16.28.0", "5.0.4", 16),
        ("", "11.0.0", 22),
        ("", "7.0.3", 18),
        ("certified/18.9-cert4", "7.0.3", 18),
        ("GIT-master-1234", "12.0.0", 23),
        ("", "", 13),
    ],
)
def test_the_major_version(version, ami, expected):
    """Asterisk's own words first, then AMI's version, else the oldest."""
    assert major(version, ami) == expected


def test_facts_come_from_every_list_that_may_be_read():
    """Endpoints with outbound auth and outbound registrations are lines; channels tell the contexts of their device."""
    found = facts(
        status=({"Event": "QueueMember", "Queue": "q", "Name": "A", "Location": "PJSIP/1001", "StateInterface": ""},),
        states=({"Device": "PJSIP/1001"}, {"Device": "Queue:q_avail"}, {"Device": "Local/1@x"}),
        channels=({"Channel": "SIP/out-gw-0000000a", "Context": "from-pstn"}, {"Channel": "Local/1@x-00000001;2"}),
        registrations=({"Event": "OutboundRegistrationDetail", "ObjectName": "reg-1", "Endpoint": "telco"},),
        endpoints=({"ObjectName": "telco", "OutboundAuths": ""}, {"ObjectName": "voip", "OutboundAuths": "voip"}),
        peers=({"ObjectName": "2001"},),
    )
    assert found.names == {"PJSIP/1001", "SIP/out-gw", "PJSIP/telco", "PJSIP/voip", "SIP/2001"}
    assert found.registering == {"PJSIP/telco", "PJSIP/reg-1", "PJSIP/voip"}
    assert found.contexts == {"SIP/out-gw": {"from-pstn"}}
