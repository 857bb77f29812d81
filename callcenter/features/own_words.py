"""Words that callers of this desk say and a general model does not expect: the catalogue's, the staff's, own lists.

A model whose grammar can be changed is made to prefer them (``models adapt``); behind any other, what merely sounds
like one of the names among them is taken for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from asr.errors import AsrError
from asr.load import find_model
from asr.vocabulary import can_adapt
from callcenter.config_sections import AsrSettings
from callcenter.errors import Invalid, NotFound
from nlp.catalogue import PATTERN, Catalogue
from nlp.sound_alikes import SoundAlikes

WORDS = "words.txt"
"""In the folder of the catalogue: streets, parts, people who are no users, one a line; # begins a comment."""
LONG_FAULT = 3
"""Shorter names of faults sound like much else that is said."""


def words_file(folder: Path) -> tuple[Path, ...]:
    """The desk's own list in the folder of its catalogue, where there is one."""
    return (folder / WORDS,) if (folder / WORDS).is_file() else ()


def wants_sound_alikes(asr: AsrSettings, model: str | None = None) -> bool:
    """Whether names are to be put right after recognition by ``model`` (default: that of the settings).

    ``auto``: unless the model's grammar could be made to prefer them, as far as the model is on this machine.
    """
    if asr.sound_alikes != "auto":
        return asr.sound_alikes == "on"
    if asr.engine != "vosk":
        return asr.engine == "sherpa"
    try:
        return not can_adapt(find_model(asr.engine, model or asr.model))
    except AsrError:
        return False


def sound_alikes(catalogue: Catalogue, lists: Iterable[Path], staff: Iterable[str] = ()) -> SoundAlikes:
    """The names of ``own_words``: brands but everyday words, appliances, labels of faults, the lists, the staff.

    Raises NotFound or Invalid naming the list that cannot be read.
    """
    everyday = {brand.name for brand in catalogue.brands.values() if brand.everyday_word}
    brands = [said for said, name in catalogue.brand_names.items() if name not in everyday]
    labels = [label for labels in catalogue.faults.values() for label in labels if len(label) >= LONG_FAULT]
    listed = [word for file in lists for word in _lines(file)]
    return SoundAlikes([*brands, *catalogue.appliance_names, *labels, *listed, *staff], phrases=_faults(catalogue))


def own_words(catalogue: Catalogue, lists: Iterable[Path], staff: Iterable[str] = ()) -> list[str]:
    """Brands, appliances, models and faults of ``catalogue``, every line of ``lists`` (# begins a comment), ``staff``.

    Each once. Raises NotFound or Invalid naming the list that cannot be read.
    """
    known = [*catalogue.brand_names, *catalogue.appliance_names, *catalogue.models, *_faults(catalogue)]
    return list(dict.fromkeys([*known, *(word for file in lists for word in _lines(file)), *staff]))


def _faults(catalogue: Catalogue) -> list[str]:
    phrases = [p for labels in catalogue.faults.values() for label, said in labels.items() for p in (label, *said)]
    return [phrase for phrase in phrases if not phrase.startswith(PATTERN)]


def _lines(file: Path) -> list[str]:
    try:
        text = file.read_text("utf-8-sig")
    except FileNotFoundError as error:
        raise NotFound("there is no such file", field=str(file), fix="name a text file, one word a line") from error
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(str(error), field=str(file), fix="save it as text in UTF-8, one word a line") from error
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]
