"""One line of the route table, and what its handler's signature says.

A handler is ``async def name(ask: Ask, …) -> Body``. Its other parameters are decoded from the request by their names:
those in braces in the path; ``query`` and ``body`` by their pydantic type; ``edit_version`` from ``If-Match``. The
annotations also make the OpenAPI document, so what is checked and what is documented cannot differ.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any, Protocol, get_type_hints, runtime_checkable

from pydantic import TypeAdapter

from callcenter.auth.permissions import Permission

Handler = Callable[..., Awaitable[object]]


@runtime_checkable
class HoldsSecret(Protocol):
    """An answer with something in it that is shown once and must not be stored under its Idempotency-Key."""

    def without_secret(self) -> object:
        """The answer that a repeat of the request gets."""
        ...


class Access(Enum):
    """Routes without a permission, and why."""

    OPEN = "open"
    """Anybody: logging in, and whether the process lives."""
    LOCAL = "local"
    """Anybody on this machine; from elsewhere permission ``operate``."""


class Unit(Enum):
    """The route's unit of work on the database."""

    NONE = "none"
    READ = "read"
    WRITE = "write"
    """Committed after the handler returns, together with the stored answer of its Idempotency-Key."""


@dataclass(frozen=True)
class Route:
    """Method, path, who may, what runs. ``access`` has no default: a route nobody thought about does not exist.

    What changes something must come from our own page; ``own_page`` asks that of a reading route too (the socket).
    ``etag`` sends the answer's ``edit_version`` as ETag. ``also`` are further statuses of an answer with the same body.
    ``produces`` are the media types of the answer; other than JSON the handler makes the answer itself. ``consumes``
    is the media type of a body that the handler reads itself.
    """

    method: str
    path: str
    access: Permission | Access
    handler: Handler
    unit: Unit = Unit.NONE
    status: int = 200
    also: tuple[int, ...] = ()
    etag: bool = False
    own_page: bool = False
    produces: tuple[str, ...] = ("application/json",)
    consumes: str | None = None

    @cached_property
    def hints(self) -> dict[str, Any]:
        """The handler's annotations by parameter name, ``return`` included."""
        return get_type_hints(self.handler, include_extras=True)

    @cached_property
    def path_names(self) -> tuple[str, ...]:
        """Names in braces."""
        return tuple(re.findall(r"{(\w+)}", self.path))

    @cached_property
    def inputs(self) -> dict[str, TypeAdapter[Any]]:
        """What is to be decoded, by parameter name, in the handler's order."""
        names = list(inspect.signature(self.handler).parameters)[1:]
        return {name: TypeAdapter(self.hints[name]) for name in names}

    @cached_property
    def output(self) -> TypeAdapter[Any]:
        """The JSON answer's type."""
        return TypeAdapter(self.hints["return"])

    @property
    def json(self) -> bool:
        """Whether the endpoint encodes the answer."""
        return self.produces == ("application/json",)

    @property
    def module(self) -> str:
        """What the route is about."""
        return self.handler.__module__.rpartition(".")[2]

    @property
    def operation_id(self) -> str:
        """Unique name of the operation: module and function."""
        return f"{self.module}_{self.handler.__name__}"

    @property
    def summary(self) -> str:
        """First line of the handler's docstring."""
        return (inspect.getdoc(self.handler) or "").partition("\n")[0]

    @property
    def details(self) -> str:
        """What the docstring says after its first line, in one paragraph."""
        return " ".join((inspect.getdoc(self.handler) or "").partition("\n")[2].split())
