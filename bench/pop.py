"""Ring to pop: from the PBX's AgentCalled to the pop's frame at the agent's socket, against the bare minimum.

    python bench/pop.py [--calls 500] [--per-s 50] [--agents 200] [--wait-s 0] [--size small|full]

Three processes: this one is the PBX (simulated, over TCP) and the agents' browsers, and takes the time; application
and baseline are measured one after the other on the same database file and the same calls. The baseline is an AMI
client that splits messages, runs one indexed SELECT and writes one line to the agent's socket, nothing else. Times
are from the event's own timestamp to the frame's arrival. Prints JSON lines {"bench", "value", "unit", "ratio",
"baseline"}.
With ``--wait-s 0`` the agent rings in the same instant as the call arrives, which no PBX does that answers first: the
look-up then has no head start. On the recorded queue calls 0.26 s lie between the two.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import aiohttp

from callcenter import logs
from callcenter.app import App
from callcenter.config import Settings
from callcenter.storage.database import Database
from callcenter.storage.seed import phone, seed
from callcenter.telephony.simulator.call import SimulatedCall
from callcenter.telephony.simulator.pbx import SimulatedPbx
from workorder.policy.phones import parse_phone

SIZES = {"small": 20_000, "full": 1_000_000}
SECRET = "simulated"
WARM_UP = 50
RING_S = 2.0


def device(number: int) -> str:
    return f"PJSIP/{2000 + number}"


# ---- the two that are measured, each in a process of its own -------------------------------------------------------


async def serve_app(folder: Path, url: str | None, ami_port: int, agents: int) -> None:
    """The application; prints its address and a login token per agent, then runs until its input closes."""
    logs.configure(level="error")
    tree = {
        "data_dir": folder,
        "pbx": {"port": ami_port, "secret": SECRET},
        "media": {"tap": False, "port": 0},
        "web": {"port": 0},
        "storage": {"url": url},
    }
    app = App(Settings.model_validate(tree))
    await app.start()
    tokens = []
    for number in range(agents):
        user = await app.auth.add_user(
            username=f"bench{number}", display_name="x", roles=["agent"], interface=device(number), by="bench"
        )
        tokens.append(await app.auth.issue_login_token(user.user_id))
    await app.link.wait_connected(10)
    print(json.dumps({"url": app.url, "tokens": tokens}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await app.aclose()


async def serve_baseline(database: str, ami_port: int) -> None:
    """Split, SELECT, send: what nobody can do without."""
    rows = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    select = (
        "SELECT c.name, c.level FROM customer_phones p JOIN customers c ON c.customer_id = p.customer_id "
        "WHERE p.lookup = ?"
    )
    writers: dict[str, asyncio.StreamWriter] = {}

    async def agent(reader, writer):
        writers[(await reader.readline()).decode().strip()] = writer

    server = await asyncio.start_server(agent, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", ami_port)
    writer.write(f"Action: Login\r\nUsername: callcenter\r\nSecret: {SECRET}\r\n\r\n".encode())
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)

    async def listen():
        await reader.readline()
        while True:
            message = await reader.readuntil(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in message.decode().split("\r\n") if ": " in line)
            if headers.get("Event") == "AgentCalled":
                number = headers["CallerIDNum"]
                name, level = rows.execute(select, (parse_phone(number).lookup,)).fetchone()
                frame = {"offered_at": float(headers["Timestamp"]), "number": number, "name": name, "level": level}
                writers[headers["Interface"]].write(json.dumps(frame).encode() + b"\n")

    task = asyncio.create_task(listen())
    await asyncio.to_thread(sys.stdin.read)
    task.cancel()
    server.close()


# ---- the PBX and the browsers --------------------------------------------------------------------------------------


@asynccontextmanager
async def process(*args: str):
    """One of the two above; gives what it said when it was ready."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, __file__, *args, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 20
    )
    try:
        yield json.loads(await child.stdout.readline())
    finally:
        child.stdin.close()
        await child.wait()


async def browsers_of_app(ready: dict, spent: list[float], late: list[bool], stack: list) -> None:
    """Log every agent in and note, for each pop, how long after the offer it came."""

    async def watch(token: str, opened: asyncio.Event) -> None:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            headers = {"Origin": ready["url"]}
            await http.post(ready["url"] + "/api/session", json={"login_token": token}, headers=headers)
            async with http.ws_connect(ready["url"] + "/api/agent/socket", headers=headers) as socket:
                async for message in socket:
                    now = time.time()
                    if message.data.startswith('{"seq":1,'):
                        opened.set()
                    if '"call.offered"' in message.data[:60]:
                        offered = json.loads(message.data)["call"]
                        late.append(offered["customer"] is None)
                        spent.append(now - _seconds(offered["offered_at"]))

    opened = [asyncio.Event() for _ in ready["tokens"]]
    stack += [asyncio.create_task(watch(token, event)) for token, event in zip(ready["tokens"], opened, strict=True)]
    await asyncio.gather(*(event.wait() for event in opened))


