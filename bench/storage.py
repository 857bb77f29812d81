"""The database: what the pop's lookup and the work order's writes cost, against the bare driver on the same file.

    python bench/storage.py [--size small|full] [--database sqlite|postgresql] [--keep FOLDER]

``small`` is 20 000 customers with 60 000 orders, ``full`` one million with three million (about 6 GB, some minutes to
fill). Prints JSON lines {"bench", "value", "unit", "ratio", "baseline"}: milliseconds, and how many times the baseline
that is. The baseline is the same statement (or the same rows in one transaction) sent to the bare asynchronous driver.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url

from bench.shared.filled import DATABASES, SIZES, filled, folder
from callcenter.ids import new_id
from callcenter.storage.database import Database
from callcenter.storage.seed import phone
from workorder.commands import MACHINE, CreateOrder, EditOrder, OpenDraft, ReviseDraft
from workorder.fields import FieldState, FieldValue, Source
from workorder.policy.phones import parse_phone
from workorder.services import customers, orders

LOOKUPS, WRITES, WARM_UP = 2000, 300, 200
AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
FIELDS = {
    "service_type": "repair", "contact_phone": "13800138000", "appliance": "空调", "brand": "格力", "fault": "漏水",
    "address": {"city": "杭州市", "district": "西湖区", "detail": "文三路288号"},
}  # fmt: skip


def report(bench, values_ms, baseline_ms, **more):
    for name, cut in (("p50", 0.5), ("p99", 0.99)):
        ours, bare = (statistics.quantiles(values, n=1000)[int(cut * 1000) - 1] for values in (values_ms, baseline_ms))
        line = {
            "bench": f"{bench}.{name}",
            "value": round(ours, 3),
            "unit": "ms",
            "ratio": round(ours / bare, 2),
            "baseline": round(bare, 3),
        }
        print(json.dumps({**line, **more}), flush=True)


async def timed(action, inputs):
    spent = []
    for number, given in enumerate(inputs):
        begin = time.perf_counter()
        await action(given)
        if number >= WARM_UP:
            spent.append((time.perf_counter() - begin) * 1000)
    return spent


# ---- the pop's lookup ---------------------------------------------------------------------------------------------


async def lookups(database, count, bare, size):
    numbers = [phone(n) for n in random.Random(1).sample(range(count), min(count, LOOKUPS + WARM_UP))]

    async def ours(number):
        async with database.read() as work:
            card = await customers.card_by_phone(work.session, parse_phone(number))
        assert card is not None
        assert card.order_count == 3

    # Turn about, so that neither finds pages in memory that the other read.
    half = len(numbers) // 2
    first = await timed(ours, numbers[:half])
    second = await timed(bare.lookup, numbers[half:])
    third = await timed(bare.lookup, numbers[:half])
    fourth = await timed(ours, numbers[half:])
    report("storage.card_by_phone", first + fourth, second + third, size=size)


# ---- a work order's life ------------------------------------------------------------------------------------------


async def writes(database, bare, size):
    opened = []

    async def open_draft(_number):
        async with database.write() as work:
            opened.append(await orders.open_draft(work.session, OpenDraft(by=MACHINE, at=AT, call_id=new_id())))
            await work.commit()

    async def revise(order):
        heard = {
            name: FieldValue(
                value=value, display="", source=Source.HEARD, state=FieldState.HEARD, confidence=random.random()
            )
            for name, value in FIELDS.items()
        }
        async with database.write() as work:
            await orders.revise_draft(
                work.session, ReviseDraft(by=MACHINE, at=AT, order_id=order.order_id, fields=heard)
            )
            await work.commit()

    async def save(order):
        async with database.write() as work:
            await orders.edit_order(
                work.session, EditOrder(by="u", at=AT, order_id=order.order_id, fields={"model": "K"})
            )
            await orders.create_order(work.session, CreateOrder(by="u", at=AT, order_id=order.order_id))
            await work.commit()

    commits = await timed(bare.commit, range(WRITES + WARM_UP))
    for bench, action, inputs in (
        ("open_draft", open_draft, range(WRITES + WARM_UP)),
        ("revise_draft", revise, opened),
        ("edit_and_create", save, opened),
    ):
        report(f"storage.{bench}", await timed(action, inputs), commits, size=size)


# ---- the same by the bare driver ----------------------------------------------------------------------------------


class BareSqlite:
    def __init__(self, connection):
        self.connection = connection
        compiled = customers.CARDS_BY_PHONE.compile(
            dialect=sqlite.dialect(), compile_kwargs={"render_postcompile": True}
        )
        self.sql, self.names, self.values = str(compiled), compiled.positiontup, compiled.params

    async def lookup(self, number):
        values = {**self.values, "lookup": f"+86{number}"}
        await self.connection.execute_fetchall(self.sql, [values[name] for name in self.names])

    async def commit(self, _number):
        await self.connection.execute("BEGIN IMMEDIATE")
        await self.connection.execute(
            "INSERT INTO audit (at, by, action, subject) VALUES (?, 'b', 'bench', 's')", (f"{AT}",)
        )
        await self.connection.execute("COMMIT")


class BarePostgresql:
    def __init__(self, connection):
        self.connection = connection
        dialect = postgresql.dialect(paramstyle="numeric_dollar")
        compiled = customers.CARDS_BY_PHONE.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        self.sql, self.names, self.values = str(compiled), compiled.positiontup, compiled.params

    async def lookup(self, number):
        values = {**self.values, "lookup": f"+86{number}"}
        await self.connection.fetch(self.sql, *(values[name] for name in self.names))

    async def commit(self, _number):
        async with self.connection.transaction():
            await self.connection.execute(
                "INSERT INTO audit (at, by, action, subject) VALUES ($1, 'b', 'bench', 's')", AT
            )


@asynccontextmanager
async def bare_driver(url):
    if make_url(url).get_backend_name() == "sqlite":
        import aiosqlite

        async with aiosqlite.connect(make_url(url).database, isolation_level=None) as connection:
            await connection.execute("PRAGMA cache_size=-32768")
            yield BareSqlite(connection)
    else:
        import asyncpg

        connection = await asyncpg.connect(
            make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        )
        yield BarePostgresql(connection)
        await connection.close()


async def main(options):
    count = SIZES[options.size]
    async with filled(options.database, options.size, folder(options.size, options.keep)) as url:
        database = await Database.open(url)
        try:
            async with bare_driver(url) as bare:
                await lookups(database, count, bare, options.size)
                await writes(database, bare, options.size)
        finally:
            await database.aclose()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--keep", help="folder in which filled databases are kept (default: a temporary one)")
    asyncio.run(main(parser.parse_args()))
