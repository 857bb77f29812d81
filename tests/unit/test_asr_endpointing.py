from hypothesis import given
from hypothesis import strategies as st

from asr.endpointing import FRAME_MS, EndpointingRules, SpeechGate

RULES = EndpointingRules(
    open_voiced_ms=60,
    open_window_ms=100,
    pre_roll_ms=100,
    tail_ms=40,
    end_silence_ms=200,
    long_utterance_ms=1000,
    long_end_silence_ms=60,
    max_utterance_ms=2000,
)


def play(pattern, rules=RULES):
    """Push one frame per character, ``x`` voiced and ``.`` not; return (decoded frame numbers, frames at which it ended)."""
    gate = SpeechGate(rules)
    decoded, ended = [], []
    for number, mark in enumerate(pattern):
        step = gate.push(bytes([number % 256, number // 256]), voiced=mark == "x")
        decoded += frames_of(step.audio)
        if step.ended:
            ended.append(number)
    step = gate.end()
    return decoded + frames_of(step.audio), ended, step.ended


def frames_of(audio):
    return [audio[i] + 256 * audio[i + 1] for i in range(0, len(audio), 2)]


def test_silence_costs_nothing():
    """Without speech nothing is decoded and nothing ends."""
    assert play("." * 500) == ([], [], False)


def test_clicks_are_ignored():
    """Two voiced frames are a click, not speech."""
    assert play("..xx......x.x...." * 5)[0] == []


def test_pre_roll_keeps_the_first_syllable():
    """The third voiced frame opens; it and the 100 ms before it are decoded."""
    decoded, _, open_at_end = play("." * 20 + "xxx")
    assert decoded == [17, 18, 19, 20, 21, 22]
    assert open_at_end


def test_tail_and_end():
    """After speech the tail is decoded, the rest of the silence is not, and the utterance ends."""
    decoded, ended, _ = play("." * 5 + "xxxxx" + "." * 30)
    assert decoded[-1] == 11
    assert ended == [9 + 200 // FRAME_MS]


def test_a_pause_inside_a_sentence_is_decoded_whole():
    """When speech goes on before the end, the silence held back is decoded after all: nothing is missing inside."""
    decoded, ended, _ = play("xxxxx" + "." * 8 + "xxxxx")
    assert decoded == list(range(18))
    assert ended == []


def test_long_utterances_end_at_a_shorter_pause():
    """After ``long_utterance_ms`` a pause of 60 ms is enough."""
    _, ended, _ = play("x" * 60 + "...")
    assert ended == [62]


def test_endless_speech_is_cut():
    """Speech without any pause is cut at ``max_utterance_ms`` and goes on as the next utterance without a loss."""
    decoded, ended, _ = play("x" * 230)
    assert len(ended) == 2
    assert decoded == list(range(230))


@given(st.text(alphabet=".x", max_size=400))
def test_frames_are_decoded_once_and_in_order(pattern):
    """Whatever the judgement, no frame is decoded twice or out of order, and skipped + decoded + held is everything."""
    gate = SpeechGate(RULES)
    decoded, skipped = [], 0
    for number, mark in enumerate(pattern):
        step = gate.push(bytes([number % 256, number // 256]), voiced=mark == "x")
        decoded += frames_of(step.audio)
        skipped += step.skipped_frames
        if decoded and step.audio:
            assert decoded[-1] + 1 == len(decoded) + skipped
    assert decoded == sorted(set(decoded))


@given(st.text(alphabet=".x", max_size=400))
def test_voiced_runs_are_always_decoded(pattern):
    """Three voiced frames in a row are always decoded."""
    decoded = set(play(pattern)[0])
    for start in range(len(pattern) - 2):
        if pattern[start : start + 3] == "xxx":
            assert {start, start + 1, start + 2} <= decoded
