"""A backup's rows: every table of a database at one instant, in a form that either database takes.

`manifest.json` comes last, so that what was cut off is never whole. It names the schema, every table with its number of
rows and their digest, and every member with its size and digest; nothing is believed that does not agree with it.
"""

import hashlib
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Connection

from store import copying
from store.archive import Content, Member, Reader, Writer
from store.copying import Mending
from store.errors import BadBackup, DatabaseNewer, NotTheSame
from store.migrate import bring, knows, lock, revision_of
from store.shapes import Column, Kind, Row, Shape, line_of, row_of, shapes
from store.transfer import digest, make_room, refuse_orphans

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
_CHUNK: Final = 4 << 20
_LARGEST_CHUNK: Final = 256 << 20
_LARGEST_MANIFEST: Final = 64 << 20


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TableFacts(_Strict):
    """One table of a backup."""

    name: str
    columns: list[tuple[str, Kind]]
    key: list[str]
    rows: int
    digest: str
    last_id: int

    @property
    def shape(self) -> Shape:
        """What it looked like."""
        return Shape(self.name, tuple(Column(name, kind) for name, kind in self.columns), tuple(self.key))


class MemberFacts(_Strict):
    """One file of a backup. `place`: where it belongs, where that is not its name."""

    name: str
    size: int
    sha256: str
    place: str | None = None


class Manifest(_Strict):
    """What a backup says of itself. `gone`: files that were taken away while they were copied."""

    format: Literal[1]
    program: str
    revision: str
    made_at: str
    database: Literal["sqlite", "postgresql"]
    tables: list[TableFacts]
    members: list[MemberFacts]
    gone: list[str] = Field(default_factory=list)

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum(table.rows for table in self.tables)

    def count(self, kind: str) -> int:
        """How many members are of a kind: `files`, `folder`, `manual`."""
        return sum(each.name.startswith(f"{kind}/") for each in self.members)


def write_rows(conn: Connection, archive: Writer) -> tuple[str, list[TableFacts]]:
    """Write every table into a backup, as this transaction sees it; the schema's revision, and what there was.

    Raises:
        OddRow, OddTable: something that could not be put back.
        BadBackup: there is nothing to back up.
    """
    revision = revision_of(conn)
    if revision is None:
        raise BadBackup("the database is empty: there is nothing to back up")
    return revision, [_write_table(conn, shape, archive) for shape in shapes(conn)]


def check(reader: Reader) -> Manifest:
    """Read all of a backup, and see that it is what its manifest says.

    Raises:
        BadBackup: it is not.
    """
    found: list[Member] = []
    told: dict[str, _Told] = {}
    manifest: Manifest | None = None
    for content in reader:
        if manifest is not None:
            raise BadBackup(f"{content.name} comes after the manifest")
        if content.name == MANIFEST:
            manifest = _read_manifest(content)
            continue
        if table := table_of(content.name):
            told.setdefault(table, _Told()).read(content)
        found.append(content.member)
    if manifest is None:
        raise BadBackup("it has no manifest: it is cut off, or no backup of Aftercare")
    _agree(manifest, found, told)
    return manifest


def load_rows(
    conn: Connection, reader: Reader, manifest: Manifest, *, others: Callable[[Content], None]
) -> dict[str, int]:
    """Put the rows of a backup that was checked into an empty database, and see that they arrived.

    `others` takes the files. The database is brought to the backup's schema; `finish` goes on from there. Returns the
    rows of each table.

    Raises:
        NotEmpty: there are rows already.
        DatabaseNewer: a later program made the backup.
        OddRow, NotTheSame, BadBackup: what cannot be put back; the caller's transaction must be given up.
    """
    if not knows(manifest.revision):
        raise DatabaseNewer(manifest.revision)
    lock(conn)
    make_room(conn, manifest.revision)
    there = {shape.name: shape for shape in shapes(conn)}
    facts = {table.name: table for table in manifest.tables}
    if {name: table.shape for name, table in facts.items()} != there:
        raise BadBackup(f"its tables are not those of schema {manifest.revision}")
    for table, contents in groupby(reader, key=lambda content: table_of(content.name)):
        if table is None:
            for content in contents:
                if content.name != MANIFEST:
                    others(content)
        else:
            copying.write(conn, there[table], _rows(there[table], contents))
    return {table.name: _arrived(conn, there[table.name], table) for table in manifest.tables}


def finish(conn: Connection) -> None:
    """What is to be done once all rows are there: keys are looked at, the schema is brought to the newest."""
    refuse_orphans(conn)
    bring(conn)
    conn.exec_driver_sql("ANALYZE")


def table_of(member: str) -> str | None:
    """The table whose rows a member holds."""
    room, _, rest = member.partition("/")
    return rest.partition("/")[0] if room == "rows" else None


class _Told:
    """Rows as they come out of a backup: their number and digest, without holding them."""

    def __init__(self) -> None:
        self.rows, self._found = 0, hashlib.sha256()

    def read(self, content: Content) -> None:
        for piece in content.pieces():
            self.rows += piece.count(b"\n")
            self._found.update(piece)

    @property
    def digest(self) -> str:
        return self._found.hexdigest()


def _write_table(conn: Connection, shape: Shape, archive: Writer) -> TableFacts:
    found, rows, number, chunk = hashlib.sha256(), 0, 0, bytearray()

    def put() -> None:
        nonlocal number
        number += 1
        archive.add(f"rows/{shape.name}/{number:06}.jsonl", bytes(chunk))
        found.update(chunk)
        chunk.clear()

    for row in copying.read(conn, shape, mending=Mending(nul=True)):
        chunk += line_of(shape, row)
        rows += 1
        if len(chunk) >= _CHUNK:
            put()
    if chunk:
        put()
    columns: list[tuple[str, Any]] = [(column.name, column.kind) for column in shape.columns]
    last = copying.last_id(conn, shape)
    return TableFacts(
        name=shape.name, columns=columns, key=list(shape.key), rows=rows, digest=found.hexdigest(), last_id=last
    )


def _read_manifest(content: Content) -> Manifest:
    try:
        return Manifest.model_validate_json(content.read(most=_LARGEST_MANIFEST))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise BadBackup(f"its manifest cannot be read ({where}: {first['msg']})") from None


def _agree(manifest: Manifest, found: list[Member], told: dict[str, _Told]) -> None:
    said = [Member(each.name, each.size, each.sha256) for each in manifest.members]
    if said != found:
        odd = next((a.name for a, b in zip(said, found, strict=False) if a != b), "its members")
        raise BadBackup(f"{odd}: not what the manifest says; the backup was changed or damaged")
    if len({each.name for each in found}) != len(found):
        raise BadBackup("a member comes twice")
    for table in manifest.tables:
        one = told.pop(table.name, _Told())
        if (one.rows, one.digest) != (table.rows, table.digest):
            raise BadBackup(f"table {table.name}: not the rows that the manifest says")
    if told:
        raise BadBackup(f"it has rows of {min(told)}, which its manifest does not know")


def _rows(shape: Shape, contents: Iterator[Content]) -> Iterator[Row]:
    for content in contents:
        for line in content.read(most=_LARGEST_CHUNK).splitlines():
            yield row_of(shape, line)


def _arrived(conn: Connection, shape: Shape, table: TableFacts) -> int:
    copying.go_on_after(conn, shape, table.last_id)
    rows, found = digest(conn, shape)
    if (rows, found) != (table.rows, table.digest):
        raise NotTheSame(shape.name, f"{rows} of {table.rows} rows, or others")
    return rows
