"""Events as bytes for other processes: JSON under a versioned name, e.g. ``CallOffered.v1``.

The version is the class variable ``version`` of an event, 1 without one. It changes when a field is removed or changes
its meaning; a new field with a default does not need it. A name that a process does not know is skipped by it, so that
old and new processes of one call centre can run side by side.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter, ValidationError

from callcenter.errors import CallcenterError


class EventUnreadable(CallcenterError):  # noqa: N818 - named for what is wrong
    """The name is not known here, or the bytes are not that event."""

    code = "event_unreadable"


class _Kind:
    """One type of event; its adapter is built on first use, which takes a millisecond."""

    def __init__(self, event_type: type) -> None:
        self.event_type = event_type
        self.name = event_name(event_type)

    @cached_property
    def adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.event_type)


class Codec:
    """Encodes and decodes the given frozen dataclasses; other events stay inside their process."""

    def __init__(self, event_types: Iterable[type]) -> None:
        self._of_type = {event_type: _Kind(event_type) for event_type in event_types}
        self._of_name = {kind.name: kind for kind in self._of_type.values()}

    def knows(self, event: object) -> bool:
        """Whether the event travels to other processes."""
        return type(event) in self._of_type

    def encode(self, event: object) -> tuple[str, bytes]:
        """Name and bytes of an event that ``knows`` says yes to."""
        kind = self._of_type[type(event)]
        return kind.name, kind.adapter.dump_json(event)

    def decode(self, name: str, payload: bytes) -> object:
        """The event. Raises EventUnreadable."""
        kind = self._of_name.get(name)
        if kind is None:
            raise EventUnreadable(f"no event is called {name} here", fix="run the same version everywhere")
        try:
            event: object = kind.adapter.validate_json(payload)
        except ValidationError as error:
            # The text of the error would repeat the content, which may be personal: the places are enough.
            places = ", ".join(".".join(map(str, found["loc"])) or "all" for found in error.errors())
            raise EventUnreadable(f"the bytes are no {name}: {places}", fix="run the same version everywhere") from None
        return event


def event_name(event_type: type) -> str:
    """The versioned name of a type of event."""
    return f"{event_type.__name__}.v{getattr(event_type, 'version', 1)}"
