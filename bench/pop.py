"""Ring to pop: from the PBX's AgentCalled to the pop's frame at the agent's socket, against the bare minimum; and
answer to vanish: from the PBX's first word of an answer to the end of the pop at the devices that rang in vain.

    python bench/pop.py [--size small|full] [--database sqlite|postgresql] [--calls 500] [--per-s 50] [--agents 200]
                        [--wait-s 0] [--keep FOLDER]

Three processes: this one is the PBX (simulated, over TCP) and the agents' browsers, and takes the time; application
and baseline are measured one after the other on the same database and the same calls. The baseline is an AMI client
that splits messages, runs one indexed SELECT on the bare driver and writes one line to the agent's socket, nothing
else. Times are from the event's own timestamp to the frame's arrival. ``pop.answer_to_vanish`` has the bar of 200 ms in
place of a baseline. Prints JSON lines {"bench", "value", "unit", "ratio", "baseline"}.
With ``--wait-s 0`` the agent rings in the same instant as the call arrives, which no PBX does that answers first: the
look-up then has no head start. On the recorded queue calls 0.26 s lie between the two.
``small`` is 20 000 customers with 60 000 orders, ``full`` one million with three million (about 6 GB). Filling that
takes some minutes, once: it is kept in ``--keep``, by default in a folder among the temporary files.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import statistics
import struct
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[1]))

import aiohttp
from sqlalchemy.engine import make_url

from bench.shared.filled import DATABASES, SIZES, filled, folder
from callcenter import logs
from callcenter.app import App
from callcenter.config import Settings
from callcenter.storage import users
from callcenter.storage.seed import phone
from callcenter.telephony.simulator.call import SimulatedCall
from callcenter.telephony.simulator.exchange import Exchange
from callcenter.telephony.simulator.pbx import SimulatedPbx
from workorder.policy.phones import parse_phone

SECRET = "simulated"
WARM_UP = 50
RING_S = 2.0
VANISH_BAR_S = 0.2
PING, PONG = 0x89, bytes((0x8A, 0x80, 0, 0, 0, 0))
"""First byte of a server's ping; a browser's answer, masked with zeros."""


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
    tokens = [await app.auth.issue_login_token(await user_id(app, number)) for number in range(agents)]
    await app.link.wait_connected(10)
    print(json.dumps({"url": app.url, "tokens": tokens}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await app.aclose()


async def user_id(app: App, number: int) -> str:
    """The agent of that number; a kept database has it from the run before."""
    name = f"bench{number}"
    async with app.database.read() as work:
        known = await users.by_username(work.session, name)
    if known is None:
        known = await app.auth.add_user(
            username=name, display_name="x", roles=["agent"], interface=device(number), by="bench"
        )
    return known.user_id


SELECT = (
    "SELECT c.name, c.level FROM customer_phones p JOIN customers c ON c.customer_id = p.customer_id "
    "WHERE p.lookup = {mark}"
)


async def bare_select(url: str):
    """One indexed SELECT on the driver itself: in the loop on SQLite, a prepared statement on PostgreSQL."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        rows = sqlite3.connect(f"file:{parsed.database}?mode=ro", uri=True)

        async def select(lookup):
            return rows.execute(SELECT.format(mark="?"), (lookup,)).fetchone()
    else:
        import asyncpg

        connection = await asyncpg.connect(parsed.set(drivername="postgresql").render_as_string(hide_password=False))
        select = (await connection.prepare(SELECT.format(mark="$1"))).fetchrow
    return select


async def serve_baseline(url: str, ami_port: int) -> None:
    """Split, SELECT, send: what nobody can do without."""
    select = await bare_select(url)
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
                name, level = await select(parse_phone(number).lookup)
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


Said = tuple[str, str]
"""``offer`` or ``vanish``, and the device."""
SAID: dict[Said, float] = {}
"""When the PBX said AgentCalled, or that another device answered the call that rings there: right before it says so."""
RIVALS: dict[str, tuple[str, ...]] = {}
"""Device that will answer → those that ring with it in vain."""


