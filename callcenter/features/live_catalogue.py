"""The catalogue in force: the built-in one, or the files that the administrator edits, taken over when they change.

A file that cannot be used changes nothing: the log says which file and line, and the old words stay in force.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import structlog

from asr.events import Word
from callcenter.bus.port import Bus
from callcenter.errors import CallcenterError, Conflict
from callcenter.features.own_words import WORDS, sound_alikes, words_file
from callcenter.media.events import HeardName
from callcenter.telephony.events import CallArrived
from nlp.catalogue import FILES, Catalogue, built_in
from nlp.errors import CatalogueError
from nlp.extract import Extractor
from nlp.sound_alikes import SoundAlikes
from nlp.types import WordTime
from workorder.fields import REQUIRED, SERVICE_TYPES

log = structlog.get_logger(__name__)

Stamp = tuple[tuple[int, int] | tuple[str, ...] | None, ...]
"""Of every file, and the names of the staff."""


class LiveCatalogue:
    """``extractor()`` and ``view()`` are always of the newest files that could be used."""

    def __init__(self, folder: Path, staff: Callable[[], tuple[str, ...]] = tuple) -> None:
        """``staff``: the names of those who work here, as they are now."""
        self._folder = folder
        self._staff = staff
        self._catalogue = Catalogue.load()
        self._extractor = Extractor(self._catalogue)
        self._alikes = SoundAlikes()
        self._seen: Stamp | None = None
        self._loading: asyncio.Task[None] | None = None

    def subscribe(self, bus: Bus) -> None:
        """Each call that arrives looks at the files: a change is taken over while it rings."""
        bus.subscribe(CallArrived, self._arrived, name="catalogue")

    async def extractor(self) -> Extractor:
        """For a call that begins now; waits (a fraction of a second) only while changed files are being taken over."""
        await self.refresh()
        return self._extractor

    def find_names(self, _call_id: str, text: str, words: Sequence[Word]) -> tuple[HeardName, ...]:
        """What sounds like a name of the catalogue or of the desk's own list and is taken for it, whatever the call."""
        heard = [WordTime(word.word, word.start_ms, word.end_ms, word.confidence) for word in words]
        return tuple(HeardName(found.start, found.end, found.text) for found in self._alikes.corrections(text, heard))

    def view(self) -> dict[str, object]:
        """The JSON of /api/catalogue."""
        return {
            **self._catalogue.view(),
            "service_types": [{"value": value, "label": label} for value, label in SERVICE_TYPES.items()],
            "required": REQUIRED,
        }

    def english(self) -> Mapping[str, str]:
        """Names of appliances, brands and faults for readers of English."""
        return self._catalogue.english

    async def refresh(self) -> None:
        """Take over files that changed since the last look; four calls of stat when none did.

        The first time it also indexes everything, so that the first call does not pay for that.
        """
        if self._loading is None and self._stamp() != self._seen:
            self._loading = asyncio.create_task(self._load(), name="catalogue")
        if self._loading is not None:
            await asyncio.shield(self._loading)

    async def aclose(self) -> None:
        """Wait for a load that is under way."""
        if self._loading is not None:
            await asyncio.wait({self._loading})

    async def _arrived(self, _event: CallArrived) -> None:
        await self.refresh()

    async def _load(self) -> None:
        try:
            self._seen = self._stamp()
            usable = await asyncio.to_thread(_usable, self._folder, self._staff())
            self._catalogue, self._extractor, self._alikes = usable
        except (CatalogueError, CallcenterError) as error:
            log.error("catalogue.not_taken", reason=str(error), fix="correct the file; the old words stay in force")
        else:
            log.info("catalogue.taken", folder=str(self._folder), own=[file.name for file in _own(self._folder)])
        finally:
            self._loading = None

    def _stamp(self) -> Stamp:
        return *(_stamp(self._folder / name) for name in (*FILES, WORDS)), self._staff()


def export(folder: Path) -> list[Path]:
    """Write the built-in files to ``folder`` to be edited. Raises Conflict rather than overwrite one, OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    targets = [folder / name for name in FILES]
    if there := next((target for target in targets if target.exists()), None):
        raise Conflict(f"{there} exists already", field="export", fix="name an empty folder, or edit that file")
    for target in targets:
        target.write_text(built_in(target.name), encoding="utf-8")
    return targets


def _own(folder: Path) -> list[Path]:
    return [folder / name for name in (*FILES, WORDS) if (folder / name).is_file()]


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _usable(folder: Path, staff: tuple[str, ...]) -> tuple[Catalogue, Extractor, SoundAlikes]:
    """Loaded and indexed, so that no call pays for it."""
    catalogue = Catalogue.load(folder)
    extractor = Extractor(catalogue)
    extractor.warm_up()
    return catalogue, extractor, sound_alikes(catalogue, words_file(folder), staff)
