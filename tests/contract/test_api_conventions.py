"""What every route has in common, checked over the route table: a client that knows one resource knows all."""

from __future__ import annotations

import dataclasses
import re
from typing import get_origin

import pytest
from sqlalchemy import func, select

from callcenter.storage.tables import IdempotencyRow, metadata
from callcenter.web.errors import STATUS, status_of
from callcenter.web.examples import EXAMPLES, PARAMETERS
from callcenter.web.guard import SAFE_METHODS
from callcenter.web.openapi import document
from callcenter.web.openapi_responses import REFUSALS
from callcenter.web.route import Route, Unit
from callcenter.web.routes import ROUTES
from tests.contract.api_site import Site, open_site
from tests.contract.api_things import things, with_keys
from tests.contract.test_api_errors import errors

DOCUMENT = document(ROUTES, cookie_name="callcenter_session")
BY_ID = {route.operation_id: route for route in ROUTES}
WITHOUT_KEY = {
    "session_log_in": "logging in twice is two logins, as from two browsers",
    "intake_attach": "the same file under the same name is attached once, as by attachments_upload",
    "attachments_upload": "the content is its own key: the same file under the same name is attached once",
    "notifications_preview": "it shows what would be and changes nothing",
    "notifications_try_out": "each try is one on purpose, and nothing of it is kept",
    "sheets_take": "rows bring their own key, external_key",
    "intake_email": "a mail brings its own key, its Message-ID",
}
"""POST routes that take no Idempotency-Key, and why."""
WHOLE = {
    "service_levels_versions": "the tables that were ever in force",
    "approval_rules_versions": "the rules that were ever in force",
    "service_levels_attainment": "a report: one line a group",
    "service_levels_stage_times": "a report: one line a state",
    "notifications_of_order": "what was sent about one order",
    "notifications_notices": "one person's newest notices",
    "notifications_read_notices": "the same after reading",
    "customers_find": "ranked by how well they fit: whoever wants more gives more words",
    "order_steps_parts": "an order has a handful of parts",
    "templates_find": "one form for each of the seven service types",
    "templates_replies": "a form has a handful of standard answers",
    "repairs_find": "an order has a handful of visits",
    "attachments_find": "an order has a handful of files",
    "teamwork_tasks": "an order has a handful of tasks",
    "teamwork_people": "everyone of the call centre, to choose from",
    "intake_of_order": "what came in about one order",
    "assets_terms": "replaced as a whole, so read as a whole",
    "assets_replace_terms": "what was sent",
    "maintenance_of_customer": "a customer has a handful of plans",
    "customers_divisions": "the official list, at most 40 names",
}
"""Lists without pages, and why."""


NO_DRAFT = {"repairs_record"}
"""POST routes about an order that must be more than a draft."""
VERSION_IN_BODY = {"service_levels_save_table", "notifications_save_rules", "approval_rules_save"}
"""Settings written as a whole: the body names the version it was made from, as the file on the disk does."""


def named(routes) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("route", list(routes), ids=lambda route: f"{route.method} {route.path}")


def answer_fields(route: Route) -> set[str]:
    """Names of the fields of the answer's type."""
    kind = route.hints["return"]
    kind = get_origin(kind) or kind
    return {field.name for field in dataclasses.fields(kind)} if dataclasses.is_dataclass(kind) else set()


def query_fields(route: Route) -> set[str]:
    return set(route.inputs["query"].json_schema()["properties"]) if "query" in route.inputs else set()


# ---- the description ------------------------------------------------------------------------------------------------


@named(route for route in ROUTES if "body" in route.inputs)
def test_every_body_has_an_example_that_is_right(route: Route):
    """callcenter/web/examples.py shows a body for each operation that takes one, and its type accepts it."""
    assert route.operation_id in EXAMPLES
    route.inputs["body"].validate_python(EXAMPLES[route.operation_id])


def test_no_example_is_left_over():
    """Every example belongs to an operation."""
    assert set(EXAMPLES) <= set(BY_ID)


@named(ROUTES)
def test_everything_is_told_in_words(route: Route):
    """Every operation, parameter and answer has a description; each error says its codes."""
    operation = DOCUMENT["paths"][route.path][route.method.lower()]
    assert operation["description"]
    for parameter in operation["parameters"]:
        assert parameter["description"], f"{parameter['name']}: describe it in callcenter/web/examples.py PARAMETERS"
    for status, answer in operation["responses"].items():
        assert answer["description"]
        if int(status) >= 400 and int(status) not in route.also:
            assert "`" in answer["description"]
            assert list(answer["content"]) == ["application/problem+json"]
    assert "default" not in operation["responses"]


def test_every_tag_has_a_description():
    """Tags are the modules of the interface, told by their docstrings."""
    used = {tag for path in DOCUMENT["paths"].values() for operation in path.values() for tag in operation["tags"]}
    assert used == {tag["name"] for tag in DOCUMENT["tags"] if tag["description"]}


