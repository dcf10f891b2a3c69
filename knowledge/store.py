"""SQL of the manual: plain functions of a connection, to be run inside transaction bodies."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from knowledge.errors import AlreadyIndexing, LiveChanged, UnknownVersion
from knowledge.model import Audience, Chunk, GoldenScore, Page, Picture, Version
from knowledge.tables import LIVE_ROW, chunk, live, log, page, picture, vector, version, withdrawal
from store.db import insert_into

LEASE = timedelta(seconds=120)


@dataclass(frozen=True, kw_only=True)
class State:
    """What decides over every search: the live version, the revision, and the withdrawn pages."""

    version: int | None
    revision: int
    withdrawn: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A version as stored, without its vectors."""

    id: int
    source_hash: str
    embedder: str
    evidence: Mapping[str, object] | None
    pages: tuple[Page, ...]
    chunks: tuple[Chunk, ...]


def state(conn: Connection) -> State:
    """Return what is live."""
    row = conn.execute(select(live.c.version, live.c.revision).where(live.c.id == LIVE_ROW)).first()
    pages = frozenset(conn.scalars(select(withdrawal.c.page)))
    return State(version=row.version if row else None, revision=row.revision if row else 0, withdrawn=pages)


def begin(conn: Connection, *, by: str, reason: str, source_hash: str, embedder: str, now: datetime) -> int:
    """Open a version that is being built.

    Raises:
        AlreadyIndexing: another one is, and its builder is alive.
    """
    busy = conn.scalar(select(version.c.id).where(version.c.state == "building", version.c.lease > now).limit(1))
    if busy is not None:
        raise AlreadyIndexing(int(busy))
    made = conn.execute(
        insert(version).values(
            state="building",
            created_by=by,
            reason=reason,
            source_hash=source_hash,
            embedder=embedder,
            pages=0,
            chunks=0,
            created_at=now,
            lease=now + LEASE,
        )
    )
    key = made.inserted_primary_key
    assert key is not None
    return int(key[0])


def renew(conn: Connection, number: int, *, now: datetime) -> None:
    """Say that the builder of a version is alive."""
    building = (version.c.id == number) & (version.c.state == "building")
    conn.execute(update(version).where(building).values(lease=now + LEASE))


def put_contents(conn: Connection, number: int, *, pages: Sequence[Page], chunks: Sequence[Chunk]) -> None:
    """Store the pages and chunks of a version."""
    page_rows = [
        {"version": number, "number": i, "page": p.id, "hash": p.hash, "content": _content(p)}
        for i, p in enumerate(pages)
    ]
    chunk_rows = [
        {
            "version": number,
            "number": i,
            "hash": c.hash,
            "page": c.page,
            "heading": c.heading,
            "anchor": c.anchor,
            "text": c.text,
            "first_line": c.lines[0],
            "last_line": c.lines[1],
        }
        for i, c in enumerate(chunks)
    ]
    if page_rows:
        conn.execute(insert(page), page_rows)
    if chunk_rows:
        conn.execute(insert(chunk), chunk_rows)


def _content(held: Page) -> dict[str, Any]:
    content = asdict(held)
    content["review_by"] = held.review_by.isoformat() if held.review_by else None
    return content


def page_of(content: Mapping[str, Any]) -> Page:
    """Return a page from what is stored of it."""
    values = dict(content)
    for name in ("questions", "tiers", "clients", "supersedes", "translations"):
        values[name] = tuple(values.get(name, ()))
    values["pictures"] = tuple(Picture(**held) for held in values.get("pictures", ()))
    values["audience"] = Audience(values["audience"])
    values["review_by"] = date.fromisoformat(values["review_by"]) if values["review_by"] else None
    return Page(**values)


def complete(
    conn: Connection,
    number: int,
    *,
    pages: int,
    chunks: int,
    golden: GoldenScore | None,
    evidence: Mapping[str, object],
) -> None:
    """Mark a version as whole; done in the transaction that publishes it."""
    conn.execute(
        update(version)
        .where(version.c.id == number)
        .values(
            state="complete",
            pages=pages,
            chunks=chunks,
            golden=asdict(golden) if golden else None,
            evidence=dict(evidence),
            lease=None,
        )
    )


def stays(conn: Connection, since: int | None) -> None:
    """Hold the live version still until the transaction ends, if it is still ``since``.

    Raises:
        LiveChanged: it is not.
    """
    lively = conn.scalar(select(live.c.version).where(live.c.id == LIVE_ROW).with_for_update())
    if lively != since:
        raise LiveChanged(since=since, to=lively)


def publish(conn: Connection, number: int, *, by: str, verb: str, reason: str, now: datetime) -> None:
    """Make a complete version the live one.

    Raises:
        UnknownVersion: there is no complete version of that number.
    """
    found = conn.execute(
        update(version)
        .where(version.c.id == number, version.c.state == "complete")
        .values(published_at=func.coalesce(version.c.published_at, now))
    )
    if not found.rowcount:
        raise UnknownVersion(number)
    _bump(conn, version=number)
    note(conn, by=by, verb=verb, version=number, reason=reason, now=now)


