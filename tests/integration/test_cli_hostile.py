"""What anybody may send, handed in at the command line: it is taken, or refused with the place and what to do.

A crash is never an answer: an exit code without an exception of ours fails here, as does anything half kept.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from callcenter.cli.main import main

FORM = {"service_type": "enquiry", "contact_phone": "13900139000"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder."""
    monkeypatch.setenv("CALLCENTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments: str) -> Result:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), (arguments, result.exception)
    return result


def refused(*arguments: str, said: str, code: int = 3) -> None:
    """Exit ``code`` and ``said`` on standard error, nothing on standard output, no order kept."""
    result = call(*arguments)
    assert (result.exit_code, result.stdout) == (code, ""), result.output
    assert said in result.stderr
    assert call("order", "list").stdout == ""


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"fields": 7}, "fields"),
        ({"fields": [1]}, "fields"),
        ({"fields": FORM, "text": 5}, "text"),
        ({"fields": FORM, "external_id": {"a": 1}}, "external_id"),
        ({"fields": FORM, "external_id": "x" * 5000}, "external_id"),
        ({"fields": FORM, "external_id": "a\x00b"}, "NUL"),
        ({"fields": FORM, "sender": 5}, "sender"),
        ({"fields": FORM, "sender": "a\x00b"}, "NUL"),
        ({"fields": FORM, "customer_id": [1]}, "customer_id"),
        ({"fields": FORM, "attach": "perhaps"}, "attach"),
        ({"fields": FORM, "channel": "pigeon"}, "channel"),
        ({"fields": FORM, "colour": 1}, "colour"),
        ({"fields": {**FORM, "customer_name": "a\x00b"}}, "customer_name"),
        ({"fields": {**FORM, "address": {"city": {"x": 1}}}}, "address"),
        ({"fields": {**FORM, "address": "杭州"}}, "address"),
        ({"fields": {**FORM, "brand": 10**15}}, "brand"),
        ({"fields": FORM, "text": "好" * 300_000}, "text"),
        ({"fields": {}}, "service_type"),
    ],
)
def test_a_report_of_any_shape(folder: Path, document: dict[str, Any], said: str) -> None:
    """Wrong kinds, too much, unknown names: refused by name."""
    (folder / "r.json").write_text(json.dumps(document))
    refused("intake", "report", "r.json", said=said)


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe", '{"a": "格"}'.encode("gb18030"), b"[" * 200_000, b"[]", b"null"])
def test_what_is_no_json_object(folder: Path, raw: bytes) -> None:
    """Whatever the bytes, for every command that takes JSON."""
    (folder / "x.json").write_bytes(raw)
    for command in (
        ("intake", "report"),
        ("template", "set"),
        ("sla", "set"),
        ("notify", "set"),
        ("approval-rules", "set"),
    ):
        refused(*command, "x.json", said=":")
    refused("warranty", "terms", "--load", "x.json", said="load") if raw != b"[]" else None


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, "nothing in it"),
        ({"colour": "red"}, "nothing in it"),
        ({"msg_id": "1", "form": "x"}, "form"),
        ({"msg_id": "1", "form": [1]}, "form"),
        ({"msg_id": {"a": 1}, "form": FORM}, "external_id"),
        ({"msg_id": "1", "form": {**FORM, "address": "杭州"}}, "address"),
        ({"msg_id": "1", "form": {**FORM, "address": {"city": 5}}}, "address"),
        ({"msg_id": "1", "form": {**FORM, "planet": "x"}}, "planet"),
    ],
)
def test_a_mini_programs_json_of_any_shape(folder: Path, document: dict[str, Any], said: str) -> None:
    """A form that is none, and a document that says nothing, make no empty draft."""
    (folder / "w.json").write_text(json.dumps(document))
    refused("intake", "report", "w.json", "--mapping", "wechat", said=said)


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "=cmd|' /C calc'!A0", "a\r\nBcc: x", "😀" * 20, "' OR 1=1 --"]
)
def test_words_that_mean_something_elsewhere_are_words(folder: Path, name: str) -> None:
    """Markup, formulas, header lines, SQL: kept as typed, and no spreadsheet runs them."""
    (folder / "r.json").write_text(json.dumps({"fields": {**FORM, "customer_name": name}}))
    done = json.loads(call("intake", "report", "r.json", "--json").stdout)
    assert done["order"]["fields"]["customer_name"]["value"] == name
    assert call("export", "orders", "o.csv").exit_code == 0
    cells = [cell for line in (folder / "o.csv").read_text("utf-8-sig").split("\n") for cell in line.split(",")]
    assert not [cell for cell in cells if cell.lstrip('"').startswith(("=", "+", "@"))]


