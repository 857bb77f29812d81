"""Sections of config.yaml for what comes in from other programs and what goes out to people and programs."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
)

from callcenter.config_sections import Port, Section

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


def checked_network(text: str) -> str:
    """``text`` if it is a network such as 10.0.0.0/8; ValueError says why not."""
    return str(ipaddress.ip_network(text))


IpNetwork = Annotated[str, AfterValidator(checked_network)]


class SmsSettings(Section):
    """An SMS gateway that takes JSON by HTTP."""

    url: str | None = None
    secret_file: Path | None = None
    headers_file: Path | None = None
    body: dict[str, Any] = Field(default_factory=dict)


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
    webhooks: dict[str, WebhookTarget] = Field(default_factory=dict)