def test_no_parameter_words_are_left_over():
    """Every line of PARAMETERS names a parameter that exists."""
    used = {
        parameter["name"]
        for path in DOCUMENT["paths"].values()
        for operation in path.values()
        for parameter in operation["parameters"]
    }
    assert set(PARAMETERS) <= used


def test_the_codes_of_the_document_are_those_of_the_errors():
    """Each code the document names for a status is a code that some error has with that status."""
    known = {(int(status_of(kind)), kind.code) for kind in errors()}
    for status, refusal in REFUSALS.items():
        assert {(status, code) for code in refusal.codes} <= known, status
    assert {int(status) for status in STATUS.values()} - set(REFUSALS) == {405}, "405 belongs to no operation"


# ---- lists ----------------------------------------------------------------------------------------------------------


@named(route for route in ROUTES if "items" in answer_fields(route) and route.operation_id not in WHOLE)
def test_every_list_comes_in_pages(route: Route):
    """``cursor`` and ``limit`` in, ``items`` and ``next_cursor`` out."""
    assert {"cursor", "limit"} <= query_fields(route)
    assert "next_cursor" in answer_fields(route)


# ---- changes --------------------------------------------------------------------------------------------------------


@named(route for route in ROUTES if route.method in {"PATCH", "PUT"} and route.operation_id not in VERSION_IN_BODY)
def test_what_is_edited_has_a_version(route: Route):
    """An edit asks for If-Match and answers with the new ETag; reading the same thing gives the one to send."""
    assert "edit_version" in route.inputs
    assert route.etag
    above = [other for other in ROUTES if other.method == "GET" and f"{route.path}/".startswith(f"{other.path}/")]
    resource = max(above, key=lambda other: len(other.path))
    assert resource.etag, resource.path


@named(route for route in ROUTES if route.operation_id in VERSION_IN_BODY)
def test_settings_name_the_version_they_were_made_from(route: Route):
    """Without it two people who edit at once would overwrite each other."""
    assert "version" in route.inputs["body"].json_schema()["properties"]


@named(route for route in ROUTES if "edit_version" in route.inputs)
def test_what_asks_for_a_version_answers_with_one(route: Route):
    """Whoever sends If-Match gets the ETag for the next change."""
    assert route.etag or route.status == 204
    assert route.unit is Unit.WRITE


@named(route for route in ROUTES if route.method == "POST" and route.operation_id not in WITHOUT_KEY)
def test_every_post_is_one_unit_of_work_with_its_key(route: Route):
    """The answer under an Idempotency-Key is stored in the transaction of the effect; the document says so."""
    assert route.unit is Unit.WRITE
    names = {p["name"] for p in DOCUMENT["paths"][route.path]["post"]["parameters"]}
    assert "Idempotency-Key" in names


@named(route for route in ROUTES if route.method not in SAFE_METHODS)
def test_no_unsafe_route_is_open_by_accident(route: Route):
    """What changes something has a permission, but for logging in."""
    assert route.operation_id == "session_log_in" or route.access.__class__.__name__ == "Permission"


# ---- Idempotency-Key over every POST --------------------------------------------------------------------------------


@pytest.fixture
async def site(tmp_path):
    async with open_site(tmp_path) as site:
        yield site


async def counts(site: Site) -> dict[str, int]:
    """Rows of every table but that of the keys."""
    async with site.services.database.read() as work:
        tables = [table for table in metadata.sorted_tables if table.name != IdempotencyRow.__tablename__]
        return {table.name: await work.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


@named(route for route in ROUTES if route.method == "POST" and route.operation_id not in WITHOUT_KEY)
async def test_a_repeated_post_has_one_effect(site: Site, route: Route):
    """With the same Idempotency-Key every POST answers the same again and changes nothing more."""
    ids = await things(site)
    ids |= {"order_id": ids["target_id"]} if route.operation_id in NO_DRAFT else {}
    path = re.sub(r"{(\w+)}", lambda found: ids[found[1]], route.path)
    body = with_keys(EXAMPLES.get(route.operation_id, {}), ids)
    headers = {"Idempotency_Key": "same"} | ({"If_Match": '"1"'} if "edit_version" in route.inputs else {})
    async with site.browser("admin") as admin:
        first = await admin.post(path, body, **headers)
        assert first.status == route.status, await first.text()
        between = await counts(site)
        second = await admin.post(path, body, **headers)
        assert (second.status, second.headers["Idempotency-Replayed"]) == (first.status, "true")
        one, two = await first.json(), await second.json()
        assert {**one, "token": None} == {**two, "token": None}
        assert await counts(site) == between
        other = await admin.post(path, {**body, "more": 1}, **headers)
        assert (other.status, (await other.json())["code"]) in {(422, "invalid"), (422, "idempotency_key_reused")}
