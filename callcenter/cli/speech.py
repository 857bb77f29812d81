"""``callcenter models|asr|call``: models, files to text, files to work orders."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callcenter import config as settings_file
from callcenter.cli.options import JSON
from callcenter.cli.output import EXIT_FAILED, emit, reports_errors, say

if TYPE_CHECKING:
    from asr.transcribe import Transcript, TranscriptSegment
    from callcenter.config import Settings
    from nlp.sound_alikes import SoundAlikes

PATH = click.Path(path_type=Path)
SUM_BASES = {
    "listed": "verified: it is the sum that callcenter lists for this model",
    "given": "verified: it is the sum given with --sha256",
    "kept": "verified: it is the sum of the first download on this machine",
    "first": (
        "not verified: nobody publishes a sum of this model. The archive is whole and came over https, no more is"
        " known; compare the sum with one you trust. It is kept: from now on another file is refused"
    ),
}
"""What the sum of a model's archive was compared with (``asr.archive_sums.Basis``)."""


@click.group()
def models() -> None:
    """Speech models on this machine."""


@models.command("list")
@JSON
@reports_errors
def list_models(as_json: bool) -> None:
    """Known models, whether they are installed, and what they are for."""
    from asr.models import Registry

    for status in Registry().entries():
        entry, path = status.entry, str(status.path) if status.path else None
        if as_json:
            emit(
                {"name": entry.name, "title": entry.title, "demo": entry.demo, "path": path, "problem": status.problem}
            )
        else:
            click.echo(f"{entry.name:<16} {status.problem or path or 'not installed'}\n{'':<16} {entry.title}")


@models.command()
@click.argument("name")
@click.option("--url", help="Where a model that is not listed is; NAME is then yours to choose. Needs --sha256.")
@click.option("--sha256", help="Sum of the archive, where none is known here.")
@reports_errors
def get(name: str, url: str | None, sha256: str | None) -> None:
    """Download a model, verify it and install it in one step; an interrupted download is resumed."""
    from tqdm import tqdm

    from asr.models import Registry

    with tqdm(unit="B", unit_scale=True, desc=name, file=sys.stderr, disable=None, leave=False) as bar:
        path = Registry().get(name, url=url, sha256=sha256, progress=bar)
    click.echo(path)
    if (came := Registry().archive_sum(name)) is not None:
        say(f"sha256 of the archive: {came.sha256}\n{SUM_BASES[came.basis]}")


@models.command("path")
@click.argument("name")
@reports_errors
def model_path(name: str) -> None:
    """Print the folder of an installed model."""
    from asr.models import Registry

    click.echo(Registry().path(name))


@models.command()
@click.argument("source")
@click.argument("target", type=PATH)
@click.option("--words", "files", multiple=True, type=PATH, help="Further words, one a line: streets, parts, staff.")
@JSON
@click.pass_obj
@reports_errors
def adapt(config: Path | None, source: str, target: Path, files: tuple[Path, ...], as_json: bool) -> None:
    """Copy the model SOURCE to the folder TARGET, preferring words of one's own.

    These are the catalogue's, those of its words.txt and of --words, and the names of the users.
    """
    from asr.models import Registry
    from asr.vocabulary import adapt as adapt_model
    from callcenter.features.own_words import own_words, words_file
    from nlp.catalogue import Catalogue

    folder = settings_file.load(config).data_dir / "catalogue"
    words = own_words(Catalogue.load(folder), (*words_file(folder), *files), _staff(config))
    made = adapt_model(Registry().path(source), target, words)
    if as_json:
        emit({"path": str(made.path), "phrases": len(made.phrases), "skipped": list(made.skipped)})
        return
    click.echo(made.path)
    say(f"{len(made.phrases)} words preferred; the model cannot say {len(made.skipped)}: {' '.join(made.skipped)}")


def _staff(config: Path | None) -> tuple[str, ...]:
    """Names of the users; nobody where there is no database yet. Raises Unavailable, ConfigInvalid."""
    from sqlalchemy.engine import make_url

    from callcenter.cli.session import run
    from callcenter.features.staff_names import staff_names
    from callcenter.storage import users

    url = make_url(settings_file.load(config).database_url())
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).is_file():
        return ()
    return staff_names(run(config, users.list_users))


@click.group()
def asr() -> None:
    """Speech to text."""


@asr.command()
@click.pass_context
def worker(context: click.Context) -> None:
    """Decode for a call centre, here or on another machine: the same as `serve --role asr-worker`."""
    from callcenter.cli.serve import serve

    context.invoke(serve, role="asr-worker")


