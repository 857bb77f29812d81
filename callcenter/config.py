"""Settings: config.yaml, overridden by ``CALLCENTER_…`` environment variables, secrets by ``*_file``.

Every key is commented in config.yaml (a test compares the two). An unknown key is an error that names its path.
"""

from __future__ import annotations

import ipaddress
import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)

from callcenter.errors import ConfigInvalid

ENV_PREFIX = "CALLCENTER_"
ENV_RESERVED = frozenset({"CALLCENTER_CONFIG", "CALLCENTER_MODELS"})
"""Environment variables of ours that are no settings."""

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


def checked_network(text: str) -> str:
    """``text`` if it is a network such as 10.0.0.0/8; ValueError says why not."""
    return str(ipaddress.ip_network(text))


IpNetwork = Annotated[str, AfterValidator(checked_network)]


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
        return _secret(self.password, self.password_file, "bus.password_file")


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


Paths = str | tuple[str, ...]
"""Where a part of a JSON document is, as ``buyer.mobile``; of several places the first that is there counts."""


class WebhookMapping(Section):
    """Another program's JSON as a report: its parts by their place in the document."""

    channel: Literal["web", "portal", "app", "wechat", "miniprogram", "chat", "social", "webhook"] = "webhook"
    external_id: Paths = ()
    sender: Paths = ()
    text: Paths = ()
    form: Paths = ()
    fields: dict[str, Paths] = Field(default_factory=dict)
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    constants: dict[str, str | bool] = Field(default_factory=dict)


WECHAT = WebhookMapping(
    channel="wechat",
    external_id=("msg_id", "MsgId"),
    sender=("openid", "FromUserName"),
    text=("content", "Content"),
    form="form",
)
"""Messages of an official account, and forms of whatever its customers fill in there."""
MINIPROGRAM = WECHAT.model_copy(update={"channel": "miniprogram"})
"""Forms of a mini-program, whose customers have other openids than at the official account."""


class MailboxSettings(Section):
    """A mailbox whose unread mails are reports, over IMAP."""

    host: str | None = None
    port: Port = 993
    security: Literal["tls", "starttls", "none"] = "tls"
    username: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    folder: str = Field(default="INBOX", pattern=r"^[\x20-\x7e]{1,200}$")
    every_s: float = Field(default=60.0, ge=5)


class IntakeSettings(Section):
    """Reports from other programs."""

    webhooks: dict[str, WebhookMapping] = Field(default_factory=dict)
    mailbox: MailboxSettings = MailboxSettings()

    def mappings(self) -> dict[str, WebhookMapping]:
        """The built-in ones and those of the settings, which come first."""
        return {"wechat": WECHAT, "miniprogram": MINIPROGRAM, **self.webhooks}


class AttachmentSettings(Section):
    """Files of work orders."""

    max_mb: int = Field(default=50, ge=1, le=2048)


class SmsSettings(Section):
    """An SMS gateway that takes JSON by HTTP."""

    url: str | None = None
    secret_file: Path | None = None
    headers_file: Path | None = None
    body: dict[str, Any] = {}


class EmailSettings(Section):
    """An SMTP server."""

    host: str | None = None
    port: Port = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    sender: str = "callcenter@localhost"


class WebhookTarget(Section):
    """Another program, or a robot of WeChat Work, that takes our messages."""

    url: str | None = None
    url_file: Path | None = None
    secret_file: Path | None = None
    format: Literal["event", "wechat"] = "event"


class WechatSettings(Section):
    """A WeChat official account that sends template messages."""

    url: str = "https://api.weixin.qq.com"
    app_id: str | None = None
    secret_file: Path | None = None


class MiniprogramSettings(WechatSettings):
    """A WeChat mini-program that sends subscribe messages; ``state``: which edition a touch on one opens."""

    state: Literal["formal", "trial", "developer"] = "formal"


class NotifySettings(Section):
    """Ways out for messages; what is sent when is in the rules (`callcenter notify show`)."""

    language: Literal["zh", "en"] = "zh"
    max_attempts: int = Field(default=8, ge=1, le=50)
    allow_networks: tuple[IpNetwork, ...] = ()
    sms: SmsSettings = SmsSettings()
    email: EmailSettings = EmailSettings()
    wechat: WechatSettings = WechatSettings()
    miniprogram: MiniprogramSettings = MiniprogramSettings()
    webhooks: dict[str, WebhookTarget] = {}


class LogSettings(Section):
    """Log lines on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


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
        return _secret(self.pbx.secret, self.pbx.secret_file, "pbx.secret_file")

    def journal_dir(self) -> Path:
        """Where the journal's files are; by default inside ``data_dir``."""
        return self.journal.dir or self.data_dir / "journal"

    def database_url(self) -> str:
        """The SQLAlchemy URL; by default a SQLite file inside ``data_dir``."""
        url = _secret(self.storage.url, self.storage.url_file, "storage.url_file")
        return url or f"sqlite+aiosqlite:///{(self.data_dir / 'callcenter.db').absolute()}"


def zone(name: str) -> ZoneInfo:
    """The zone of ``timezone`` in config.yaml."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError) as error:
        raise ConfigInvalid(f"unknown zone {name!r}", field="timezone", fix="e.g. Asia/Shanghai") from error


def secret_file(file: Path | None, field: str) -> str | None:
    """The secret in ``file``; None when no file is named. Raises ConfigInvalid when it cannot be read."""
    return _secret(None, file, field)


def _secret(value: SecretStr | None, file: Path | None, field: str) -> str | None:
    if file is None:
        return value.get_secret_value() if value else None
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigInvalid(
            f"cannot read {file}: {error.strerror}", field=field, fix="create the file, readable by this user only"
        ) from error


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
