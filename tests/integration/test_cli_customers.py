"""``callcenter customer`` on a real database file, as an administrator types it."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from callcenter.cli.main import main
from callcenter.storage.database import Database
from workorder.commands import CreateCustomer
from workorder.services import customers


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Settings of a site with two customers."""
    file = tmp_path / "config.yaml"
    file.write_text(f"data_dir: {tmp_path}\n", encoding="utf-8")

    async def fill() -> None:
        database = await Database.open(f"sqlite+aiosqlite:///{tmp_path / 'callcenter.db'}")
        await database.upgrade()
        async with database.write() as work:
            for name, phone in (("王芳", "13800138000"), ("王方", "13900139000")):
                at = datetime(2026, 11, 21, tzinfo=UTC)
                await customers.create_customer(work.session, CreateCustomer(by="t", at=at, name=name, phones=(phone,)))
            await work.commit()
        await database.aclose()

    asyncio.run(fill())
    return file


def call(config: Path, *arguments: str, code: int = 0):
    result = CliRunner().invoke(main, ["--config", str(config), "customer", *arguments])
    assert result.exit_code == code, result.output
    return json.loads(result.stdout.splitlines()[-1]) if "--json" in arguments and code == 0 else result


def test_customers_are_shown_merged_and_forgotten(config: Path):
    """A number in any spelling finds its customer; the duplicate's number moves; what is forgotten is gone."""
    kept = call(config, "show", "0138 0013 8000", "--json")
    twin = call(config, "show", "13900139000", "--json")
    merged = call(config, "merge", kept["customer_id"], twin["customer_id"], "--json")
    assert [phone["raw"] for phone in merged["phones"]] == ["13800138000", "13900139000"]
    assert "王芳" in call(config, "show", "13900139000").output
    erased = call(config, "erase", kept["customer_id"], "--reason", "letter", "--json")
    assert erased["phones"] == []
    assert "13800138000" not in call(config, "show", kept["customer_id"]).output


def test_mistakes_have_their_exit_codes(config: Path):
    """An unknown customer, a duplicate of itself, nothing said why."""
    assert "there is no customer" in call(config, "show", "01NOPE", code=7).output
    kept = call(config, "show", "13800138000", "--json")["customer_id"]
    call(config, "merge", kept, kept, code=3)
    call(config, "erase", kept, code=2)


def test_an_openid_is_kept_shown_and_taken_off(config: Path):
    """With a customer from the start, or later; an empty one takes it away; one that is none exits 3."""
    added = call(config, "add", "李雷", "--phone", "13700137000", "--openid", "o6_lilei", "--json")
    assert added["openid"] == "o6_lilei"
    assert "WeChat o6_lilei" in call(config, "show", added["customer_id"]).output
    assert call(config, "edit", added["customer_id"], "--openid", "", "--json")["openid"] is None
    assert "openid" in call(config, "edit", added["customer_id"], "--openid", "o 6", code=3).output
    both = call(config, "edit", added["customer_id"], "--miniprogram-openid", "oM_lilei", "--json")
    assert (both["openid"], both["miniprogram_openid"]) == (None, "oM_lilei")
    assert "Mini-program oM_lilei" in call(config, "show", added["customer_id"]).output
