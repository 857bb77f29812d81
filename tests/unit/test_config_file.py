"""Filling a commented config.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from callcenter import config
from callcenter.config import Settings
from callcenter.config_sections import MediaSettings, PbxSettings
from callcenter.errors import Conflict, Invalid, Unavailable
from callcenter.features import config_file

VALUES = {
    "data_dir": Path("/var/lib/callcenter"),
    "pbx.host": "10.0.0.5",
    "pbx.agent_pattern": r"^(?P<interface>PJSIP/1\d{3})-[0-9a-f]{8}$",
    "pbx.click_to_call_contexts": ("from-internal",),
    "media.tap": False,
    "area_code": "0571",
    "web.public_url": None,
}


def test_values_are_filled_in_and_comments_stay(tmp_path):
    """The result loads to just these settings, and has every comment of the original."""
    text = config_file.fill(config_file.default_text(), VALUES)
    file = tmp_path / "config.yaml"
    file.write_text(text, "utf-8")
    loaded = config.load(file, env={})
    assert loaded.pbx.host == "10.0.0.5"
    assert loaded.pbx.agent_pattern == VALUES["pbx.agent_pattern"]
    assert loaded.pbx.click_to_call_contexts == ("from-internal",)
    assert loaded.area_code == "0571"
    assert loaded.media == MediaSettings(tap=False)
    comments = [line for line in config_file.default_text().splitlines() if "#" in line]
    assert [line for line in text.splitlines() if "#" in line] == comments


def test_every_setting_survives_being_written(tmp_path):
    """What differs from the defaults is written and read back the same."""
    settings = Settings(
        pbx=PbxSettings(host="pbx.local", username="desk: #1", secret_file=Path("/etc/callcenter/secret")),
        media=MediaSettings(port=9999, advertise_host="10.0.0.9"),
        area_code="010",
    )
    file = tmp_path / "config.yaml"
    config_file.write(file, config_file.fill(config_file.default_text(), config_file.changed(settings)))
    assert config.load(file, env={}) == settings


def test_secrets_are_never_written():
    """A secret from the environment stays there."""
    assert config_file.changed(Settings(pbx=PbxSettings(secret=SecretStr("s3cret")))) == {}


def test_a_key_that_is_not_in_the_file_is_refused():
    """Nothing is lost silently."""
    with pytest.raises(Invalid, match=r"pbx\.hots"):
        config_file.fill(config_file.default_text(), {"pbx.hots": 1})


def test_an_existing_file_is_kept(tmp_path):
    """Without force nothing is touched; with it the file is replaced whole."""
    file = tmp_path / "config.yaml"
    file.write_text("mine")
    with pytest.raises(Conflict, match="--force"):
        config_file.write(file, "theirs")
    assert file.read_text() == "mine"
    config_file.write(file, "theirs", force=True)
    assert file.read_text() == "theirs"
    assert [path.name for path in tmp_path.iterdir()] == ["config.yaml"]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    """Unavailable with the path."""
    with pytest.raises(Unavailable) as error:
        config_file.write(tmp_path / "nowhere" / "config.yaml", "text")
    assert error.value.field == str(tmp_path / "nowhere" / "config.yaml")
