"""Settings: config.yaml, environment, secrets."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from callcenter import config
from callcenter.errors import ConfigInvalid

ROOT = Path(__file__).parents[2]


def keys(model: type[BaseModel], prefix: str = "") -> set[str]:
    found = set()
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found |= keys(kind, f"{prefix}{name}.")
        else:
            found.add(prefix + name)
    return found


def flat(tree: dict, prefix: str = "") -> dict[str, object]:
    out: dict[str, object] = {}
    for name, value in tree.items():
        out |= flat(value, f"{prefix}{name}.") if isinstance(value, dict) and value else {prefix + name: value}
    return out


def test_config_yaml_documents_every_key():
    """Every setting is in config.yaml with a comment above it or above the keys it stands with, and nothing else is."""
    text = (ROOT / "config.yaml").read_text("utf-8")
    assert set(flat(yaml.safe_load(text))) == keys(config.Settings)
    assert text.count("#") >= 25


def test_config_yaml_holds_the_defaults():
    """The shipped file says what happens without it."""
    assert config.load(ROOT / "config.yaml", env={}) == config.Settings()


def test_unknown_key_is_named_with_its_path(tmp_path):
    """A misspelt key is refused with file and path."""
    file = tmp_path / "c.yaml"
    file.write_text("pbx: {hots: 10.0.0.1}\n")
    with pytest.raises(ConfigInvalid) as error:
        config.load(file, env={})
    assert error.value.field == f"{file}: pbx.hots"
    assert "unknown key" in str(error.value)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("pbx: {click_to_call_contexts: ['a,1']}", "pbx.click_to_call_contexts.0"),
        ("pbx: {port: 99999}", "pbx.port"),
        ("web: {port: http}", "web.port"),
        ("asr: {engine: whisper}", "asr.engine"),
        ("pbx: {agent_pattern: '('}", "pbx.agent_pattern"),
        ("pbx: {agent_pattern: 'PJSIP/10..-.*'}", "pbx.agent_pattern"),
        ("pbx: {secret: a, secret_file: b}", ""),
    ],
)
def test_bad_values_are_named(tmp_path, text, where):
    """A value of the wrong kind or range names its key."""
    file = tmp_path / "c.yaml"
    file.write_text(text)
    with pytest.raises(ConfigInvalid) as error:
        config.load(file, env={})
    assert where in str(error.value.field)


def test_broken_yaml_is_one_line_with_its_place(tmp_path):
    """A syntax error says file, line and column, and what is wrong, in one line."""
    file = tmp_path / "c.yaml"
    file.write_text("country: CN\npbx: [1\n")
    with pytest.raises(ConfigInvalid) as error:
        config.load(file, env={})
    assert error.value.field == f"{file}:3:1"
    assert "\n" not in str(error.value)


def test_off_needs_no_quotes(tmp_path):
    """`engine: off` means off, although YAML reads it as false."""
    file = tmp_path / "c.yaml"
    file.write_text("asr: {engine: off}\n")
    assert config.load(file, env={}).asr.engine == "off"


@pytest.mark.parametrize("text", ["- a list", "a: [", "just words"])
def test_files_that_are_no_settings_are_refused(tmp_path, text):
    """What is not a mapping in valid YAML is refused naming the file."""
    file = tmp_path / "c.yaml"
    file.write_text(text)
    with pytest.raises(ConfigInvalid) as error:
        config.load(file, env={})
    assert str(file) in str(error.value)


def test_a_missing_file_says_how_to_make_one(tmp_path):
    """Naming a file that is not there points to `callcenter init`."""
    with pytest.raises(ConfigInvalid, match="init"):
        config.load(tmp_path / "none.yaml", env={})


def test_environment_overrides_the_file(tmp_path):
    """CALLCENTER_PBX__HOST wins over pbx.host and is checked like it; other CALLCENTER_ variables of ours are no settings."""
    file = tmp_path / "c.yaml"
    file.write_text("pbx: {host: a}\n")
    env = {"CALLCENTER_PBX__HOST": "b", "CALLCENTER_WEB__PORT": "9000", "CALLCENTER_MODELS": "/models"}
    settings = config.load(file, env=env)
    assert (settings.pbx.host, settings.web.port) == ("b", 9000)
    with pytest.raises(ConfigInvalid, match=r"pbx\.nonsense"):
        config.load(file, env={"CALLCENTER_PBX__NONSENSE": "1"})


def test_secrets_come_from_files_and_are_not_shown(tmp_path):
    """The secret is read from its file without the line end, and no representation of the settings shows a secret."""
    (tmp_path / "secret").write_text("hush\n")
    settings = config.Settings.model_validate({"pbx": {"secret_file": tmp_path / "secret"}})
    assert settings.pbx_secret() == "hush"
    assert "hush" not in repr(config.Settings.model_validate({"pbx": {"secret": "hush"}}))
    with pytest.raises(ConfigInvalid, match="secret_file"):
        config.Settings.model_validate({"pbx": {"secret_file": tmp_path / "gone"}}).pbx_secret()


def test_text_from_the_environment_stays_text():
    """Digits with a leading zero, a numeric secret and words YAML has a meaning for are taken as written."""
    env = {"CALLCENTER_AREA_CODE": "0571", "CALLCENTER_PBX__SECRET": "012345", "CALLCENTER_PBX__USERNAME": "no"}
    settings = config.load(env={**env, "CALLCENTER_MEDIA__TAP": "false", "CALLCENTER_JOURNAL__DIR": ""})
    assert (settings.area_code, settings.pbx_secret(), settings.pbx.username) == ("0571", "012345", "no")
    assert (settings.media.tap, settings.journal.dir) == (False, None)


def test_lists_from_the_environment_are_yaml():
    """A value in brackets is a list; one that is cut off names the variable."""
    name = "CALLCENTER_PBX__CLICK_TO_CALL_CONTEXTS"
    assert config.load(env={name: "[from-internal, sales]"}).pbx.click_to_call_contexts == ("from-internal", "sales")
    with pytest.raises(ConfigInvalid, match=name):
        config.load(env={name: "[from-internal"})
