"""Backup, restore and move by command line: how long, at what cost, and that every table arrives with its checksum.

    python bench/moves.py [--size small|full] [--keep FOLDER]

Backs a filled SQLite database up, restores the backup into a new file, moves the database to PostgreSQL; each copy goes
as soon as it is measured. Prints JSON lines {"bench", "value", "unit", "ratio", "baseline"}: seconds, and how many
times the baseline that is, with processor seconds and peak memory of our process (without the server's). The baseline
is SQLite's own ``VACUUM INTO``, which copies the file and proves nothing. ``full`` needs 25 GB beside the database.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import asyncpg
from sqlalchemy.engine import make_url

from bench.shared.filled import FILE, SIZES, filled, folder, server

COMMAND = (sys.executable, "-c", "from callcenter.cli.main import main; main()", "db")


def measured(work, database, *words):
    """Run the command in the folder ``work``; what it says and what it took."""
    environment = {**os.environ, "CALLCENTER_STORAGE__URL": database, "PYTHONPATH": str(Path(__file__).parents[1])}
    begin = time.perf_counter()
    child = subprocess.Popen((*COMMAND, *words, "--json"), cwd=work, env=environment, stdout=subprocess.PIPE)
    said = json.loads(child.stdout.read() or "{}")
    _, status, used = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{words[0]} failed")
    cost = {"processor_s": round(used.ru_utime + used.ru_stime, 1), "memory_mb": used.ru_maxrss // 1024}
    return said, time.perf_counter() - begin, cost


def copied(source, work):
    """Seconds that SQLite takes to copy the file."""
    target = work / "vacuumed.db"
    begin = time.perf_counter()
    connection = sqlite3.connect(source)
    connection.execute("VACUUM INTO ?", (str(target),))
    connection.close()
    target.unlink()
    return time.perf_counter() - begin


@asynccontextmanager
async def new_database(place):
    """The URL of an empty PostgreSQL database that goes afterwards."""
    async with server("postgresql", place) as url:
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        connection = await asyncpg.connect(plain)
        try:
            await connection.execute("CREATE DATABASE moved")
            yield make_url(url).set(database="moved").render_as_string(hide_password=False)
        finally:
            await connection.execute("DROP DATABASE IF EXISTS moved WITH (FORCE)")
            await connection.close()


async def main(options):
    place = folder(options.size, options.keep)
    async with filled("sqlite", options.size, place) as url:
        with tempfile.TemporaryDirectory(dir=place) as temporary:
            await run(url, place, Path(temporary), options.size)


async def run(url, place, work, size):
    bare = copied(place / FILE, work)
    backup = work / "backup.zip"
    tables = None

    def report(title, said, spent, cost, **more):
        nonlocal tables
        tables = tables or said["tables"]
        if said["tables"] != tables:
            raise SystemExit(f"{title}: the checksums differ")
        line = {"bench": f"moves.{title}", "value": round(spent, 1), "unit": "s", "ratio": round(spent / bare, 2)}
        more = {"rows": said["rows"], **cost, "size": size, **more}
        print(json.dumps({**line, "baseline": round(bare, 1), **more}), flush=True)

    report("backup", *measured(work, url, "backup", str(backup)), megabytes=backup.stat().st_size >> 20)
    restored = work / "restored.db"
    report("restore", *measured(work, f"sqlite+aiosqlite:///{restored}", "restore", str(backup)))
    restored.unlink()
    backup.unlink()
    async with new_database(place) as target:
        report("move", *measured(work, url, "move", "--to", target))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--keep", help="folder in which filled databases are kept (default: a temporary one)")
    asyncio.run(main(parser.parse_args()))
