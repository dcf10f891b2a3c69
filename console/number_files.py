"""The figures as files: CSV that a spreadsheet reads as text and numbers, and a workbook. Pure but for a scratch file.

A cell that begins like a formula is made text: clients' words come into spreadsheets (OWASP, "CSV injection").
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from io import StringIO
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from console.number_tables import Cell, Share, Sheet

BOM: Final = "\ufeff"  # without it Excel takes UTF-8 for the system's own code page
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
IN_MEMORY: Final = 4 * 1024 * 1024
PIECE: Final = 64 * 1024
_ROWS_AT_ONCE: Final = 200
_LONGEST: Final = 32_000  # Excel's limit is 32,767 characters in a cell
_WIDEST, _NARROWEST = 60, 9
_SHEET_NAME: Final = 31
_DURATION: Final = "[h]:mm:ss"
_INSTANT: Final = "yyyy-mm-dd hh:mm"
_DAY: Final = "yyyy-mm-dd"


def csv_text(lines: Iterable[Sequence[Cell | Share]]) -> Iterator[bytes]:
    """CSV with a BOM, some rows at a time. Lengths are seconds, shares are numbers from 0 to 1."""
    buffer = StringIO()
    buffer.write(BOM)
    writer = csv.writer(buffer, lineterminator="\r\n")
    for n, line in enumerate(lines, 1):
        writer.writerow([_plain(cell) for cell in line])
        if n % _ROWS_AT_ONCE == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode("utf-8")


def _plain(cell: Cell | Share) -> str | int | float:
    match cell:
        case Share():
            return round(cell.rate, 6)
        case timedelta():
            return int(cell.total_seconds())
        case date():
            return cell.isoformat(timespec="seconds") if isinstance(cell, datetime) else cell.isoformat()
        case int() | float():
            return cell
    return disarmed(cell or "")


def disarmed(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return "'" + text if text.lstrip(" ").startswith(FORMULA) else text


def workbook(sheets: Sequence[Sheet]) -> IO[bytes]:
    """A workbook in a scratch file, at its beginning: real numbers, dates and lengths, heads in bold and frozen."""
    book = Workbook(write_only=True)
    for sheet in sheets:
        _sheet(book, sheet)
    held: IO[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - whoever sends it closes it
    book.save(held)
    held.seek(0)
    return held


def pieces(held: IO[bytes]) -> Iterator[bytes]:
    """A file's bytes, piece by piece; closes it."""
    with held:
        while piece := held.read(PIECE):
            yield piece


def _sheet(book: Any, sheet: Sheet) -> None:
    page = book.create_sheet(title=sheet.name[:_SHEET_NAME])
    page.freeze_panes = f"A{len(sheet.notes) + 2}"
    for place, width in enumerate(_widths(sheet), 1):
        page.column_dimensions[get_column_letter(place)].width = width
    for note in sheet.notes:
        page.append([_cell(page, note)])
    page.append([_cell(page, name, bold=True) for name in sheet.head])
    for row in sheet.rows:
        page.append([_cell(page, value) for value in row])


def _widths(sheet: Sheet) -> Iterator[float]:
    for place, name in enumerate(sheet.head):
        longest = max((_shown_length(row[place]) for row in sheet.rows[:_ROWS_AT_ONCE]), default=0)
        yield min(_WIDEST, max(_NARROWEST, _shown_length(name) + 2, longest + 2))


def _shown_length(cell: Cell | Share) -> int:
    if isinstance(cell, str):
        return sum(2 if ord(letter) > 0x2E80 else 1 for letter in cell)  # noqa: PLR2004 - Chinese is twice as wide
    return len(_INSTANT) if isinstance(cell, datetime) else len(_DAY)


def _cell(page: Any, value: Cell | Share, *, bold: bool = False) -> Any:
    cell = WriteOnlyCell(page)
    match value:
        case Share():
            cell.value, cell.number_format = value.rate, "0.0%"
        case timedelta():
            cell.value, cell.number_format = value, _DURATION
        case datetime():
            cell.value, cell.number_format = value.replace(tzinfo=None), _INSTANT  # workbooks know no zones
        case date():
            cell.value, cell.number_format = value, _DAY
        case str():
            cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)[:_LONGEST]
            cell.data_type = "s"  # never a formula, whatever it begins with
            cell.alignment = Alignment(vertical="top", wrap_text=_shown_length(value) > _WIDEST)
        case _:
            cell.value = value
    if bold:
        cell.font = Font(bold=True)
    return cell
