"""8 kHz MFCC with 40 coefficients and online cepstral mean normalisation, number for number as Vosk computes them."""

from __future__ import annotations

import kaldi_native_fbank
import numpy as np
import numpy.typing as npt

RATE_HZ = 8000
FRAME = 80
"""Samples between frames (10 ms)."""
CEPSTRA = 40
WINDOW, GLOBAL = 600, 200
"""Frames the mean is taken over, and how many of the global mean stand in at the start (Kaldi's defaults)."""
LIFTER = 22
CONF = {
    "use-energy": "false",
    "sample-frequency": "8000",
    "num-mel-bins": "40",
    "num-ceps": "40",
    "low-freq": "40",
    "high-freq": "-200",
    "dither": "0",
}
"""conf/mfcc.conf of the model."""

Floats = npt.NDArray[np.float32]


def mfcc(samples: npt.NDArray[np.floating]) -> Floats:
    """Samples on the int16 scale at 8 kHz → [frames, 40]."""
    options = kaldi_native_fbank.MfccOptions()
    options.frame_opts.samp_freq = RATE_HZ
    options.frame_opts.dither = 0.0
    options.frame_opts.snip_edges = True
    options.mel_opts.num_bins = 40
    options.mel_opts.low_freq, options.mel_opts.high_freq = 40, -200
    options.num_ceps = CEPSTRA
    options.use_energy = False
    computer = kaldi_native_fbank.OnlineMfcc(options)
    computer.accept_waveform(RATE_HZ, np.ascontiguousarray(samples, np.float32))
    computer.input_finished()
    frames = [computer.get_frame(i) for i in range(computer.num_frames_ready)]
    return np.stack(frames) if frames else np.zeros((0, CEPSTRA), np.float32)


def online_cmn(frames: Floats, global_mean: Floats) -> Floats:
    """Subtract the mean of the last ``WINDOW`` frames, filled up with the global mean at the start."""
    sums = np.concatenate([np.zeros((1, frames.shape[1])), np.cumsum(frames.astype(np.float64), 0)])
    end = np.arange(1, len(frames) + 1)
    begin = np.maximum(end - WINDOW, 0)
    count = (end - begin)[:, None]
    borrowed = np.clip(WINDOW - count, 0, GLOBAL)
    mean = (sums[end] - sums[begin] + borrowed * global_mean) / (count + borrowed)
    return np.asarray(frames - mean, np.float32)


def mel_to_cepstra() -> npt.NDArray[np.float64]:
    """MFCC = log mel energies @ this (Kaldi's DCT and lifter)."""
    n = np.arange(CEPSTRA)
    dct = np.sqrt(2 / CEPSTRA) * np.cos(np.pi / CEPSTRA * (n[None] + 0.5) * n[:, None])
    dct[0] = np.sqrt(1 / CEPSTRA)
    dct *= (1 + 0.5 * LIFTER * np.sin(np.pi * n / LIFTER))[:, None]
    return np.asarray(dct.T)


def gain_curves(points: int = 6) -> Floats:
    """[points, 40]: adding ``z @ curves`` to a frame is a smooth gain of z nats along the mel axis."""
    bumps = [np.interp(np.arange(CEPSTRA), np.linspace(0, CEPSTRA - 1, points), row) for row in np.eye(points)]
    return np.asarray(np.stack(bumps) @ mel_to_cepstra(), np.float32)
