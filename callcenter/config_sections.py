"""Sections of config.yaml: the keys there are, what they may be, and what they are by default.

Every key is commented in config.yaml (a test compares the two).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
)

from callcenter.errors import ConfigInvalid

Port = Annotated[int, Field(ge=0, le=65535)]


def checked_pattern(text: str) -> str:
    """``text`` if it can be ``pbx.agent_pattern``; ValueError says why not."""
    try:
        groups = re.compile(text).groupindex
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    if "interface" not in groups:
        raise ValueError("it needs a group (?P<interface>…) that names the device")
    return text


Pattern = Annotated[str, AfterValidator(checked_pattern)]
_Off = BeforeValidator(lambda value: {False: "off", True: "on"}[value] if isinstance(value, bool) else value)
"""YAML reads a bare ``off`` as false, and ``on`` as true."""
Engine = Annotated[Literal["vosk", "sherpa", "off"], _Off]
Workers = Annotated[Literal["off", "prefer", "only"], _Off]
SoundAlikes = Annotated[Literal["auto", "on", "off"], _Off]
DialplanContext = Annotated[str, Field(pattern=r"^[\w.-]{1,80}$")]


class Section(BaseModel):
    """Base of every settings section: immutable, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PbxSettings(Section):
    """The Asterisk manager interface."""

    host: str = "127.0.0.1"
    port: Port = 5038
    username: str = "callcenter"
    secret: SecretStr | None = None
    secret_file: Path | None = None
    agent_pattern: Pattern = r"^(?P<interface>(?:PJSIP|SIP)/(?!trunk)[^-/@;]+)-[0-9a-f]{8}$"
    ping_interval_s: float = Field(default=4.0, gt=0, le=60)
    ping_timeout_s: float = Field(default=8.0, gt=0, le=120)
    reconnect_min_s: float = Field(default=0.5, gt=0)
    reconnect_max_s: float = Field(default=3.0, gt=0)
    action_timeout_s: float = Field(default=5.0, gt=0)
    originate_per_s: float = Field(default=50.0, gt=0)
    click_to_call_contexts: tuple[DialplanContext, ...] = ()


class MediaSettings(Section):
    """Live audio from the PBX over AudioSocket."""

    tap: bool = True
    host: str = "127.0.0.1"
    port: Port = 9092
    advertise_host: str | None = None
    advertise_port: Port | None = None
    max_calls: int = Field(default=200, ge=1)
    record: bool = True
    recording_format: Literal["flac", "wav"] = "flac"
    min_free_mb: int = Field(default=200, ge=0)
    keep_days: int = Field(default=0, ge=0)
    keep_days_with_order: int = Field(default=0, ge=0)


class AsrSettings(Section):
    """Speech to text."""

    engine: Engine = "vosk"
    model: str = "zh-demo"
    threads: int = Field(default=0, ge=0)
    workers: Workers = "off"
    max_load: float = Field(default=0.8, gt=0, le=1)
    sound_alikes: SoundAlikes = "auto"


class BusSettings(Section):
    """The NATS server at which the processes of a call centre meet."""

    url: str | None = Field(default=None, pattern=r"^(nats|tls)://[^@/]+$")
    user: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    name: str = Field(default="callcenter", pattern=r"^[A-Za-z0-9_-]{1,40}$")

    def secret(self) -> str | None:
        """The password from its file or key; None when neither is set."""
        return revealed(self.password, self.password_file, "bus.password_file")


class StorageSettings(Section):
    """Where records live."""

    url: SecretStr | None = None
    url_file: Path | None = None
    keep_sent_days: int = Field(default=30, ge=1)


class JournalSettings(Section):
    """Everything that came in and was decided, kept for replay."""

    enabled: bool = True
    audio: bool = False
    dir: Path | None = None
    keep_days: int = Field(default=14, ge=1)
    max_mb: int = Field(default=2048, ge=8)


class WebSettings(Section):
    """The HTTP server of the desks."""

    host: str = "127.0.0.1"
    port: Port = 8080
    public_url: str | None = None
    session_hours: float = Field(default=12.0, gt=0)
    cookie_secure: bool = False
    socket_queue: int = Field(default=256, ge=16)
    api_key_per_minute: int = Field(default=600, ge=1)


class AttachmentSettings(Section):
    """Files of work orders."""

    max_mb: int = Field(default=50, ge=1, le=2048)


class LogSettings(Section):
    """Log lines on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


def secret_file(file: Path | None, field: str) -> str | None:
    """The secret in ``file``; None when no file is named. Raises ConfigInvalid when it cannot be read."""
    return revealed(None, file, field)


def revealed(value: SecretStr | None, file: Path | None, field: str) -> str | None:
    """The secret in ``file``, else ``value``; None when neither is set. Raises ConfigInvalid as ``secret_file``."""
    if file is None:
        return value.get_secret_value() if value else None
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigInvalid(
            f"cannot read {file}: {error.strerror}", field=field, fix="create the file, readable by this user only"
        ) from error
