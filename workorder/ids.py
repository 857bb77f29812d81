"""Keys of the domain's rows: ULIDs, sortable by creation time, 26 characters."""

from __future__ import annotations

from ulid import ULID


def new_id() -> str:
    """A fresh ULID as 26 upper-case characters."""
    return str(ULID())
