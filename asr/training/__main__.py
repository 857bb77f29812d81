"""``python -m asr.training all --work DIR``: from an empty folder to a model folder, in stages that can be resumed.

A stage is skipped when its result is there; delete the result to do it again.
"""

from __future__ import annotations

import argparse
import random
import shutil
from itertools import chain
from pathlib import Path

MODEL_CONF = Path(__file__).parents[1] / "data" / "zh-demo" / "conf" / "model.conf"
BASE_SHARE, TUNING_RATES = 0.3, (3e-4, 2e-4)
"""Share of the network of --base in the blend, and rates of the runs from it: the best of those tried."""
RUNS = 20_000
"""Runs of words, one to three turns; more than there is time to say."""


def main() -> None:
    """Run the stages that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m asr.training", description=__doc__)
    parser.add_argument("stage", choices=(*MAKERS, "all"))
    parser.add_argument("--work", type=Path, required=True, help="folder of everything that is made")
    parser.add_argument("--kokoro", type=Path, help="folder with kokoro.onnx, vocab.json and voices/*.bin")
    parser.add_argument("--general", type=Path, nargs="*", default=[], help="files of colloquial Chinese, UTF-8")
    parser.add_argument("--base", type=Path, help="model folder whose network to go on training")
    parser.add_argument("--speech-minutes", type=float, default=240, help="time for making speech")
    parser.add_argument("--train-minutes", type=float, default=60, help="time for training")
    parser.add_argument("--copies", type=int, default=4, help="differently augmented copies of the speech")
    parser.add_argument("--bf16", action="store_true", help="for CPUs with avx512_bf16")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    for stage in MAKERS if options.stage == "all" else (options.stage,):
        print(f"== {stage}", flush=True)
        MAKERS[stage](options)


def make_speech(options: argparse.Namespace) -> None:
    """Three domain turns to one run of words, said by invented talkers: speech/0.i16 and .jsonl."""
    from asr.training.corpus import Segmenter, turns, word_runs
    from asr.training.language import vocabulary
    from asr.training.voices import Styles, speak, with_durations

    target = options.work / "speech" / "0"
    if target.with_suffix(".jsonl").exists():
        return
    graph = options.work / "kokoro_durations.onnx"
    with_durations(options.kokoro / "kokoro.onnx", graph)
    rng = random.Random(1)
    segmenter = Segmenter(vocabulary())
    runs = word_runs(rng, RUNS)
    said = (segmenter.paused(turn) for turn in turns(rng, 3 * RUNS))
    lines = chain.from_iterable(zip(said, said, said, runs, strict=False))
    hours = speak(
        lines,
        target,
        graph=graph,
        styles=Styles(options.kokoro / "voices"),
        token_ids=options.kokoro / "vocab.json",
        seconds=options.speech_minutes * 60,
        seed=1,
    )
    print(f"{hours:.2f} h of speech")


def make_features(options: argparse.Namespace) -> None:
    """features/N.npz and mean.npy."""
    import numpy as np

    from asr.training.augment import global_mean, prepare
    from asr.training.export import read_global_mean

    speech, folder = [options.work / "speech"], options.work / "features"
    folder.mkdir(exist_ok=True)
    mean = options.work / "mean.npy"
    if not mean.exists():
        np.save(mean, read_global_mean(options.base) if options.base else global_mean(speech))
    for copy in range(options.copies):
        target = folder / f"{copy}.npz"
        if not target.exists():
            print(f"{target}: {prepare(target, copy, speech, np.load(mean)):.2f} h")


def make_network(options: argparse.Namespace) -> None:
    """ce.pt (a third of the time), then mmi.pt; with --base what ``tuned`` makes."""
    from asr.training.train import train

    files = sorted((options.work / "features").glob("*.npz"))
    start, final = options.work / "ce.pt", options.work / "mmi.pt"
    if final.exists():
        return
    if options.base:
        tuned(final, files, options)
        return
    if not start.exists():
        train(start, files, loss="ce", minutes=options.train_minutes / 3, bfloat16=options.bf16)
    train(final, files, loss="mmi", minutes=options.train_minutes * 2 / 3, start=start, bfloat16=options.bf16)


def tuned(final: Path, files: list[Path], options: argparse.Namespace) -> None:
    """Two runs from the network of --base, half of the time each, blended with it."""
    from asr.training.export import resume
    from asr.training.tune import blend, calibrate, tune

    base = options.work / "base.pt"
    resume(options.base, base)
    calibrate(base, files)
    shares = {base: BASE_SHARE}
    for seed, rate in enumerate(TUNING_RATES):
        run = options.work / f"tuned{seed}.pt"
        if not run.exists():
            tune(run, files, start=base, minutes=options.train_minutes / len(TUNING_RATES), rate=rate, seed=seed)
        shares[run] = (1 - BASE_SHARE) / len(TUNING_RATES)
    blend(final, shares)


def make_model(options: argparse.Namespace) -> None:
    """model/am, model/conf and phone tables from mmi.pt, or copied from --base where nothing was trained."""
    import numpy as np

    model = options.work / "model"
    if (model / "am" / "final.mdl").exists():
        return
    checkpoint = options.work / "mmi.pt"
    if checkpoint.exists():
        from asr.training.export import export

        export(checkpoint, model, np.load(options.work / "mean.npy"))
        shutil.copy(MODEL_CONF, model / "conf")
    else:
        shutil.copytree(options.base, model)


def make_graph(options: argparse.Namespace) -> None:
    """model/graph (lexicon only if it is not there) and the manifest."""
    from asr.models import write_manifest
    from asr.training.language import build_grammar, build_lexicon, vocabulary

    model = options.work / "model"
    if not (model / "graph" / "HCLr.fst").exists():
        build_lexicon(model, options.work, vocabulary())
    build_grammar(model, options.general)
    write_manifest(model)


MAKERS = {
    "speech": make_speech,
    "features": make_features,
    "network": make_network,
    "model": make_model,
    "graph": make_graph,
}

if __name__ == "__main__":
    main()
