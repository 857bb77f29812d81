"""Options and arguments that commands share, so that one name means one thing everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

JSON = click.option("--json", "as_json", is_flag=True, help="JSON, one object a line.")
BY = click.option("--by", metavar="USER", help="The user on whose word it is done (default: cli:NAME).")
SEEN_VERSION = click.option(
    "--seen-version", type=click.IntRange(0), help="Refuse when another version than this one is in force."
)
ORDER = click.argument("key", metavar="ORDER")
DAY = click.DateTime(["%Y-%m-%d"])
"""A day as people type it: 2026-11-28."""


def of_customer(words: str) -> Callable[[F], F]:
    """``--customer``, given as ``customer_id``."""
    return click.option("--customer", "customer_id", metavar="CUSTOMER_ID", help=words)


def at_most(most: int, default: int = 50, words: str | None = None) -> Callable[[F], F]:
    """``--limit``: how many of a list, 1 to ``most``."""
    return click.option("--limit", type=click.IntRange(1, most), default=default, show_default=True, help=words)
