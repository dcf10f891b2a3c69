"""Rows in and out of either database, in the plain form of `store.shapes`; streamed, in the order of their keys.

Plain functions of a connection that is in a transaction: whoever calls them decides what is seen and what is kept.
"""

import re
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from sqlite3 import DataError, IntegrityError
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, text

from store.errors import OddRow
from store.shapes import Column, Kind, Row, Shape, fits, of_text

BATCH: Final = 1_000
REPLACEMENT: Final = "\ufffd"
_SECOND: Final = 19  # letters of an instant without its fraction
_LINE: Final = re.compile(r"COPY \S+, line (\d+)(?:, column (\w+))?")
_PG_READ: Final[dict[Kind, str]] = {
    "json": "{0}::text",
    "instant": "to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')",
    "date": "to_char({0}, 'YYYY-MM-DD')",
    "terms": "array_to_string(tsvector_to_array({0}), ' ')",
}


@dataclass
class Mending:
    """What to do with texts that PostgreSQL refuses: without `do` they are an error, with it they lose the letters.

    `mended` names the rows (table, key, column) that did.
    """

    do: bool = False
    nul: bool = False
    """Whether NUL may stay: SQLite keeps it."""
    mended: list[tuple[str, str, str]] = field(default_factory=list)


def read(conn: Connection, shape: Shape, *, mending: Mending | None = None) -> Generator[Row, None, None]:
    """All rows of a table, by key. Close it where it is not read to its end.

    Raises:
        OddRow: a value is not of its column's kind, or is a text that cannot be copied.
    """
    if conn.dialect.name == "postgresql":
        yield from _read_postgres(conn, shape)
    else:
        yield from _read_sqlite(conn, shape, mending or Mending(nul=True))


def write(conn: Connection, shape: Shape, rows: Iterable[Row]) -> int:
    """Put rows into a table; how many. Keys to other tables may point forward within the table.

    Raises:
        OddRow: the database does not take one.
    """
    if conn.dialect.name == "postgresql":
        return _write_postgres(conn, shape, rows)
    return _write_sqlite(conn, shape, rows)


def count(conn: Connection, shape: Shape) -> int:
    """How many rows a table has."""
    found: int = conn.execute(text(f"SELECT count(*) FROM {_name(shape.name)}")).scalar_one()  # noqa: S608 - a name
    return found


def last_id(conn: Connection, shape: Shape) -> int:
    """The highest number that a table's counter has given out, 0 where it has none."""
    if conn.dialect.name == "postgresql":
        sequence = _sequence(conn, shape)
        if sequence is None:
            return 0
        found = conn.execute(text(f"SELECT last_value, is_called FROM {sequence}")).one()  # noqa: S608 - as it says
        return int(found.last_value) if found.is_called else 0
    if not _counts(conn):
        return 0
    given = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
    return int(conn.execute(given, {"name": shape.name}).scalar() or 0)


def go_on_after(conn: Connection, shape: Shape, last: int) -> None:
    """Let a table's counter go on after the highest of its ids and `last`; nothing where it has none."""
    if conn.dialect.name == "postgresql":
        sequence = _sequence(conn, shape)
        if sequence is not None:
            highest = text(f"SELECT greatest(:last, max({_name(shape.key[0])})) FROM {_name(shape.name)}")  # noqa: S608
            if (given := conn.execute(highest, {"last": last}).scalar()) is not None and given > 0:
                conn.execute(text("SELECT setval(:sequence, :given)"), {"sequence": sequence, "given": given})
        return
    if last and _counts(conn):
        known = {"name": shape.name, "last": last}
        conn.execute(text("DELETE FROM sqlite_sequence WHERE name = :name AND seq < :last"), known)
        there = "SELECT :name, :last WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = :name)"
        conn.execute(text(f"INSERT INTO sqlite_sequence (name, seq) {there}"), known)


def orphans(conn: Connection, *, most: int = 20) -> list[tuple[str, str]]:
    """Rows of an SQLite database without their parents: (table, what is missing)."""
    if conn.dialect.name == "postgresql":
        return []
    found = islice(conn.exec_driver_sql("PRAGMA foreign_key_check"), most)
    return [(row[0], f"row {row[1]} names a row of {row[2]} that is not there") for row in found]


def _read_sqlite(conn: Connection, shape: Shape, mending: Mending) -> Iterator[Row]:
    driver: Any = conn.connection.driver_connection
    driver.text_factory = _lenient
    columns = ", ".join(_name(column.name) for column in shape.columns)
    order = ", ".join(f"{_name(each)} COLLATE BINARY" for each in shape.key)
    cursor = driver.execute(f"SELECT {columns} FROM {_name(shape.name)} ORDER BY {order}")  # noqa: S608 - names
    try:
        while rows := cursor.fetchmany(BATCH):
            for row in rows:
                yield tuple(_plain(shape, row, at, mending) for at in range(len(row)))
    finally:
        cursor.close()


def _plain(shape: Shape, row: Row, at: int, mending: Mending) -> Any:
    """One value of an SQLite row."""
    value, column = row[at], shape.columns[at]
    if value is None:
        return None
    to = _SQLITE[column.kind]
    found = to(value) if to is not None else value
    if not fits(column.kind, found):
        raise OddRow(shape.name, shape.key_of(row), column.name, f"holds a {type(value).__name__}, no {column.kind}")
    return _said(shape, row, column, found, mending) if of_text(column.kind) else found