async def browsers_of_baseline(ready: dict, spent: list[float], stack: list, agents: int) -> None:
    async def watch(number: int, opened: asyncio.Event) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", ready["port"])
        writer.write(device(number).encode() + b"\n")
        opened.set()
        while line := await reader.readline():
            now = time.time()
            spent.append(now - json.loads(line)["offered_at"])

    opened = [asyncio.Event() for _ in range(agents)]
    stack += [asyncio.create_task(watch(number, event)) for number, event in enumerate(opened)]
    await asyncio.gather(*(event.wait() for event in opened))
    await asyncio.sleep(0.5)


def _seconds(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()


async def ring(pbx: SimulatedPbx, calls: int, per_s: float, agents: int, customers: int, wait_s: float = 0.0) -> None:
    """Place the calls evenly, each to the next agent's queue; callers give up after a while."""
    begin, placed = time.monotonic(), []
    for number in range(calls):
        await asyncio.sleep(max(0.0, begin + number / per_s - time.monotonic()))
        agent = number % agents
        call = SimulatedCall(
            number=phone(number * 7919 % customers), queue=f"q{agent}", interface=device(agent), ring_s=60.0,
            abandon_after_s=RING_S, wait_s=wait_s,
        )  # fmt: skip
        placed.append(await pbx.place_call(call))
    await asyncio.gather(*(call.ended for call in placed))


def report(name: str, ours: list[float], bare: list[float], **more) -> None:
    for label, cut in (("p50", 0.5), ("p99", 0.99)):
        mine, base = (statistics.quantiles(values, n=1000)[int(cut * 1000) - 1] * 1000 for values in (ours, bare))
        line = {"bench": f"{name}.{label}", "value": round(mine, 3), "unit": "ms"}
        print(json.dumps({**line, "ratio": round(mine / base, 2), "baseline": round(base, 3), **more}), flush=True)


async def measure(args: argparse.Namespace, folder: Path) -> None:
    customers = SIZES[args.size]
    file = folder / "callcenter.db"
    url = f"sqlite+aiosqlite:///{file}"
    database = await Database.open(url)
    await database.upgrade()
    await database.aclose()
    await seed(url, customers=customers)
    agents = {device(number): f"Agent {number}" for number in range(args.agents)}
    pbx = SimulatedPbx(
        secret=SECRET, devices=agents, queues={f"q{number}": (device(number),) for number in range(args.agents)}
    )
    await pbx.start()
    results: dict[str, list[float]] = {}
    late: list[bool] = []
    try:
        for role, arguments in (
            ("baseline", ("--serve-baseline", str(file))),
            ("app", ("--serve-app", str(folder), "--agents", str(args.agents))),
        ):
            spent, tasks = results.setdefault(role, []), []
            async with process(*arguments, "--ami-port", str(pbx.port)) as ready:
                if role == "app":
                    await browsers_of_app(ready, spent, late, tasks)
                else:
                    await browsers_of_baseline(ready, spent, tasks, args.agents)
                await ring(pbx, WARM_UP, args.per_s, args.agents, customers, args.wait_s)
                spent.clear()
                late.clear()
                await ring(pbx, args.calls, args.per_s, args.agents, customers, args.wait_s)
                assert len(spent) == args.calls, f"{role}: {len(spent)} pops for {args.calls} calls"
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        await pbx.aclose()
    more = {
        "calls": args.calls,
        "per_s": args.per_s,
        "agents": args.agents,
        "customers": customers,
        "wait_s": args.wait_s,
    }
    more["shown_before_the_record"] = sum(late)
    report("pop.offer_to_frame", results["app"], results["baseline"], **more)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--per-s", type=float, default=50.0)
    parser.add_argument("--agents", type=int, default=200)
    parser.add_argument("--wait-s", type=float, default=0.0, help="between the caller's channel and the first ring")
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--serve-app", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--serve-baseline", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--ami-port", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve_app:
        asyncio.run(serve_app(args.serve_app, args.url, args.ami_port, args.agents))
    elif args.serve_baseline:
        asyncio.run(serve_baseline(args.serve_baseline, args.ami_port))
    else:
        folder = Path(tempfile.mkdtemp(prefix="bench-pop-", dir=os.environ.get("BENCH_TMP")))
        try:
            asyncio.run(measure(args, folder))
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
