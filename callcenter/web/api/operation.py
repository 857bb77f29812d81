"""Is it alive, is it ready, what is it doing, and how is it spoken to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from callcenter.errors import CallcenterError
from callcenter.features.readiness import Check
from callcenter.web.ask import Ask
from callcenter.web.openapi import OPENAPI

log = structlog.get_logger(__name__)

PATIENCE_S = 3.0
"""A check that takes longer has failed: whoever asks waits for the answer."""


@dataclass(frozen=True, slots=True)
class Alive:
    """The process answers."""

    status: str = "ok"


@dataclass(frozen=True, slots=True)
class Readiness:
    """Every dependency by name."""

    checks: dict[str, Check]


async def healthz(_ask: Ask) -> Alive:
    """Whether the process lives."""
    return Alive()


async def readyz(ask: Ask) -> Readiness:
    """Whether everything needed to serve calls is usable (503 when not)."""
    names = list(ask.services.checks)
    results = await asyncio.gather(*(_run(name, ask.services.checks[name]) for name in names))
    readiness = Readiness(dict(zip(names, results, strict=True)))
    if not all(check.ok for check in results):
        ask.dress.append(lambda response: response.set_status(503))
    return readiness


async def metrics(ask: Ask) -> web.Response:
    """Prometheus text."""
    return web.Response(body=generate_latest(ask.services.metrics), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def openapi(ask: Ask) -> dict[str, Any]:
    """This document."""
    return ask.http.app[OPENAPI]


async def _run(name: str, check: Callable[[], Awaitable[Check]]) -> Check:
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await check()
    except TimeoutError:
        return Check(False, f"no answer within {PATIENCE_S:g} s", "see the log")
    except CallcenterError as error:
        return Check(False, error.message, error.fix)
    except Exception:
        log.exception("readyz.check_failed", check=name)
        return Check(False, "the check itself failed", "see the log")
