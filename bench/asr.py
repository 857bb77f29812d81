"""Speech to text: what a call costs, against the usual server design, and how soon words come. Prints JSON lines.

The baseline is the design of the stock Vosk server, written out in bench/shared/speech_servers.py: a WebSocket server
with one recogniser per leg that is fed every sample in 0.25 s messages and asked for a partial result after each, with
the decoding options that Vosk models usually come with. Ours is the pipeline of ``asr`` behind the same protocol, with
the same messages and the options of zh-demo; ``asr.calls_per_core_60ms`` is ours with messages of 60 ms, as a live leg
has them. Same legs, network, machine, one decoder thread each; the servers are processes of their own, and their CPU
seconds are compared (the best of two rounds, taken in turn), so that other programs matter little.
``asr.gate_alone`` is the decoding alone, in one process, and gives the baseline our decoding options too: what remains
is the gate's share. ``asr.load_at_N_calls`` is the cost curve: CPU seconds a second of N two-sided calls at once in one
process, in steps of 60 ms, until 0.8 of a core; how many calls that takes is ``asr.calls_at_load_0.8``.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import numpy as np
import psutil
import soundfile
import vosk

sys.path.insert(0, str(Path(__file__).parents[1]))

from asr.audio import SAMPLE_BYTES, level_db, samples_of
from asr.endpointing import FRAME_MS
from asr.engines.vosk import VoskUtterances
from asr.evaluate import ErrorRate, character_errors
from asr.events import Final, Partial
from asr.gated import GatedDecoder
from asr.load import load_recognizer
from asr.models import Registry
from asr.streaming import BATCH_MS

CALLS = Path(__file__).parents[1] / "callcenter" / "features" / "demo" / "calls"
RATE_HZ = 8000
MESSAGE_BYTES = RATE_HZ // 4 * SAMPLE_BYTES
LIVE_BYTES = RATE_HZ * BATCH_MS // 1000 * SAMPLE_BYTES
FRAME_BYTES = RATE_HZ * FRAME_MS // 1000 * SAMPLE_BYTES
VOICED_DB = 6.0
"""A turn is voiced from the first 10 ms on that are so much louder than the line's noise."""
ROUNDS = 2
SERVER = Path(__file__).parent / "shared" / "speech_servers.py"
CURVE_S = 20
"""Audio of each call on the cost curve."""
MOST_CALLS = 256
GOAL_RATE = 0.15
"""Character error rate on the eight calls that zh-demo is to reach."""
GOALS_MS = {"first_partial": 600, "first_partial_after_voice": 600, "end_to_final": 1200}
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
    events, at = [], 0
    while at < len(pcm):
        # As asr.streaming takes it: whole frames of 20 ms, as many as the decoder wants at least.
        began, size = time.thread_time(), -(-decoder.wants_ms // FRAME_MS) * FRAME_BYTES
        new = decoder.accept(pcm[at : at + size], partials=True)
        at += size
        if heard is not None and new:
            # When the words would be out: the last sample of the piece has come, and has been decoded.
            at_ms = at / FRAME_BYTES * FRAME_MS + (time.thread_time() - began) * 1000
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


@contextmanager
def served(kind, model_path):
    """A server process with one decoder thread: (psutil process, URL)."""
    command = [sys.executable, str(SERVER), kind, str(model_path), "1"]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield psutil.Process(server.pid), f"http://127.0.0.1:{int(server.stdout.readline())}/"
    finally:
        server.communicate(timeout=30)


async def ask(session, url, pcm, message_bytes, stay=None):
    """Feed a leg as fast as the server answers; the text. ``stay`` is awaited before the end."""
    texts = []
    async with session.ws_connect(url) as socket:
        for start in range(0, len(pcm), message_bytes):
            await socket.send_bytes(pcm[start : start + message_bytes])
            texts.append((await socket.receive_json()).get("text", ""))
        if stay is not None:
            await stay()
        await socket.send_str('{"eof": 1}')
        texts.append((await socket.receive_json()).get("text", ""))
    return "".join(texts).replace(" ", "")


async def serve_all(url, material, message_bytes, stay=None):
    """All legs at once."""
    async with aiohttp.ClientSession() as session:
        return await asyncio.gather(*(ask(session, url, pcm, message_bytes, stay) for pcm, _, _ in material))


def cpu_s(process):
    used = process.cpu_times()
    return used.user + used.system


def measure_servers(servers, material):
    """Per server (name: kind, model, bytes a message): the character error rate and the best CPU time of a round."""
    errors, best = dict.fromkeys(servers, ErrorRate()), dict.fromkeys(servers, float("inf"))
    for round_number in range(ROUNDS):
        for name, (kind, model, message_bytes) in servers.items():
            with served(kind, model) as (process, url):
                began = cpu_s(process)
                texts = asyncio.run(serve_all(url, material, message_bytes))
                best[name] = min(best[name], cpu_s(process) - began)
            if not round_number:
                for text, (_, said, _) in zip(texts, material, strict=True):
                    errors[name] += character_errors(said, text)
    return {name: errors[name].rate for name in servers}, best


def memory_mb(server, material, calls):
    """Memory that each of ``calls`` two-sided calls takes while it goes on, everybody having spoken."""
    kind, model, message_bytes = server
    legs = [(pcm[: 30 * RATE_HZ * SAMPLE_BYTES], said, turns) for pcm, said, turns in material] * calls
    legs = legs[: 2 * calls]
    sizes = []
    with served(kind, model) as (process, url):
        asyncio.run(serve_all(url, legs[:2], message_bytes))
        before = process.memory_info().rss
        waiting = asyncio.Barrier(len(legs))

        async def stay():
            await waiting.wait()
            sizes.append(process.memory_info().rss)

        asyncio.run(serve_all(url, legs, message_bytes, stay))
    return (sizes[0] - before) / calls / 2**20


async def load_of(model_path, material, calls):
    """CPU seconds a second of ``calls`` two-sided calls at once, in this process with one decoder thread."""
    recognizer = load_recognizer("vosk", str(model_path), 1)
    legs = [material[number % len(material)][0] for number in range(2 * calls)]
    # Calls are not in step: each begins somewhere else in its recording.
    starts = [number * 7 % 40 * RATE_HZ * SAMPLE_BYTES for number in range(2 * calls)]
    streams = [recognizer.open(sample_rate_hz=RATE_HZ) for _ in legs]

    async def read(stream):
        async for _ in stream:
            pass

    readers = [asyncio.create_task(read(stream)) for stream in streams]
    began = time.process_time()
    for at in range(0, CURVE_S * RATE_HZ * SAMPLE_BYTES, LIVE_BYTES):
        for stream, pcm, start in zip(streams, legs, starts, strict=True):
            stream.push(pcm[start + at : start + at + LIVE_BYTES].ljust(LIVE_BYTES, b"\0"))
        await asyncio.gather(*(stream.drain() for stream in streams))
    used = time.process_time() - began
    for stream in streams:
        stream.end_input()
    await asyncio.gather(*readers)
    await recognizer.aclose()
    return used / CURVE_S


def curve(model_path, material):
    """(calls, load) for 1, 2, 4 … calls, until 0.8 of a core is reached."""
    calls, points = 1, []
    while calls <= MOST_CALLS and (not points or points[-1][1] < 0.8):
        points.append((calls, asyncio.run(load_of(model_path, material, calls))))
        calls *= 2
    return points


def calls_at(points, load):
    """Between the two points around ``load``, by a straight line."""
    above = next((index for index, (_, value) in enumerate(points) if value >= load), None)
    if not above:
        return float(points[-1][0])
    (few, low), (many, high) = points[above - 1 : above + 1]
    return few + (many - few) * (load - low) / (high - low)


def levels_db(pcm):
    """The level of every 10 ms."""
    step = RATE_HZ // 100 * SAMPLE_BYTES
    return [level_db(samples_of(pcm[at : at + step])) for at in range(0, len(pcm) - step, step)]


def voiced_ms(levels, turn):
    """Where the voice of a turn begins: a turn as it is written down begins with the talker's own breath before it."""
    loud = float(np.percentile(levels, 10)) + VOICED_DB
    return next(at * 10 for at in range(turn["start_ms"] // 10, len(levels)) if levels[at] > loud)


def latencies(model, material):
    """Of every turn (ms, as live): from its start and from its first voiced sample to the first words, from its end to
    the final."""
    firsts, voiced, lasts = [], [], []
    for pcm, _, turns in material:
        heard, levels = [], levels_db(pcm)
        gated(model, pcm, heard)
        for turn in turns:
            start, end = turn["start_ms"], turn["end_ms"]
            after = [at for at, e in heard if isinstance(e, Partial) and start <= at <= end + 400]
            if after:
                firsts.append(min(after) - start)
                voiced.append(min(after) - voiced_ms(levels, turn))
            ends = [at - end for at, e in heard if isinstance(e, Final) and abs(e.end_ms - end) < 400]
            if ends:
                lasts.append(min(ends))
    return {"first_partial": firsts, "first_partial_after_voice": voiced, "end_to_final": lasts}


def line(bench, value, unit, *, ratio, baseline):
    """One result; for latencies and the error rate of the eight calls the baseline is the goal."""
    numbers = {"value": round(value, 4), "unit": unit, "ratio": round(ratio, 3), "baseline": round(baseline, 4)}
    print(json.dumps({"bench": bench, **numbers}), flush=True)


def main():
    vosk.SetLogLevel(-1)
    path = Registry().path("zh-demo")
    material = list(legs())
    some = material[2:6]
    call_s = sum(len(pcm) for pcm, _, _ in some) / 2 / SAMPLE_BYTES / RATE_HZ
    model = vosk.Model(str(path))
    with tempfile.TemporaryDirectory() as folder:
        with_usual_options(path, Path(folder))
        servers = {
            "ours": ("ours", path, MESSAGE_BYTES),
            "usual": ("plain", folder, MESSAGE_BYTES),
            "live": ("ours", path, LIVE_BYTES),
        }
        rates, cpu = measure_servers(servers, some)
        memory = {name: memory_mb(servers[name], some, 10) for name in ("ours", "usual")}
    calls = {name: round(call_s / seconds, 1) for name, seconds in cpu.items()}
    line("asr.calls_per_core", calls["ours"], "calls", ratio=cpu["usual"] / cpu["ours"], baseline=calls["usual"])
    line("asr.calls_per_core_60ms", calls["live"], "calls", ratio=cpu["usual"] / cpu["live"], baseline=calls["usual"])
    line("asr.error_rate_to_usual", rates["ours"], "CER", ratio=rates["ours"] / rates["usual"], baseline=rates["usual"])
    ratio = memory["ours"] / memory["usual"]
    line("asr.memory_per_call", memory["ours"], "MiB", ratio=ratio, baseline=memory["usual"])
    alone, cpu = measure({"ours": lambda pcm: gated(model, pcm), "plain": lambda pcm: plain(model, pcm)}, some)
    calls = {name: round(call_s / seconds, 1) for name, seconds in cpu.items()}
    line("asr.gate_alone", calls["ours"], "calls", ratio=cpu["plain"] / cpu["ours"], baseline=calls["plain"])
    line("asr.error_rate_to_plain", alone["ours"], "CER", ratio=alone["ours"] / alone["plain"], baseline=alone["plain"])
    points = curve(path, material)
    one = points[0][1]
    for count, load in points:
        line(f"asr.load_at_{count}_calls", load, "cores", ratio=load / count / one, baseline=one * count)
    most = calls_at(points, 0.8)
    line("asr.calls_at_load_0.8", most, "calls", ratio=most * one / 0.8, baseline=0.8 / one)
    everything = [(said, gated(model, pcm)) for pcm, said, _ in material]
    total = sum((character_errors(said, text) for said, text in everything), ErrorRate())
    line("asr.error_rate_8_calls", total.rate, "CER", ratio=total.rate / GOAL_RATE, baseline=GOAL_RATE)
    for name, values in latencies(model, material).items():
        goal = GOALS_MS[name]
        line(f"asr.{name}_p50", statistics.median(values), "ms", ratio=statistics.median(values) / goal, baseline=goal)
        p95 = float(np.percentile(values, 95))
        line(f"asr.{name}_p95", p95, "ms", ratio=p95 / goal, baseline=goal)


if __name__ == "__main__":
    main()
