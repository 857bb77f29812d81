"""Password hashes: Argon2id in the parameters of RFC 9106's second recommendation (argon2-cffi's default)."""

from __future__ import annotations

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

MIN_LENGTH = 8
AT_ONCE = 2
"""Hashes computed at the same time: each takes 64 MiB and some 50 ms of a core."""


class Passwords:
    """Hashes and checks passwords in a thread, so that the event loop goes on."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._decoy: str | None = None

    async def hash(self, password: str) -> str:
        """The hash to store, salt and parameters included."""
        async with self._gate:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether ``password`` is the one behind ``stored``.

        ``stored`` None (no such user, or one without password) costs the same time and is false, so that the answer's
        delay does not tell which user names exist.
        """
        if stored is None and self._decoy is None:
            self._decoy = await self.hash(secrets.token_urlsafe())
        async with self._gate:
            matches = await asyncio.to_thread(self._matches, stored or self._decoy or "", password)
        return matches and stored is not None

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerifyMismatchError, InvalidHashError):
            return False
