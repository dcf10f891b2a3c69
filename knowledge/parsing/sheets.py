"""xlsx → Markdown: a section for each sheet, a table in each.

By openpyxl and not by markitdown's converter: that one needs pandas (84 MB), turns empty cells into "NaN", dates into
timestamps and headerless columns into "Unnamed: 3", and reads hidden sheets, rows and columns.
"""

import datetime as dt
import io
from collections.abc import Iterator
from typing import Any, Final

from knowledge.parsing import archives, tidy
from knowledge.parsing.model import Parsed

MOST_ROWS: Final = 5_000
MOST_COLUMNS: Final = 100


def prepare(kind: str) -> None:
    """Import what reading needs, once for all documents."""
    import openpyxl

    del kind, openpyxl


def read(raw: bytes, *, kind: str) -> Parsed:
    """Return a workbook as Markdown: what is shown of it, as values, not as formulas.

    Raises:
        RefusedError: it must not or cannot be read.
    """
    from openpyxl import load_workbook

    archives.check(raw, kind=kind)
    book = load_workbook(io.BytesIO(raw), data_only=True, keep_links=False, rich_text=False)
    cut: list[str] = []
    notes: list[str] = []
    sections: list[str] = []
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            notes.append(f"hidden sheet left out: {sheet.title}")
            continue
        notes += [f"hidden rows or columns left out: {sheet.title}"] if _hides(sheet) else []
        cut += [f"only the first {MOST_ROWS:,} rows are read: {sheet.title}"] if sheet.max_row > MOST_ROWS else []
        cut += (
            [f"only the first {MOST_COLUMNS} columns are read: {sheet.title}"]
            if sheet.max_column > MOST_COLUMNS
            else []
        )
        if text := tidy.table(_filled(sheet)):
            sections.append(f"## {' '.join(str(sheet.title).split())}\n\n{text}")
    body = "\n\n".join(sections)
    return Parsed(body=f"{body}\n" if body else "", cut=tuple(cut), notes=tuple(notes))


def _hides(sheet: Any) -> bool:
    return any(each.hidden for each in (*sheet.row_dimensions.values(), *sheet.column_dimensions.values()))


def _columns(sheet: Any) -> list[int]:
    """Return the columns that are shown; hidden neighbours are kept as one entry with both ends."""
    hidden = {
        column
        for each in sheet.column_dimensions.values()
        if each.hidden
        for column in range(each.min or 0, (each.max or 0) + 1)
    }
    return [column for column in range(1, min(sheet.max_column, MOST_COLUMNS) + 1) if column not in hidden]


def _filled(sheet: Any) -> list[list[str]]:
    """Return the rows that say something, without columns that nowhere do."""
    shown = _columns(sheet)
    rows = [row for row in _rows(sheet, shown) if any(row)]
    used = [place for place in range(len(shown)) if any(row[place] for row in rows)]
    return [[row[place] for place in used] for row in rows]


def _rows(sheet: Any, shown: list[int]) -> Iterator[list[str]]:
    for number, row in enumerate(sheet.iter_rows(max_row=min(sheet.max_row, MOST_ROWS), max_col=MOST_COLUMNS), start=1):
        if number not in sheet.row_dimensions or not sheet.row_dimensions[number].hidden:
            yield [_text(row[column - 1]) for column in shown if column <= len(row)]


def _text(cell: Any) -> str:
    """Return a cell as a person reads it: dates without midnight, whole numbers without ".0", shares as percent."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float) and "%" in str(cell.number_format):
        return f"{value * 100:.10g}%"
    if isinstance(value, float):
        return f"{value:.15g}"
    text = str(value)
    link = getattr(cell.hyperlink, "target", None) if cell.hyperlink else None
    return f"[{text}]({link})" if link and link.startswith(("http://", "https://")) and link != text else text
