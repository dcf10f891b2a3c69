"""Who was erased, in a file beside the database: one line each, so that a restored copy is erased again.

A line names nobody: the person's row by its number and when that was made, when and by whom of ours it was asked for,
how much it was. The file must not be restored with the database; it may lie on another disk.
"""

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select

from handoff.kinds import PersonKind
from handoff.tables import person
from success.errors import ErasureRefused
from success.privacy import erasing
from success.privacy.erasing import Erasure

FILE: Final = "erasures.jsonl"


@dataclass(frozen=True, kw_only=True)
class Tombstone:
    """One line."""

    person_id: int
    since: datetime
    at: datetime
    by_id: int | None
    counts: Mapping[str, int]

    @classmethod
    def of(cls, done: Erasure) -> "Tombstone":
        """The line of an erasure."""
        return cls(person_id=done.person_id, since=done.since, at=done.at, by_id=done.by_id, counts=dict(done.counts))


def read(path: Path) -> tuple[Tombstone, ...]:
    """Every line that can be read, once; a last one that was cut off by a crash is passed over."""
    if not path.is_file():
        return ()
    found: dict[tuple[int, datetime], Tombstone] = {}
    for line in path.read_text("utf-8", "replace").splitlines():
        one = _line(line)
        if one is not None:
            found[one.person_id, one.since] = one
    return tuple(found.values())


def write(path: Path, stones: Iterable[Tombstone]) -> None:
    """Add the lines that are not there; blocks until they are on the disk."""
    there = {(each.person_id, each.since) for each in read(path)}
    new = {(each.person_id, each.since): each for each in stones if (each.person_id, each.since) not in there}
    if not new:
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "ab") as file:
        if file.tell() and os.pread(handle, 1, file.tell() - 1) != b"\n":
            file.write(b"\n")
        file.writelines(_written(each) for each in new.values())
        file.flush()
        os.fsync(handle)


def replay(conn: Connection, lines: tuple[Tombstone, ...], *, now: datetime) -> int:
    """Ask for the erasure of everybody who is there again; how many. A transaction body."""
    again = 0
    for one in lines:
        row = conn.execute(select(person.c.kind, person.c.created_at).where(person.c.id == one.person_id)).first()
        if row is None or row.kind != PersonKind.CLIENT or row.created_at != one.since:
            continue
        with suppress(ErasureRefused):
            erasing.ask(conn, one.person_id, by=None, now=now, at=one.at)
            again += 1
    return again


def _written(one: Tombstone) -> bytes:
    facts = {"person": one.person_id, "since": one.since.isoformat(), "at": one.at.isoformat(), "by": one.by_id}
    return json.dumps(facts | {"counts": dict(one.counts)}).encode() + b"\n"


def _line(line: str) -> Tombstone | None:
    try:
        facts = json.loads(line)
        return Tombstone(
            person_id=int(facts["person"]),
            since=datetime.fromisoformat(facts["since"]),
            at=datetime.fromisoformat(facts["at"]),
            by_id=facts["by"],
            counts=dict(facts["counts"]),
        )
    except (ValueError, KeyError, TypeError):
        return None
