"""Phone numbers as the PBX and people write them, brought to one key for look-up.

Numbering facts: ITU-T E.164; China's plan by way of the ``phonenumbers`` metadata. Ours on top: Chinese service numbers
(95xxx, 96xxx, 1xx–1xxxx short codes) have no E.164 form and are looked up by their digits; trunks hand over numbers
with a leading 0 (out-line digit or long-distance prefix); a local number gets the area code of the call centre.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

HIDDEN = frozenset(
    {"", "anonymous", "unknown", "<unknown>", "private", "withheld", "restricted", "unavailable", "asterisk"}
)
"""What stands in place of a number when the caller hides it (compared in lower case)."""

_PUNCTUATION = re.compile(r"[\s\-().·/]")
_SERVICE_NUMBER = {"CN": re.compile(r"9[56]\d{3,6}|1[012]\d{1,4}")}
_CHINESE_MOBILE = re.compile(r"(?:\+86|0086|86|0)?(1[3-9]\d{9})")
"""Nearly every caller: read without the library, which takes thirty times as long."""
_LOCAL_LENGTHS = range(7, 9)


@dataclass(frozen=True, slots=True)
class PhoneKey:
    """A number in four forms; a hidden one has no ``e164`` and no ``lookup``, and an empty ``display``.

    ``lookup`` is what two spellings of one number share: the E.164 form, or the bare digits (or name, for a SIP user)
    of numbers that have none.
    """

    raw: str
    e164: str | None
    display: str
    lookup: str | None = None

    @property
    def hidden(self) -> bool:
        """True when the caller's number is not known."""
        return self.lookup is None


PhoneReader = Callable[[str | None], PhoneKey]
"""``parse_phone`` with the call centre's country and area code filled in."""


@lru_cache(maxsize=4096)
def parse_phone(raw: str | None, *, country: str = "CN", area_code: str | None = None) -> PhoneKey:
    """Read ``raw`` by the plan of ``country`` (ISO 3166). Never raises: what is no phone number keeps its own text."""
    text = raw or ""
    cleaned = _PUNCTUATION.sub("", unicodedata.normalize("NFKC", text)).lower()
    if cleaned in HIDDEN:
        return PhoneKey(text, None, "")
    if not re.fullmatch(r"\+?\d+", cleaned, re.ASCII):
        return PhoneKey(text, None, text.strip(), cleaned)
    if country == "CN" and (mobile := _CHINESE_MOBILE.fullmatch(cleaned)):
        return _mobile(text, mobile.group(1))
    for candidate in _candidates(cleaned, area_code):
        if _is_service_number(candidate, country):
            return PhoneKey(text, None, candidate, candidate)
        if found := _valid(candidate, country):
            e164 = phonenumbers.format_number(found, PhoneNumberFormat.E164)
            return PhoneKey(text, e164, _display(found, country), e164)
    return PhoneKey(text, None, cleaned, cleaned)


def tail_of(lookup: str | None) -> str:
    """The digits of a look-up key from its end, at most 20: ``+8613800138000`` → ``0008310083168``.

    A number is found by its last digits as the beginning of this.
    """
    return "".join(character for character in lookup or "" if character.isdigit())[::-1][:20]


def _mobile(raw: str, digits: str) -> PhoneKey:
    e164 = f"+86{digits}"
    return PhoneKey(raw, e164, f"{digits[:3]} {digits[3:7]} {digits[7:]}", e164)


def _candidates(cleaned: str, area_code: str | None) -> Iterator[str]:
    """Readings of the digits, likeliest first: as they stand, without an out-line 0, as a local number."""
    yield cleaned
    if cleaned.startswith("0"):
        yield cleaned[1:]
    if area_code and len(cleaned) in _LOCAL_LENGTHS:
        yield f"0{area_code.lstrip('0')}{cleaned}"


def _is_service_number(digits: str, country: str) -> bool:
    pattern = _SERVICE_NUMBER.get(country)
    return pattern is not None and pattern.fullmatch(digits) is not None


def _valid(text: str, country: str) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def _display(number: phonenumbers.PhoneNumber, country: str) -> str:
    at_home = number.country_code == phonenumbers.country_code_for_region(country)
    return phonenumbers.format_number(
        number, PhoneNumberFormat.NATIONAL if at_home else PhoneNumberFormat.INTERNATIONAL
    )
