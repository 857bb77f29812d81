"""The ways out of config.yaml, by name: ``sms``, ``email``, ``wechat``, ``miniprogram``, ``webhook:<name>``."""

from __future__ import annotations

from pathlib import Path

import orjson

from callcenter.channels.email import EmailChannel
from callcenter.channels.http import HttpChannel, event_body, mapped, wechat_body
from callcenter.channels.port import Channel
from callcenter.channels.targets import Targets
from callcenter.channels.trust import trust
from callcenter.channels.wechat import TEMPLATE, WechatChannel, WechatKind, subscribe_kind
from callcenter.clock import Clock
from callcenter.config_channels import NotifySettings, WebhookTarget, WechatSettings
from callcenter.config_sections import secret_file
from callcenter.errors import ConfigInvalid

SMS_BODY = {"to": "{to}", "text": "{text}", "id": "{delivery_id}"}


def build_lanes(settings: NotifySettings, clock: Clock) -> dict[str, Channel]:
    """One channel per lane; raises ConfigInvalid for a secret that cannot be read or a webhook without an address."""
    targets = Targets(settings.allow_networks)
    lanes: dict[str, Channel] = {}
    if settings.sms.url:
        lanes["sms"] = HttpChannel(
            settings.sms.url,
            body=mapped(settings.sms.body or SMS_BODY),
            clock=clock,
            targets=targets,
            secret=secret_file(settings.sms.secret_file, "notify.sms.secret_file"),
            headers=_headers(settings.sms.headers_file),
        )
    if settings.email.host:
        password = secret_file(settings.email.password_file, "notify.email.password_file")
        ca = trust(settings.email.ca_file, "notify.email.ca_file")
        lanes["email"] = EmailChannel(settings.email, password=password, trust=ca)
    if settings.wechat.app_id:
        lanes["wechat"] = _wechat(settings.wechat, TEMPLATE, clock, targets)
    if settings.miniprogram.app_id:
        kind = subscribe_kind(settings.miniprogram.state)
        lanes["miniprogram"] = _wechat(settings.miniprogram, kind, clock, targets)
    for name, target in settings.webhooks.items():
        lanes[f"webhook:{name}"] = HttpChannel(
            _url(name, target),
            body=wechat_body if target.format == "wechat" else event_body,
            clock=clock,
            targets=targets,
            secret=secret_file(target.secret_file, f"notify.webhooks.{name}.secret_file"),
        )
    return lanes


def _wechat(settings: WechatSettings, kind: WechatKind, clock: Clock, targets: Targets) -> WechatChannel:
    secret = secret_file(settings.secret_file, f"{kind.setting}.secret_file")
    if settings.app_id is None or secret is None:
        raise ConfigInvalid("has no secret", field=kind.setting, fix="set app_id and secret_file")
    return WechatChannel(settings.url, app_id=settings.app_id, secret=secret, clock=clock, targets=targets, kind=kind)


def _url(name: str, target: WebhookTarget) -> str:
    url = target.url or secret_file(target.url_file, f"notify.webhooks.{name}.url_file")
    if not url:
        raise ConfigInvalid("has no address", field=f"notify.webhooks.{name}", fix="set url or url_file")
    return url


def _headers(file: Path | None) -> dict[str, str]:
    text = secret_file(file, "notify.sms.headers_file")
    if text is None:
        return {}
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ConfigInvalid("is not JSON", field="notify.sms.headers_file", fix="a JSON object of headers") from error
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ConfigInvalid("must be a JSON object of texts", field="notify.sms.headers_file")
    return found
