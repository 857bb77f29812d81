"""CSV and XLSX as rows of text, and back: streamed, in the encodings that spreadsheets write, safe to open.

A cell that a spreadsheet would run as a formula gets an apostrophe in front when it is written and loses it when it is
read, so that what was exported comes back as it was.
"""

from __future__ import annotations

import codecs
import csv
import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from callcenter.errors import Invalid

FORMATS = ("csv", "xlsx")
MAX_XLSX_BYTES = 256 * 2**20
"""A spreadsheet may not unpack to more: it would fill the memory."""
MAX_RATIO = 200
MAX_PARTS = 2000
MAX_COLUMNS = 100
MAX_CELL = 10_000
_RUNS = re.compile(r"'*[=+\-@\t\r]")
_READ = 1 << 20


def read_rows(file: Path, kind: str) -> Iterator[list[str]]:
    """Rows of a ``csv`` (UTF-8 with or without mark, GB18030) or ``xlsx`` (first sheet), cells as plain text.

    Raises Invalid for a file that is neither, or too large when unpacked.
    """
    rows = _csv_rows(file) if kind == "csv" else _xlsx_rows(file)
    for number, row in enumerate(rows, start=1):
        if len(row) > MAX_COLUMNS or any(len(cell) > MAX_CELL for cell in row):
            raise Invalid(
                f"row {number} is too long", field="file", fix=f"at most {MAX_COLUMNS} columns of {MAX_CELL} characters"
            )
        yield [revealed(cell.strip()) for cell in row]


def write_rows(file: Path, kind: str, rows: Iterable[Iterable[str]]) -> int:
    """Write rows to ``file``; returns how many. CSV is UTF-8 with a mark, which spreadsheets need for Chinese."""
    return _write_csv(file, rows) if kind == "csv" else _write_xlsx(file, rows)


def guarded(cell: str) -> str:
    """The cell as it may stand in a sheet: nothing that a spreadsheet runs."""
    return f"'{cell}" if _RUNS.match(cell) else cell


def revealed(cell: str) -> str:
    """What ``guarded`` was given."""
    return cell[1:] if cell.startswith("'") and _RUNS.match(cell) else cell


def _csv_rows(file: Path) -> Iterator[list[str]]:
    with file.open(encoding=_encoding(file), newline="") as stream:
        sample = stream.read(8192)
        stream.seek(0)
        separator = max(",;\t", key=sample.partition("\n")[0].count)
        try:
            yield from csv.reader(_without_nul(stream), delimiter=separator)
        except csv.Error as error:
            raise Invalid(
                f"not CSV: {error}",
                field="file",
                fix="look for a quotation mark that is not closed; or save as XLSX",
            ) from error


def _without_nul(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if "\x00" in line:
            raise Invalid("not a text file", field="file", fix="save it as CSV or XLSX")
        yield line


def _encoding(file: Path) -> str:
    """The first that reads the whole file."""
    for encoding in ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        with file.open("rb") as stream:
            try:
                while chunk := stream.read(_READ):
                    decoder.decode(chunk)
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                continue
        return encoding
    raise Invalid("neither UTF-8 nor GB18030", field="file", fix="save it as CSV UTF-8, or as XLSX")


def _xlsx_rows(file: Path) -> Iterator[list[str]]:
    from python_calamine import CalamineError, CalamineWorkbook

    _refuse_bombs(file)
    try:
        book = CalamineWorkbook.from_path(str(file))
        for row in book.get_sheet_by_index(0).iter_rows():
            yield [_plain(cell) for cell in row]
    except (CalamineError, IndexError) as error:
        raise Invalid(f"not a spreadsheet: {error}", field="file", fix="save it as XLSX or CSV") from error


def _refuse_bombs(file: Path) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except zipfile.BadZipFile as error:
        raise Invalid("not an XLSX file", field="file", fix="save it as XLSX or CSV") from error
    unpacked = sum(part.file_size for part in parts)
    packed = max(1, sum(part.compress_size for part in parts))
    if len(parts) > MAX_PARTS or unpacked > MAX_XLSX_BYTES or unpacked > MAX_RATIO * packed:
        raise Invalid("the spreadsheet unpacks to more than is let in", field="file", fix="send it as CSV, or in parts")


def _plain(cell: Any) -> str:
    """A phone number is a number to a spreadsheet, a date a moment."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime) and cell.time() == datetime.min.time():
        return cell.date().isoformat()
    if isinstance(cell, date | datetime):
        return cell.isoformat()
    return "" if cell is None else str(cell)


def _write_csv(file: Path, rows: Iterable[Iterable[str]]) -> int:
    count = 0
    with file.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        for row in rows:
            writer.writerow([guarded(cell) for cell in row])
            count += 1
    return count


def _write_xlsx(file: Path, rows: Iterable[Iterable[str]]) -> int:
    import xlsxwriter

    count = 0
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(file), options) as book:
        sheet = book.add_worksheet()
        for count, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                sheet.write_string(count - 1, column, guarded(cell)[:MAX_CELL])
    return count
