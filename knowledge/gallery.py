"""SQL of the manual's pictures: kept by content, shared by the versions that show them."""

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, select, update

from knowledge.tables import picture
from store.db import insert_into


def missing(conn: Connection, hashes: Collection[str]) -> frozenset[str]:
    """Return those of some pictures that are not kept yet."""
    known = conn.scalars(select(picture.c.hash).where(picture.c.hash.in_(hashes)))
    return frozenset(hashes) - frozenset(known)


def put(conn: Connection, contents: Mapping[str, bytes], *, used_in: int) -> None:
    """Keep pictures by their hash."""
    rows = [{"hash": name, "content": content, "used_in": used_in} for name, content in contents.items()]
    if rows:
        conn.execute(insert_into(conn, picture).on_conflict_do_nothing(), rows)


def use(conn: Connection, hashes: Collection[str], *, used_in: int) -> None:
    """Say that a version shows pictures that are kept."""
    conn.execute(update(picture).where(picture.c.hash.in_(hashes)).values(used_in=used_in))


def content(conn: Connection, name: str) -> bytes | None:
    """Return a picture's bytes; None if it is not kept."""
    found = conn.scalar(select(picture.c.content).where(picture.c.hash == name))
    return bytes(found) if found is not None else None
