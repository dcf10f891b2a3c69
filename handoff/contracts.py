"""Contract versions in the database, so that every process, and every old ticket, knows its terms."""

import json
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection, select

from handoff.policy import Book, Contract, restore
from handoff.tables import contract_version as versions
from store.db import insert_into


def keep(conn: Connection, contract: Contract, *, now: datetime) -> None:
    """Store a contract under its version, unless it is there."""
    if conn.execute(select(versions.c.version).where(versions.c.version == contract.version)).first():
        return
    values = {"version": contract.version, "document": contract.document, "adopted_at": now}
    conn.execute(insert_into(conn, versions).values(values).on_conflict_do_nothing(index_elements=["version"]))


def adopt(conn: Connection, contract: Contract, *, now: datetime) -> Book:
    """Store a contract and put it in force; the book has every earlier version too."""
    keep(conn, contract, now=now)
    return Book(current=contract, past=_kept(conn))


def book(conn: Connection) -> Book | None:
    """The book as the database has it, the newest version in force; None before the first."""
    past = _kept(conn)
    return Book(current=list(past.values())[-1], past=past) if past else None


def _kept(conn: Connection) -> dict[str, Contract]:
    query = select(versions.c.version, versions.c.document).order_by(versions.c.adopted_at, versions.c.version)
    return {row.version: _restore(json.dumps(row.document, sort_keys=True)) for row in conn.execute(query)}


@lru_cache(maxsize=32)
def _restore(document: str) -> Contract:
    return restore(json.loads(document))