@asr.command()
@click.argument("files", nargs=-1, required=True, type=PATH)
@click.option("--model", help="Model name or folder (default: asr.model of config.yaml).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per file.")
@click.pass_obj
@reports_errors
def transcribe(config: Path | None, files: tuple[Path, ...], model: str | None, as_json: bool) -> None:
    """Transcribe WAV, FLAC, MP3 or u-law files; in stereo each channel is a speaker. Bad files are named, skipped."""
    from asr.errors import AudioInvalid
    from asr.load import load_recognizer
    from asr.transcribe import transcribe as transcribe_file

    settings = settings_file.load(config)
    alikes = _alikes(settings, model)
    failed = False

    async def run() -> None:
        nonlocal failed
        recognizer = load_recognizer(settings.asr.engine, model or settings.asr.model, settings.asr.threads)
        try:
            for file in files:
                try:
                    with _bar(file.name) as progress:
                        transcript = await transcribe_file(file, recognizer, progress=progress)
                    _print_transcript(transcript, alikes, as_json)
                except AudioInvalid as error:
                    failed = True
                    say(str(error))
        finally:
            await recognizer.aclose()

    asyncio.run(run())
    if failed:
        sys.exit(EXIT_FAILED)


def _alikes(settings: Settings, model: str | None) -> SoundAlikes:
    """What puts names right behind a model that cannot be taught them."""
    from callcenter.features.own_words import sound_alikes, wants_sound_alikes, words_file
    from nlp.catalogue import Catalogue
    from nlp.sound_alikes import SoundAlikes

    if not wants_sound_alikes(settings.asr, model):
        return SoundAlikes()
    folder = settings.data_dir / "catalogue"
    return sound_alikes(Catalogue.load(folder), words_file(folder))


@contextmanager
def _bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error, in seconds of audio; nothing where nobody watches."""
    from tqdm import tqdm

    with tqdm(unit="s", desc=title, file=sys.stderr, disable=None, leave=False) as bar:

        def progress(done_ms: int, total_ms: int) -> None:
            bar.total = total_ms // 1000
            bar.update(done_ms // 1000 - bar.n)

        yield progress


def _print_transcript(transcript: Transcript, alikes: SoundAlikes, as_json: bool) -> None:
    displays = [_display(segment, alikes) for segment in transcript.segments]
    if as_json:
        printed = transcript.as_json()
        for segment, display in zip(printed["segments"], displays, strict=True):
            segment["display"] = display
        emit(printed)
        return
    click.echo(f"# {transcript.file} ({transcript.duration_ms / 1000:.1f} s)")
    for segment, display in zip(transcript.segments, displays, strict=True):
        click.echo(f"{segment.start_ms / 1000:8.2f}  {segment.channel}  {display}")


def _display(segment: TranscriptSegment, alikes: SoundAlikes) -> str:
    """The segment as people write it: digits, punctuation from pauses, names that are meant."""
    from nlp.readable import apply, readable
    from nlp.types import WordTime

    words = [WordTime(w.word, w.start_ms, w.end_ms, w.confidence) for w in segment.words]
    return apply(segment.text, readable(segment.text, words, alikes.corrections(segment.text, words)))


@click.group()
def call() -> None:
    """Recorded calls."""


@call.command()
@click.argument("file", type=PATH)
@click.option(
    "--started-at", type=datetime.fromisoformat, metavar="ISO8601", help="When the call began (default: now)."
)
@click.option("--caller-number", help="Caller ID, digits.")
@click.option("--model", help="Model name or folder (default: asr.model of config.yaml).")
@JSON
@click.pass_obj
@reports_errors
def process(
    config: Path | None,
    file: Path,
    started_at: datetime | None,
    caller_number: str | None,
    model: str | None,
    as_json: bool,
) -> None:
    """Run a stereo recording (left caller, right agent) through transcript and extraction as a live call would be."""
    from callcenter.features.process_recording import process_recording

    settings = settings_file.load(config)
    with _bar(file.name) as progress:
        work = process_recording(
            file, settings, started_at=started_at, caller_number=caller_number, model=model, progress=progress
        )
        result = asyncio.run(work)
    if as_json:
        emit(result)
        return
    for segment in result["transcript"]:
        click.echo(f"{segment['start_ms'] / 1000:8.2f}  {segment['speaker']:<6}  {segment['display']}")
    for slot in result["slots"]:
        click.echo(f"{slot.name:<20} {slot.display}  ({slot.confidence:.2f}, {slot.state})")