def mail(headers: str, body: bytes = b"hello") -> bytes:
    return headers.encode("utf-8", "surrogateescape") + b"\n\n" + body


PARTS = "From: a@b.c\nContent-Type: multipart/mixed; boundary=B"
TEXT = b"--B\nContent-Type: text/plain\n\nhi\n--B\n"


@pytest.mark.parametrize(
    "raw",
    [
        mail("From: a@b.c\nContent-Type: text/plain; charset=nope", "空调".encode()),
        mail("From: a@b.c\nContent-Type: text/html", b"<p>x<script>alert(1)</script>"),
        mail("From: a@b.c\nSubject: a\r\n Bcc: x"),
        mail("From: a@b.c\nSubject: " + "x" * 200_000),
        mail("From: a\x00b@c.d\nMessage-ID: <\x00" + "x" * 100_000 + ">"),
        mail("From: a@b.c\nMessage-ID: \x00\x07"),
        mail("Subject: x"),
        bytes(range(256)) * 100,
        mail(
            PARTS, TEXT + b'Content-Disposition: attachment; filename="../../etc/passwd\x00\x07.txt"\n\ndata\n--B--\n'
        ),
        mail(PARTS, TEXT + b'Content-Disposition: attachment; filename="\x00\x07"\n\ndata\n--B--\n'),
        mail(PARTS, TEXT + b'Content-Disposition: attachment; filename="x.exe"\n\nMZ\x90\x00\n--B--\n'),
    ],
)
def test_a_mail_of_any_make_is_kept(folder: Path, raw: bytes) -> None:
    """A customer's mail is never lost to an odd header or file name; the same one again is known."""
    (folder / "m.eml").write_bytes(raw)
    first = call("intake", "email", "m.eml", "--json")
    assert first.exit_code == 0, first.stderr
    report = json.loads(first.stdout)["report"]
    assert all((report[name] or "").isprintable() for name in ("external_id", "sender"))
    assert report["external_id"]
    assert call("intake", "email", "m.eml").stdout.startswith("repeated")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        mail("From: a@b.c\nContent-Transfer-Encoding: base64", b"!!!"),
        mail(
            "From: a@b.c\nContent-Type: multipart/mixed; boundary=a",
            b"--a\nContent-Type: multipart/mixed; boundary=a\n\n" * 3000,
        ),
    ],
)
def test_a_mail_without_anything_in_it(folder: Path, raw: bytes) -> None:
    """Says so."""
    (folder / "m.eml").write_bytes(raw)
    refused("intake", "email", "m.eml", said="neither text nor files")


def test_a_mail_over_the_limit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is refused with the limit."""
    monkeypatch.setenv("CALLCENTER_ATTACHMENTS__MAX_MB", "1")
    (folder / "m.eml").write_bytes(mail("From: a@b.c", b"x" * 1_000_001))
    refused("intake", "email", "m.eml", said="over 1 MB")


def test_words_of_commands_are_checked(folder: Path) -> None:
    """An unknown status, a period turned round, a form whose parts are of the wrong kind."""
    refused("order", "list", "--status", "fly", said="--status")
    refused("sla", "report", "--since", "2026-12-01", "--until", "2026-01-01", said="--since")
    shown = json.loads(call("template", "show", "repair").stdout)
    for part, wrong in (
        ("fields", [{"name": 5, "kind": "text", "label": "x", "label_en": "x"}]),
        ("fields", [{"name": "own", "kind": "planet", "label": "x", "label_en": "x"}]),
        ("replies", [{"name": 1, "text": 2}]),
        ("steps", [{"title": 7}]),
        ("questions", [1]),
    ):
        (folder / "f.json").write_text(json.dumps({**shown, "form": {**shown["form"], part: wrong}}))
        refused("template", "set", "f.json", said=f"form.{part}.0")
