"""The contract in force, and every version that a ticket was ever read by. Transaction bodies.

`contract_version` is the store of contents; the newest row of `contract_adoption` says which one is in force. A
version is a hash of its content, so a contract restored once is good for the whole life of the process.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import ColumnElement, Connection, func, select

from handoff import almanac
from handoff.contract_tables import contract_adoption as adoptions
from handoff.errors import NotFound, Outdated
from handoff.policy import Book, Contract, parse, restore
from handoff.rows import Row, add, clean
from handoff.tables import contract_version as versions
from handoff.tables import ticket as tickets
from store.db import insert_into
from store.jobs import enqueue, lock_key
from store.signals import signal

ALIGN: Final = "align"
"""The queue of jobs that bring open tickets in line, a batch each: `{"after": ticket id, "client": id or null}`."""
CACHED: Final = 512
Source = Literal["file", "desk", "holidays"]
_restored: Final[dict[str, Contract]] = {}


@dataclass(frozen=True, kw_only=True)
class Adoption:
    """One line of the contract's history; `by_id` None: the program itself."""

    id: int
    version: str
    at: datetime
    by_id: int | None
    source: Source
    digest: str | None
    reason: str


class Kept(Mapping[str, Contract]):
    """The versions that the database keeps, read when asked for; good inside its transaction only."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def __getitem__(self, version: str) -> Contract:
        known = _restored.get(version)
        return _remember(_load(self._conn, version)) if known is None else known

    def __iter__(self) -> Iterator[str]:
        return iter(self._conn.execute(select(versions.c.version)).scalars().all())

    def __len__(self) -> int:
        return self._conn.execute(select(func.count()).select_from(versions)).scalar_one()


def book(conn: Connection) -> Book:
    """The contract in force, with every earlier version; raises NotFound before the first."""
    return _book(conn, _newest(conn))


def version(conn: Connection, which: str) -> Contract:
    """A version that was kept; raises NotFound."""
    try:
        return Kept(conn)[which]
    except KeyError:
        raise NotFound("contract", which) from None


def keep(conn: Connection, contract: Contract, *, now: datetime) -> None:
    """Store a contract under its version, unless it is there."""
    if conn.execute(select(versions.c.version).where(versions.c.version == contract.version)).first():
        return
    values = {"version": contract.version, "document": contract.document, "adopted_at": now}
    conn.execute(insert_into(conn, versions).values(values).on_conflict_do_nothing(index_elements=["version"]))


def adopt(
    conn: Connection,
    contract: Contract,
    *,
    source: Source = "desk",
    by: int | None = None,
    reason: str = "",
    instead_of: str | None = None,
    digest: str | None = None,
    now: datetime,
) -> Book:
    """Put a contract in force; a durable job then brings the open tickets in line. The book with it.

    Raises Outdated if it was edited from `instead_of` and another version is in force meanwhile.
    """
    lock(conn)
    before = in_force(conn)
    if before is not None and instead_of is not None and before.version != instead_of:
        raise Outdated(before.version)
    keep(conn, contract, now=now)
    values = {"version": contract.version, "at": now, "by_id": by, "source": source, "digest": digest}
    add(conn, adoptions, **values, reason=clean(reason).strip())
    if (before is None or before.version != contract.version) and conn.execute(select(tickets.c.id).limit(1)).first():
        align(conn, now=now)
    signal(conn, "desk", "")
    return Book(current=_remember(contract), past=Kept(conn))


def start(conn: Connection, document: object, *, own: bool, now: datetime) -> Book:
    """At the start of a process: adopt the file's contract if it is the first one, or if it changed since.

    A change of the default file (not the data folder's `own`) does not undo what was edited in the desk. What the
    tables of public holidays have gained meanwhile is adopted too. Raises PolicyError.
    """
    lock(conn)
    contract = parse(document, holidays=almanac.known(conn))
    digest = hashlib.sha256(json.dumps(document, sort_keys=True, default=str).encode()).hexdigest()
    read = _latest(conn, adoptions.c.source == "file")
    edited = read is not None and _latest(conn, adoptions.c.source == "desk", adoptions.c.id > read.id) is not None
    if read is None or (read.digest != digest and (own or not edited)):
        return adopt(conn, contract, source="file", digest=digest, now=now)
    return observe(conn, reason="", now=now)


def observe(conn: Connection, *, by: int | None = None, reason: str, now: datetime) -> Book:
    """Let the contract in force observe the public holidays as the tables have them now."""
    now_in_force = book(conn)
    contract = parse(now_in_force.current.root, holidays=almanac.known(conn))
    if contract.version == now_in_force.current.version:
        return now_in_force
    return adopt(conn, contract, source="holidays", by=by, reason=reason, now=now)


def in_force(conn: Connection) -> Adoption | None:
    """The newest adoption, if there was any."""
    return _latest(conn)


def history(conn: Connection, *, limit: int = 100) -> tuple[Adoption, ...]:
    """Who put which version in force when and why, newest first."""
    query = select(adoptions).order_by(adoptions.c.id.desc()).limit(limit)
    return tuple(_adoption(row) for row in conn.execute(query).mappings())


def lock(conn: Connection) -> None:
    """Let no other transaction change the contract or the tables of holidays until this one ends."""
    lock_key(conn, ALIGN, "contract")


def align(conn: Connection, *, client_id: int | None = None, after: int = 0, now: datetime) -> None:
    """Have open tickets (of one client) brought in line with their contract and tier."""
    enqueue(conn, ALIGN, {"after": after, "client": client_id}, key=ALIGN, now=now)


def _book(conn: Connection, newest: str) -> Book:
    kept = Kept(conn)
    return Book(current=kept[newest], past=kept)


def _newest(conn: Connection) -> str:
    found = conn.execute(select(adoptions.c.version).order_by(adoptions.c.id.desc()).limit(1)).scalar_one_or_none()
    if found is None:
        raise NotFound("contract", "in force")
    return str(found)


def _latest(conn: Connection, *where: ColumnElement[bool]) -> Adoption | None:
    query = select(adoptions).where(*where).order_by(adoptions.c.id.desc()).limit(1)
    row = conn.execute(query).mappings().first()
    return None if row is None else _adoption(row)


def _load(conn: Connection, which: str) -> Contract:
    document = conn.execute(select(versions.c.document).where(versions.c.version == which)).scalar_one_or_none()
    if document is None:
        raise KeyError(which)
    return restore(document)


def _remember(contract: Contract) -> Contract:
    while len(_restored) >= CACHED:
        _restored.pop(next(iter(_restored)), None)
    return _restored.setdefault(contract.version, contract)


def _adoption(row: Row) -> Adoption:
    return Adoption(**row)
