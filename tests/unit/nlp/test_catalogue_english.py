"""The names in English of what the catalogue knows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from nlp.catalogue import Catalogue, built_in
from nlp.errors import CatalogueError

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def test_everything_that_can_be_shown_has_an_english_name_and_nothing_else() -> None:
    """Every appliance, brand and fault; no Chinese in a name; nothing named that is not there."""
    catalogue = Catalogue.load()
    faults = {label for labels in catalogue.faults.values() for label in labels}
    assert set(catalogue.english) == {*catalogue.appliances, *catalogue.brands, *faults}
    assert not [name for name in catalogue.english.values() if CHINESE.search(name) or name != name.strip()]
    assert sum(len(labels) for labels in catalogue.faults.values()) == 162


def test_one_word_has_one_name_and_two_appliances_never_the_same() -> None:
    """A list of choices in English has no entry twice."""
    tables = json.loads(built_in("english.json"))
    for kind, names in tables.items():
        assert len(set(names.values())) == len(names), kind
    assert len({term for names in tables.values() for term in names}) == sum(map(len, tables.values()))


def test_a_desks_own_names_stand_in_and_an_empty_one_is_named_with_its_line(tmp_path: Path) -> None:
    """A folder of one's own may hold them; what is wrong says file, line and term."""
    (tmp_path / "english.json").write_text('{"brands": {"晨星": "Morning Star"}}', encoding="utf-8")
    assert Catalogue.load(tmp_path).view()["english"] == {"晨星": "Morning Star"}
    (tmp_path / "english.json").write_text('{"brands": {\n"晨星": ""}}', encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"english\.json:2: 晨星"):
        Catalogue.load(tmp_path)
