"""A mailbox that reports come in by, as a port.

Contract (tests/contract/test_mailbox.py):

- ``visit`` connects, hands every unread mail to ``take``, oldest first and one at a time, at most ``limit``, and
  disconnects; it returns how many there were.
- A mail stays unread until ``take`` said what became of it: what dies in between comes again, and a report that comes
  twice has one effect (its Message-ID). Mails are never deleted.
- ``KEPT`` marks it read, ``REFUSED`` read and flagged, for a person to look at.
- What ``take`` raises ends the visit and goes on to the caller; that mail stays unread.
- It raises Unreachable, with the setting at fault, when the mailbox cannot be reached or refuses the login.
- ``check`` goes as far as opening the folder and changes nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Protocol


class Fate(Enum):
    """What became of a mail."""

    KEPT = "kept"
    REFUSED = "refused"


Take = Callable[[bytes], Awaitable[Fate]]
"""Takes a whole mail, headers first."""


class Mailbox(Protocol):
    """One folder of one mailbox."""

    async def visit(self, take: Take, *, limit: int) -> int:
        """Hand unread mails over. Raises Unreachable."""
        ...

    async def check(self) -> str:
        """Say what is there. Raises Unreachable."""
        ...
