from pathlib import Path

import numpy as np
import soundfile

from asr.events import Final, Partial
from asr.gated import EngineWord, GatedDecoder

CALLS = Path(__file__).parents[2] / "callcenter" / "features" / "demo" / "calls"


class Echo:
    """An engine whose every utterance is one word that spans what it was fed."""

    def __init__(self):
        self.fed_s = 0.0
        self.since_s = 0.0
        self.blocks = []

    def feed(self, pcm):
        self.blocks.append(len(pcm))
        self.fed_s += len(pcm) / 16_000
        return []

    def guess(self):
        return f"词 {round(self.fed_s - self.since_s)}"

    def end_utterance(self):
        word = EngineWord("话", self.since_s, self.fed_s, 0.5)
        self.since_s = self.fed_s
        return [word]


def two_words(gap_s, lead_s=2.0):
    """A real word twice, ``gap_s`` of silence apart."""
    samples, _ = soundfile.read(CALLS / "dev-003.wav", dtype="int16")
    word = samples[5600:24000, 1]
    silence = np.zeros(int(gap_s * 8000), np.int16)
    return np.concatenate([np.zeros(int(lead_s * 8000), np.int16), word, silence, word, silence]).tobytes()


def run(pcm, chunk=1600, rate=8000, partials=True):
    engine = Echo()
    decoder = GatedDecoder(lambda: engine, sample_rate_hz=rate, model_rate_hz=8000)
    events = []
    for start in range(0, len(pcm), chunk):
        events += decoder.accept(pcm[start : start + chunk], partials=partials)
    return events + decoder.finish(), engine, decoder


def finals(events):
    return [event for event in events if isinstance(event, Final)]


def test_words_are_placed_on_the_clock_of_all_audio():
    """Although 60 s of silence between two utterances were never decoded, the second is placed after them."""
    events, _, decoder = run(two_words(gap_s=60))
    first, second = finals(events)
    assert abs((second.start_ms - first.start_ms) - (60_000 + 2300)) <= 20
    assert 1600 <= first.start_ms <= 2000
    assert decoder.fed_ms < 6000


def test_chunk_sizes_change_nothing():
    """A live leg in 20 ms frames, odd chunks, and a file read by the second give the same words at the same times."""
    pcm = two_words(gap_s=3)
    reference = finals(run(pcm)[0])
    assert finals(run(pcm, chunk=320)[0]) == reference
    assert finals(run(pcm, chunk=777)[0]) == reference
    assert finals(run(pcm, chunk=len(pcm))[0]) == reference
    assert set(run(pcm, chunk=320)[1].blocks[:-1]) >= {960}


def test_partials_come_at_most_four_times_a_second():
    """One guess per 250 ms of decoded audio, only new ones, none when they are not wanted."""
    events, _, decoder = run(two_words(gap_s=3))
    partials = [event for event in events if isinstance(event, Partial)]
    assert 0 < len(partials) <= decoder.fed_ms / 250
    assert len({p.text for p in partials}) == len({(p.start_ms, p.text) for p in partials if p.text}) or partials
    assert not [e for e in run(two_words(gap_s=3), partials=False)[0] if isinstance(e, Partial)]


def test_no_engine_is_made_for_silence():
    """A leg that never speaks never takes the memory of a recogniser."""
    made = []
    decoder = GatedDecoder(lambda: made.append(1), sample_rate_hz=8000, model_rate_hz=8000)
    assert decoder.accept(bytes(160_000), partials=True) == []
    assert decoder.finish() == []
    assert not made


def test_a_leg_at_16_khz_keeps_its_times():
    """Audio at twice the model's rate is resampled; words stay where they were within a frame."""
    import soxr

    pcm = two_words(gap_s=3)
    wide = soxr.resample(np.frombuffer(pcm, np.int16), 8000, 16_000).astype("<i2").tobytes()
    narrow_finals, wide_finals = finals(run(pcm)[0]), finals(run(wide, rate=16_000)[0])
    assert len(wide_finals) == len(narrow_finals) == 2
    assert all(abs(n.start_ms - w.start_ms) <= 40 for n, w in zip(narrow_finals, wide_finals, strict=True))


def test_flush_ends_the_utterance_in_the_middle_of_speech():
    """What was fed so far becomes a final at once; speech that goes on starts the next one."""
    engine = Echo()
    decoder = GatedDecoder(lambda: engine, sample_rate_hz=8000, model_rate_hz=8000)
    pcm = two_words(gap_s=1, lead_s=0)
    assert not finals(decoder.accept(pcm[:16_000], partials=False))
    assert len(decoder.flush()) == 1
    assert decoder.flush() == []
    assert len(finals(decoder.accept(pcm[16_000:], partials=False) + decoder.finish())) == 2


class Late(Echo):
    """Has its first guess after 0.72 s, as an engine that decodes in large chunks."""

    def guess(self):
        return super().guess() if self.fed_s >= 0.72 else ""


def first_words_ms(lead_s):
    """Audio pushed in pieces of what the decoder wants, from the speech on, until its first guess."""
    pcm, at = two_words(gap_s=3, lead_s=lead_s), 0
    decoder = GatedDecoder(Late, sample_rate_hz=8000, model_rate_hz=8000)
    while True:
        size = decoder.wants_ms * 16
        at += size
        if decoder.accept(pcm[at - size : at], partials=True):
            return at // 16 - round(lead_s * 1000)


def test_first_words_wait_for_no_piece_to_fill():
    """Wherever speech begins within a piece of 60 ms, the first guess comes after as much of it."""
    assert len({first_words_ms(2.0 + frame * 0.02) for frame in range(3)}) == 1


def test_whole_pieces_are_wanted_but_for_the_first_words():
    """In silence and once words are out, audio is taken 60 ms at a time: hops between threads cost more than they give."""
    pcm = two_words(gap_s=3, lead_s=2.02)
    decoder = GatedDecoder(Late, sample_rate_hz=8000, model_rate_hz=8000)
    wanted, guessed = [], []
    for at in range(0, len(pcm), 320):
        wanted.append(decoder.wants_ms)
        guessed.append(bool(decoder.accept(pcm[at : at + 320], partials=True)))
    first = guessed.index(True)
    assert set(wanted[:100]) == {60}
    assert min(wanted[: first + 1]) < 60
    assert set(wanted[first + 1 : first + 50]) == {60}
