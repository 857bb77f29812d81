"""Speech to text: what a call costs, against the usual server design, and how soon words come. Prints JSON lines.

The baseline is the design of the stock Vosk server: one recogniser per leg that is fed every sample in 0.25 s messages
and asked for a partial result after each, with the decoding options that Vosk models usually come with. Ours is the
gated pipeline of ``asr`` with the options of zh-demo, on the same legs, network and machine, in the same run and one
thread. CPU seconds of this process are compared (the best of three rounds, taken in turn), so that other programs
matter little. ``asr.gate_alone`` gives the baseline our decoding options too: what remains is the gate's share.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
import vosk

sys.path.insert(0, str(Path(__file__).parents[1]))

from asr.audio import SAMPLE_BYTES
from asr.engines.vosk import VoskUtterances
from asr.evaluate import ErrorRate, character_errors
from asr.events import Final, Partial
from asr.gated import GatedDecoder
from asr.models import Registry
from asr.streaming import BATCH_MS

CALLS = Path(__file__).parents[1] / "callcenter" / "features" / "demo" / "calls"
RATE_HZ = 8000
MESSAGE_BYTES = RATE_HZ // 4 * SAMPLE_BYTES
LIVE_BYTES = RATE_HZ * BATCH_MS // 1000 * SAMPLE_BYTES
ROUNDS = 3
FIRST_RATE = 0.304
"""Character error rate of the plain design on the eight calls when zh-demo was delivered."""
USUAL_OPTIONS = """--min-active=200
--max-active=3000
--beam=11.0
--lattice-beam=4.0
--acoustic-scale=1.0
--frame-subsampling-factor=3
--endpoint.silence-phones=1
--endpoint.rule2.min-trailing-silence=0.5
--endpoint.rule3.min-trailing-silence=0.75
--endpoint.rule4.min-trailing-silence=1.0
"""


def legs():
    """Every leg of the demo calls: PCM, what is said on it, and the times of its turns."""
    for wav in sorted(CALLS.glob("*.wav")):
        samples, _ = soundfile.read(wav, dtype="int16")
        turns = json.loads(wav.with_suffix(".json").read_text(encoding="utf-8"))["turns"]
        for channel, speaker in enumerate(("caller", "agent")):
            own = [turn for turn in turns if turn["speaker"] == speaker]
            yield samples[:, channel].tobytes(), "".join(turn["text"] for turn in own), own


def plain(model, pcm):
    recognizer = vosk.KaldiRecognizer(model, RATE_HZ)
    recognizer.SetWords(True)
    texts = []
    for start in range(0, len(pcm), MESSAGE_BYTES):
        if recognizer.AcceptWaveform(pcm[start : start + MESSAGE_BYTES]):
            texts.append(json.loads(recognizer.Result())["text"])
        else:
            recognizer.PartialResult()
    texts.append(json.loads(recognizer.FinalResult())["text"])
    return "".join(texts)


def gated(model, pcm, heard=None):
    decoder = GatedDecoder(lambda: VoskUtterances(model, RATE_HZ), sample_rate_hz=RATE_HZ, model_rate_hz=RATE_HZ)
    events = []
    for start in range(0, len(pcm), LIVE_BYTES):
        began = time.perf_counter()
        new = decoder.accept(pcm[start : start + LIVE_BYTES], partials=True)
        if heard is not None and new:
            # When the words would be out: the last sample of the chunk has come, and has been decoded.
            at_ms = (start + LIVE_BYTES) / 16 + (time.perf_counter() - began) * 1000
            heard += [(at_ms, event) for event in new]
        events += new
    events += decoder.finish()
    return "".join(event.text for event in events if isinstance(event, Final))


def with_usual_options(model_path, folder):
    """The same model with another conf/model.conf."""
    for part in model_path.iterdir():
        if part.name != "conf":
            (folder / part.name).symlink_to(part)
    (folder / "conf").mkdir()
    (folder / "conf" / "mfcc.conf").symlink_to(model_path / "conf" / "mfcc.conf")
    (folder / "conf" / "model.conf").write_text(USUAL_OPTIONS)
    return vosk.Model(str(folder))


def measure(contenders, material):
    """Per contender (name: decode function): the character error rate and the best CPU time of a round."""
    errors = dict.fromkeys(contenders, ErrorRate())
    best = dict.fromkeys(contenders, float("inf"))
    for round_number in range(ROUNDS):
        for name, decode in contenders.items():
            began = time.process_time()
            texts = [decode(pcm) for pcm, _, _ in material]
            best[name] = min(best[name], time.process_time() - began)
            if not round_number:
                for text, (_, said, _) in zip(texts, material, strict=True):
                    errors[name] += character_errors(said, text)
    return {name: errors[name].rate for name in contenders}, best


def latencies(model, material):
    """Start of a turn to its first partial, and end of a turn to its final (ms, as live)."""
    firsts, lasts = [], []
    for pcm, _, turns in material:
        heard = []
        gated(model, pcm, heard)
        for turn in turns:
            start, end = turn["start_ms"], turn["end_ms"]
            after = [at for at, e in heard if isinstance(e, Partial) and start <= at <= end + 400]
            if after:
                firsts.append(min(after) - start)
            ends = [at - end for at, e in heard if isinstance(e, Final) and abs(e.end_ms - end) < 400]
            if ends:
                lasts.append(min(ends))
    return firsts, lasts


def line(bench, value, unit, *, ratio, baseline):
    """One result; for latencies the baseline is the goal."""
    numbers = {"value": round(value, 4), "unit": unit, "ratio": round(ratio, 3), "baseline": round(baseline, 4)}
    print(json.dumps({"bench": bench, **numbers}))


def main():
    vosk.SetLogLevel(-1)
    path = Registry().path("zh-demo")
    material = list(legs())
    some = material[2:6]
    call_s = sum(len(pcm) for pcm, _, _ in some) / 2 / SAMPLE_BYTES / RATE_HZ
    model = vosk.Model(str(path))
    with tempfile.TemporaryDirectory() as folder:
        usual = with_usual_options(path, Path(folder))
    contenders = {
        "ours": lambda pcm: gated(model, pcm),
        "usual": lambda pcm: plain(usual, pcm),
        "plain": lambda pcm: plain(model, pcm),
    }
    rates, cpu = measure(contenders, some)
    calls = {name: round(call_s / seconds, 1) for name, seconds in cpu.items()}
    line("asr.calls_per_core", calls["ours"], "calls", ratio=cpu["usual"] / cpu["ours"], baseline=calls["usual"])
    line("asr.gate_alone", calls["ours"], "calls", ratio=cpu["plain"] / cpu["ours"], baseline=calls["plain"])
    for name in ("usual", "plain"):
        line(f"asr.error_rate_to_{name}", rates["ours"], "CER", ratio=rates["ours"] / rates[name], baseline=rates[name])
    everything = [(said, gated(model, pcm)) for pcm, said, _ in material]
    total = sum((character_errors(said, text) for said, text in everything), ErrorRate())
    line("asr.error_rate_8_calls", total.rate, "CER", ratio=total.rate / FIRST_RATE, baseline=FIRST_RATE)
    firsts, lasts = latencies(model, some)
    for name, values, goal in (("first_partial", firsts, 600), ("end_to_final", lasts, 1200)):
        line(f"asr.{name}_p50", statistics.median(values), "ms", ratio=statistics.median(values) / goal, baseline=goal)
        p95 = float(np.percentile(values, 95))
        line(f"asr.{name}_p95", p95, "ms", ratio=p95 / goal, baseline=goal)


if __name__ == "__main__":
    main()
