"""The server against its own OpenAPI document: every operation, as every kind of user, with what a generator thinks up.

The seed is fixed, so a failure comes back. Nobody may see a 5xx, a status that is not documented, an answer that does
not fit its schema, or miss a header that is promised.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi import checks

from callcenter.auth.permissions import SCOPES, Role
from callcenter.auth.sessions import COOKIE
from callcenter.config_sections import WebSettings
from callcenter.web.examples import EXAMPLES
from callcenter.web.openapi import document
from callcenter.web.routes import ROUTES
from tests.contract.api_site import Site, open_site
from tests.contract.api_things import things, with_keys

BOUNDED = settings(
    max_examples=25,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
CONFIG = schemathesis.Config()
# We say who asks: a made-up key or cookie is refused before anything else is tried.
CONFIG.projects.default.generation.with_security_parameters = False
SCHEMA = schemathesis.openapi.from_dict(document(ROUTES, cookie_name=COOKIE), config=CONFIG)
BY_ID = {route.operation_id: route for route in ROUTES}
UPGRADES = {"agent_socket_agent_socket"}
"""A WebSocket begins with an upgrade, which a generator of plain requests does not send: test_api_socket.py has it."""
PATIENCE_S = 90
"""A busy machine answers late; that is no fault of the interface."""
CHAIN = 10
"""Operations in a row."""
PROGRAM, STRANGER = "program", "stranger"
# An administrator gets furthest into the code: half of the requests are his.
WHO = st.sampled_from(["admin"] * 5 + [PROGRAM, PROGRAM, STRANGER, "nobody", *Role])
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


@dataclass
class Served:
    """The server on a thread of its own, and the headers by which each kind of user speaks to it."""

    site: Site
    run: Callable[[Coroutine[Any, Any, Any]], Any]
    known: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.site.origin

    def headers(self, who: str) -> dict[str, str]:
        if who not in self.known:
            self.known[who] = self._log_in(who)
        return self.known[who]

    def _log_in(self, who: str) -> dict[str, str]:
        if who == STRANGER:
            return {"Origin": self.url}
        if who == PROGRAM:
            return {"Authorization": f"Bearer {self.run(self._key())}"}
        token = self.run(self.site.services.auth.issue_login_token(self.site.users[who].user_id))
        answer = requests.post(f"{self.url}/api/session", json={"login_token": token}, headers={"Origin": self.url})
        cookie = f"{COOKIE}={answer.cookies[COOKIE]}"
        return {"Origin": self.url, "Cookie": cookie, "X-CSRF-Token": answer.json()["csrf_token"]}

    async def _key(self) -> str:
        async with self.site.services.database.write() as work:
            issued = await self.site.services.api_keys.add(work.session, name=PROGRAM, scopes=SCOPES)
            await work.commit()
        return issued.token

    def bring_up_to_date(self, case: Case) -> None:
        """Put the version of this moment into If-Match, if it is sent at all."""
        if "If-Match" in (case.headers or {}) and (etag := self._version(case.formatted_path)):
            case.headers["If-Match"] = etag

    def _version(self, path: str) -> str | None:
        """The ETag of what an edit of ``path`` edits: of the nearest address above that has one."""
        while path.count("/") > 2:
            if etag := requests.get(self.url + path, headers=self.headers("admin")).headers.get("ETag"):
                return etag
            path = path.rpartition("/")[0]
        return None


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that answers while the test thinks up requests."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="served", daemon=True)
    thread.start()

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    opened = _open(tmp_path_factory.mktemp("site"))
    yield Served(run(opened.__aenter__()), run)
    run(opened.__aexit__(None, None, None))
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def _open(folder: Path) -> AbstractAsyncContextManager[Site]:
    # The clock stands still, so the allowance of a key is for the whole run.
    return open_site(folder, web=WebSettings(api_key_per_minute=1_000_000))


@schemathesis.serializer("message/rfc822")
def _mail(_context: object, value: object) -> bytes:
    """A mail as it comes over the wire; what the generator thinks up stands for its bytes."""
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


OPERATIONS = [
    operation
    for operation in (result.ok() for result in SCHEMA.get_all_operations())
    if operation.definition.raw["operationId"] not in UPGRADES
]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.definition.raw["operationId"])
def test_every_operation_keeps_its_word(served: Served, operation: APIOperation):
    """What fits the document and what does not, with real and made-up keys, as everybody: only documented answers."""
    name = operation.definition.raw["operationId"]
    route, ids = BY_ID[name], served.run(things(served.site))
    real = {"path_parameters": {part: ids[part] for part in route.path_names}} if route.path_names else {}
    example = {"body": with_keys(EXAMPLES[name], ids)} if name in EXAMPLES else {}
    cases = st.one_of(
        operation.as_strategy(GenerationMode.POSITIVE, **real),
        operation.as_strategy(GenerationMode.POSITIVE, **real, **example),
        operation.as_strategy(GenerationMode.POSITIVE),
        operation.as_strategy(GenerationMode.NEGATIVE, **real),
    )

    @BOUNDED
    @given(case=cases, who=WHO, current=st.booleans())
    def keeps_its_word(case: Case, who: str, current: bool) -> None:
        send(served, case, who, current=current)

    keeps_its_word()


def send(served: Served, case: Case, who: str, *, current: bool) -> Any:
    """One request, and everything that must be true of its answer. ``current``: with the version of this moment."""
    if current:
        served.bring_up_to_date(case)
    answer = case.call(base_url=served.url, headers=served.headers(who), timeout=PATIENCE_S)
    if case.operation.definition.raw["operationId"] == "session_log_out":
        served.known.pop(who, None)
    case.validate_response(answer, checks=CHECKS)
    return answer


@BOUNDED
@given(data=st.data())
def chain(served: Served, data: st.DataObject) -> None:
    """Operations one after the other, each with keys out of earlier answers."""
    known = {name: [key] for name, key in served.run(things(served.site)).items()}
    for _ in range(CHAIN):
        operation = data.draw(st.sampled_from(OPERATIONS))
        name = operation.definition.raw["operationId"]
        # A number and not one of the keys is drawn: what is drawn must not depend on what the server answered.
        turn = data.draw(st.integers(0, 2**16))
        ids = {key: values[turn % len(values)] for key, values in known.items()}
        real = {"path_parameters": {part: ids.get(part, "01NOPE") for part in BY_ID[name].path_names}}
        example = {"body": with_keys(EXAMPLES[name], ids)} if name in EXAMPLES and data.draw(st.booleans()) else {}
        case = data.draw(
            operation.as_strategy(GenerationMode.POSITIVE, **(real if BY_ID[name].path_names else {}), **example)
        )
        answer = send(served, case, "admin", current=True)
        if "json" in answer.headers.get("Content-Type", ""):
            harvest(answer.json(), known)


def harvest(content: Any, known: dict[str, list[str]]) -> None:
    """Every ``…_id`` in an answer."""
    if isinstance(content, list):
        for item in content:
            harvest(item, known)
    elif isinstance(content, dict):
        for name, value in content.items():
            if name.endswith("_id") and isinstance(value, str) and re.fullmatch("[0-9A-Za-z_-]{1,26}", value):
                known.setdefault(name, []).append(value)
            else:
                harvest(value, known)


def test_what_one_operation_makes_another_can_use(served: Served):
    """Chains of operations that hand keys on keep the same word."""
    chain(served)
