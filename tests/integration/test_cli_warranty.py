"""``callcenter warranty`` on a real database file."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, date, datetime
from pathlib import Path

from click.testing import CliRunner

from callcenter.cli.main import main
from callcenter.storage.database import Database
from workorder.commands import CreateCustomer, NewAsset
from workorder.services import customers


async def fill(folder: Path) -> None:
    """One customer with an air conditioner."""
    database = await Database.open(f"sqlite+aiosqlite:///{folder / 'callcenter.db'}")
    await database.upgrade()
    asset = NewAsset(appliance="空调", brand="格力", serial="G100", purchased_on=date(2025, 3, 5))
    command = CreateCustomer(
        by="t", at=datetime(2026, 11, 21, tzinfo=UTC), name="王芳", phones=("13800138000",), assets=(asset,)
    )
    async with database.write() as work:
        await customers.create_customer(work.session, command)
        await work.commit()
    await database.aclose()


def test_terms_from_a_file_change_the_verdict(tmp_path: Path):
    """Out by law, in by the maker's promise; a file that is no list of terms is refused and changes nothing."""
    config, terms = tmp_path / "config.yaml", tmp_path / "terms.yaml"
    config.write_text(f"data_dir: {tmp_path}\n", encoding="utf-8")
    asyncio.run(fill(tmp_path))

    def call(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(main, ["--config", str(config), "warranty", *arguments])
        assert result.exit_code == code, result.output
        return result.stdout

    assert json.loads(call("show", "G100", "--on", "2027-01-01", "--json"))["state"] == "out"
    terms.write_text("- {brand: 格力, appliance: 空调, whole_months: 72, source: 保修说明}\n", encoding="utf-8")
    assert json.loads(call("terms", "--load", str(terms), "--json"))["whole_months"] == 72
    shown = call("show", "G100", "--on", "2027-01-01")
    assert "2031-03-05" in shown
    assert "保修说明" in shown
    for bad in (
        "just words",
        "- {brand: 格力}\n",
        "- {brand: 格力, appliance: 空调, whole_months: 12, source: 1, x: 2}\n",
    ):
        terms.write_text(bad, encoding="utf-8")
        call("terms", "--load", str(terms), code=3)
    assert json.loads(call("terms", "--json"))["whole_months"] == 72
    call("show", "01NOPE", code=7)
    call("show", "G100", "--cause", "weather", code=3)
