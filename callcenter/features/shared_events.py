"""The events that all processes of a call centre learn of, whichever of them published it."""

from __future__ import annotations

import dataclasses
import inspect
from types import ModuleType

import callcenter.media.events
import callcenter.telephony.events
import workorder.events
from callcenter.bus.codec import Codec
from callcenter.features.events import CallerIdentified

MODULES: tuple[ModuleType, ...] = (callcenter.telephony.events, callcenter.media.events, workorder.events)


def shared_events() -> tuple[type, ...]:
    """Every event of calls, speech and work orders, and who the caller is."""
    facts = (
        kind for module in MODULES for _, kind in inspect.getmembers(module, inspect.isclass) if _own(kind, module)
    )
    return (*facts, CallerIdentified)


def codec() -> Codec:
    """For ``callcenter.bus.nats``."""
    return Codec(shared_events())


def _own(kind: type, module: ModuleType) -> bool:
    """A fact of this module: parts of facts have no ``at``, and bases of facts are never published themselves."""
    if kind.__module__ != module.__name__ or not dataclasses.is_dataclass(kind) or kind.__subclasses__():
        return False
    return "at" in {field.name for field in dataclasses.fields(kind)}
