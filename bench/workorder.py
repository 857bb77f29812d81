"""Work orders at scale: what creating, moving, finding and counting costs, against the same statements on the driver.

    python bench/workorder.py [--size small|full] [--database sqlite|postgresql] [--keep FOLDER] [--only NAME …]

``small`` is 20 000 customers with 60 000 orders, ``full`` one million with three million (about 7 GB), filled once and
kept (``bench/shared/filled.py``). Prints JSON lines {"bench", "value", "unit", "ratio", "baseline"}: milliseconds, and
how many times the baseline that is; those of ``cpu`` are the processor time of this process in the median, which other
work on the machine disturbs less. The baseline is what our code sent to the database, statement by statement with its
values, sent again by the bare asynchronous driver (aiosqlite, asyncpg) in the same transactions: the ratio is what
SQLAlchemy, documents, views and checks add. The lines of ``writers`` are orders a second of so many at once, against
the same commands with a commit (a wait for the disk) of its own for each.
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
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from sqlalchemy import event, func, select
from sqlalchemy.engine import make_url

from bench.shared.filled import DATABASES, SIZES, filled, folder
from callcenter.storage import group_commit, outbox
from callcenter.storage.database import Database
from callcenter.storage.seed import key, name, phone
from workorder import uow
from workorder.commands import CreateOrder, MoveOrder, OpenDraft
from workorder.model.search import SearchText
from workorder.policy.phones import parse_phone
from workorder.policy.pinyin import name_keys
from workorder.services import customers, lifecycle, orders, sla_report
from workorder.services.approval_rules import RulesSeen
from workorder.services.order_filters import OrderQuery
from workorder.services.order_lines import order_lines
from workorder.services.paging import encode_cursor
from workorder.services.search import orders_like, search_customers, search_orders
from workorder.services.whole_orders import whole_orders

WARM_UP = 30
AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
MOMENTS = (AT + timedelta(seconds=number) for number in count(1))
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
        write, read = engines.write.sync_engine, engines.read.sync_engine
        event.listen(write, "before_cursor_execute", self._note)
        if read.pool is not write.pool:
            # Where both are the same server, what one hears the other has heard.
            event.listen(read, "before_cursor_execute", self._note)

    def _note(self, _connection, _cursor, statement, parameters, _context, many):
        if self.on:
            # Rows that SQLAlchemy put into one INSERT come as many, though it is one statement.
            several = many and bool(parameters) and isinstance(parameters[0], tuple | list)
            self.operations[-1].append((statement, parameters, several))

    def begin(self):
        self.operations.append([])


# ---- operations: a read or write for one input --------------------------------------------------------------------


async def create(session, day):
    """A draft and its order; recorded and measured ones have numbers of different days, for both are kept."""
    at = next(MOMENTS)
    draft = await orders.open_draft(session, OpenDraft(by="u", at=at, fields=FIELDS))
    await orders.create_order(session, CreateOrder(by="u", at=at, order_id=draft.order_id, business_day=day))


async def transition(session, order_id):
    await lifecycle.move_order(session, MoveOrder(by="u", at=AT, order_id=order_id, action="dispatch"))


async def customer_by_phone(database, number):
    assert await database.look(customers.cards_of_phone, parse_phone(phone(number)))


async def orders_by_phone(database, number):
    assert (await database.look(order_lines, OrderQuery(q=phone(number)))).items


async def open_by_status_and_name(database, number):
    await database.look(order_lines, OrderQuery(status="created", q=name(number), limit=20))


async def orders_by_letter(database, number):
    """A list when one character of a name is typed: one order in twenty fits."""
    assert (await database.look(order_lines, OrderQuery(q=name(number)[0]))).items


async def newest_open(database, _given):
    assert (await database.look(order_lines, OrderQuery(status="created", limit=50))).items


async def newest_open_whole(database, _given):
    """The same with every field of each order, for other programs."""
    assert (await database.look(whole_orders, OrderQuery(status="created", limit=50), RulesSeen())).items


async def by_many_conditions(database, number):
    """What a supervisor looks for: a kind of fault of a brand in a city."""
    wanted = OrderQuery(brand="海尔", fault="不制冷", city="上海市", model=f"M-{number % 500}", limit=20)
    await database.look(order_lines, wanted)


async def deep_page(database, number):
    """A page two thirds down the list, by its cursor."""
    at = encode_cursor(AT.replace(year=2024, month=10), key("W", number))
    await database.look(order_lines, OrderQuery(status="created", cursor=at, limit=20))


async def full_text(database, number):
    """A name and a fault: some tens fit among all orders."""
    await database.look(search_orders, f"{name(number)} 漏水")


async def full_text_common(database, _given):
    """Words that a quarter of all orders have."""
    await database.look(search_orders, "空调 漏水")


async def full_text_letter(database, number):
    """One character: a name in twenty has it."""
    await database.look(search_orders, name(number)[0])


async def customer_by_pinyin(database, number):
    await database.look(search_customers, name_keys(name(number))[0])


async def customer_by_letter(database, number):
    """The box when one character is typed: a customer in twenty has it."""
    await database.look(search_customers, name(number)[0])


async def customer_by_serial(database, number):
    assert await database.look(search_customers, f"SN{number * 2:09d}")


async def search_box_phone(database, number):
    assert await database.look(orders_like, phone(number))


async def search_box_digits(database, number):
    """The box while a number is typed."""
    assert await database.look(orders_like, phone(number)[:5])


async def dashboard(database, _given):
    """The counts of the wallboard: running, due soon, late, waiting."""
    await database.look(sla_report.running_orders, now=AT)


READS = (
    customer_by_phone, orders_by_phone, orders_by_letter, open_by_status_and_name, newest_open, newest_open_whole,
    by_many_conditions, deep_page, full_text, full_text_common, full_text_letter, customer_by_pinyin,
    customer_by_letter, customer_by_serial, search_box_phone, search_box_digits, dashboard,
)  # fmt: skip


# ---- measuring ----------------------------------------------------------------------------------------------------


async def measure(bench, database, bare, recorder, action, inputs, *, writes, more):
    """Record on one half of the inputs; then by turns replay that on the bare driver and run ours on the other half.

    By turns, because other work on the machine shall hit both alike.
    """
    half = len(inputs) // 2

    if writes:
        await record_writes(database, recorder, action, inputs[:half])
    else:
        # Also those that are measured: else only the baseline would find its pages in memory.
        await record_reads(database, recorder, action, inputs)

    async def written(given):
        async with database.write() as work:
            await action(work.session, given)
            await work.commit()

    baseline, spent = [], []
    for operation, given in zip(recorder.operations, inputs[half:], strict=False):
        baseline.append(await timed(bare.replay(operation, writes=writes)))
        spent.append(await timed(written(given) if writes else action(database, given)))
    report(bench, spent[WARM_UP:], baseline[WARM_UP:], statements=len(recorder.operations[-1]), **more)


async def record_reads(database, recorder, action, inputs):
    recorder.operations, recorder.on = [], True
    for given in inputs:
        recorder.begin()
        await action(database, given)
    recorder.on = False


async def record_writes(database, recorder, action, inputs):
    """In one transaction, taken back: each begins where the one before it ended, as in life."""
    recorder.operations, recorder.on = [], True
    async with database.write() as work:
        for given in inputs:
            recorder.begin()
            await action(work.session, given)
            await work.session.run_sync(outbox.add, uow.take(work.session))
    recorder.on = False


async def timed(work):
    """Milliseconds by the clock, and of the processor in all threads of this process."""
    begin, used = time.perf_counter(), time.process_time()
    await work
    return (time.perf_counter() - begin) * 1000, (time.process_time() - used) * 1000


def report(bench, values_ms, baseline_ms, **more):
    for title, kind, cut in (("p50", 0, 0.5), ("p99", 0, 0.99), ("cpu", 1, 0.5)):
        both = ([pair[kind] for pair in values] for values in (values_ms, baseline_ms))
        ours, bare = (statistics.quantiles(values, n=1000)[int(cut * 1000) - 1] for values in both)
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


async def drafts(database, wanted):
    """Orders that can be dispatched."""
    found = []
    for _ in range(wanted):
        async with database.write() as work:
            at = next(MOMENTS)
            draft = await orders.open_draft(work.session, OpenDraft(by="u", at=at, fields=FIELDS))
            await orders.create_order(work.session, CreateOrder(by="u", at=at, order_id=draft.order_id))
            found.append(draft.order_id)
            await work.commit()
    return found


async def writers(database, at_once, *, grouped, seconds=3.0):
    """Orders a second that so many make at once, each waiting until it is told that its order lasts."""
    most, group_commit.AT_MOST = group_commit.AT_MOST, group_commit.AT_MOST if grouped else 1
    begin, made = time.perf_counter(), 0

    async def one():
        nonlocal made
        while time.perf_counter() - begin < seconds:
            async with database.write() as work:
                await create(work.session, "20261121")
                await work.commit()
            made += 1

    await asyncio.gather(*(one() for _ in range(at_once)))
    group_commit.AT_MOST = most
    return made / (time.perf_counter() - begin)


async def run(database, url, known, options):
    rng, runs = random.Random(1), 2 * (options.times + WARM_UP)
    people = [rng.randrange(known) for _ in range(runs)]
    recorder = Recorder(database)
    more = {"size": options.size, "database": options.database}

    def wanted(title):
        return not options.only or title in options.only

    async with bare_driver(url) as bare:
        for action in READS:
            if wanted(action.__name__):
                await measure(action.__name__, database, bare, recorder, action, people, writes=False, more=more)
        if wanted("create"):
            days = ["20261120"] * (runs // 2) + ["20261121"] * (runs // 2)
            await measure("create", database, bare, recorder, create, days, writes=True, more=more)
        if wanted("transition"):
            ready = await drafts(database, runs)
            await measure("transition", database, bare, recorder, transition, ready, writes=True, more=more)
    for at_once in (1, 8, 32) if wanted("writers") else ():
        alone = await writers(database, at_once, grouped=False)
        rate = await writers(database, at_once, grouped=True)
        line = {"bench": f"workorder.writers.{at_once}", "value": round(rate, 1), "unit": "orders/s"}
        print(json.dumps({**line, "ratio": round(rate / alone, 2), "baseline": round(alone, 1), **more}), flush=True)


async def indexed(database, known):
    """The texts of what was filled; made once, as ``callcenter db reindex`` makes them.

    The measured orders write texts of their own, so that there are some says nothing.
    """
    async with database.read() as work:
        there = await work.session.scalar(select(func.count()).select_from(SearchText))
    if there < known:
        begin, done = time.perf_counter(), []
        await database.reindex(done.append)
        line = {"bench": "workorder.reindex", "value": round(time.perf_counter() - begin, 1), "unit": "s"}
        print(json.dumps({**line, "ratio": None, "baseline": None, "texts": done[-1]}), flush=True)


async def main(options):
    async with filled(options.database, options.size, folder(options.size, options.keep)) as url:
        database = await Database.open(url)
        if not options.only or any("full_text" in title for title in options.only):
            await indexed(database, SIZES[options.size])
        await run(database, url, SIZES[options.size], options)
        await database.aclose()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--keep", help="folder in which filled databases are kept (default: a temporary one)")
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", help="only these lines, such as create, writers, full_text"
    )
    parser.add_argument("--times", type=int, default=200, help="how often each is measured")
    asyncio.run(main(parser.parse_args()))
