"""Messages of a WeChat account to customers by their openid, each by a template.

An official account sends template messages (公众号模板消息), a mini-program subscribe messages (一次性订阅消息).
Either way: a token that lasts two hours, then one POST a message; failures stand in the body under ``errcode``.
``client_msg_id`` makes WeChat itself drop a template message that is sent twice (within ten minutes). A subscribe
message spends the consent that the customer gave in the mini-program, so a repeat is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import orjson

from callcenter.channels.http import MAX_ANSWER, TIMEOUT_S, guarded_client, no_answer
from callcenter.channels.port import Message, Refused, Unreachable
from callcenter.channels.targets import Targets
from callcenter.clock import Clock

OLD_TOKEN = frozenset({40001, 40014, 42001})
"""The token is not the newest one any more: somebody else fetched one, or its time is over."""
LATER = frozenset({-1, 45009, 45011})
"""Busy, or too many calls: it passes."""
BAD_LOGIN = frozenset({40013, 40125, 40164, 41002, 41004})
"""App id, secret, or the address that asks: for an administrator to put right, so messages wait."""
MARGIN = timedelta(minutes=1)
LONGEST: Mapping[str, int] = {"thing": 20, "character_string": 32, "phrase": 5, "name": 10, "phone_number": 17}
"""Characters that WeChat lets a keyword of a kind have; longer values are refused, so they are cut."""
MEANS: Mapping[int, str] = {
    40003: "the openid is not one of this account's",
    40037: "there is no such template",
    41030: "there is no such page in the mini-program",
    43004: "the customer does not follow the account",
    43101: "the customer has not agreed to this message, or it was sent already",
    47003: "a keyword has a value that its kind does not allow",
}
"""What WeChat says by a number and nobody should have to look up."""
PAGE = "page"
"""A line of a subscribe message that is no keyword: the page of the mini-program that a touch on the message opens."""
_LINE = re.compile(r"([A-Za-z_]{1,30}\d{0,3})\s*[:：]\s*(.*)")


def keywords(text: str) -> dict[str, str] | None:
    """The keywords of a template message, a line ``thing2: 空调`` each; None when a line is none."""
    found: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.split("\n"))):
        match = _LINE.fullmatch(line)
        if match is None:
            return None
        found[match[1]] = match[2].strip()
    return found or None


@dataclass(frozen=True, slots=True)
class WechatKind:
    """What differs between the messages of an account: where they are sent, and their JSON.

    ``setting``: the part of the settings that sets the account up, for errors.
    """

    path: str
    body: Callable[[Message, Mapping[str, str]], dict[str, Any]]
    setting: str


def _template(message: Message, data: Mapping[str, str]) -> dict[str, Any]:
    return {"data": _values(data), "client_msg_id": message.delivery_id}


TEMPLATE = WechatKind("/cgi-bin/message/template/send", _template, "notify.wechat")


def subscribe_kind(state: str) -> WechatKind:
    """Messages that open the mini-program as it is for everybody (``formal``), on trial or in development."""

    def body(_message: Message, data: Mapping[str, str]) -> dict[str, Any]:
        shown = {name: value for name, value in data.items() if name != PAGE}
        page = {PAGE: data[PAGE]} if data.get(PAGE) else {}
        return {"data": _values(shown), "miniprogram_state": state, "lang": "zh_CN", **page}

    return WechatKind("/cgi-bin/message/subscribe/send", body, "notify.miniprogram")


class WechatChannel:
    """One account; ``subject`` of a message is the id of the template, ``text`` its keywords."""

    def __init__(
        self,
        url: str,
        *,
        app_id: str,
        secret: str,
        clock: Clock,
        targets: Targets,
        kind: WechatKind = TEMPLATE,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._url = url.rstrip("/")
        self._app_id = app_id
        self._secret = secret
        self._clock = clock
        self._targets = targets
        self._kind = kind
        self._timeout_s = timeout_s
        self._client: aiohttp.ClientSession | None = None
        self._token: tuple[str, datetime] | None = None

    async def send(self, message: Message) -> str | None:
        """Send it; the reference is WeChat's ``msgid``, where it gives one."""
        data = keywords(message.text)
        if data is None or not message.subject:
            raise Refused(
                "no message by a template", field="text", fix="subject: the template's id; text: lines like thing1: …"
            )
        body = {"touser": message.to, "template_id": message.subject, **self._kind.body(message, data)}
        answer = await self._post(body)
        if answer.get("errcode") in OLD_TOKEN:
            self._token = None
            answer = await self._post(body)
        self._judge(answer)
        reference = answer.get("msgid")
        return None if reference is None else str(reference)[:80]

    async def check(self) -> str:
        """Log in: fetch a token, and send nothing."""
        self._token = None
        await self._fresh_token()
        return f"{urlsplit(self._url).hostname} answers, login as {self._app_id}"

    async def aclose(self) -> None:
        """Close connections."""
        if self._client is not None:
            await self._client.close()

    async def _post(self, body: Mapping[str, Any]) -> dict[str, Any]:
        token = await self._fresh_token()
        return await self._call("POST", self._kind.path, {"access_token": token}, body)

    async def _fresh_token(self) -> str:
        now = self._clock.now()
        if self._token is None or self._token[1] <= now:
            # The stable kind: fetching it does not end the token that another program of the account has.
            login = {"grant_type": "client_credential", "appid": self._app_id, "secret": self._secret}
            answer = await self._call("POST", "/cgi-bin/stable_token", {}, login)
            self._judge(answer)
            token, lasts_s = answer.get("access_token"), answer.get("expires_in")
            if not isinstance(token, str) or not isinstance(lasts_s, int):
                raise Unreachable("answered without a token", field=self._setting("url"))
            self._token = (token, now + timedelta(seconds=lasts_s) - MARGIN)
        return self._token[0]

    async def _call(self, method: str, path: str, query: Mapping[str, str], body: Mapping[str, Any]) -> dict[str, Any]:
        self._targets.check_url(self._url)
        if self._client is None:
            self._client = guarded_client(self._targets, self._timeout_s)
        try:
            async with self._client.request(
                method, f"{self._url}{path}", params=query, data=orjson.dumps(body), allow_redirects=False
            ) as response:
                status, answer = response.status, await response.content.read(MAX_ANSWER)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise no_answer(error) from error
        if status >= 500 or status == 429:
            raise Unreachable(f"answered {status}")
        if status != 200:
            raise Refused(f"answered {status}", field=self._setting("url"))
        try:
            found = orjson.loads(answer)
        except orjson.JSONDecodeError:
            found = None
        if not isinstance(found, dict):
            raise Unreachable("answered no JSON object", field=self._setting("url"))
        return found

    def _judge(self, answer: Mapping[str, Any]) -> None:
        """Raise what the body says went wrong."""
        code = answer.get("errcode") or 0
        if code in BAD_LOGIN | OLD_TOKEN:
            raise Unreachable(
                f"WeChat refused the login (errcode {code})",
                field=self._setting("secret_file"),
                fix="compare app_id and secret with the account's page, and allow this machine's address there",
            )
        if code in LATER:
            raise Unreachable(f"WeChat answered errcode {code}")
        if code:
            raise Refused(f"WeChat answered errcode {code}{f': {MEANS[code]}' if code in MEANS else ''}")

    def _setting(self, name: str) -> str:
        return f"{self._kind.setting}.{name}"


def _values(data: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {name: {"value": _cut(name, value)} for name, value in data.items()}


def _cut(name: str, value: str) -> str:
    if not value:
        # A keyword without a value is refused.
        return "-"
    longest = LONGEST.get(name.rstrip("0123456789"))
    return value if longest is None or len(value) <= longest else f"{value[: longest - 1]}…"
