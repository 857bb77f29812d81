"""The ways a report comes in, and what becomes of one that lacks something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Channel(StrEnum):
    """Where a report came from."""

    CALL = "call"
    DESK = "desk"
    WEB = "web"
    PORTAL = "portal"
    APP = "app"
    EMAIL = "email"
    WECHAT = "wechat"
    MINIPROGRAM = "miniprogram"
    CHAT = "chat"
    SOCIAL = "social"
    WEBHOOK = "webhook"
    CSV = "csv"


class Incomplete(StrEnum):
    """What becomes of a report without everything that an order needs."""

    REFUSE = "refuse"
    """Whoever sent it can correct it: an error per field, nothing is kept."""
    DRAFT = "draft"
    """Nobody is there to correct it: a draft for an agent, so that no report is lost."""


class Outcome(StrEnum):
    """What became of a report."""

    CREATED = "created"
    DRAFT = "draft"
    CHASED = "chased"
    """It is about an order that is being worked on already, and was put there as a chase-up."""
    REPEATED = "repeated"
    """The same report (channel and external id) had come before; nothing was done."""


@dataclass(frozen=True, slots=True)
class ChannelRule:
    """A channel's labels, and what becomes of its incomplete reports."""

    label: str
    label_en: str
    incomplete: Incomplete


CHANNELS: Mapping[Channel, ChannelRule] = {
    Channel.CALL: ChannelRule("电话", "Call", Incomplete.DRAFT),
    Channel.DESK: ChannelRule("坐席", "Desk", Incomplete.DRAFT),
    Channel.WEB: ChannelRule("网页", "Web form", Incomplete.REFUSE),
    Channel.PORTAL: ChannelRule("客户门户", "Portal", Incomplete.REFUSE),
    Channel.APP: ChannelRule("应用", "App", Incomplete.REFUSE),
    Channel.EMAIL: ChannelRule("邮件", "E-mail", Incomplete.DRAFT),
    Channel.WECHAT: ChannelRule("微信", "WeChat", Incomplete.DRAFT),
    Channel.MINIPROGRAM: ChannelRule("小程序", "Mini-program", Incomplete.DRAFT),
    Channel.CHAT: ChannelRule("在线客服", "Online chat", Incomplete.DRAFT),
    Channel.SOCIAL: ChannelRule("社交媒体", "Social media", Incomplete.DRAFT),
    Channel.WEBHOOK: ChannelRule("外部系统", "Other system", Incomplete.DRAFT),
    Channel.CSV: ChannelRule("导入", "Import", Incomplete.REFUSE),
}
