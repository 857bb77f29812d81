"""Appliances, brands and faults as editable data, read from the package or from a folder of the desk's own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from nlp.errors import CatalogueError

FILES = ("appliances.json", "brands.json", "faults.json", "english.json")
"""What a folder of one's own may hold; the package's file stands in for one that is missing."""
GENERAL = "通用"
PATTERN = "~"
"""Begins a way to say a fault that is a regular expression."""
SERVICE_TYPES = {
    "repair": "维修",
    "install": "安装",
    "return_exchange": "退换货",
    "maintenance": "保养清洗",
    "complaint": "投诉",
    "enquiry": "咨询",
    "progress": "进度查询",
}


@dataclass(frozen=True, slots=True)
class Brand:
    """A brand, its other names, the sub-brands it owns, and whether its name is also an everyday word (老板, 石头)."""

    name: str
    aliases: tuple[str, ...] = ()
    group_of: tuple[str, ...] = ()
    everyday_word: bool = False


@dataclass(frozen=True)
class Catalogue:
    """What the desk knows by name. Immutable: a change of the data makes a new one, which new turns then use."""

    appliances: Mapping[str, tuple[str, ...]]
    brands: Mapping[str, Brand]
    faults: Mapping[str, Mapping[str, tuple[str, ...]]]
    english: Mapping[str, str] = field(default_factory=dict)
    models: tuple[str, ...] = field(default=())

    @classmethod
    def load(cls, folder: Path | None = None) -> Catalogue:
        """Read ``FILES`` from ``folder``, or from the package where one is missing.

        ``english`` are the names that readers of English see; what has none is shown as it is.

        Raises CatalogueError naming the file, the line and what is wrong with it.
        """
        appliances, brands, faults, english = (_Sheet.read(name, folder) for name in FILES)
        known = {name: appliances.texts(aliases, name) for name, aliases in appliances.rows.items()}
        return cls(
            appliances=known,
            brands={name: _brand(brands, name) for name in brands.rows},
            faults={name: _labels(faults, name, known) for name in faults.rows},
            english={term: shown for kind in english.rows for term, shown in _names(english, kind).items()},
        )

    @cached_property
    def appliance_names(self) -> dict[str, str]:
        """Every way to say an appliance → its name."""
        return {said: name for name, aliases in self.appliances.items() for said in (name, *aliases)}

    @cached_property
    def brand_names(self) -> dict[str, str]:
        """Every way to say a brand (blanks removed, upper case) → its name."""
        pairs = ((said, b.name) for b in self.brands.values() for said in (b.name, *b.aliases))
        return {said.replace(" ", "").upper(): name for said, name in pairs}

    def fault_phrases(self, appliance: str) -> Iterator[tuple[str, str]]:
        """(label, way to say it) of an appliance, its own first, then those that any appliance can have."""
        for group in (appliance, GENERAL):
            for label, said in self.faults.get(group, {}).items():
                yield label, label
                for phrase in said:
                    yield label, phrase

    def view(self) -> dict[str, object]:
        """The catalogue as JSON for the desk: service types, appliances, brands, faults, and their names in English."""
        general = list(self.faults.get(GENERAL, {}))
        return {
            "service_types": [{"value": v, "label": label} for v, label in SERVICE_TYPES.items()],
            "appliances": list(self.appliances),
            "brands": list(self.brands),
            "faults": {a: [*self.faults.get(a, {}), *general] for a in self.appliances},
            "english": dict(self.english),
        }


def built_in(name: str) -> str:
    """The text of one of ``FILES`` as shipped, to be edited."""
    return files("nlp.data").joinpath(name).read_text("utf-8")


@dataclass(frozen=True, slots=True)
class _Sheet:
    """One file: its rows by name, and its text to find the line of what is wrong."""

    place: Path | Traversable
    text: str
    rows: dict[str, Any]

    @classmethod
    def read(cls, name: str, folder: Path | None) -> _Sheet:
        place: Path | Traversable = files("nlp.data").joinpath(name)
        if folder is not None and (folder / name).is_file():
            place = folder / name
        try:
            text = place.read_text("utf-8-sig")
            rows = json.loads(text)
        except json.JSONDecodeError as e:
            raise CatalogueError(f"{place}:{e.lineno}: {e.msg} (column {e.colno})") from e
        except (OSError, UnicodeDecodeError, RecursionError) as e:
            raise CatalogueError(f"{place}: {e}; it must be a JSON object in UTF-8") from e
        if not isinstance(rows, dict):
            raise CatalogueError(f"{place}:1: must be a JSON object, not {type(rows).__name__}")
        return cls(place, text, rows)

    def wrong(self, what: str, *path: str) -> CatalogueError:
        """At the line where the last name of ``path`` stands, looked for from each name to the next."""
        at = 0
        for name in path:
            at = max(at, self.text.find(json.dumps(name, ensure_ascii=False), at))
        return CatalogueError(f"{self.place}:{self.text.count(chr(10), 0, at) + 1}: {what}")

    def texts(self, value: object, *path: str) -> tuple[str, ...]:
        """``value`` as a list of texts."""
        if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
            raise self.wrong(f"{path[-1]} must be a list of texts", *path)
        return tuple(value)

    def table(self, name: str) -> dict[str, Any]:
        """The row as an object."""
        row = self.rows[name]
        if not isinstance(row, dict):
            raise self.wrong(f"{name} must be an object", name)
        return row


def _brand(sheet: _Sheet, name: str) -> Brand:
    row = sheet.table(name)
    return Brand(
        name,
        sheet.texts(row.get("aliases", []), name, "aliases"),
        sheet.texts(row.get("group_of", []), name, "group_of"),
        bool(row.get("everyday_word")),
    )


def _names(sheet: _Sheet, kind: str) -> dict[str, str]:
    names = sheet.table(kind)
    if wrong := next((term for term, shown in names.items() if not isinstance(shown, str) or not shown.strip()), None):
        raise sheet.wrong(f"{wrong} must have a name in English", kind, wrong)
    return names


def _labels(sheet: _Sheet, appliance: str, known: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    if appliance not in known and appliance != GENERAL:
        raise sheet.wrong(f"{appliance} is no appliance of appliances.json", appliance)
    labels = {label: sheet.texts(said, appliance, label) for label, said in sheet.table(appliance).items()}
    for label, said in labels.items():
        for pattern in (phrase for phrase in said if phrase.startswith(PATTERN)):
            try:
                re.compile(pattern[len(PATTERN) :])
            except re.error as e:
                raise sheet.wrong(f"{pattern} is no regular expression: {e}", appliance, label, pattern) from e
    return labels
