"""The pattern that tells agents' phones from lines to the outside, proposed from the devices a PBX has. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable

from callcenter.telephony.call_book import DEFAULT_AGENT_PATTERN
from callcenter.telephony.devices import EXTENSION, Device, Facts, Kind, classify, guessed

Candidate = Callable[[list[str]], str | None]
"""Wanted devices → a pattern for their channels, or None where this kind of pattern does not fit them."""


def propose(facts: Facts) -> str:
    """The pattern for what the PBX told; where even a phone's technology is a guess, the default, which takes both."""
    return DEFAULT_AGENT_PATTERN if guessed(facts) else propose_pattern(classify(facts))


def propose_pattern(devices: Iterable[Device]) -> str:
    r"""A pattern for pbx.agent_pattern that matches every agent and extension, and no trunk or unknown device.

    Numbers of one length and first digit become a range (``PJSIP/1\d{3}``), so that tomorrow's phone is matched too;
    names that follow no rule are listed one by one. Without any device: the default.
    """
    listed = list(devices)
    wanted = [device.interface for device in listed if device.kind in (Kind.AGENT, Kind.EXTENSION)]
    others = [device.interface for device in listed if device.interface not in wanted]
    if not wanted:
        return DEFAULT_AGENT_PATTERN
    candidates: tuple[Candidate, ...] = (_ranges, _default, _one_by_one)
    patterns = (candidate(wanted) for candidate in candidates)
    return next(pattern for pattern in patterns if pattern is not None and _fits(pattern, wanted, others))


def matches(pattern: str, interface: str) -> bool:
    """Whether channels of a device match, with the device as their interface."""
    found = re.match(pattern, f"{interface}-0000002a")
    return found is not None and found["interface"] == interface


def _fits(pattern: str, wanted: Iterable[str], others: Iterable[str]) -> bool:
    return all(matches(pattern, one) for one in wanted) and not any(matches(pattern, one) for one in others)


def _ranges(wanted: list[str]) -> str | None:
    first_digits: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
    for interface in wanted:
        tech, _, name = interface.partition("/")
        if not EXTENSION.fullmatch(name):
            return None
        first_digits[tech, len(name)].add(name[0])
    parts = [rf"{tech}/{_digit(digits)}\d{{{length - 1}}}" for (tech, length), digits in sorted(first_digits.items())]
    return _pattern(parts)


def _digit(digits: set[str]) -> str:
    return digits.copy().pop() if len(digits) == 1 else f"[{''.join(sorted(digits))}]"


def _default(_wanted: list[str]) -> str:
    return DEFAULT_AGENT_PATTERN


def _one_by_one(wanted: list[str]) -> str:
    return _pattern([re.escape(interface).replace(r"\-", "-") for interface in sorted(wanted)])


def _pattern(parts: list[str]) -> str:
    one_of = parts[0] if len(parts) == 1 else f"(?:{'|'.join(parts)})"
    return f"^(?P<interface>{one_of})-[0-9a-f]{{8}}$"
