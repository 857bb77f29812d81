"""A way to reach somebody outside, as a port.

Contract (tests/contract/test_channels.py runs over every adapter):

- ``send`` returns once the other side took the message over, with its own reference where it gives one.
- It raises Unreachable when trying again later may help (no connection, time out, 408, 429, 5xx), Refused when it
  will not (a bad address, 4xx): nothing else.
- The same ``delivery_id`` may be sent twice, after a crash between sending and writing that down; adapters hand it on
  so that the other side can recognise the repeat.
- ``check`` connects (and logs in, where there is a login) and leaves nothing with the other side.
- Secrets, addresses of people and texts are never part of an error's message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from callcenter.errors import CallcenterError, Unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is to reach ``to``: a phone number, a mail address, or nothing where the channel has one receiver.

    ``event``: the fact behind it, as JSON (docs/reference/events.md); webhooks send it along.
    """

    delivery_id: str
    to: str
    subject: str
    text: str
    event_type: str
    event: Mapping[str, object]


class Unreachable(Unavailable):
    """The message did not get through; trying again may help."""

    code = "unavailable"


class Refused(CallcenterError):  # noqa: N818 - named for what happened
    """The other side does not want the message as it is; trying again does not help."""

    code = "delivery_refused"


class Channel(Protocol):
    """One way out."""

    async def send(self, message: Message) -> str | None:
        """Hand over one message. Raises Unreachable or Refused."""
        ...

    async def check(self) -> str:
        """Go as far as can be gone without sending anything; says what was found. Raises Unreachable or Refused."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...
