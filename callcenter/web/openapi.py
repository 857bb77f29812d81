"""The route table as an OpenAPI 3.1 document."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

from aiohttp import web
from pydantic import TypeAdapter

from callcenter.auth.permissions import SCOPES, Permission
from callcenter.web.errors import PROBLEM_TYPE, Problem
from callcenter.web.guard import SAFE_METHODS
from callcenter.web.route import Access, Route, Unit

Json = dict[str, Any]
OPENAPI: web.AppKey[Json] = web.AppKey("openapi", dict)
"""Where the application keeps its document."""
REF = "#/components/schemas/{model}"
PROBLEM: TypeAdapter[Problem] = TypeAdapter(Problem)
Mode = Literal["validation", "serialization"]
Wanted = tuple[str, Mode, TypeAdapter[Any]]

DESCRIPTION = "HTTP interface of the call centre; docs/reference/api.md tells it in words."


def document(routes: Sequence[Route], *, cookie_name: str) -> Json:
    """The whole document, a plain JSON tree."""
    schemas, definitions = _schemas(routes)
    paths: Json = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "callcenter", "version": _version(), "description": DESCRIPTION, "license": _LICENSE},
        "paths": paths,
        "components": {
            "schemas": definitions,
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": cookie_name},
                "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
                "key": {"type": "http", "scheme": "bearer", "bearerFormat": "cck_…"},
            },
        },
    }


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
    return {key: _plain(schema) for key, schema in made.items()}, shared.get("$defs", {})


def _plain(schema: Any) -> Json:
    return dict(schema)


def _has_json(route: Route) -> bool:
    return route.json and route.hints["return"] is not type(None)


def _operation(route: Route, schemas: dict[tuple[str, str], Json]) -> Json:
    operation: Json = {
        "operationId": route.operation_id,
        "summary": route.summary,
        "tags": [route.module],
        "parameters": list(_parameters(route, schemas)),
        "responses": _responses(route, schemas),
        "security": _security(route),
    }
    if isinstance(route.access, Permission):
        operation["x-permission"] = route.access.value
    if "body" in route.inputs:
        schema = schemas[f"{route.operation_id}.body", "validation"]
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation


def _parameters(route: Route, schemas: dict[tuple[str, str], Json]) -> list[Json]:
    found: list[Json] = []
    for name in route.path_names:
        schema = schemas[f"{route.operation_id}.{name}", "validation"]
        found.append({"name": name, "in": "path", "required": True, "schema": schema})
    if "query" in route.inputs:
        found += _query_parameters(route.inputs["query"])
    if "edit_version" in route.inputs:
        found.append({"name": "If-Match", "in": "header", "required": True, "schema": {"type": "string"}})
    if route.method == "POST" and route.unit is Unit.WRITE:
        key = {"type": "string", "minLength": 1, "maxLength": 80}
        found.append({"name": "Idempotency-Key", "in": "header", "required": False, "schema": key})
    return found


def _query_parameters(adapter: TypeAdapter[Any]) -> list[Json]:
    schema = adapter.json_schema(ref_template=REF)
    required = schema.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": part}
        for name, part in schema.get("properties", {}).items()
    ]


def _responses(route: Route, schemas: dict[tuple[str, str], Json]) -> Json:
    problem = {"description": "Problem", "content": {PROBLEM_TYPE: {"schema": schemas["problem", "serialization"]}}}
    if not route.json:
        content = {media: {"schema": {"type": "string", "format": "binary"}} for media in route.produces}
        done: Json = {"description": route.summary, "content": content} if content else {"description": route.summary}
    elif _has_json(route):
        schema = schemas[f"{route.operation_id}.return", "serialization"]
        done = {"description": route.summary, "content": {"application/json": {"schema": schema}}}
    else:
        done = {"description": route.summary}
    if route.etag:
        done["headers"] = {"ETag": {"required": True, "schema": {"type": "string"}}}
    return {str(route.status): done, "default": problem}


def _security(route: Route) -> list[dict[str, list[str]]]:
    if isinstance(route.access, Access):
        return [{}] if route.access is Access.OPEN else [{}, {"session": []}, {"key": [Permission.OPERATE.value]}]
    by_login: dict[str, list[str]] = {"session": []}
    if route.method not in SAFE_METHODS:
        by_login["csrf"] = []
    return [by_login, {"key": [route.access.value]}] if route.access in SCOPES else [by_login]
