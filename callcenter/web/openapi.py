"""The route table as an OpenAPI 3.1 document."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

from aiohttp import web
from pydantic import TypeAdapter

from callcenter.auth.permissions import SCOPES, Permission
from callcenter.web.errors import PROBLEM_TYPE, Problem
from callcenter.web.examples import EXAMPLES, PARAMETERS
from callcenter.web.guard import SAFE_METHODS
from callcenter.web.openapi_responses import permission_words, refusals
from callcenter.web.route import Access, Route, Unit

Json = dict[str, Any]
OPENAPI: web.AppKey[Json] = web.AppKey("openapi", dict)
"""Where the application keeps its document."""
REF = "#/components/schemas/{model}"
PROBLEM: TypeAdapter[Problem] = TypeAdapter(Problem)
Mode = Literal["validation", "serialization"]
Wanted = tuple[str, Mode, TypeAdapter[Any]]

DESCRIPTION = """HTTP interface of the call centre; docs/reference/api.md tells it in words.

Programs send `Authorization: Bearer` with an API key. Errors are `application/problem+json` with a stable `code`.
Lists come in pages: send `next_cursor` back as `cursor`. A POST takes an `Idempotency-Key`: a repeat returns the first
answer. A change of something that people edit needs `If-Match` with the `ETag` it was read with."""
IDEMPOTENCY_KEY = "Any string of 1 to 80 characters, fresh for each new request: a repeat returns the first answer."
IF_MATCH = "The `ETag` that the resource was read with."
REPLAYED = {
    "description": "`true`: this is the first answer to this Idempotency-Key again.",
    "schema": {"type": "string"},
}


def document(routes: Sequence[Route], *, cookie_name: str) -> Json:
    """The whole document, a plain JSON tree."""
    schemas, definitions = _schemas(routes)
    paths: Json = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "callcenter", "version": _version(), "description": DESCRIPTION, "license": _LICENSE},
        "servers": [{"url": "/", "description": "where this document comes from"}],
        "tags": _tags(routes),
        "paths": paths,
        "components": {
            "schemas": definitions,
            "securitySchemes": {
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": cookie_name,
                    "description": "A person's login in a browser; sent with an `Origin` of our own.",
                },
                "csrf": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-CSRF-Token",
                    "description": "`csrf_token` of `GET /api/session`, with every unsafe request of a login.",
                },
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "cck_…",
                    "description": "A program's API key; the scopes it needs are permissions.",
                },
            },
        },
    }


def _tags(routes: Sequence[Route]) -> list[Json]:
    """One a module, told by the first line of its docstring."""
    modules = {route.module: inspect.getdoc(sys.modules[route.handler.__module__]) or "" for route in routes}
    return [{"name": name, "description": text.partition("\n")[0]} for name, text in modules.items()]


_LICENSE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}


def _version() -> str:
    try:
        return version("callcenter-desk")
    except PackageNotFoundError:
        return "0"


def _schemas(routes: Sequence[Route]) -> tuple[dict[tuple[str, str], Json], Json]:
    """Schema of each input and output by (operation, name), and the shared definitions they point to."""
    wanted: list[Wanted] = [("problem", "serialization", PROBLEM)]
    for route in routes:
        wanted += [(f"{route.operation_id}.{name}", "validation", adapter) for name, adapter in route.inputs.items()]
        if _has_json(route):
            wanted.append((f"{route.operation_id}.return", "serialization", route.output))
    made, shared = TypeAdapter.json_schemas(wanted, ref_template=REF)
    definitions: Json = shared.get("$defs", {})
    _refuse_shared_names(definitions)
    return {key: _plain(schema) for key, schema in made.items()}, definitions


def _refuse_shared_names(definitions: Json) -> None:
    """Raise TypeError when two types have one name: pydantic then calls both by their modules, ``a__b__Name``."""
    clashes = sorted(name.replace("__", ".") for name in definitions if "__" in name)
    if clashes:
        raise TypeError(
            f"types of one name in the interface: {', '.join(clashes)}; rename one, programs know it by name"
        )


def _plain(schema: Any) -> Json:
    return dict(schema)


def _has_json(route: Route) -> bool:
    return route.json and route.hints["return"] is not type(None)


def _operation(route: Route, schemas: dict[tuple[str, str], Json]) -> Json:
    operation: Json = {
        "operationId": route.operation_id,
        "summary": route.summary,
        "description": " ".join(filter(None, (route.details, permission_words(route)))),
        "tags": [route.module],
        "parameters": list(_parameters(route, schemas)),
        "responses": _responses(route, schemas),
        "security": _security(route),
    }
    if isinstance(route.access, Permission):
        operation["x-permission"] = route.access.value
    if "body" in route.inputs:
        schema = schemas[f"{route.operation_id}.body", "validation"]
        content: Json = {"schema": schema}
        if route.operation_id in EXAMPLES:
            content["example"] = EXAMPLES[route.operation_id]
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    if route.consumes:
        raw = {"schema": {"type": "string", "format": "binary"}}
        operation["requestBody"] = {"required": True, "content": {route.consumes: raw}}
    return operation


def _parameters(route: Route, schemas: dict[tuple[str, str], Json]) -> list[Json]:
    found: list[Json] = []
    for name in route.path_names:
        schema = schemas[f"{route.operation_id}.{name}", "validation"]
        found.append(_parameter(name, "path", schema, required=True))
    if "query" in route.inputs:
        found += _query_parameters(route.inputs["query"])
    if "edit_version" in route.inputs:
        version = {"type": "string", "pattern": r'^(W/)?"?[0-9]{1,9}"?$'}
        found.append(_parameter("If-Match", "header", version, required=True, description=IF_MATCH))
    if route.method == "POST" and route.unit is Unit.WRITE:
        key = {"type": "string", "minLength": 1, "maxLength": 80}
        found.append(_parameter("Idempotency-Key", "header", key, required=False, description=IDEMPOTENCY_KEY))
    return found


def _query_parameters(adapter: TypeAdapter[Any]) -> list[Json]:
    schema = adapter.json_schema(ref_template=REF)
    required = schema.get("required", ())
    return [
        _parameter(name, "query", part, required=name in required)
        for name, part in schema.get("properties", {}).items()
    ]


def _parameter(name: str, where: str, schema: Json, *, required: bool, description: str | None = None) -> Json:
    """Described by itself, by its type, or by its name's line in PARAMETERS."""
    words = description or schema.get("description") or PARAMETERS.get(name, "")
    return {"name": name, "in": where, "required": required, "description": words, "schema": schema}


