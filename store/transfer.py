"""An SQLite database carried over into an empty PostgreSQL, every table in one transaction; compared row by row."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from sqlalchemy import Connection, inspect

from store import copying, raw
from store.copying import Mending
from store.errors import NotEmpty, NotTheSame, OddRow
from store.migrate import bring, knows, lock, newest, revision_of
from store.shapes import Row, Shape, line_of, shapes

Tell = Callable[[str, int], None]
"""Hears of every table that was copied: its name, and how many rows."""
_END: Final = object()


@dataclass(frozen=True, kw_only=True)
class Copied:
    """One table: how many rows, and the digest of their lines, which both databases gave."""

    table: str
    rows: int
    digest: str


@dataclass(frozen=True, kw_only=True)
class Transferred:
    """What was carried over. `mended`: (table, row, column) of texts that lost letters PostgreSQL does not keep."""

    tables: tuple[Copied, ...]
    revision: str
    mended: tuple[tuple[str, str, str], ...]

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum(each.rows for each in self.tables)


def transfer(source: str, target: str, *, mend: bool = False, tell: Tell = lambda *_: None) -> Transferred:
    """Carry all rows over. Nobody may be writing to the source, which stays as it is.

    Raises:
        NotEmpty: the target has rows, or tables of somebody else.
        OddRow, OddTable: what PostgreSQL does not take; nothing was kept there.
        NotTheSame: what arrived is not what was sent; nothing was kept there.
        DatabaseNewer: a later program has migrated the source.
    """
    mending = Mending(do=mend)
    with raw.snapshot(source) as old, raw.whole(target) as new:
        revision = _revision(old)
        lock(new)
        make_room(new, revision)
        refuse_orphans(old)
        known = {shape.name: shape for shape in shapes(new)}
        copied = []
        for shape in shapes(old):
            if known.get(shape.name) != shape:
                raise NotTheSame(shape.name, "it has other columns there")
            copied.append(_copied(old, new, shape, mending))
            tell(shape.name, copied[-1].rows)
        bring(new)
        new.exec_driver_sql("ANALYZE")
        return Transferred(tables=tuple(copied), revision=newest(), mended=tuple(dict.fromkeys(mending.mended)))


def make_room(conn: Connection, revision: str) -> None:
    """Bring an empty database to a revision, for rows to be put in.

    Raises:
        NotEmpty: it has rows, or tables of somebody else, or is at another revision.
    """
    here = revision_of(conn)
    if here is None:
        if tables := inspect(conn).get_table_names():
            raise NotEmpty(f"the database has tables that are not ours ({', '.join(sorted(tables)[:3])})")
        bring(conn, revision)
        return
    for shape in shapes(conn):
        if rows := copying.count(conn, shape):
            raise NotEmpty(f"the database has {rows} rows in {shape.name} already")
    if here != revision:
        raise NotEmpty(f"the database is empty but at revision {here}, not {revision}: make a new one")


def refuse_orphans(conn: Connection) -> None:
    """Raise OddRow where rows of an SQLite database have no parents."""
    if lost := copying.orphans(conn):
        table, what = lost[0]
        more = f" (and {len(lost) - 1} more or so)" if len(lost) > 1 else ""
        raise OddRow(table, "?", "", f"{what}{more}; delete what has no parent")


def digest(conn: Connection, shape: Shape) -> tuple[int, str]:
    """How many rows a table has, and the digest of their lines in the order of their keys."""
    found, rows = hashlib.sha256(), 0
    for row in copying.read(conn, shape):
        found.update(line_of(shape, row))
        rows += 1
    return rows, found.hexdigest()


def _revision(conn: Connection) -> str:
    found = revision_of(conn)
    if found is None or not knows(found):
        raise NotEmpty(f"the source is at revision {found}, which this program does not know")
    return found


def _copied(old: Connection, new: Connection, shape: Shape, mending: Mending) -> Copied:
    with closing(copying.read(old, shape, mending=mending)) as rows:
        copying.write(new, shape, rows)
    copying.go_on_after(new, shape, copying.last_id(old, shape))
    with closing(copying.read(old, shape, mending=mending)) as sent, closing(copying.read(new, shape)) as arrived:
        count, found = _compared(shape, sent, arrived)
    return Copied(table=shape.name, rows=count, digest=found)


def _compared(shape: Shape, sent: Iterator[Row], arrived: Iterator[Row]) -> tuple[int, str]:
    """Both sides row by row: the same keys in the same order, every column equal."""
    found, rows = hashlib.sha256(), 0
    for ours, theirs in zip_longest(sent, arrived, fillvalue=_END):
        if ours != theirs:
            raise NotTheSame(shape.name, _difference(shape, ours, theirs))
        found.update(line_of(shape, ours))  # type: ignore[arg-type]
        rows += 1
    return rows, found.hexdigest()


def _difference(shape: Shape, ours: object, theirs: object) -> str:
    if not isinstance(theirs, tuple):
        assert isinstance(ours, tuple)
        return f"row {shape.key_of(ours)} is missing"
    if not isinstance(ours, tuple):
        return f"row {shape.key_of(theirs)} is too many"
    columns = [c.name for c, mine, other in zip(shape.columns, ours, theirs, strict=True) if mine != other]
    return f"row {shape.key_of(ours)} differs in {', '.join(columns)}"
