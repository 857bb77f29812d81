"""A JSON column as SQLite has it, in UTF-8: to make text of it and UTF-8 again takes as long as to read it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class json_bytes(FunctionElement[Any]):  # noqa: N801 - reads as the SQL function it stands for
    """The same value by a shorter way, for long documents of many rows."""

    type = JSON()
    inherit_cache = True
    name = "json_bytes"


@compiles(json_bytes, "sqlite")
def _sqlite(element: json_bytes, compiler: SQLCompiler, **kw: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **kw)} AS BLOB)"


@compiles(json_bytes, "postgresql")
def _postgresql(element: json_bytes, compiler: SQLCompiler, **kw: Any) -> str:
    return compiler.process(element.clauses, **kw)
