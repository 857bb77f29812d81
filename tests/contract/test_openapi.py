"""The OpenAPI document: valid, complete, and true to what the server answers."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import create_model

from callcenter.auth.sessions import COOKIE
from callcenter.features.notify.rules import DEFAULTS as RULES
from callcenter.web.openapi import document
from callcenter.web.route import Route
from callcenter.web.routes import ROUTES
from tests.contract.api_site import FIELDS, open_site
from tests.contract.api_things import things
from workorder.policy.approvals import DEFAULTS as APPROVALS
from workorder.policy.sla_table import DEFAULTS

DOCUMENT = document(ROUTES, cookie_name=COOKIE)


def check(content: object, schema: dict) -> None:
    """``content`` fits ``schema``; references lead into the document's components."""
    Draft202012Validator({**schema, "components": DOCUMENT["components"]}).validate(content)


def answer_schema(method: str, path: str, status: str) -> dict:
    responses = DOCUMENT["paths"][path][method]["responses"]
    content = responses[status]["content"]
    return next(iter(content.values()))["schema"]


def test_the_document_is_valid():
    """It passes the validator for OpenAPI 3.1."""
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_every_route_is_in_it_with_a_summary():
    """What the table has, the document has: method, path, summary, unique id, permission."""
    operations = {
        (method.upper(), path): operation
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    }
    assert set(operations) == {(route.method, route.path) for route in ROUTES}
    assert all(operation["summary"].endswith((".", ").")) for operation in operations.values())
    ids = [operation["operationId"] for operation in operations.values()]
    assert len(ids) == len(set(ids))
    assert operations["PATCH", "/api/work-orders/{order_id}"]["x-permission"] == "orders.edit"
    assert operations["PATCH", "/api/work-orders/{order_id}"]["security"] == [
        {"session": [], "csrf": []},
        {"key": ["orders.edit"]},
    ]
    assert operations["GET", "/api/session"]["security"] == [{"session": []}]


def test_every_route_is_told_in_words():
    """docs/reference/api.md has a line for each address and no other."""
    told = (Path(__file__).parents[2] / "docs/reference/api.md").read_text(encoding="utf-8")
    addresses = set(re.findall(r"`(?:(?:GET|POST|PUT|PATCH|DELETE) )?(/(?:api/|healthz|readyz|metrics)[^\s`?]*)", told))
    assert addresses == {route.path for route in ROUTES}


def test_every_schema_has_readable_names_and_words():
    """Components carry plain names and a description."""
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert "__" not in name
        assert re.match(r"^[A-Z]\w+(-Input|-Output)?$", name)
        assert schema.get("description"), name


def answering(route: Route, name: str, *, module: str) -> Route:
    """``route`` with an answer of a type ``name`` of its own."""

    async def handler(_ask: object) -> None:
        """Answer."""

    handler.__name__ = module
    handler.__annotations__ = {"return": create_model(name, __module__=module, **{module: (int, 0)})}
    return replace(route, path=f"/api/{module}", handler=handler)


def test_two_types_of_one_name_are_refused_by_both_names():
    """Whoever adds the second one reads which two they are, instead of a document with unreadable names."""
    route = next(route for route in ROUTES if route.path == "/api/wallboard")
    document([answering(route, "Twin", module="first"), answering(route, "Other", module="second")], cookie_name=COOKIE)
    twins = [answering(route, "Twin", module=module) for module in ("first", "second")]
    with pytest.raises(TypeError, match=r"types of one name in the interface: first\.Twin, second\.Twin; rename one"):
        document(twins, cookie_name=COOKIE)


def test_values_of_a_field_are_spelled_out():
    """The page's types come from here: an order's fields are FieldValue by name, a page of orders holds OrderView."""
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["OrderView"]["properties"]["fields"]["additionalProperties"] == {
        "$ref": "#/components/schemas/FieldValue"
    }
    assert schemas["Page_OrderView_"]["properties"]["items"]["items"] == {"$ref": "#/components/schemas/OrderView"}
    assert {"at", "from", "to", "by"} <= set(schemas["Edit"]["properties"])


@pytest.fixture
async def site(tmp_path):
    async with open_site(tmp_path) as site:
        yield site


PLAN = {"title": "年度保养", "interval_months": 12, "first_on": "2027-03-01"}


async def etag(browser, path: str) -> str:
    """The version of the resource that a path is about: its first three parts."""
    response = await browser.get("/".join(path.split("/")[:4]))
    return response.headers["ETag"]


