"""Clean synthetic speech to telephone calls: rooms, noise, talk behind, filters, levels, codecs, lost packets.

Utterances are strung into stretches of about ten with pauses; one speed, room, noise, filter, level and codec each.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
from scipy import signal

from asr.training.features import FRAME, RATE_HZ, mfcc, online_cmn
from asr.training.phones import PHONE_IDS, SILENCE

Samples = npt.NDArray[np.floating[Any]]
SPEEDS = (
    (1, 1),
    (1, 1),
    *((n, n + 1) for n in (4, 5, 6, 7, 9, 10, 12, 14, 19)),
    *((n + 1, n) for n in (4, 5, 6, 7, 9, 10, 12, 14, 19)),
)
"""Resampling (up, down): pitch and rate together."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """Its samples (a view of the file) and phones with their first samples."""

    samples: npt.NDArray[np.int16]
    phones: tuple[str, ...]
    starts: tuple[int, ...]


def utterances(folders: Sequence[Path]) -> list[Utterance]:
    """Everything ``asr.training.voices`` said in ``folders``; a last line cut short is left out."""
    found = []
    for marks in sorted(path for folder in folders for path in folder.glob("*.jsonl")):
        raw = np.memmap(marks.with_suffix(".i16"), np.int16, "r")
        for line in marks.read_bytes().splitlines():
            mark = orjson.loads(line)
            if mark["off"] + mark["n"] <= len(raw):
                found.append(Utterance(raw[mark["off"] : mark["off"] + mark["n"]], tuple(mark["p"]), tuple(mark["s"])))
    return found


def mended_starts(phones: Sequence[str], starts: Sequence[int], samples: Samples) -> list[int]:
    """Kokoro gives the pause after a phrase to its last phone, and marks 25 ms late: both are set right by energy."""
    found = [max(0, start - 200) if start > 0 else start for start in starts]
    for k in range(1, len(found) - 1):
        if found[k] < 0:  # no token of its own: it shares the time of the phone before
            found[k] = found[k - 1] + min(400, max((found[k + 1] - found[k - 1]) // 2, 0))
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    loud = np.sqrt((frames**2).mean(1)) > 0.05 * np.sqrt((samples**2).mean())
    for k in range(1, len(found)):
        if phones[k] == SILENCE and found[k] > 0 and found[k - 1] >= 0:
            first, last = found[k - 1] // FRAME, found[k] // FRAME
            heard = np.where(loud[first:last])[0]
            quiet = (first + int(heard[-1]) + 1) * FRAME if len(heard) else 0
            found[k] = max(quiet, min(found[k - 1] + 6 * FRAME, found[k]))
    return found


def mu_law(x: Samples) -> Samples:
    """There and back in 8 bits."""
    steps = np.round(np.log1p(255 * np.minimum(np.abs(x) / 32768, 1)) / np.log(256) * 127) / 127
    return np.asarray(np.sign(x) * (np.expm1(steps * np.log(256)) / 255) * 32768)


def a_law(x: Samples) -> Samples:
    """There and back in 8 bits."""
    a = 87.6
    level = np.abs(x) / 32768
    pressed = np.where(level < 1 / a, a * level, 1 + np.log(np.maximum(a * level, 1))) / (1 + np.log(a))
    steps = np.round(np.clip(pressed, 0, 1) * 127) / 127 * (1 + np.log(a))
    return np.asarray(np.sign(x) * np.where(steps < 1, steps / a, np.exp(steps - 1) / a) * 32768)


def gsm(x: Samples) -> Samples:
    """There and back through the mobile codec, by sox."""
    coder = "sox -t raw -r 8000 -c 1 -e signed -b 16 - -t gsm - | sox -t gsm - -t raw -e signed -b 16 -"
    pcm = np.clip(x, -32768, 32767).astype("<i2").tobytes()
    back = subprocess.run(coder, shell=True, input=pcm, capture_output=True, check=True).stdout  # noqa: S602
    out = np.frombuffer(back, "<i2").astype(np.float32)
    return np.pad(out, (0, max(0, len(x) - len(out))))[: len(x)]


def telephone(rng: np.random.Generator, x: Samples, others: Sequence[Utterance]) -> Samples:
    """Clean speech (int16 scale) as it comes out of a telephone line."""
    if rng.random() < 0.4:
        x = signal.fftconvolve(x, room(rng))[: len(x)]
    if rng.random() < 0.65:
        noise = background(rng, len(x), others)
        ratio = np.sqrt((x**2).mean() / ((noise**2).mean() + 1e-9)) * 10 ** (-rng.uniform(5, 30) / 20)
        x = x + noise * ratio
    x = channel(rng, x)
    if rng.random() < 0.5:  # the talker moves away from the mouthpiece and back
        points = len(x) // RATE_HZ + 2
        x = x * np.interp(np.arange(len(x)), np.arange(points) * RATE_HZ, 10 ** (rng.uniform(-6, 6, points) / 20))
    x = x * (32768 * 10 ** (rng.uniform(-40, -14) / 20) / (np.sqrt((x**2).mean()) + 1e-6))
    x = np.clip(x, -32767, 32767)
    coders = ((0.35, mu_law), (0.5, a_law), (0.65, gsm), (0.75, np.round), (1.0, np.asarray))
    draw = rng.random()
    x = next(code for below, code in coders if draw < below)(x)
    if rng.random() < 0.08:  # lost packets of 20 ms
        for packet in np.where(rng.random(len(x) // 160) < 0.02)[0]:
            x[packet * 160 : (packet + 1) * 160] = 0
    return np.asarray(x, np.float32)


def room(rng: np.random.Generator) -> Samples:
    """An impulse response of 80 … 500 ms reverberation."""
    length = int(rng.uniform(0.08, 0.5) * RATE_HZ)
    response = rng.standard_normal(length) * np.exp(-6.9 * np.arange(length) / length) * rng.uniform(0.05, 0.35)
    response[: rng.integers(8, 60)] = 0
    response[0] = 1
    return np.asarray(response)


def channel(rng: np.random.Generator, x: Samples) -> Samples:
    """Half of the lines pass only the telephone band, a quarter are tilted."""
    draw = rng.random()
    if draw < 0.5:
        band = [rng.uniform(80, 350), rng.uniform(2900, 3800)]
        x = signal.sosfilt(signal.butter(rng.integers(1, 4), band, "band", fs=RATE_HZ, output="sos"), x)
    elif draw < 0.75:
        x = signal.lfilter([1, rng.uniform(-0.6, 0.6)], [1], x)
    return x


def background(rng: np.random.Generator, length: int, others: Sequence[Utterance]) -> Samples:
    """Other talkers, hiss, rumble, a motor's hum, or clatter."""
    draw = rng.random()
    hiss = rng.standard_normal(length).astype(np.float32)
    if draw < 0.3:
        return talk(rng, length, others)
    if draw < 0.45:
        return hiss
    if draw < 0.75:
        return np.asarray(signal.lfilter([1], [1, -rng.uniform(0.5, 0.98)], hiss))
    if draw < 0.9:
        turn = 2 * np.pi * np.arange(length) / RATE_HZ * rng.choice([50, 100, rng.uniform(60, 400)])
        hum = [np.sin(turn * harmonic + rng.uniform(0, 6)) / harmonic for harmonic in range(1, 8)]
        return np.asarray(sum(hum) + 0.3 * hiss)
    bursts = np.repeat(rng.random(length // 400 + 1) < 0.1, 400)[:length]
    return np.asarray(hiss * (0.05 + bursts * rng.uniform(0.3, 1)))


def talk(rng: np.random.Generator, length: int, others: Sequence[Utterance]) -> Samples:
    """One to five people talking behind: one alone is the other party heard across."""
    mix = np.zeros(length, np.float32)
    for _ in range(rng.integers(1, 6)):
        at = 0
        while at < length:
            said = others[int(rng.integers(len(others)))].samples[: length - at]
            mix[at : at + len(said)] += said
            at += max(1, len(said))
    return mix


def labels(starts: Sequence[float], phones: Sequence[int], frames: int, shift: int) -> npt.NDArray[np.uint8]:
    """One phone per output frame j, which lies on MFCC frame 3j+shift.

    ``starts`` are samples; every phone gets a frame.
    """
    count = (frames - shift + 2) // 3
    bounds = np.round(((np.asarray(starts) - 100) / FRAME - shift) / 3).astype(int)
    bounds[0] = 0
    for i in range(1, len(bounds)):
        bounds[i] = max(bounds[i], bounds[i - 1] + 1)
    stream = np.zeros(count, np.uint8)
    for phone, begin, end in zip(phones, bounds, [*bounds[1:], count], strict=True):
        stream[min(begin, count) : min(end, count)] = phone
    return stream


def prepare(target: Path, seed: int, folders: Sequence[Path], global_mean: npt.NDArray[np.float32]) -> float:
    """Write features and labels of one differently augmented copy of the speech (.npz); returns hours."""
    rng = np.random.default_rng(seed)
    said = utterances(folders)
    order = rng.permutation(len(said))
    frames: list[npt.NDArray[np.float16]] = []
    streams: tuple[list[npt.NDArray[np.uint8]], ...] = ([], [], [])
    at = 0
    while at < len(order):
        size = int(rng.integers(5, 14))
        features, starts, phones = _stretch(rng, [said[i] for i in order[at : at + size]], said)
        at += size
        features = online_cmn(features, global_mean)
        features = features[: len(features) // 3 * 3]  # keeps the three label streams in step
        frames.append(features.astype(np.float16))
        for shift, stream in enumerate(streams):
            stream.append(labels(starts, phones, len(features), shift))
    arrays: dict[str, Any] = {f"l{shift}": np.concatenate(stream) for shift, stream in enumerate(streams)}
    np.savez(target, f=np.concatenate(frames), **arrays)
    return sum(map(len, frames)) / 360_000


def _stretch(
    rng: np.random.Generator, chosen: Sequence[Utterance], said: Sequence[Utterance]
) -> tuple[npt.NDArray[np.float32], list[float], list[int]]:
    """Features of some utterances with pauses between, as one call; starts (samples) and numbers of their phones."""
    up, down = SPEEDS[rng.integers(len(SPEEDS))]
    pieces: list[Samples] = []
    gaps: list[tuple[int, int]] = []
    starts: list[float] = []
    phones: list[int] = []
    at = 0
    for utterance in chosen:
        x = utterance.samples.astype(np.float32)
        for phone, start in zip(utterance.phones, mended_starts(utterance.phones, utterance.starts, x), strict=True):
            if start >= 0 and not (phone == SILENCE and phones and phones[-1] == PHONE_IDS[SILENCE]):
                starts.append((at + start) * up / down)
                phones.append(PHONE_IDS[phone])
        x = x * (3000 / (np.sqrt((x**2).mean()) + 1) * 10 ** (rng.uniform(-4, 4) / 20))
        # Now and then a party is silent while the other talks.
        gap = int((rng.uniform(0, 0.6) if rng.random() < 0.93 else rng.uniform(2, 8)) * RATE_HZ)
        pieces += [x, np.zeros(gap, np.float32)]
        gaps.append((at + len(x) - 1600, at + len(x) + gap))
        at += len(x) + gap
    x = np.concatenate(pieces)
    x = telephone(rng, signal.resample_poly(x, up, down) if up != down else x, said)
    if rng.random() < 0.25:  # lines with silence suppression send exact zeros
        for begin, end in gaps:
            x[int(begin * up / down) : int(end * up / down)] = 0
    features = mfcc(x)
    if rng.random() < 0.6:  # another tempo at the same pitch: the feature track is stretched
        rate = float(np.exp(rng.uniform(np.log(0.75), np.log(1.6))))
        places = np.arange(int((len(features) - 1) * rate)) / rate
        before = places.astype(int)
        share = (places - before)[:, None].astype(np.float32)
        features = features[before] * (1 - share) + features[before + 1] * share
        starts = [start * rate for start in starts]
    return features, starts, phones


def global_mean(folders: Sequence[Path]) -> npt.NDArray[np.float32]:
    """Mean MFCC [40] of the speech at telephone levels: where online CMN starts."""
    rng = np.random.default_rng(0)
    said = utterances(folders)
    tracks = []
    for i in rng.permutation(len(said))[:300]:
        x = said[i].samples.astype(np.float32)
        x *= 32768 * 10 ** (rng.uniform(-40, -14) / 20) / (np.sqrt((x**2).mean()) + 1)
        tracks.append(mfcc(x + rng.standard_normal(len(x)) * 10))
    return np.asarray(np.concatenate(tracks).mean(0), np.float32)
