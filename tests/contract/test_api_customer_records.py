"""Customers' records over HTTP: change, history, merge, forgetting, divisions."""

from __future__ import annotations

import pytest

from callcenter.storage import audit
from tests.contract.api_site import Site, open_site


@pytest.fixture
async def site(tmp_path):
    async with open_site(tmp_path) as site:
        yield site


@pytest.fixture
async def supervisor(site: Site):
    async with site.browser("supervisor") as browser:
        yield browser


async def patch(browser, customer_id, body, version):
    return await browser.send("PATCH", f"/api/customers/{customer_id}", body, If_Match=f'"{version}"')


async def test_a_record_is_changed_under_its_version(site: Site, supervisor):
    """The ETag goes up; the old one is refused; the history tells what changed."""
    card = await site.customer()
    path = f"/api/customers/{card.customer_id}"
    assert (await supervisor.get(path)).headers["ETag"] == '"1"'
    body = {
        "level": "business",
        "phones": [{"number": "13900139000", "label": "手机"}, {"number": "13800138000"}],
        "addresses": [{"label": "家", "district": "西湖区", "city": "杭州", "detail": "文三路1号"}],
    }
    changed = await patch(supervisor, card.customer_id, body, 1)
    record = await changed.json()
    assert (changed.status, changed.headers["ETag"], record["level"]) == (200, '"2"', "business")
    assert [phone["display"] for phone in record["phones"]] == ["139 0013 9000", "138 0013 8000"]
    assert record["addresses"][0]["division_code"] == "330106"
    assert record["addresses"][0]["province"] == "浙江省"
    stale = await patch(supervisor, card.customer_id, body, 1)
    assert (stale.status, (await stale.json())["code"]) == (412, "version_stale")
    missing = await supervisor.send("PATCH", path, {"name": "x"})
    assert missing.status == 428
    lines = (await (await supervisor.get(f"{path}/changes")).json())["items"]
    assert [line["field"] for line in lines] == ["level", "phones", "addresses"]


async def test_a_division_code_fills_the_names(site: Site, supervisor):
    """The form's pick list sends a code alone; a code of nowhere is invalid."""
    card = await site.customer()
    changed = await patch(supervisor, card.customer_id, {"addresses": [{"division_code": "330106"}]}, 1)
    address = (await changed.json())["addresses"][0]
    assert (address["province"], address["city"], address["district"]) == ("浙江省", "杭州市", "西湖区")
    nowhere = await patch(supervisor, card.customer_id, {"addresses": [{"division_code": "999999"}]}, 2)
    assert (nowhere.status, (await nowhere.json())["field"]) == (422, "division_code")


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"level": "gold"},
        {"phones": []},
        {"phones": [{"number": "anonymous"}]},
        {"phones": [{"number": "1"}] * 21},
        {"addresses": [{}]},
        {"addresses": [{"division_code": "12"}]},
        {"notes": "x" * 2001},
        {"merged_into": "01X"},
    ],
)
async def test_what_does_not_fit_is_invalid(site: Site, supervisor, body):
    """422, and the record is as before."""
    card = await site.customer()
    assert (await patch(supervisor, card.customer_id, body, 1)).status == 422
    assert (await supervisor.get(f"/api/customers/{card.customer_id}")).headers["ETag"] == '"1"'


async def test_duplicates_become_one_with_their_calls(site: Site, supervisor):
    """Calls of the duplicate belong to the kept customer; the audit trail says who did it."""
    kept, twin = await site.customer(), await site.customer(name="王方", phone="13900139000")
    call_id = await site.call(user=None)
    await supervisor.post(f"/api/calls/{call_id}/customer", {"customer_id": twin.customer_id})
    merged = await supervisor.send(
        "POST", f"/api/customers/{kept.customer_id}/merge", {"duplicate_id": twin.customer_id}, If_Match='"1"'
    )
    assert merged.status == 200
    assert len((await merged.json())["phones"]) == 2
    call = await (await supervisor.get(f"/api/calls/{call_id}")).json()
    assert call["customer_name"] == "王芳"
    gone = await (await supervisor.get(f"/api/customers/{twin.customer_id}")).json()
    assert gone["merged_into"] == kept.customer_id
    async with site.services.database.read() as work:
        assert [line.action for line in await audit.lines(work.session, subject=kept.customer_id)] == [
            "customer.merged"
        ]


async def test_a_forgotten_persons_words_and_recordings_are_gone(site: Site, supervisor):
    """Number, transcript and file go; that there was a call stays."""
    card = await site.customer()
    call_id = await site.call(user=None)
    await site.record(call_id)
    await supervisor.post(f"/api/calls/{call_id}/customer", {"customer_id": card.customer_id})
    path = f"/api/customers/{card.customer_id}"
    unsaid = await supervisor.send("POST", f"{path}/erase", {"reason": ""}, If_Match='"1"')
    assert unsaid.status == 422
    erased = await supervisor.send("POST", f"{path}/erase", {"reason": "letter of 20 November"}, If_Match='"1"')
    assert (erased.status, (await erased.json())["phones"]) == (200, [])
    call = await (await supervisor.get(f"/api/calls/{call_id}")).json()
    assert (call["number"], call["recording"], call["outcome"]) == (None, None, "answered")
    assert [segment["text"] for segment in call["segments"]] == [""]
    assert not (site.sounds.folder / f"{call_id}.flac").exists()
    assert (await patch(supervisor, card.customer_id, {"name": "x"}, 2)).status == 409


async def test_an_agent_neither_merges_nor_erases(site: Site):
    """Both are for supervisors."""
    card = await site.customer()
    async with site.browser("agent") as agent:
        for action, body in (("merge", {"duplicate_id": card.customer_id}), ("erase", {"reason": "x"})):
            path = f"/api/customers/{card.customer_id}/{action}"
            assert (await agent.send("POST", path, body, If_Match='"1"')).status == 403


async def test_divisions_are_listed_from_the_top(supervisor):
    """Provinces, then cities, then districts."""
    top = (await (await supervisor.get("/api/divisions")).json())["items"]
    assert {"code": "330000", "name": "浙江省"} in top
    below = (await (await supervisor.get("/api/divisions?below=330100")).json())["items"]
    assert {"code": "330106", "name": "西湖区"} in below
