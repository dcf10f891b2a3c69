"""The versions of the rules, which one is in force, and the rules that the guard has stopped. Transaction bodies."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from handoff.errors import NotFound
from handoff.rows import add, clean
from store.db import insert_into
from store.signals import signal
from success.rule_model import Book
from success.rule_reading import read
from success.rule_tables import rule_book as books
from success.rule_tables import rule_stop as stops

SHIPPED: Final = Path(__file__).parent / "default_rules.yaml"


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version as it was written; 0 is the one that comes with the program."""

    id: int
    source: str
    at: datetime | None = None
    by_id: int | None = None
    published_at: datetime | None = None
    published_by: int | None = None


@dataclass(frozen=True, kw_only=True)
class Stop:
    """A rule that the guard has stopped, and why: `depth` or `limit`."""

    rule: str
    at: datetime
    why: str


@lru_cache(maxsize=16)
def _book(source: str) -> Book:
    return read(source)


@lru_cache(maxsize=1)
def shipped() -> str:
    """The rules that come with the program."""
    return SHIPPED.read_text("utf-8")


def in_force(conn: Connection) -> tuple[Version, Book]:
    """The version in force, and what it says."""
    query = (
        select(books).where(books.c.published_at.is_not(None)).order_by(books.c.published_at.desc(), books.c.id.desc())
    )
    row = conn.execute(query.limit(1)).mappings().first()
    version = Version(id=0, source=shipped()) if row is None else _version(row)
    return version, _book(version.source)


def keep(conn: Connection, source: str, *, by: int, now: datetime) -> Version:
    """Keep a version, which is not in force by that. Raises RulesBroken."""
    source = clean(source).replace("\r\n", "\n")
    _book(source)
    return _version(add(conn, books, source=source, at=now, by_id=by))


def publish(conn: Connection, version_id: int, *, by: int, now: datetime) -> Version:
    """Put a version in force. Raises NotFound, RulesBroken (it was kept by an older program)."""
    row = conn.execute(select(books).where(books.c.id == version_id).with_for_update()).mappings().first()
    if row is None:
        raise NotFound("rules", version_id)
    _book(row["source"])
    conn.execute(update(books).where(books.c.id == version_id).values(published_at=now, published_by=by))
    signal(conn, "desk", "")
    return _version({**row, "published_at": now, "published_by": by})


def version(conn: Connection, version_id: int) -> Version:
    """The version with this id. Raises NotFound."""
    if version_id == 0:
        return Version(id=0, source=shipped())
    row = conn.execute(select(books).where(books.c.id == version_id)).mappings().first()
    if row is None:
        raise NotFound("rules", version_id)
    return _version(row)


def book_of(conn: Connection, version_id: int) -> Book:
    """What a version says. Raises NotFound."""
    return _book(version(conn, version_id).source)


def versions(conn: Connection, *, limit: int = 50) -> tuple[Version, ...]:
    """The versions, the newest first."""
    query = select(books).order_by(books.c.id.desc()).limit(limit)
    return tuple(_version(row) for row in conn.execute(query).mappings())


def stop(conn: Connection, rule: str, why: str, *, now: datetime) -> bool:
    """Stop a rule; False if it was stopped already."""
    row = {"rule": rule, "at": now, "why": why}
    statement = insert_into(conn, stops).values(row).on_conflict_do_nothing(index_elements=["rule"])
    return conn.execute(statement.returning(stops.c.rule)).first() is not None


def resume(conn: Connection, rule: str) -> None:
    """Let a stopped rule run again. Raises NotFound."""
    if not conn.execute(delete(stops).where(stops.c.rule == rule)).rowcount:
        raise NotFound("rule", rule)
    signal(conn, "desk", "")


def stopped(conn: Connection) -> dict[str, Stop]:
    """The stopped rules, by key."""
    return {row["rule"]: Stop(**row) for row in conn.execute(select(stops)).mappings()}


def _version(row: Mapping[Any, Any]) -> Version:
    return Version(**{name: row[name] for name in Version.__dataclass_fields__})
