"""The brake on guessing passwords: failures are counted per (user name, address) and per address."""

from __future__ import annotations

from collections import OrderedDict, deque

from callcenter.auth.errors import TooManyAttempts
from callcenter.clock import Clock

WINDOW_S = 900.0
PER_USER = 5
PER_ADDRESS = 50
REMEMBERED = 10_000
"""Keys kept; beyond it the longest unused one is forgotten, which bounds memory under attack."""


class Attempts:
    """Failed logins of the last quarter of an hour. One process' memory: a restart forgets them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: OrderedDict[tuple[str, ...], deque[float]] = OrderedDict()

    def check(self, username: str, address: str) -> None:
        """Raise ``TooManyAttempts`` while the limit is reached."""
        waits = [self._wait_s(key, limit) for key, limit in _limits(username, address)]
        if (wait_s := max(waits)) > 0:
            raise TooManyAttempts(int(wait_s) + 1)

    def failed(self, username: str, address: str) -> None:
        """Count one more failure. Called before the password is checked, so that parallel guesses count too."""
        for key, _ in _limits(username, address):
            self._failures.setdefault(key, deque()).append(self._clock.monotonic())
            self._failures.move_to_end(key)
        while len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)

    def succeeded(self, username: str, address: str) -> None:
        """The right password clears the user's count from here and takes its own attempt off the address' count."""
        self._failures.pop((username, address), None)
        if times := self._failures.get((address,)):
            times.pop()

    def _wait_s(self, key: tuple[str, ...], limit: int) -> float:
        times = self._failures.get(key)
        if times is None:
            return 0.0
        now = self._clock.monotonic()
        while times and times[0] <= now - WINDOW_S:
            times.popleft()
        return times[-limit] + WINDOW_S - now if len(times) >= limit else 0.0


def _limits(username: str, address: str) -> list[tuple[tuple[str, ...], int]]:
    return [((username, address), PER_USER), ((address,), PER_ADDRESS)]
