"""Template messages of a WeChat official account (微信公众号模板消息) to customers by their openid.

The account's own interface: a token that lasts two hours, then one POST a message; failures stand in the body under
``errcode``. ``client_msg_id`` makes WeChat itself drop a message that is sent twice (within ten minutes).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
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


class WechatChannel:
    """One official account; ``subject`` of a message is the id of the template, ``text`` its keywords."""

    def __init__(
        self,
        url: str,
        *,
        app_id: str,
        secret: str,
        clock: Clock,
        targets: Targets,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._url = url.rstrip("/")
        self._app_id = app_id
        self._secret = secret
        self._clock = clock
        self._targets = targets
        self._timeout_s = timeout_s
        self._client: aiohttp.ClientSession | None = None
        self._token: tuple[str, datetime] | None = None

    async def send(self, message: Message) -> str | None:
        """Send it; the reference is WeChat's ``msgid``."""
        data = keywords(message.text)
        if data is None or not message.subject:
            raise Refused(
                "not a template message", field="text", fix="subject: the template's id; text: lines like thing1: …"
            )
        body = {
            "touser": message.to,
            "template_id": message.subject,
            "data": {name: {"value": _cut(name, value)} for name, value in data.items()},
            "client_msg_id": message.delivery_id,
        }
        answer = await self._post(body)
        if answer.get("errcode") in OLD_TOKEN:
            self._token = None
            answer = await self._post(body)
        _judge(answer)
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
        return await self._call("POST", "/cgi-bin/message/template/send", {"access_token": token}, body)

    async def _fresh_token(self) -> str:
        now = self._clock.now()
        if self._token is None or self._token[1] <= now:
            # The stable kind: fetching it does not end the token that another program of the account has.
            login = {"grant_type": "client_credential", "appid": self._app_id, "secret": self._secret}
            answer = await self._call("POST", "/cgi-bin/stable_token", {}, login)
            _judge(answer)
            token, lasts_s = answer.get("access_token"), answer.get("expires_in")
            if not isinstance(token, str) or not isinstance(lasts_s, int):
                raise Unreachable("answered without a token", field="notify.wechat.url")
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
            raise Refused(f"answered {status}", field="notify.wechat.url")
        try:
            found = orjson.loads(answer)
        except orjson.JSONDecodeError:
            found = None
        if not isinstance(found, dict):
            raise Unreachable("answered no JSON object", field="notify.wechat.url")
        return found


def _judge(answer: Mapping[str, Any]) -> None:
    """Raise what the body says went wrong."""
    code = answer.get("errcode") or 0
    if code in BAD_LOGIN | OLD_TOKEN:
        raise Unreachable(
            f"WeChat refused the login (errcode {code})",
            field="notify.wechat.secret_file",
            fix="compare app_id and secret with the account's page, and allow this machine's address there",
        )
    if code in LATER:
        raise Unreachable(f"WeChat answered errcode {code}")
    if code:
        raise Refused(f"WeChat answered errcode {code}")


def _cut(name: str, value: str) -> str:
    if not value:
        # A keyword without a value is refused.
        return "-"
    longest = LONGEST.get(name.rstrip("0123456789"))
    return value if longest is None or len(value) <= longest else f"{value[: longest - 1]}…"
