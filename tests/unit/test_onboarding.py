"""The pure parts of joining: settings that fit a PBX, and what the admin gave."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from callcenter.config import Settings
from callcenter.config_sections import MediaSettings, PbxSettings
from callcenter.errors import Invalid, Unavailable
from callcenter.features.onboarding import Extension, aimed_at, fit, near_address
from callcenter.telephony.devices import Facts
from callcenter.telephony.rights import read_rights
from callcenter.telephony.survey import Survey

ORIGINATE = {"Originate": "Originate a call.  (Priv: originate,all)"}


def survey(listing: dict[str, str] = ORIGINATE) -> Survey:
    return Survey("22.1.0", 22, (), Facts(), read_rights(listing), ())


@pytest.mark.parametrize(
    ("media", "near", "host"),
    [
        (MediaSettings(), "10.0.0.9", "10.0.0.9"),
        (MediaSettings(), "127.0.0.1", "127.0.0.1"),
        (MediaSettings(), "127.0.1.1", "127.0.0.1"),
        (MediaSettings(host="192.168.1.2"), "10.0.0.9", "192.168.1.2"),
        (MediaSettings(advertise_host="nat.example"), "10.0.0.9", "127.0.0.1"),
    ],
)
def test_voices_are_awaited_where_the_pbx_can_send_them(media, near, host):
    """A PBX on another machine cannot reach loopback; what the admin chose is kept."""
    fitting = fit(Settings(media=media), survey(), pattern=".", near=near)
    assert (fitting.media.host, fitting.media.tap, fitting.pbx.agent_pattern) == (host, True, ".")


def test_without_the_right_to_originate_taps_are_off():
    """The written settings do not promise what the user may not do."""
    assert not fit(Settings(), survey({}), pattern=".", near="10.0.0.9").media.tap


def test_what_the_admin_gives_wins_over_the_settings():
    """Host always; port, user and secret file where given; the file takes the place of a secret in the settings."""
    known = Settings(pbx=PbxSettings(host="old", port=5039, username="desk", secret=SecretStr("s")))
    aimed = aimed_at(known, host="10.0.0.5", port=None, username=None, secret_file=Path("s.txt"))
    assert (aimed.pbx.host, aimed.pbx.port, aimed.pbx.username) == ("10.0.0.5", 5039, "desk")
    assert (aimed.pbx.secret, aimed.pbx.secret_file) == (None, Path("s.txt"))


def test_an_extension_has_a_context():
    """EXTEN@CONTEXT, feature codes too; anything else is refused with an example."""
    assert Extension.parse("*43@from-internal") == Extension("*43", "from-internal")
    for text in ("600", "@x", "600@", "600@a b", "600@a,1"):
        with pytest.raises(Invalid, match="EXTEN@CONTEXT"):
            Extension.parse(text)


async def test_our_own_address_is_the_one_that_leads_there():
    """To this machine from this machine; a name that does not exist is Unavailable."""
    assert (await near_address("127.0.0.1", 5038)).startswith("127.")
    with pytest.raises(Unavailable):
        await near_address("no-such-host.invalid", 5038)
