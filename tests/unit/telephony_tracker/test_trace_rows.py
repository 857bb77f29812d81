"""Replaying captures as rows."""

from __future__ import annotations

import json

import pytest

from callcenter.telephony.trace import FIELDS, UNTOLD, TraceUnreadable, replay_trace, rows
from tests.unit.telephony_tracker.traces import TRACES, calls, found, headers_of, numbered_ids, run, tracker

RINGALL = TRACES / "lean" / "06-ringall-agent2-answers.txt"


def replay(*paths, **options) -> list[dict]:
    return list(rows(paths, new_id=numbered_ids(), **options))


def test_rows_tell_the_call():
    """Each row has every key; what does not apply is null; times count from the first event."""
    got = [row for row in replay(RINGALL) if row["event"] != "AgentStateChanged"]
    first, second = "1795291152.18", "1795291152.19"
    assert [tuple(row[key] for key in FIELDS if key not in {"t", "linkedid"}) for row in got] == [
        ("CallArrived", "A", None, None, "13800138003", None, "inbound", None),
        ("CallOffered", "A", first, "PJSIP/1002", "13800138003", "support-all", "inbound", None),
        ("CallOffered", "A", second, "PJSIP/1001", "13800138003", "support-all", "inbound", None),
        ("CallAnswered", "A", first, "PJSIP/1002", None, "support-all", None, None),
        ("CallMissed", "A", second, "PJSIP/1001", None, None, None, "answered_elsewhere"),
        ("CallLegEnded", "A", first, "PJSIP/1002", None, None, None, None),
        ("CallEnded", "A", None, None, None, None, None, "16"),
    ]
    assert {row["linkedid"] for row in got} == {"1795291152.17"}
    assert [round(row["t"], 1) for row in got] == [0.0, 0.0, 0.0, 1.5, 1.5, 4.5, 4.5]


@pytest.mark.parametrize(
    ("stem", "event", "number", "reason"),
    [
        ("08-blind-transfer-refer", "CallTransferred", "1002", "blind"),
        ("20-agent-pause-login-logout", "AgentStateChanged", None, "paused: lunch"),
        ("04-abandoned-while-ringing", "CallerAbandoned", None, None),
        ("15-agents-offline", "CallMissed", None, "unreachable"),
    ],
)
def test_reason_and_number_of_a_row(stem, event, number, reason):
    """A transfer's row names its target and kind, an agent's its state, a miss its reason."""
    row = next(row for row in replay(TRACES / "lean" / f"{stem}.txt") if row["event"] == event)
    assert (row["number"], row["reason"]) == (number, reason)


@pytest.mark.parametrize("path", found("full"), ids=lambda path: path.stem)
def test_rows_are_json_and_those_of_the_tracker(path):
    """Every capture's rows serialise, and are the tracker's events, one each; queue stays have no rows."""
    got = replay(path)
    facts = [fact for fact in run(headers_of(path), tracker()) if not isinstance(fact, UNTOLD)]
    assert [row["event"] for row in got] == [type(fact).__name__ for fact in facts]
    assert all(tuple(json.loads(json.dumps(row))) == FIELDS for row in got)


def test_agent_pattern_chooses_devices():
    """Only devices that match the pattern are offered calls."""
    got = replay(RINGALL, agent_pattern=r"^(?P<interface>PJSIP/1002)-")
    assert {row["interface"] for row in got if row["event"] == "CallOffered"} == {"PJSIP/1002"}


def test_line_feeds_make_no_difference(tmp_path):
    """A capture whose CRLF were turned into LF by an editor or a mail program reads the same."""
    copy = tmp_path / "copy.txt"
    copy.write_bytes(RINGALL.read_bytes().replace(b"\r\n", b"\n"))
    assert replay(copy) == replay(RINGALL)


def test_capture_in_parts(tmp_path):
    """Files without AMI's banner go on where the file before them stopped, even in the middle of a message."""
    stream = RINGALL.read_bytes()
    parts = []
    for n, at in enumerate(range(0, len(stream), 3333)):
        parts.append(tmp_path / f"{n}.txt")
        parts[-1].write_bytes(stream[at : at + 3333])
    assert replay(*parts) == replay(RINGALL)


def test_captures_with_a_banner_start_afresh():
    """Two captures of the same call are two calls, each timed from its own start."""
    got = [row for row in replay(RINGALL, TRACES / "full" / RINGALL.name) if row["event"] == "CallArrived"]
    assert [(row["call_id"], row["t"]) for row in got] == [("A", 0.0), ("B", 0.0)]


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG\r\n\x1a\n\x00\x00", b"hello\n", b"GET / HTTP/1.1\r\n", b"# Notes: x\n\nmore\n"]
)
def test_files_that_are_no_capture(tmp_path, content):
    """A file that is no capture is an error that names it."""
    bad = tmp_path / "bad.txt"
    bad.write_bytes(content)
    with pytest.raises(TraceUnreadable, match=r"bad\.txt"):
        replay(bad)


def test_missing_file(tmp_path):
    """A file that cannot be opened is an error that names it."""
    with pytest.raises(TraceUnreadable, match=r"nowhere\.txt.*No such file"):
        replay(tmp_path / "nowhere.txt")


def test_message_without_end_is_an_error(tmp_path):
    """A file that never ends its first message is refused once it is over the limit."""
    endless = tmp_path / "endless.txt"
    endless.write_bytes(b"Event: X\r\n" + b"A: b\r\n" * 100_000)
    with pytest.raises(TraceUnreadable, match=r"endless\.txt"):
        replay(endless)


def test_capture_in_memory():
    """Bytes at hand are replayed the same."""
    facts = replay_trace(RINGALL.read_bytes(), new_id=numbered_ids())
    assert calls(facts) == calls(run(headers_of(RINGALL), tracker()))
