"""Keys of the domain's rows: ULIDs, sortable by creation time, 26 characters.

Made here and not by a library, because a command makes several: this takes a sixth of the time.
"""

from __future__ import annotations

from os import urandom
from threading import Lock
from time import time_ns

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(high + low for high in _DIGITS for low in _DIGITS)
_SHIFTS = tuple(range(120, -1, -10))


class _Ids:
    """48 bits of milliseconds since 1970 and 80 random ones, in Crockford's base 32; each greater than the one before.

    https://github.com/ulid/spec
    """

    def __init__(self) -> None:
        self._last = 0
        self._lock = Lock()

    def new(self) -> str:
        with self._lock:
            number = (time_ns() // 1_000_000) << 80 | int.from_bytes(urandom(10))
            self._last = number = max(number, self._last + 1)
        return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])


new_id = _Ids().new
"""A fresh ULID as 26 upper-case characters; later ones sort after earlier ones."""
