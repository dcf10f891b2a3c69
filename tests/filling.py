"""Rows for every table of the program, of every kind of value; and what a database holds, typed, to be compared."""

import importlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Connection, Date, Float, Integer, LargeBinary, Table, func, insert, select
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.exc import IntegrityError

import store
from handoff import search_index
from store.db import Instant
from store.tables import metadata, schema_line

TEXTS = ("后台密码忘了怎么办？", 'it\'s \\ "quoted"\tand\r\nbroken', "", "🀄 \U00020000 é", "NULL", "\\N", "a" * 3_000)
JSONS = (None, {"a": [1, 2.5, None, "é\u0000\\"], "ключ": {"b": True}}, [], "text", 0, {"nul": "\x00"})
MOMENT = datetime(2026, 3, 29, 0, 59, 59, 999_999, tzinfo=UTC)


def every_table() -> tuple[Table, ...]:
    """Parents before their children; as `store.shapes`, without what the chain keeps of itself."""
    root = Path(store.__file__).parents[1]
    for room in ("store", "handoff", "knowledge", "success", "console"):
        for file in sorted((root / room).rglob("*tables.py")):
            importlib.import_module(".".join(file.relative_to(root).with_suffix("").parts))
    return tuple(table for table in metadata.sorted_tables if table is not schema_line)


def fill(conn: Connection, *, rows: int = 3) -> None:
    """At least this many rows more in every table but the search's, which gets what the program puts there."""
    numbers = count(conn.execute(select(func.count()).select_from(metadata.tables["job"])).scalar_one() + 1)
    for table in every_table():
        if table.name == "search_entry":
            continue
        for _ in range(rows):
            with suppress(IntegrityError), conn.begin_nested():  # of real life there may be such a row
                conn.execute(insert(table).values(_row(conn, table, next(numbers))))


def held(conn: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, as the program reads them; terms of the search as a set, whatever keeps them."""
    return {
        table.name: sorted((_typed(table, row) for row in conn.execute(select(table))), key=repr)
        for table in every_table()
    }


def _row(conn: Connection, table: Table, n: int) -> Mapping[str, Any]:
    values = {column.name: _value(conn, column, n) for column in table.columns}
    autos = [column.name for column in table.primary_key.columns if column.autoincrement is True]
    return {name: value for name, value in values.items() if name not in autos}


def _value(conn: Connection, column: Column[Any], n: int) -> Any:
    if column.foreign_keys:
        (key,) = column.foreign_keys
        if column.nullable and n % 2 and not column.primary_key:
            return None
        known = conn.execute(select(key.column).order_by(key.column)).scalars().all()
        return known[n % len(known)] if known else None
    if column.nullable and n % 5 == 0:
        return None
    return next((make(n) for kind, make in _MAKES if isinstance(column.type, kind)), f"{TEXTS[n % len(TEXTS)]}{n}")


_MAKES: tuple[tuple[type, Callable[[int], Any]], ...] = (
    (Boolean, lambda n: n % 2 == 0),
    (Integer, lambda n: n),
    (Float, lambda n: n / 3),
    (Instant, lambda n: MOMENT + timedelta(days=n, microseconds=n % 2)),
    (Date, lambda n: date(2024, 2, 29) + timedelta(days=n)),
    (JSON, lambda n: JSONS[n % len(JSONS)]),
    (LargeBinary, lambda n: bytes(range(256)) * (n % 3)),
)


def _typed(table: Table, row: Any) -> tuple[Any, ...]:
    return tuple(
        frozenset(_terms(value)) if isinstance(column.type, TSVECTOR) else value
        for column, value in zip(table.columns, row, strict=True)
    )


def _terms(kept: str) -> list[str]:
    """Of SQLite's text, or of what PostgreSQL shows of a tsvector."""
    return [each.strip("'").replace("''", "'") for each in kept.split()]


def index(conn: Connection, number: int, text: str) -> None:
    """Let the search hold a text, as a message's."""
    search_index._put(conn, number, [text])
