"""SQL of vectors: kept by the text that they were made from, shared by all versions."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, select, update

from knowledge.tables import vector
from store.db import insert_into

_MANY = 400
_AHEAD = 50  # versions


def held(conn: Connection, embedder: str, digests: Iterable[str]) -> dict[str, bytes]:
    """Return the stored vectors among the digests."""
    wanted = list(dict.fromkeys(digests))
    found: dict[str, bytes] = {}
    for start in range(0, len(wanted), _MANY):
        rows = conn.execute(
            select(vector.c.digest, vector.c.vector).where(
                vector.c.embedder == embedder, vector.c.digest.in_(wanted[start : start + _MANY])
            )
        )
        found |= {row.digest: bytes(row.vector) for row in rows}
    return found


def put(conn: Connection, embedder: str, *, made: Mapping[str, bytes], used_in: int) -> None:
    """Keep vectors by digest."""
    rows = [{"embedder": embedder, "digest": digest, "vector": raw, "used_in": used_in} for digest, raw in made.items()]
    if rows:
        conn.execute(insert_into(conn, vector).on_conflict_do_nothing(), rows)


def use(conn: Connection, embedder: str, digests: Iterable[str], *, used_in: int) -> tuple[str, ...]:
    """Say that a version uses vectors made earlier; return those that are not there.

    They are marked for some versions ahead, so that most versions find nothing to write.
    """
    wanted = list(dict.fromkeys(digests))
    absent: list[str] = []
    for start in range(0, len(wanted), _MANY):
        some = wanted[start : start + _MANY]
        chosen = (vector.c.embedder == embedder) & vector.c.digest.in_(some)
        marks = {
            row.digest: row.used_in for row in conn.execute(select(vector.c.digest, vector.c.used_in).where(chosen))
        }
        absent += [digest for digest in some if digest not in marks]
        if any(mark < used_in for mark in marks.values()):
            conn.execute(update(vector).where(chosen, vector.c.used_in < used_in).values(used_in=used_in + _AHEAD))
    return tuple(absent)
