"""Log lines carry no personal data."""

from __future__ import annotations

import io
import json

import pytest
import structlog

from callcenter import logs


@pytest.fixture
def lines():
    stream = io.StringIO()
    logs.configure(level="debug", fmt="json", stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("13800138000", "138******00"),
        ("+86 138-0013-8000", "861********00"),
        ("0571-88001234", "057*******34"),
        ("12345", "*****"),
    ],
)
def test_numbers_keep_head_and_tail(number, masked):
    """A masked number still tells two calls apart."""
    assert logs.mask_phone(number) == masked


def test_numbers_are_masked_wherever_they_stand(lines):
    """In a message, a value, a nested value and an exception's text."""
    log = structlog.get_logger()
    try:
        raise ValueError("no such number 13800138000")
    except ValueError:
        log.exception("call from 13800138000", number="13800138000", row={"phones": ["0571-88001234"]})
    text = json.dumps(lines())
    assert "13800138000" not in text
    assert "88001234" not in text


def test_secrets_and_speech_are_masked_whole(lines):
    """Fields that are secret or personal by name show at most their length."""
    structlog.get_logger().info(
        "x", password="p", token="t", text="我家空调不制冷", address="文三路288号", openid="o6_wang"
    )
    (line,) = lines()
    assert (line["password"], line["token"]) == ("***", "***")
    assert "空调" not in json.dumps(line, ensure_ascii=False)
    assert "文三路" not in json.dumps(line, ensure_ascii=False)
    assert line["openid"] == "<7 chars>"


def test_ids_and_times_stay_readable(lines):
    """ULIDs, uniqueids and timestamps are not taken for phone numbers."""
    structlog.get_logger().info("x", call_id="01M803G0TY21KTD5VGKSB26HTN", uniqueid="1795291105.12", port=15038)
    (line,) = lines()
    assert line["call_id"] == "01M803G0TY21KTD5VGKSB26HTN"
    assert line["uniqueid"] == "1795291105.12"
    assert line["timestamp"].startswith("20")
