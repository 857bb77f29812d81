"""What the web layer costs on top of its parts. Prints JSON lines.

push: from ``hub.push`` of a screen-pop frame (2.6 kB) to its arrival at a WebSocket client over loopback, against the
bare ``orjson.dumps`` + ``send_str`` of the same frame by an aiohttp handler. request: ``GET /api/session`` (host check,
session looked up in SQLite, permission, log line, metrics), against a bare aiohttp handler that answers the same bytes.
Client, server and baseline share one process and one event loop, so both sides carry the same client cost.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import orjson
import structlog
from aiohttp import ClientSession, web

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.contract.api_site import open_site
from workorder.views.assets import AssetView
from workorder.views.customers import AddressView, CustomerCard, PhoneView
from workorder.views.orders import OrderBrief

PUSHES = 5000
REQUESTS = 1000
MANY = 100
INTERFACE = "PJSIP/1001"


def pop():
    order = ("created", "repair", "空调", "格力", "不制冷", datetime(2026, 11, 20, tzinfo=UTC), None)
    assets = tuple(AssetView(f"a{n}", "空调", "格力", "KFR-35", "", date(2024, 1, 1), None, "in") for n in range(3))
    orders = tuple(OrderBrief(f"o{n}", f"WO20261120-{n:04d}", *order) for n in range(8))
    phones = (PhoneView("13800138000", "+8613800138000", None),)
    address = AddressView("d", "浙江省", "杭州市", "西湖区", "文三路1号", "浙江省杭州市西湖区文三路1号")
    card = CustomerCard("c", "王芳", "normal", phones, (address,), assets, orders[:3], orders[3:], 8)
    return {"call": {"call_id": "01CALL", "state": "ringing", "number": "13800138000", "customer": card, "orders": []}}


async def times_us(count, action):
    """Microseconds of each run of ``action``."""
    taken = []
    for _ in range(count):
        began = time.perf_counter_ns()
        await action()
        taken.append((time.perf_counter_ns() - began) / 1000)
    return np.percentile(taken[count // 10 :], [50, 99])


async def bare(answer):
    """A server with nothing of ours: its address, and the sockets it has open."""
    sockets = []

    async def socket(request):
        opened = web.WebSocketResponse(compress=False)
        await opened.prepare(request)
        sockets.append(opened)
        await opened.receive()
        return opened

    async def read(_request):
        return web.Response(body=answer, content_type="application/json")

    application = web.Application()
    application.router.add_get("/socket", socket)
    application.router.add_get("/read", read)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}", sockets


def line(bench, value, unit, *, ratio=None, baseline=None, **more):
    print(
        json.dumps(
            {"bench": bench, "value": round(value, 4), "unit": unit, "ratio": ratio, "baseline": baseline, **more}
        )
    )


def compare(bench, ours, plain):
    for name, mine, theirs in zip(("p50", "p99"), ours, plain, strict=True):
        line(f"{bench}_{name}", mine, "us", ratio=round(mine / theirs, 2), baseline=round(theirs, 1))


async def measure(site, browser):
    body = pop()
    session = await (await browser.get("/api/session")).read()
    runner, plain_url, plain_sockets = await bare(session)
    hub = site.services.hub
    async with await browser.socket() as socket, ClientSession(plain_url) as plain_client:
        await socket.receive()
        plain_socket = await plain_client.ws_connect("/socket")

        async def push():
            hub.push(INTERFACE, "call.offered", body)
            await socket.receive()

        async def plain_push():
            await plain_sockets[0].send_str(orjson.dumps({"type": "call.offered", **body}).decode())
            await plain_socket.receive()

        async def request():
            await (await browser.get("/api/session")).read()

        async def plain_request():
            await (await plain_client.get("/read")).read()

        compare("web.push_to_client", await times_us(PUSHES, push), await times_us(PUSHES, plain_push))
        compare("web.session_request", await times_us(REQUESTS, request), await times_us(REQUESTS, plain_request))
        await plain_socket.close()
    for _ in range(MANY):
        hub.attach(INTERFACE, "bench")

    async def push_many():
        hub.push(
            INTERFACE, "transcript.partial", {"call_id": "c", "speaker": "caller", "text": "我家空调", "start_ms": 0}
        )

    line("web.push_sync_per_socket", (await times_us(1000, push_many))[0] / MANY, "us", sockets=MANY)
    await runner.cleanup()


async def main():
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as folder:
        async with open_site(Path(folder)) as site, site.browser("agent") as browser:
            await measure(site, browser)


if __name__ == "__main__":
    asyncio.run(main())