def note_times() -> None:
    """Let the simulated PBX take the time of each offer and answer; the frame itself has only milliseconds."""
    emit = Exchange.emit

    def noting(exchange: Exchange, name: str, *groups) -> None:
        if name == "AgentCalled":
            SAID["offer", dict(groups[-1])["Interface"]] = time.time()
        elif name == "DialEnd" and ("DialStatus", "ANSWER") in groups[-1]:
            answering = dict(groups[1])["DestChannel"].rpartition("-")[0]
            SAID.update({("vanish", rival): time.time() for rival in RIVALS.get(answering, ())})
        emit(exchange, name, *groups)

    Exchange.emit = noting


Spent = defaultdict[str, list[float]]
"""What was waited for → how long, s."""


class Desk(asyncio.Protocol):
    """The agent's end of a socket: the time is taken as bytes come, before anything is done with them."""

    def __init__(self, device: str, hello: bytes, spent: Spent, read: Callable[[bytes], tuple[list[str], int]]) -> None:
        self.device, self.hello, self.spent, self.read = device, hello, spent, read
        self.opened = asyncio.Event()
        self.unread = b""

    def connection_made(self, transport) -> None:
        self.transport = transport
        transport.write(self.hello)

    def data_received(self, chunk: bytes) -> None:
        now = time.time()
        self.opened.set()
        self.unread += chunk
        found, done = self.read(self.unread)
        self.unread = self.unread[done:]
        for kind in found:
            if kind == "ping":
                self.transport.write(PONG)
            else:
                self.spent[kind].append(now - SAID[kind, self.device])