def _responses(route: Route, schemas: dict[tuple[str, str], Json]) -> Json:
    problem = {PROBLEM_TYPE: {"schema": schemas["problem", "serialization"]}}
    found: Json = {str(status): {"description": words, "content": problem} for status, words in refusals(route).items()}
    for status in (route.status, *route.also):
        found[str(status)] = _done(route, schemas)
    return dict(sorted(found.items()))


def _done(route: Route, schemas: dict[tuple[str, str], Json]) -> Json:
    done: Json = {"description": route.summary}
    if not route.json:
        content = {media: {"schema": {"type": "string", "format": "binary"}} for media in route.produces}
        done |= {"content": content} if content else {}
    elif _has_json(route):
        schema = schemas[f"{route.operation_id}.return", "serialization"]
        done["content"] = {"application/json": {"schema": schema}}
    headers: Json = {}
    if route.etag:
        headers["ETag"] = {
            "required": True,
            "description": "Its version, for `If-Match`.",
            "schema": {"type": "string"},
        }
    if route.method == "POST" and route.unit is Unit.WRITE:
        headers["Idempotency-Replayed"] = REPLAYED
    return done | ({"headers": headers} if headers else {})


def _security(route: Route) -> list[dict[str, list[str]]]:
    if isinstance(route.access, Access):
        return [{}] if route.access is Access.OPEN else [{}, {"session": []}, {"key": [Permission.OPERATE.value]}]
    by_login: dict[str, list[str]] = {"session": []}
    if route.method not in SAFE_METHODS:
        by_login["csrf"] = []
    return [by_login, {"key": [route.access.value]}] if route.access in SCOPES else [by_login]
