"""AMI from bytes: any packet edges, any encoding, and nothing that grows without bound."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.telephony.ami_events import BridgeEnter, Hangup, Newchannel, QueueMember
from callcenter.telephony.ami_reading import EVENT_NAMES, parse
from callcenter.telephony.ami_stream import AmiMalformed, AmiParser
from tests.unit.telephony_tracker.traces import TRACES, found

UTF8 = (TRACES / "lean" / "17-utf8-caller-name.txt").read_bytes()


def cut(stream: bytes, sizes: list[int]) -> list[bytes]:
    """``stream`` in pieces of ``sizes``, used over and over."""
    pieces, at = [], 0
    while at < len(stream):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(stream[at : at + size])
        at += size
    return pieces


@given(sizes=st.lists(st.integers(1, 65536), min_size=1, max_size=40))
def test_packet_edges_change_nothing(sizes):
    """Any slicing of the stream, down to single bytes, gives the same messages; UTF-8 survives being cut."""
    parser = AmiParser()
    got = [headers for piece in cut(UTF8, sizes) for headers in parser.feed(piece)]
    assert got == AmiParser().feed(UTF8)
    assert parser.pending_bytes == 0


def test_single_bytes_give_every_capture():
    """One byte at a time is as good as a file at a time, for a capture of each folder."""
    for folder in ("lean", "asterisk16/lean"):
        stream = found(folder)[0].read_bytes()
        parser = AmiParser()
        got = [headers for byte in stream for headers in parser.feed(bytes([byte]))]
        assert got == AmiParser().feed(stream)


def test_banner_gives_the_version_and_no_header():
    """The banner line before the first message is the protocol's version, not part of that message."""
    parser = AmiParser()
    assert parser.feed(b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\n\r\n") == [{"Response": "Success"}]
    assert parser.version == "11.0.0"


def test_banner_alone_in_a_packet_waits_for_the_first_message():
    """A server that sends only its banner has sent no message yet."""
    parser = AmiParser()
    assert parser.feed(b"Asterisk Call Manager/5.0.6\r\n") == []


@pytest.mark.parametrize(
    ("line", "header"),
    [
        (b"Cause-txt: Normal Clearing", ("Cause-txt", "Normal Clearing")),
        (b"AppData: a: b", ("AppData", "a: b")),
        (b"PausedReason: ", ("PausedReason", "")),
        (b"PausedReason:", ("PausedReason", "")),
        (b"CallerIDName: \xe6\xb5\x8b", ("CallerIDName", "测")),
        (b"CallerIDName: \xff\xfe", ("CallerIDName", "��")),
    ],
)
def test_header_lines(line, header):
    """Values may hold colons, be empty with or without the space, and be any bytes."""
    assert AmiParser().feed(b"Event: X\r\n" + line + b"\r\n\r\n") == [{"Event": "X", header[0]: header[1]}]


@pytest.mark.parametrize("whole", [True, False])
def test_message_over_the_limit_is_refused(whole):
    """A message larger than the limit is an error, complete or not: memory stays bounded."""
    stream = b"Event: X\r\nAppData: " + b"a" * 5000 + (b"\r\n\r\n" if whole else b"")
    parser = AmiParser(limit=4096)
    with pytest.raises(AmiMalformed, match="4096"):
        [parser.feed(piece) for piece in cut(stream, [1000])]


def test_only_named_events_are_decoded():
    """With ``only``, other events are skipped; responses pass, since actions wait for them."""
    stream = b"Event: RTCPSent\r\nA: 1\r\n\r\nResponse: Success\r\n\r\nEvent: Hangup\r\nCause: 16\r\n\r\n"
    assert [list(headers) for headers in AmiParser(only=EVENT_NAMES).feed(stream)] == [["Response"], ["Event", "Cause"]]


@given(st.binary(max_size=2000))
def test_any_bytes_are_taken(noise):
    """Bytes that are no AMI at all raise nothing but AmiMalformed."""
    for headers in AmiParser().feed(noise + b"\r\n\r\n"):
        parse(headers)


def test_event_becomes_its_dataclass():
    """An event's headers become typed fields; numbers that mean "none" become None."""
    event = parse(
        {
            "Event": "Newchannel", "Timestamp": "1795291105.250000", "Channel": "PJSIP/trunk-00000000",
            "ChannelState": "4", "CallerIDNum": "anonymous", "CallerIDName": "<unknown>",
            "ConnectedLineNum": "1001", "ConnectedLineName": "Agent 1", "Context": "from-trunk", "Exten": "4000",
            "Uniqueid": "host-1530022819.2433", "Linkedid": "host-1530022819.2433",
        }
    )  # fmt: skip
    unique = "host-1530022819.2433"
    assert event == Newchannel(
        1795291105.25, "PJSIP/trunk-00000000", unique, unique, 4, None, None, "1001", "Agent 1", "from-trunk", "4000"
    )


@pytest.mark.parametrize("stamp", [{}, {"Timestamp": ""}, {"Timestamp": "yesterday"}])
def test_arrival_stands_in_for_a_missing_time(stamp):
    """Without a usable Timestamp header the event happened when it arrived."""
    event = parse({"Event": "Hangup", **stamp}, arrived_s=12.5)
    assert isinstance(event, Hangup)
    assert event.at == 12.5


@pytest.mark.parametrize("name", ["RTCPSent", "Cdr", "", "hangup"])
def test_other_events_are_none(name):
    """Events that nobody here needs, and responses, are None."""
    assert parse({"Event": name}) is None


def test_failed_transfers_are_none():
    """A transfer that did not succeed changes nothing."""
    assert parse({"Event": "BlindTransfer", "Result": "Fail"}) is None
    assert parse({"Event": "AttendedTransfer", "Result": "Not Permitted"}) is None


def test_mapping_with_lists_and_other_key_case():
    """Any mapping with ``get`` will do, such as panoramisk's: case-insensitive keys, lists for repeated ones."""

    class Folded(dict[str, object]):
        def get(self, key, default=None):
            return super().get(key.lower(), default)

    event = parse(Folded(event="BridgeEnter", uniqueid=["1.1", "1.2"], bridgeuniqueid="b", channelstate="6"))
    assert isinstance(event, BridgeEnter)
    assert (event.uniqueid, event.bridge, event.state, event.kind) == ("1.2", "b", 6, "basic")


def test_queue_member_is_read_by_its_state_interface():
    """A member behind a Local channel is known by the device whose state the queue watches."""
    event = parse(
        {"Event": "QueueMemberPause", "Queue": "q", "Interface": "Local/1001@agents/n", "StateInterface": "PJSIP/1001",
         "Paused": "1", "PausedReason": "lunch", "Status": "1"}
    )  # fmt: skip
    assert event == QueueMember(0.0, "QueueMemberPause", "q", "PJSIP/1001", "", 1, True, "lunch", False)
