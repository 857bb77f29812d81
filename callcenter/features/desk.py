"""The agents' screens as a port: features push frames, the web hub delivers them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Desk(Protocol):
    """Where frames for an agent's device go.

    ``push`` is called on the event loop and returns at once. Every socket of every user with ``interface`` receives
    ``{"seq": n, "type": kind, **body}`` in the order of the calls; with no socket open the frame is dropped, because a
    socket that opens later starts with a snapshot. ``interface`` None reaches every open desk.
    """

    def push(self, interface: str | None, kind: str, body: Mapping[str, object]) -> None:
        """Queue one frame of ``kind`` (docs/reference/api.md, Agent socket)."""
        ...
