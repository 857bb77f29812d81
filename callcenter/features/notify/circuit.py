"""A circuit breaker: after too many failures in a row nothing is sent for a while, longer each time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

FAILURES = 5
REST_S, REST_MAX_S = 60.0, 900.0


@dataclass(slots=True)
class Circuit:
    """Counts failures in a row; one success forgets them all. After a rest one message tries whether it works again."""

    failures: int = 0
    open_until: datetime | None = None

    def failed(self, now: datetime) -> None:
        """One more failure; from the fifth on the circuit opens."""
        self.failures += 1
        if self.failures >= FAILURES:
            rest_s = min(REST_S * 2 ** (self.failures - FAILURES), REST_MAX_S)
            self.open_until = now + timedelta(seconds=rest_s)

    def succeeded(self) -> None:
        """It works."""
        self.failures, self.open_until = 0, None

    def rests_until(self, now: datetime) -> datetime | None:
        """When to try again; None: now."""
        return self.open_until if self.open_until is not None and now < self.open_until else None