def _said(shape: Shape, row: Row, column: Column, value: str, mending: Mending) -> str:
    """A text as it can be copied."""
    why = ""
    if "\0" in value and not mending.nul:
        why = "holds NUL, which PostgreSQL does not keep"
    elif not value.isascii() and not _encodes(value):
        why = "holds bytes that are not UTF-8"
    if not why:
        return value
    if not mending.do:
        raise OddRow(shape.name, shape.key_of(row), column.name, why)
    mending.mended.append((shape.name, shape.key_of(row), column.name))
    clean = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return clean if mending.nul else clean.replace("\0", "")


def _encodes(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _lenient(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _bool(value: Any) -> Any:
    return bool(value) if value in (0, 1) else value


def _instant(value: Any) -> Any:
    return f"{value}.000000" if isinstance(value, str) and len(value) == _SECOND else value


def _real(value: Any) -> Any:
    return float(value) if type(value) is int else value


def _json(value: Any) -> Any:
    """SQLite makes a number of a JSON text that is one."""
    return repr(value) if type(value) in (int, float) else value


def _terms(value: Any) -> Any:
    return " ".join(sorted(value.split(" "))) if isinstance(value, str) else value


_SQLITE: Final[dict[Kind, Callable[[Any], Any] | None]] = {
    "int": None, "real": _real, "text": None, "bool": _bool, "json": _json, "instant": _instant, "date": None,
    "blob": None, "terms": _terms,
}  # fmt: skip


def _write_sqlite(conn: Connection, shape: Shape, rows: Iterable[Row]) -> int:
    driver: Any = conn.connection.driver_connection
    columns = ", ".join(_name(column.name) for column in shape.columns)
    marks = ", ".join("?" * len(shape.columns))
    statement = f"INSERT INTO {_name(shape.name)} ({columns}) VALUES ({marks})"  # noqa: S608 - names
    rest, done = iter(rows), 0
    while batch := list(islice(rest, BATCH)):
        try:
            driver.executemany(statement, batch)
        except (OverflowError, IntegrityError, DataError) as error:
            raise OddRow(
                shape.name, f"one of {done + 1} to {done + len(batch)}", "", f"SQLite says: {error}"
            ) from error
        done += len(batch)
    return done


def _read_postgres(conn: Connection, shape: Shape) -> Iterator[Row]:
    driver: Any = conn.connection.driver_connection
    kinds = {column.name: column.kind for column in shape.columns}
    columns = ", ".join(_PG_READ.get(column.kind, "{0}").format(_name(column.name)) for column in shape.columns)
    order = ", ".join(f'{_name(each)} COLLATE "C"' if kinds[each] == "text" else _name(each) for each in shape.key)
    terms = [at for at, column in enumerate(shape.columns) if column.kind == "terms"]
    with driver.cursor(name="copying") as cursor:
        cursor.itersize = BATCH
        cursor.execute(f"SELECT {columns} FROM {_name(shape.name)} ORDER BY {order}")  # noqa: S608 - names
        for row in cursor:
            if terms:
                yield tuple(_terms(value) if at in terms else value for at, value in enumerate(row))
            else:
                yield tuple(row)


def _write_postgres(conn: Connection, shape: Shape, rows: Iterable[Row]) -> int:
    driver: Any = conn.connection.driver_connection
    columns = ", ".join(_name(column.name) for column in shape.columns)
    terms = [at for at, column in enumerate(shape.columns) if column.kind == "terms"]
    kept = _Kept(rows)
    with driver.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'UTC'")
        try:
            with cursor.copy(f"COPY {_name(shape.name)} ({columns}) FROM STDIN") as copy:
                for row in kept:
                    copy.write_row([_quoted(value) if at in terms else value for at, value in enumerate(row)])
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            raise _refused(shape, kept, error) from error
    return kept.done


class _Kept:
    """Rows on their way, of which the last ones are known for a message that names one by its place."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows, self._known, self.done = rows, dict[int, Row](), 0

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            self.done += 1
            self._known[self.done] = row
            self._known.pop(self.done - 5 * BATCH, None)
            yield row

    def at(self, line: int) -> Row | None:
        """The row of a line, counted from 1, if it is not long gone."""
        return self._known.get(line)


def _refused(shape: Shape, kept: _Kept, error: psycopg.Error) -> OddRow:
    """Which row PostgreSQL does not take, by what it says of it."""
    found = _LINE.search(error.diag.context or "")
    row = kept.at(int(found.group(1))) if found else kept.at(kept.done) if error.sqlstate is None else None
    column = (found.group(2) if found else None) or error.diag.column_name or ""
    why = error.diag.message_primary or str(error)
    place = shape.key_of(row) if row else error.diag.message_detail or "?"
    return OddRow(shape.name, place, column, f"PostgreSQL says: {why}")


def _quoted(terms: str | None) -> str | None:
    """Terms as a tsvector is written."""
    if terms is None:
        return None
    escaped = (each.replace("\\", "\\\\").replace("'", "''") for each in terms.split(" ") if each)
    return " ".join(f"'{each}'" for each in escaped)


def _sequence(conn: Connection, shape: Shape) -> str | None:
    if len(shape.key) != 1:
        return None
    found = text("SELECT pg_get_serial_sequence(:table, :column)")
    name: str | None = conn.execute(found, {"table": _name(shape.name), "column": shape.key[0]}).scalar()
    return name


def _counts(conn: Connection) -> bool:
    return conn.execute(text("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'")).first() is not None


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