async def browsers_of_app(ready: dict, spent: Spent, late: list[bool]) -> list[Desk]:
    """Log every agent in and note how long after the PBX's word each pop came, and went."""
    host, port = urlsplit(ready["url"]).hostname, urlsplit(ready["url"]).port

    def read(unread: bytes) -> tuple[list[str], int]:
        """Pops that came or went, and pings, in the whole frames in ``unread``, and the bytes of these."""
        found, at = [], unread.find(b"\r\n\r\n") + 4 if unread.startswith(b"HTTP/") else 0
        while len(unread) >= at + 10:
            size, head = unread[at + 1], 2
            if size >= 126:
                kind, head = ("!H", 4) if size == 126 else ("!Q", 10)
                (size,) = struct.unpack_from(kind, unread, at + 2)
            if len(unread) < at + head + size:
                break
            frame = unread[at + head : at + head + size]
            if b'"type":"call.offered"' in frame[:60]:
                late.append(b'"customer":null' in frame)
                found.append("offer")
            elif unread[at] == PING:
                found.append("ping")
            elif b'"type":"call.closed"' in frame[:60] and b'"answered_elsewhere"' in frame:
                found.append("vanish")
            at += head + size
        return found, at

    desks = []
    for number, token in enumerate(ready["tokens"]):
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            await http.post(
                ready["url"] + "/api/session", json={"login_token": token}, headers={"Origin": ready["url"]}
            )
            cookie = "; ".join(f"{one.key}={one.value}" for one in http.cookie_jar)
        hello = (
            f"GET /api/agent/socket HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: {ready['url']}\r\nCookie: {cookie}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        desks.append(await open_desk(port, Desk(device(number), hello.encode(), spent, read)))
        await desks[-1].opened.wait()
    return desks


async def browsers_of_baseline(ready: dict, spent: Spent, agents: int) -> list[Desk]:
    def read(unread: bytes) -> tuple[list[str], int]:
        return ["offer"] * unread.count(b"\n"), unread.rfind(b"\n") + 1

    names = [device(number) for number in range(agents)]
    desks = [await open_desk(ready["port"], Desk(name, name.encode() + b"\n", spent, read)) for name in names]
    await asyncio.sleep(0.5)
    return desks


async def open_desk(port: int, desk: Desk) -> Desk:
    await asyncio.get_running_loop().create_connection(lambda: desk, "127.0.0.1", port)
    return desk


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


async def ring_three(pbx: SimulatedPbx, calls: int, per_s: float, agents: int, customers: int) -> None:
    """Place the calls evenly, each to three devices, of which one answers."""
    begin, placed = time.monotonic(), []
    for number in range(calls):
        await asyncio.sleep(max(0.0, begin + number / per_s - time.monotonic()))
        first, *others = (device((3 * number + which) % agents) for which in range(3))
        RIVALS[first] = tuple(others)
        call = SimulatedCall(
            number=phone(number * 7919 % customers), queue=None, interface=first, also_ring=RIVALS[first],
            ring_s=agents / per_s / 12, talk_s=agents / per_s / 12,
        )  # fmt: skip
        placed.append(await pbx.place_call(call))
    await asyncio.gather(*(call.ended for call in placed))


def report(name: str, ours: list[float], bare: list[float], **more) -> None:
    """p50 and p99 in ms against those of the baseline: its samples, or one bar."""
    for label, cut in (("p50", 500), ("p99", 990)):
        mine, base = (
            1000 * (statistics.quantiles(values, n=1000)[cut - 1] if len(values) > 1 else values[0])
            for values in (ours, bare)
        )
        line = {"bench": f"{name}.{label}", "value": round(mine, 3), "unit": "ms"}
        print(json.dumps({**line, "ratio": round(mine / base, 2), "baseline": round(base, 3), **more}), flush=True)


async def measure(args: argparse.Namespace, url: str, data_dir: str) -> None:
    customers = SIZES[args.size]
    note_times()
    agents = {device(number): f"Agent {number}" for number in range(args.agents)}
    pbx = SimulatedPbx(
        secret=SECRET, devices=agents, queues={f"q{number}": (device(number),) for number in range(args.agents)}
    )
    await pbx.start()
    results: dict[str, Spent] = {}
    late: list[bool] = []
    try:
        for role, arguments in (
            ("baseline", ("--serve-baseline", url)),
            ("app", ("--serve-app", data_dir, "--url", url, "--agents", str(args.agents))),
        ):
            spent = results.setdefault(role, defaultdict(list))
            async with process(*arguments, "--ami-port", str(pbx.port)) as ready:
                if role == "app":
                    desks = await browsers_of_app(ready, spent, late)
                else:
                    desks = await browsers_of_baseline(ready, spent, args.agents)
                await ring(pbx, WARM_UP, args.per_s, args.agents, customers, args.wait_s)
                spent.clear()
                late.clear()
                await ring(pbx, args.calls, args.per_s, args.agents, customers, args.wait_s)
                assert len(spent["offer"]) == args.calls, f"{role}: {len(spent['offer'])} pops for {args.calls} calls"
                if role == "app":
                    offered = len(late)
                    await ring_three(pbx, args.calls, args.per_s, args.agents, customers)
                    gone = len(spent["vanish"])
                    assert gone == 2 * args.calls, f"{gone} pops vanished for {2 * args.calls} that rang in vain"
                    del late[offered:], spent["offer"][args.calls :]
                for desk in desks:
                    desk.transport.abort()
    finally:
        await pbx.aclose()
    more = {
        "calls": args.calls,
        "per_s": args.per_s,
        "agents": args.agents,
        "customers": customers,
        "orders": 3 * customers,
        "database": args.database,
        "wait_s": args.wait_s,
    }
    more["shown_before_the_record"] = sum(late)
    report("pop.offer_to_frame", results["app"]["offer"], results["baseline"]["offer"], **more)
    report("pop.answer_to_vanish", results["app"]["vanish"], [VANISH_BAR_S], calls=args.calls, per_s=args.per_s)


async def run(args: argparse.Namespace) -> None:
    async with filled(args.database, args.size, folder(args.size, args.keep)) as url:
        with tempfile.TemporaryDirectory(prefix="bench-pop-") as data_dir:
            await measure(args, url, data_dir)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--per-s", type=float, default=50.0)
    parser.add_argument("--agents", type=int, default=200)
    parser.add_argument("--wait-s", type=float, default=0.0, help="between the caller's channel and the first ring")
    parser.add_argument("--keep", help="folder in which filled databases are kept (default: a temporary one)")
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
        asyncio.run(run(args))


if __name__ == "__main__":
    main()