async def test_answers_fit_the_document(site):
    """Real answers of every JSON route, good and bad, satisfy the schema that the document gives them."""
    card = await site.customer()
    call_id = await site.call()
    draft = await site.draft(call_id, **FIELDS)
    await site.record(call_id)
    twin = await site.customer(name="王方")
    asset = await site.asset(card.customer_id)
    plan = await site.plan(card.customer_id)
    ids = {
        "call_id": call_id,
        "customer_id": card.customer_id,
        "order_id": draft.order_id,
        "asset_id": asset.asset_id,
        "plan_id": plan.plan_id,
        "kind": "customers",
    }
    async with site.browser("admin") as browser:
        report = {"channel": "app", "fields": {**FIELDS, "appliance": "冰箱"}}
        opened, chased = [await (await browser.post("/api/intake", report)).json() for _ in range(2)]
        ids |= {"report_id": chased["report"]["report_id"], "name": "wechat"}
        ids = await things(site) | ids
        others = {"/api/work-orders/{order_id}/approvals": {"order_id": opened["order"]["order_id"]}}
        others |= {"/api/work-orders/{order_id}/chase": {"order_id": (await site.draft(None)).order_id}}
        await browser.send("PATCH", f"/api/work-orders/{draft.order_id}", {"fields": {"brand": "美的"}}, If_Match='"1"')
        bodies = {
            "/api/calls/{call_id}/customer": {"customer_id": card.customer_id},
            "/api/customers": {"name": "李雷", "phone": "13900139000"},
            "/api/customers/{customer_id}": {"level": "member"},
            "/api/customers/{customer_id}/merge": {"duplicate_id": twin.customer_id},
            "/api/customers/{customer_id}/erase": {"reason": "asked to"},
            "/api/customers/{customer_id}/assets": {"appliance": "冰箱", "serial": "S2"},
            "/api/customers/{customer_id}/contracts": {
                "number": "YB1",
                "kind": "extended",
                "starts_on": "2026-01-01",
                "ends_on": "2027-01-01",
            },
            "/api/assets/{asset_id}": {"model": "BCD-1"},
            "/api/customers/{customer_id}/maintenance-plans": PLAN,
            "/api/maintenance-plans/{plan_id}": PLAN,
            "/api/warranty-terms": {
                "terms": [{"brand": "甲", "appliance": "空调", "whole_months": 72, "source": "card"}]
            },
            "/api/work-orders/{order_id}/asset": {"asset_id": None},
            "/api/work-orders": {},
            "/api/work-orders/{order_id}/create": {},
            "/api/work-orders/{order_id}/cancel": {"reason": "x"},
            "/api/work-orders/{order_id}/moves": {"action": "dispatch"},
            "/api/work-orders/{order_id}/priority": {"priority": "high"},
            "/api/work-orders/{order_id}/customer": {"customer_id": card.customer_id},
            "/api/work-orders/{order_id}/parent": {"parent_id": None},
            "/api/work-orders/{order_id}/chase": {"target_id": opened["order"]["order_id"]},
            "/api/reports/{report_id}/separate": {},
            "/api/templates/{service_type}": {"questions": [{"field": "service_type", "required": True}]},
            "/api/work-orders/{order_id}/comments": {"text": "@agent hello"},
            "/api/work-orders/{order_id}/tasks": {"title": "x"},
            "/api/work-orders/{order_id}/repairs": {"finding": "x", "action": "y", "parts": [{"name": "z"}]},
            "/api/work-orders/{order_id}/handler": {"team": "x"},
            "/api/work-orders/{order_id}/approvals": {"subject": "goodwill", "reason": "x", "amount_minor": 1},
            "/api/tasks/{task_id}/state": {"done": True},
            "/api/approvals/{approval_id}/decision": {"approve": True},
            "/api/intake": {"channel": "web", "fields": FIELDS},
            "/api/intake/webhooks/{name}": {"msg_id": "1", "form": FIELDS},
            "/api/work-orders/{order_id}": {"accept": ["fault"]},
            "/api/notify": {"version": 0, "table": RULES.model_dump(mode="json")},
            "/api/notify/preview": {"wording": {"text": "{number}"}},
            "/api/notify/test": {"lane": "sms", "to": "13800138000"},
            "/api/notices/read": {},
            "/api/sla": {"version": 0, "table": DEFAULTS.model_dump(mode="json")},
            "/api/approval-rules": {"version": 1, "table": APPROVALS.model_dump(mode="json")},
            "/api/session": {},
            "/api/api-keys": {"name": "shop", "scopes": ["orders"]},
        }
        tried = 0
        # Forgetting comes last: what it takes the others need.
        for route in sorted(ROUTES, key=lambda route: route.path.endswith("/erase")):
            if not route.json or route.method == "DELETE" or route.path == "/api/openapi.json":
                continue
            own = ids | others.get(route.path, {})
            path = re.sub(r"{(\w+)}", lambda found, own=own: own[found[1]], route.path)
            headers = {"If_Match": await etag(browser, path)} if "edit_version" in route.inputs else {}
            body = bodies[route.path] if "body" in route.inputs else None
            path += "?subject=cancel" if route.path.endswith("/approval-rule") else ""
            if route.consumes:
                raw, own_path = b"Subject: x\r\n\r\nx", f"{path}?filename=x.txt" if "query" in route.inputs else path
                if route.path == "/api/import/{kind}":
                    raw, own_path = b"name,phone\r\nx,13800138009\r\n", path
                response = await browser.client.post(own_path, data=raw, headers=browser.headers())
            else:
                response = await browser.send(route.method, path, body, **headers)
            expected = 422 if route.path == "/api/session" and route.method == "POST" else route.status
            assert response.status == expected, (route, await response.text())
            check(await response.json(), answer_schema(route.method.lower(), route.path, str(response.status)))
            tried += 1
        assert tried > 15
        served = await (await browser.get("/api/openapi.json")).json()
    assert served == DOCUMENT
