"""Settings: config.yaml, overridden by ``CALLCENTER_…`` environment variables, secrets by ``*_file``.

An unknown key is an error that names its path.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

import yaml
from pydantic import (
    ValidationError,
    model_validator,
)

from callcenter.config_channels import IntakeSettings, NotifySettings
from callcenter.config_sections import (
    AsrSettings,
    AttachmentSettings,
    BusSettings,
    JournalSettings,
    LogSettings,
    MediaSettings,
    PbxSettings,
    Section,
    StorageSettings,
    WebSettings,
    revealed,
)
from callcenter.errors import ConfigInvalid

ENV_PREFIX = "CALLCENTER_"
ENV_RESERVED = frozenset({"CALLCENTER_CONFIG", "CALLCENTER_MODELS"})
"""Environment variables of ours that are no settings."""


class Settings(Section):
    """All settings. ``data_dir`` holds the database, recordings and the lock that keeps a second instance out."""

    data_dir: Path = Path("data")
    timezone: str = "Asia/Shanghai"
    country: str = "CN"
    area_code: str | None = None
    pbx: PbxSettings = PbxSettings()
    media: MediaSettings = MediaSettings()
    asr: AsrSettings = AsrSettings()
    bus: BusSettings = BusSettings()
    storage: StorageSettings = StorageSettings()
    journal: JournalSettings = JournalSettings()
    web: WebSettings = WebSettings()
    intake: IntakeSettings = IntakeSettings()
    attachments: AttachmentSettings = AttachmentSettings()
    notify: NotifySettings = NotifySettings()
    logs: LogSettings = LogSettings()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.pbx.secret is not None and self.pbx.secret_file is not None:
            raise ValueError("pbx.secret and pbx.secret_file are both set: keep one")
        if self.storage.url is not None and self.storage.url_file is not None:
            raise ValueError("storage.url and storage.url_file are both set: keep one")
        if self.bus.password is not None and self.bus.password_file is not None:
            raise ValueError("bus.password and bus.password_file are both set: keep one")
        if self.asr.workers != "off" and self.bus.url is None:
            raise ValueError("asr.workers needs a NATS server: set bus.url")
        return self

    def pbx_secret(self) -> str | None:
        """The AMI secret from its file or key; None when neither is set."""
        return revealed(self.pbx.secret, self.pbx.secret_file, "pbx.secret_file")

    def journal_dir(self) -> Path:
        """Where the journal's files are; by default inside ``data_dir``."""
        return self.journal.dir or self.data_dir / "journal"

    def database_url(self) -> str:
        """The SQLAlchemy URL; by default a SQLite file inside ``data_dir``."""
        url = revealed(self.storage.url, self.storage.url_file, "storage.url_file")
        return url or f"sqlite+aiosqlite:///{(self.data_dir / 'callcenter.db').absolute()}"


def zone(name: str) -> ZoneInfo:
    """The zone of ``timezone`` in config.yaml."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError) as error:
        raise ConfigInvalid(f"unknown zone {name!r}", field="timezone", fix="e.g. Asia/Shanghai") from error


def load(path: Path | None = None, *, env: dict[str, str] | None = None) -> Settings:
    """Read ``path`` (or $CALLCENTER_CONFIG, or ./config.yaml if it is there), apply environment overrides, validate.

    ``CALLCENTER_PBX__HOST=10.0.0.5`` overrides ``pbx.host``. Raises ConfigInvalid naming file, key path and remedy.
    """
    env = dict(os.environ) if env is None else env
    chosen = path or (Path(env["CALLCENTER_CONFIG"]) if "CALLCENTER_CONFIG" in env else None)
    if chosen is None and Path("config.yaml").exists():
        chosen = Path("config.yaml")
    tree = _read_yaml(chosen) if chosen else {}
    for name, value in env.items():
        if name.startswith(ENV_PREFIX) and name not in ENV_RESERVED:
            _set(tree, name.removeprefix(ENV_PREFIX).lower().split("__"), _from_env(value, name), name)
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        raise _explain(error, chosen) from None


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigInvalid(
            f"cannot read it: {error.strerror}", field=str(path), fix="`callcenter init` writes a commented one"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigInvalid(f"it is not UTF-8 text: {error.reason}", field=str(path), fix="save it as UTF-8") from error
    tree = _parse_yaml(text, str(path))
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise ConfigInvalid("the top level must be a mapping of sections", field=str(path))
    # A section written with all its keys commented out reads as None: it means the defaults.
    return {key: value for key, value in tree.items() if value is not None}


def _from_env(value: str, name: str) -> Any:
    """As it stands, so that ``0571`` and a secret of digits stay text; empty means unset, brackets hold YAML."""
    return _parse_yaml(value, name) if value.startswith(("[", "{")) else value or None


def _parse_yaml(text: str, source: str) -> Any:
    """Raises ConfigInvalid naming ``source`` with line and column."""
    try:
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{source}:{mark.line + 1}:{mark.column + 1}" if mark else source
        raise ConfigInvalid(f"not valid YAML: {error.problem}", field=where, fix="correct this line") from error
    except yaml.YAMLError as error:
        raise ConfigInvalid(f"not valid YAML: {error}", field=source) from error


def _set(tree: dict[str, Any], keys: list[str], value: Any, source: str) -> None:
    for key in keys[:-1]:
        tree = tree.setdefault(key, {})
        if not isinstance(tree, dict):
            raise ConfigInvalid(f"{key} is not a section", field=source)
    tree[keys[-1]] = value


def _explain(error: ValidationError, path: Path | None) -> ConfigInvalid:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        message, fix = "unknown key", "remove it or correct its spelling; config.yaml lists every key"
    else:
        message, fix = first["msg"], "see the comment on this key in config.yaml"
    where = f"{path}: {key}" if path else key
    more = f" ({len(error.errors()) - 1} more)" if len(error.errors()) > 1 else ""
    return ConfigInvalid(message + more, field=where, fix=fix)
