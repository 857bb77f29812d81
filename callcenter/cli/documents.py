"""Files with JSON that a command takes: read, and checked by the same types as the body of the route that takes it."""

from __future__ import annotations

from typing import IO, Any, TypeVar

import orjson

from callcenter.errors import Invalid

T = TypeVar("T")


def read_object(source: IO[bytes]) -> dict[str, Any]:
    """The JSON object of a file. Raises Invalid."""
    try:
        document = orjson.loads(source.read())
    except orjson.JSONDecodeError as error:
        raise Invalid(f"not JSON: {error}", field="FILE", fix="a JSON object in UTF-8") from error
    if not isinstance(document, dict):
        raise Invalid("must be a JSON object", field="FILE")
    return document


def checked(kind: type[T], document: object) -> T:
    """``document`` as ``kind``, a type of the HTTP interface. Raises Invalid that names every place at fault."""
    from pydantic import TypeAdapter, ValidationError

    from callcenter.web.errors import from_validation

    try:
        return TypeAdapter(kind).validate_json(orjson.dumps(document))
    except ValidationError as error:
        raise from_validation(error, "FILE") from None
