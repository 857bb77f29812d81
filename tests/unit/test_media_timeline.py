import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from callcenter.media.timeline import IDLE_S, LegTimeline

LOUD = np.full(160, 5000, "<i2").tobytes()
QUIET = bytes(320)


def play(arrivals, frame=LOUD):
    timeline = LegTimeline(0.0, 8000)
    return timeline, [timeline.place(frame, at) for at in arrivals]


def test_regular_frames_follow_each_other():
    """Frames every 20 ms are joined without a gap, whatever the jitter below 200 ms."""
    timeline, out = play([0.02 + 0.02 * n + (0.15 if n % 7 == 3 else 0) for n in range(100)])
    assert all(piece == LOUD for piece in out)
    assert timeline.position_ms == 2000


def test_the_first_frame_stands_where_it_was_said():
    """A leg that joins late, by however little, starts with exactly that much silence."""
    timeline, out = play([0.12])
    assert len(out[0]) == 2 * 8000 * 12 // 100
    assert timeline.position_ms == 120


def test_gaps_become_silence():
    """Two seconds without frames are two seconds of silence on the clock."""
    timeline, out = play([0.02, 0.04, 2.06])
    assert len(out[2]) == 320 + 2 * 16_000
    assert timeline.position_ms == 2060
    assert timeline.padded_samples == 16_000


def test_a_leg_that_sends_nothing_goes_on():
    """``idle`` fills up to half a second before now, once."""
    timeline, _ = play([0.02])
    assert len(timeline.idle(3.0)) == round((3.0 - IDLE_S - 0.02) * 16_000)
    assert timeline.idle(3.0) == b""
    assert timeline.position_ms == 2500


def test_a_burst_after_a_stall_is_caught_up_in_the_next_pause():
    """Frames held up for a second come at once: all speech is kept, and quiet frames are left out until in step."""
    timeline, _ = play([0.02 + 0.02 * n for n in range(50)])
    timeline.idle(2.0)
    for _ in range(50):
        assert timeline.place(LOUD, 2.0)
    assert timeline.position_ms == 2980
    at = 2.0
    while timeline.position_ms > at * 1000 + 300:
        at += 0.02
        assert timeline.place(QUIET, at) == b""
    assert timeline.place(QUIET, at + 0.02) == QUIET


def test_a_peer_cannot_run_away_from_the_clock():
    """An hour of audio sent within a second is cut at two seconds."""
    timeline, _ = play([0.5] * 10_000)
    assert timeline.position_ms <= 2520
    assert timeline.dropped_samples > 0


def test_padding_to_a_position():
    """``pad_to`` makes legs equally long and never shortens."""
    timeline, _ = play([0.02])
    assert len(timeline.pad_to(100)) == 2 * 8 * 80
    assert timeline.pad_to(50) == b""


@given(st.lists(st.floats(0, 5), max_size=60), st.sampled_from([LOUD, QUIET]))
def test_bytes_out_and_position_always_agree(arrivals, frame):
    """Whatever the arrivals, the position is the length of what was returned, and it never runs ahead by over 2 s."""
    timeline = LegTimeline(0.0, 8000)
    written = 0
    for at in sorted(arrivals):
        written += len(timeline.place(frame, at)) + len(timeline.idle(at))
        assert timeline.position_ms == written // 16
        assert timeline.position_ms <= at * 1000 + 2020
        assert timeline.position_ms >= at * 1000 - 501
