"""Words that callers of this desk say and a general model does not expect: the catalogue's, and lists of one's own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from callcenter.errors import Invalid, NotFound
from nlp.catalogue import PATTERN, Catalogue


def own_words(catalogue: Catalogue, lists: Iterable[Path]) -> list[str]:
    """Brands, appliances, models and faults of ``catalogue`` and every line of ``lists`` (# begins a comment), once.

    Raises NotFound or Invalid naming the list that cannot be read.
    """
    known = [*catalogue.brand_names, *catalogue.appliance_names, *catalogue.models, *_faults(catalogue)]
    return list(dict.fromkeys([*known, *(word for file in lists for word in _lines(file))]))


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
