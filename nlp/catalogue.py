"""Appliances, brands and faults as editable data. ``Catalogue.load()`` reads the files of the package or those of a folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from nlp.errors import CatalogueError

GENERAL = "通用"
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
    models: tuple[str, ...] = field(default=())

    @classmethod
    def load(cls, folder: Path | None = None) -> Catalogue:
        """Read appliances.json, brands.json and faults.json from ``folder``, or from the package where one is missing.

        Raises CatalogueError naming the file and what is wrong with it.
        """
        appliances = _object("appliances.json", folder)
        brands = _object("brands.json", folder)
        faults = _object("faults.json", folder)
        try:
            return cls(
                appliances={name: tuple(aliases) for name, aliases in appliances.items()},
                brands={
                    name: Brand(
                        name, tuple(b.get("aliases", ())), tuple(b.get("group_of", ())), bool(b.get("everyday_word"))
                    )
                    for name, b in brands.items()
                },
                faults={a: {label: tuple(said) for label, said in labels.items()} for a, labels in faults.items()},
            )
        except (AttributeError, TypeError) as e:
            raise CatalogueError(f"the catalogue in {folder or 'the package'} has the wrong shape: {e}") from e

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
        """The catalogue as JSON for the desk: service types, appliances, brands and faults."""
        general = list(self.faults.get(GENERAL, {}))
        return {
            "service_types": [{"value": v, "label": label} for v, label in SERVICE_TYPES.items()],
            "appliances": list(self.appliances),
            "brands": list(self.brands),
            "faults": {a: [*self.faults.get(a, {}), *general] for a in self.appliances},
        }


def _object(name: str, folder: Path | None) -> dict[str, dict[str, list[str]]]:
    place: Path | Traversable = files("nlp.data").joinpath(name)
    if folder is not None and (folder / name).is_file():
        place = folder / name
    try:
        loaded = json.loads(place.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as e:
        raise CatalogueError(f"{place}: {e}; it must be a JSON object in UTF-8") from e
    if not isinstance(loaded, dict):
        raise CatalogueError(f"{place}: must be a JSON object, not {type(loaded).__name__}")
    return loaded
