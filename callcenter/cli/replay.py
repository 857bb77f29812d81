"""``callcenter replay``: a recorded day again, bit by bit."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callcenter import config as settings_file
from callcenter.cli.output import EXIT_FAILED, emit, reports_errors, say

if TYPE_CHECKING:
    from callcenter.config import Settings
    from callcenter.features.journal_diff import Difference
    from callcenter.features.journal_replay import Replay, Row
    from callcenter.storage.journal_format import JournalFile

TODAY = "today"
"""Of ``--against``: the catalogue that the application itself would use now."""


@click.command()
@click.argument("journal")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per event, draft and difference.")
@click.option(
    "--against",
    metavar="[DIR]",
    is_flag=False,
    flag_value=TODAY,
    help="List all that today's rules (and the catalogue in DIR) give otherwise; stands after JOURNAL.",
)
@click.option("--audio", is_flag=True, help="Recognise the recorded sound again, too.")
@click.pass_obj
@reports_errors
def replay(config: Path | None, journal: str, as_json: bool, against: str | None, audio: bool) -> None:
    """Replay JOURNAL (a file, a folder, or a day like 2026-11-21) and check that the same comes out as then."""
    from callcenter.features.journal_replay import Replay
    from nlp.catalogue import Catalogue
    from nlp.extract import Extractor

    settings = settings_file.load(config)
    files = chosen(journal, settings)
    today = None
    if against is not None:
        today = Extractor(Catalogue.load(settings.data_dir / "catalogue" if against == TODAY else Path(against)))
    again = Replay(files, today, strict=against is None)
    for row in again.rows():
        if as_json:
            emit({"name": row.name, **row.body})
        elif against is None:
            click.echo(line(row))
    differences = [*again.differences, *(asyncio.run(hear(files, settings)) if audio else ())]
    for difference in differences if against is not None else differences[:1]:
        report(difference, as_json=as_json)
    summarise(again, files, len(differences))
    if differences:
        sys.exit(EXIT_FAILED)


def chosen(journal: str, settings: Settings) -> Sequence[JournalFile]:
    """The files behind the argument: a path, or a day of the journal that config.yaml names."""
    from callcenter.storage.journal_format import SUFFIX, files

    place = Path(journal)
    of_day = sorted(settings.journal_dir().glob(f"{journal}-*{SUFFIX}")) if not place.exists() else []
    return [file for path in of_day for file in files(path)] if of_day else files(place)


async def hear(files: Sequence[JournalFile], settings: Settings) -> list[Difference]:
    """Recognise the recorded sound again with the model it was recognised with."""
    from asr.load import load_recognizer
    from callcenter.features.journal_audio import hear_again

    head = files[0].head
    if not any(file.head["audio"] for file in files):
        say("callcenter replay: there is no sound in this journal (journal.audio is off)")
        return []
    recognizer = load_recognizer(head["engine"], head["model"], settings.asr.threads)
    differences: list[Difference] = []
    try:
        async for heard in hear_again(files, recognizer):
            differences += heard.differences
            about = heard.about
            say(f"heard again: {about['call_id']} {about['speaker']}, {len(heard.now)} utterances")
    finally:
        await recognizer.aclose()
    return differences


def line(row: Row) -> str:
    """A row for people: of a draft what it shows, of an event every field that says something."""
    body = row.body
    if "set" in body:
        shown = {
            name: value.get("display") if isinstance(value, dict) else value for name, value in body["set"].items()
        }
        body = {"call_id": body["call_id"], **shown, **dict.fromkeys(body["gone"], "gone")}
    known = " ".join(f"{key}={value}" for key, value in body.items() if value not in (None, []))
    return f"{row.name:<18} {known}"


def report(difference: Difference, *, as_json: bool) -> None:
    """One difference, on standard output."""
    if as_json:
        emit({"name": "Difference", **asdict(difference)})
    else:
        click.echo(f"differs: {difference}")


def summarise(again: Replay, files: Sequence[JournalFile], differences: int) -> None:
    """How it went, on standard error."""
    verdict = "identical" if not differences else f"{differences} differences"
    say(f"{len(files)} files, {again.events} events, {again.drafts} draft revisions: {verdict}")
    for file in files:
        if file.lost_bytes:
            say(f"{file.path}: its last {file.lost_bytes} bytes are cut or damaged and were left out")
        elif not file.finished:
            say(f"{file.path}: not finished (still being written, or a crash)")
    if again.unconfirmed:
        say(f"{again.unconfirmed} events came out for which the journal ends too early to tell")
