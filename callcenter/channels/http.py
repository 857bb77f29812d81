"""Messages by HTTP POST: an SMS gateway, webhooks of other programs, and robots of WeChat Work (企业微信).

All share one careful request: signed, no redirects, a time limit, an answer of which only the status and a short
reference are read. Redirects are not followed because they would lead past the check of the address.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import orjson

from callcenter.channels.port import Message, Refused, Unreachable
from callcenter.channels.signing import signed
from callcenter.channels.targets import Targets
from callcenter.clock import Clock

TIMEOUT_S = 10.0
MAX_ANSWER = 64 * 1024
RETRY_STATUS = frozenset({408, 425, 429})

Body = Callable[[Message], Mapping[str, Any]]


class HttpChannel:
    """One address that takes messages; ``body`` makes the JSON of a message."""

    def __init__(
        self,
        url: str,
        *,
        body: Body,
        clock: Clock,
        targets: Targets,
        secret: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._url = url
        self._body = body
        self._clock = clock
        self._targets = targets
        self._secret = secret
        self._headers = dict(headers or {})
        self._timeout_s = timeout_s
        self._client: aiohttp.ClientSession | None = None

    async def send(self, message: Message) -> str | None:
        """POST it. The reference is ``id`` or ``msgid`` of a JSON answer."""
        self._targets.check_url(self._url)
        content = orjson.dumps(self._body(message))
        headers = {"Content-Type": "application/json", "User-Agent": "callcenter", **self._headers}
        if self._secret is not None:
            now_s = int(self._clock.now().timestamp())
            headers |= signed(content, secret=self._secret, delivery_id=message.delivery_id, at_s=now_s)
        try:
            async with self._session().post(
                self._url, data=content, headers=headers, allow_redirects=False
            ) as response:
                answer = await response.content.read(MAX_ANSWER)
                return _judged(response.status, answer)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise no_answer(error) from error

    async def check(self) -> str:
        """Ask by HEAD, unsigned: any answer but a server's failure shows that the address is one that listens."""
        self._targets.check_url(self._url)
        try:
            async with self._session().head(self._url, allow_redirects=False) as response:
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise no_answer(error) from error
        if status >= 500 and status != HTTPStatus.NOT_IMPLEMENTED:
            raise Unreachable(f"answered {status}")
        return f"{urlsplit(self._url).hostname} answers"

    async def aclose(self) -> None:
        """Close connections."""
        if self._client is not None:
            await self._client.close()

    def _session(self) -> aiohttp.ClientSession:
        if self._client is None:
            self._client = guarded_client(self._targets, self._timeout_s)
        return self._client


def guarded_client(targets: Targets, timeout_s: float) -> aiohttp.ClientSession:
    """A client that connects to allowed addresses alone."""
    connector = aiohttp.TCPConnector(resolver=targets, use_dns_cache=False, limit=20)
    # Proxies of the environment would connect for us, past the check of the address.
    return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=timeout_s), trust_env=False)


def no_answer(error: BaseException) -> Unreachable:
    """A connection that failed, in words."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return Unreachable("its certificate is not trusted", fix="install the authority's certificate in the system")
    if isinstance(error, aiohttp.ClientSSLError):
        return Unreachable("it does not speak TLS", fix="https:// in the address is for a port that does")
    return Unreachable(f"no answer: {type(error).__name__}")


def _judged(status: int, answer: bytes) -> str | None:
    if status >= 500 or status in RETRY_STATUS:
        raise Unreachable(f"answered {status}")
    if not 200 <= status < 300:
        raise Refused(f"answered {status}")
    try:
        found = orjson.loads(answer)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(found, dict):
        return None
    # Robots of WeChat Work say 200 and put the failure into the body; 45009 is their rate limit.
    if found.get("errcode") in {-1, 45009}:
        raise Unreachable(f"answered errcode {found['errcode']}")
    if found.get("errcode"):
        raise Refused(f"answered errcode {found['errcode']}")
    reference = found.get("id") or found.get("msgid")
    return str(reference)[:80] if reference else None


def mapped(mapping: Mapping[str, Any]) -> Body:
    """A gateway's own JSON: in every text of ``mapping`` {to}, {text}, {subject} and {delivery_id} are filled in."""

    def fill(part: Any, values: Mapping[str, str]) -> Any:
        if isinstance(part, str):
            for name, value in values.items():
                part = part.replace(f"{{{name}}}", value)
            return part
        if isinstance(part, Mapping):
            return {key: fill(value, values) for key, value in part.items()}
        return [fill(value, values) for value in part] if isinstance(part, list | tuple) else part

    def body(message: Message) -> Mapping[str, Any]:
        values = {"text": message.text, "to": message.to, "subject": message.subject}
        filled: Mapping[str, Any] = fill(mapping, values | {"delivery_id": message.delivery_id})
        return filled

    return body


def event_body(message: Message) -> Mapping[str, Any]:
    """A webhook's JSON: the fact itself and the words for people."""
    return {
        "id": message.delivery_id,
        "type": message.event_type,
        "event": message.event,
        "subject": message.subject,
        "text": message.text,
    }


def wechat_body(message: Message) -> Mapping[str, Any]:
    """The JSON of a group robot of WeChat Work."""
    text = f"{message.subject}\n{message.text}" if message.subject else message.text
    return {"msgtype": "text", "text": {"content": text}}
