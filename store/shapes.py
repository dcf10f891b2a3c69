"""What tables look like, and what one row of them is apart from any database.

Values are plain: instants are texts of UTC (`2026-11-24 02:00:00.000000`), dates texts, JSON the text that was stored,
terms of a search index one text, sorted. So a row of SQLite and its copy in PostgreSQL are equal, and so are the lines
that a backup keeps of them.
"""

import json
import math
import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from sqlalchemy import Connection, inspect, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.types import (
    JSON,
    Boolean,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    String,
    TypeEngine,
)

from store.errors import OddRow, OddTable

Kind = Literal["int", "real", "text", "bool", "json", "instant", "date", "blob", "terms"]
Row = tuple[Any, ...]
KINDS: Final = frozenset(get_args(Kind))
TERMS: Final = {("search_entry", "words")}
"""Columns that are text in SQLite and a tsvector in PostgreSQL."""
_CHAINS: Final = frozenset({"alembic_version", "schema_line"})
"""What the chain of migrations keeps of itself."""
_TYPES: Final[tuple[tuple[type[TypeEngine[Any]], Kind], ...]] = (
    (TSVECTOR, "terms"), (JSON, "json"), (Boolean, "bool"), (Integer, "int"), (Float, "real"), (DateTime, "instant"),
    (Date, "date"), (LargeBinary, "blob"), (String, "text"),
)  # fmt: skip
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_PLAIN: Final[dict[Kind, type]] = {
    "int": int, "real": float, "text": str, "bool": bool, "json": str, "instant": str, "date": str, "blob": bytes,
    "terms": str,
}  # fmt: skip
_TEXTS: Final = frozenset({"text", "json", "terms"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Shape:
    """One table: its columns in the order of their names, and the columns of its key."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    def key_of(self, row: Row) -> str:
        """How a message names a row: `id 17`."""
        places = {column.name: at for at, column in enumerate(self.columns)}
        return ", ".join(f"{name} {_short(row[places[name]])}" for name in self.key)


def shapes(conn: Connection) -> tuple[Shape, ...]:
    """All tables of ours that this database has, parents before their children.

    Raises:
        OddTable: one has no key, or a column of a type that is none of ours.
    """
    seen = inspect(conn)
    derived = _derived(conn)
    names = [
        name
        for name, _ in seen.get_sorted_table_and_fkc_names()
        if name is not None and name not in _CHAINS and not name.startswith(derived)
    ]
    return tuple(_shape(seen, name) for name in names)


def line_of(shape: Shape, row: Row) -> bytes:
    """A row as a backup keeps it: one line of JSON, with its end."""
    values = [
        b64encode(value).decode("ascii") if column.kind == "blob" and value is not None else value
        for column, value in zip(shape.columns, row, strict=True)
    ]
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def row_of(shape: Shape, line: bytes) -> Row:
    """The row of a line.

    Raises:
        OddRow: it is none of this table.
    """
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        raise OddRow(shape.name, "?", "", "is not a line of JSON") from None
    if not isinstance(values, list) or len(values) != len(shape.columns):
        raise OddRow(shape.name, "?", "", "has not the columns of its table")
    return tuple(_read(shape, column, value) for column, value in zip(shape.columns, values, strict=True))


def fits(kind: Kind, value: Any) -> bool:
    """Whether a plain value is of its kind."""
    plain: object = type(value)
    if plain is not _PLAIN[kind]:
        return False
    match kind:
        case "real":
            return math.isfinite(value)
        case "instant":
            return _INSTANT.fullmatch(value) is not None
        case "date":
            return _DATE.fullmatch(value) is not None
    return True


def of_text(kind: Kind) -> bool:
    """Whether what people wrote may stand there."""
    return kind in _TEXTS


def _read(shape: Shape, column: Column, value: Any) -> Any:
    if value is None:
        return None
    if column.kind == "blob":
        try:
            return b64decode(value, validate=True)
        except (NotBase64, TypeError, ValueError):
            raise OddRow(shape.name, "?", column.name, "is not base64") from None
    if not fits(column.kind, value):
        raise OddRow(shape.name, "?", column.name, f"is no {column.kind}")
    return value


def _derived(conn: Connection) -> tuple[str, ...]:
    """How the names of tables begin that a database keeps for itself, or makes of others: virtual ones, and theirs."""
    if conn.dialect.name != "sqlite":
        return ("pg_",)
    virtual = text("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%'")
    return ("sqlite_", *conn.execute(virtual).scalars())


def _shape(seen: Any, name: str) -> Shape:
    key = tuple(seen.get_pk_constraint(name)["constrained_columns"])
    if not key:
        raise OddTable(name, "has no key")
    columns = (Column(each["name"], _kind(name, each)) for each in seen.get_columns(name))
    return Shape(name, tuple(sorted(columns, key=lambda column: column.name)), key)


def _kind(table: str, column: Any) -> Kind:
    if (table, column["name"]) in TERMS:
        return "terms"
    for known, kind in _TYPES:
        if isinstance(column["type"], known):
            return kind
    raise OddTable(table, f"has a column {column['name']} of type {column['type']}")


def _short(value: Any) -> str:
    shown = str(value)
    return shown if len(shown) <= 40 else f"{shown[:37]}…"  # noqa: PLR2004 - room in a line


def named(found: Sequence[Shape]) -> dict[str, Shape]:
    """The same by name."""
    return {shape.name: shape for shape in found}
