"""``callcenter intake`` and ``callcenter template`` on a database of their own, and files that nobody wants any more."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from callcenter.cli.main import main
from callcenter.clock import SystemClock
from callcenter.config import Settings
from callcenter.features.attachment_files import AttachmentFiles
from callcenter.storage.blobs import BlobStore
from callcenter.storage.database import Database
from tests.imap_server import ImapServer

MAIL = """From: wang@example.com
Subject: 报修
Message-ID: <m1@example.com>
Content-Type: text/plain; charset=utf-8

我家格力空调不制冷，电话13800138000
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder."""
    monkeypatch.setenv("CALLCENTER_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments: str, **more: object) -> Result:
    return CliRunner().invoke(main, list(arguments), **more)


def test_a_mail_from_a_pipe(folder: Path) -> None:
    """A draft with the mail attached; piped again it is the same one."""
    first = call("intake", "email", "-", "--json", input=MAIL)
    done = json.loads(first.stdout)
    assert (first.exit_code, done["outcome"], done["order"]["fields"]["brand"]["value"]) == (0, "draft", "格力")
    again = call("intake", "email", "-", input=MAIL)
    assert again.stdout.startswith("repeated")
    assert len([path for path in (folder / "attachments").rglob("*") if path.is_file()]) == 1
    assert call("intake", "email", "-", input="").exit_code == 3


def test_reports_from_files(folder: Path) -> None:
    """Ours and, by a mapping, others'; faults exit 3 and name the field."""
    form = {"service_type": "enquiry", "contact_phone": "13900139000"}
    (folder / "a.json").write_text(json.dumps({"external_id": "1", "fields": form}))
    (folder / "b.json").write_text(json.dumps({"msg_id": "1", "form": {**form, "contact_phone": "13700137000"}}))
    assert call("intake", "report", "a.json").stdout.startswith("created")
    assert call("intake", "report", "b.json", "--mapping", "wechat").stdout.startswith("created")
    for content, said in (("{", "JSON"), ("[]", "object"), ('{"colour": 1}', "colour"), ("{}", "service_type")):
        (folder / "bad.json").write_text(content)
        refused = call("intake", "report", "bad.json")
        assert (refused.exit_code, said in refused.stderr) == (3, True)
    assert call("intake", "report", "a.json", "--mapping", "nope").exit_code == 3


def test_a_form_is_shown_edited_and_set(folder: Path) -> None:
    """What show prints set takes back; the second editor is told (exit 5), nonsense exits 3."""
    form = json.loads(call("template", "show", "enquiry").stdout)
    form["form"]["questions"].append({"field": "customer_name", "required": True, "guidance": ""})
    (folder / "form.json").write_text(json.dumps(form))
    assert call("template", "set", "form.json").exit_code == 0
    shown = json.loads(call("template", "show", "enquiry").stdout)
    assert (shown["edit_version"], shown["form"]["questions"][-1]["field"]) == (1, "customer_name")
    assert json.loads(call("template", "show", "enquiry", "--version", "0").stdout)["edit_version"] == 0
    assert call("template", "set", "form.json").exit_code == 5
    (folder / "form.json").write_text("{}")
    assert call("template", "set", "form.json").exit_code == 3


def test_files_that_no_order_has_go(folder: Path) -> None:
    """Old ones only: a fresh file may be about to get its order."""
    assert call("intake", "email", "-", input=MAIL).exit_code == 0
    (mail,) = (path for path in (folder / "attachments").rglob("*") if path.is_file())
    for name in ("aa" + "0" * 62, "bb" + "0" * 62):
        path = folder / "attachments" / name[:2] / name[2:]
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    os.utime(folder / "attachments" / "aa" / ("0" * 62), (0, 0))
    os.utime(mail, (0, 0))

    async def sweep() -> int:
        database = await Database.open(Settings(data_dir=folder).database_url())
        files = AttachmentFiles(database=database, blobs=BlobStore(folder / "attachments"), clock=SystemClock())
        try:
            return await files.sweep()
        finally:
            await database.aclose()

    assert asyncio.run(sweep()) == 1
    assert mail.is_file()
    assert (folder / "attachments" / "bb" / ("0" * 62)).is_file()


async def test_unread_mails_of_a_mailbox_are_fetched_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is told like a mail handed in; a second look finds none; a refused login exits 4, no mailbox 3."""
    assert (await asyncio.to_thread(call, "intake", "fetch")).exit_code == 3
    (folder / "password").write_text("s3cret", encoding="utf-8")
    async with ImapServer() as server:
        server.post(MAIL.replace("\n", "\r\n").encode())
        about = {"host": "127.0.0.1", "port": server.port, "security": "none", "username": "desk"}
        for name, value in (about | {"password_file": folder / "password"}).items():
            monkeypatch.setenv(f"CALLCENTER_INTAKE__MAILBOX__{name.upper()}", str(value))
        first = await asyncio.to_thread(call, "intake", "fetch", "--json")
        assert first.exit_code == 0, first.output
        done = json.loads(first.stdout)
        assert (done["outcome"], done["order"]["fields"]["brand"]["value"]) == ("draft", "格力")
        assert "1 mails were unread" in first.stderr
        again = await asyncio.to_thread(call, "intake", "fetch", "--json")
        assert (again.exit_code, again.stdout) == (0, "")
        server.password = "another"
        refused = await asyncio.to_thread(call, "intake", "fetch")
        assert (refused.exit_code, "intake.mailbox.password_file" in refused.stderr) == (4, True)
