"""Sheets: what is written comes back, nothing runs as a formula, and no file eats the memory."""

from __future__ import annotations

import csv
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.errors import Invalid
from callcenter.features.sheet_columns import SHEETS, column_of
from callcenter.features.sheets import guarded, read_rows, revealed, write_rows
from tests.conftest import SHARED_FIXTURE

CELLS = st.text(st.sampled_from("张三ab1 =+-@',;\"\t|!"), max_size=12).map(str.strip)
GRID = st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=6).map(
    lambda rows: [["姓名", "备注"], *rows]
)


@given(st.text())
def test_a_guarded_cell_never_runs_and_comes_back(cell):
    """No cell begins with what a spreadsheet runs; reading undoes exactly what writing did."""
    assert not guarded(cell).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert revealed(guarded(cell)) == cell


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@settings(max_examples=25, suppress_health_check=SHARED_FIXTURE)
@given(rows=GRID)
def test_what_is_written_is_read_again(tmp_path, kind, rows):
    """Through CSV and XLSX, commas, quotes, Chinese and formulas included; empty rows are no rows."""
    file = tmp_path / f"sheet.{kind}"
    write_rows(file, kind, rows)
    kept = [row for row in read_rows(file, kind) if any(row)]
    assert [row + [""] * (2 - len(row)) for row in kept] == [row for row in rows if any(row)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_what_spreadsheets_write_is_read(tmp_path, encoding):
    """UTF-8 with and without mark, and what Chinese Windows saves."""
    file = tmp_path / "sheet.csv"
    with file.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream).writerows([["姓名", "电话"], ["王芳", "13800138000"]])
    assert list(read_rows(file, "csv")) == [["姓名", "电话"], ["王芳", "13800138000"]]


@pytest.mark.parametrize("content", [b"\xff\xfe\x00\x81\xff", b"a,b\x00c\n", b"PK\x03\x04 no archive"])
def test_what_is_no_sheet_is_refused(tmp_path, content):
    """With a sentence that says what to save it as."""
    file = tmp_path / "sheet"
    file.write_bytes(content)
    for kind in ("csv", "xlsx"):
        if kind == "csv" and content.startswith(b"PK"):
            continue
        with pytest.raises(Invalid):
            list(read_rows(file, kind))


def test_a_spreadsheet_that_unpacks_without_end_is_refused(tmp_path):
    """Before it is unpacked."""
    file = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 60_000_000)
    with pytest.raises(Invalid, match="unpacks"):
        list(read_rows(file, "xlsx"))


def test_headers_are_known_in_both_languages():
    """Blanks, marks and capital letters do not matter; each of our own names means itself."""
    assert column_of("customers", "Customer Name") == "name"
    assert column_of("customers", "联系电话") == "phone"
    assert column_of("orders", "External No.") == "external_key"
    assert column_of("assets", "colour") is None
    assert all(column_of(kind, name) == name for kind, columns in SHEETS.items() for name in columns)