def _bump(conn: Connection, **changed: int) -> None:
    row = insert_into(conn, live).values(id=LIVE_ROW, revision=1, **changed)
    conn.execute(
        row.on_conflict_do_update(index_elements=[live.c.id], set_={"revision": live.c.revision + 1, **changed})
    )


def note(
    conn: Connection,
    *,
    by: str,
    verb: str,
    now: datetime,
    version: int | None = None,
    page: str | None = None,
    reason: str = "",
) -> None:
    """Write the log of who changed what may be found."""
    conn.execute(insert(log).values(at=now, done_by=by, verb=verb, version=version, page=page, reason=reason))


def withdraw(conn: Connection, page_id: str, *, by: str, now: datetime, reason: str = "") -> None:
    """Hide a page from every search, in every version."""
    row = insert_into(conn, withdrawal).values(page=page_id, withdrawn_by=by, at=now)
    conn.execute(row.on_conflict_do_nothing())
    _bump(conn)
    note(conn, by=by, verb="withdraw", page=page_id, reason=reason, now=now)


def restore(conn: Connection, page_id: str, *, by: str, now: datetime, reason: str = "") -> None:
    """Undo a withdrawal."""
    conn.execute(delete(withdrawal).where(withdrawal.c.page == page_id))
    _bump(conn)
    note(conn, by=by, verb="restore", page=page_id, reason=reason, now=now)


def load(conn: Connection, number: int) -> Stored:
    """Return a complete version.

    Raises:
        UnknownVersion: there is none of that number.
    """
    row = conn.execute(
        select(version.c.source_hash, version.c.embedder, version.c.evidence).where(
            version.c.id == number, version.c.state == "complete"
        )
    ).first()
    if row is None:
        raise UnknownVersion(number)
    contents = conn.scalars(select(page.c.content).where(page.c.version == number).order_by(page.c.number))
    rows = conn.execute(select(chunk).where(chunk.c.version == number).order_by(chunk.c.number))
    return Stored(
        id=number,
        source_hash=row.source_hash,
        embedder=row.embedder,
        evidence=row.evidence,
        pages=tuple(page_of(content) for content in contents),
        chunks=tuple(
            Chunk(
                hash=r.hash,
                page=r.page,
                heading=r.heading,
                anchor=r.anchor,
                text=r.text,
                lines=(r.first_line, r.last_line),
            )
            for r in rows
        ),
    )


def drop_unfinished(conn: Connection, *, now: datetime | None) -> None:
    """Delete versions whose building stopped: all of them, or those whose lease is past at ``now``."""
    dead = delete(version).where(version.c.state == "building")
    if now is not None:
        dead = dead.where(or_(version.c.lease.is_(None), version.c.lease <= now))
    conn.execute(dead)


def drop_building(conn: Connection, number: int) -> None:
    """Delete a version whose building failed; one that was completed stays."""
    conn.execute(delete(version).where(version.c.id == number, version.c.state == "building"))


def refuse(conn: Connection, number: int, *, by: str, reason: str, now: datetime) -> None:
    """Delete a version that did worse than the live one, and log it."""
    conn.execute(delete(version).where(version.c.id == number, version.c.published_at.is_(None)))
    note(conn, by=by, verb="refuse", version=number, reason=reason, now=now)


def prune(conn: Connection, *, keep: int) -> frozenset[int]:
    """Keep the live version, the ``keep`` latest published ones and what is being built; return these."""
    lively = conn.scalar(select(live.c.version).where(live.c.id == LIVE_ROW))
    latest = conn.scalars(
        select(version.c.id).where(version.c.published_at.is_not(None)).order_by(version.c.id.desc()).limit(keep)
    )
    building = conn.scalars(select(version.c.id).where(version.c.state == "building"))
    kept = frozenset({*latest, *building, *([lively] if lively is not None else [])})
    conn.execute(delete(version).where(version.c.id.not_in(kept)))
    if kept:
        conn.execute(delete(vector).where(vector.c.used_in < min(kept)))
        conn.execute(delete(picture).where(picture.c.used_in < min(kept)))
    return kept


def before(conn: Connection, number: int) -> int:
    """Return the version that was published before ``number``.

    Raises:
        UnknownVersion: there is none.
    """
    found = conn.scalar(
        select(version.c.id)
        .where(version.c.published_at.is_not(None), version.c.id < number)
        .order_by(version.c.id.desc())
        .limit(1)
    )
    if found is None:
        raise UnknownVersion(None)
    return int(found)


def versions(conn: Connection) -> tuple[Version, ...]:
    """Return every version, latest first."""
    lively = conn.scalar(select(live.c.version).where(live.c.id == LIVE_ROW))
    rows = conn.execute(select(version).order_by(version.c.id.desc()))
    return tuple(
        Version(
            id=row.id,
            state=row.state,
            live=row.id == lively,
            by=row.created_by,
            reason=row.reason,
            created_at=row.created_at,
            published_at=row.published_at,
            embedder=row.embedder,
            pages=row.pages,
            chunks=row.chunks,
            golden=_golden(row.golden),
        )
        for row in rows
    )


def _golden(stored: Mapping[str, Any] | None) -> GoldenScore | None:
    return GoldenScore(**{**stored, "misses": tuple(stored["misses"])}) if stored else None
