import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.errors import Invalid
from callcenter.media.audiosocket_frames import MAX_PAYLOAD_BYTES, FrameKind, FrameParser, encode_frame

frames = st.lists(st.tuples(st.sampled_from(list(FrameKind)), st.binary(max_size=400)), max_size=8)


@given(frames, st.integers(1, 50))
def test_any_slicing_gives_the_same_frames(sent, size):
    """However TCP cuts the stream, the frames come out as sent."""
    wire = b"".join(encode_frame(kind, payload) for kind, payload in sent)
    parser = FrameParser()
    got = [frame for start in range(0, len(wire), size) for frame in parser.push(wire[start : start + size])]
    assert got == sent


@pytest.mark.parametrize("wire", [b"\x42\x00\x00", b"GET / HTTP/1.1\r\n", b"\x10\xff\xff", b"\x10\x20\x01"])
def test_what_is_not_audiosocket_is_refused_from_its_header(wire):
    """An unknown kind or an oversized length is refused before its payload is waited for."""
    with pytest.raises(Invalid):
        FrameParser().push(wire)


def test_the_largest_frame_is_taken():
    """The limit itself is allowed."""
    assert FrameParser().push(encode_frame(FrameKind.AUDIO_8K, bytes(MAX_PAYLOAD_BYTES)))[0][1] == bytes(
        MAX_PAYLOAD_BYTES
    )
