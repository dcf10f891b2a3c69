"""One person erased, stage by stage, each a few rows in one transaction: killed anywhere, it goes on where it was.

1. `cut`: accounts, links and powers go, so that whoever writes next is somebody new; what to look for is noted.
2. `files`: what they sent is taken from the disk.
3. `derived`: tickets they asked for, the bot's turns, ratings, translations.
4. every table of the metadata, row by row: what names or quotes them.
5. `own`: their messages, last, because stage 4 looks for their words.
6. `index`: an SQLite search index drops what was taken out of it.
7. `close`: their name, and what was looked for.

Rows stay, with their times and numbers: the desk's figures are what they were.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, select, update

from handoff import search_index
from handoff.errors import NotFound
from handoff.kinds import Author, PersonKind
from handoff.rows import Row, add, first
from handoff.tables import identity, message, person
from store.jobs import enqueue, revive
from success.errors import ErasureRefused
from success.gap_tables import gap_question
from success.privacy import cutting, sweeping
from success.privacy.ground import ground
from success.privacy.needles import MARK, Needles, needles
from success.privacy.tables import erasure
from success.rating_tables import rating

ERASE: Final = "privacy_erase"
FILES: Final = 200
BATCH: Final = 500
STAGES: Final = 12
"""How many stages that end within a batch share a transaction."""
_CLOSED: Final = "done"
_FIRST: Final = "files"


@dataclass(frozen=True, kw_only=True)
class Erasure:
    """What is kept of an erasure. `after` is the last row of the stage that is done."""

    id: int
    person_id: int
    since: datetime
    by_id: int | None
    at: datetime
    state: str
    stage: str
    counts: Mapping[str, int]
    done_at: datetime | None


def preview(conn: Connection, person_id: int) -> dict[str, int]:
    """How much of what is theirs, by kind. Raises NotFound for anybody but a client's contact who is still there."""
    contact(conn, person_id)
    found = ground(conn, person_id)
    mine = (message.c.person_id == person_id, message.c.author == Author.CLIENT)
    sent = conn.execute(select(message.c.attachments).where(*mine)).scalars().all()
    return {
        "messages": len(sent),
        "files": sum(len(each) for each in sent),
        "direct_chats": len(found.own_chats),
        "tickets": len(found.own_tickets),
        "turns": len(found.turns),
        "ratings": _count(conn, rating.c.person_id == person_id),
        "accounts": _count(conn, identity.c.person_id == person_id),
        "links": cutting.links_of(conn, person_id),
        "gaps": _count(conn, gap_question.c.person_id == person_id),
    }


def contact(conn: Connection, person_id: int) -> Row:
    """A client's contact who is not erased; raises NotFound."""
    row = first(conn, person, person.c.id == person_id)
    if row is None or row["kind"] != PersonKind.CLIENT or of_person(conn, person_id) is not None:
        raise NotFound("person", person_id)
    return row


def of_person(conn: Connection, person_id: int) -> Erasure | None:
    """The erasure of this person that was asked for or done."""
    row = first(conn, erasure, erasure.c.person_id == person_id)
    return None if row is None else _erasure(row)


def ask(conn: Connection, person_id: int, *, by: int | None, now: datetime, at: datetime | None = None) -> Erasure:
    """Have a person erased; what nobody can wait for, the cut, is done at once. Raises NotFound, ErasureRefused.

    `at`: when it was first asked for, where a restored copy is erased again.
    """
    conn.execute(select(person.c.id).where(person.c.id == person_id).with_for_update())  # one asks after the other
    if of_person(conn, person_id) is not None:
        raise ErasureRefused("asked")
    row = contact(conn, person_id)
    counts = preview(conn, person_id)
    values = {"person_id": person_id, "since": row["created_at"], "by_id": by, "at": at or now, "state": "waiting"}
    made = add(conn, erasure, **values, stage=_FIRST, counts=counts)
    looked_for = cutting.cut(conn, ground(conn, person_id), now=now)
    conn.execute(update(erasure).where(erasure.c.id == made["id"]).values(needles=looked_for))
    _send(conn, made["id"], now=now)
    return _erasure(made)


def resume(conn: Connection, *, now: datetime) -> int:
    """Take up again what is not done and was given up, or has no job any more; how many."""
    undone = conn.execute(select(erasure.c.id).where(erasure.c.state != _CLOSED)).scalars().all()
    return sum(revive(conn, ERASE, dedup=str(each), now=now) or _send(conn, each, now=now) for each in undone)


def _send(conn: Connection, erasure_id: int, *, now: datetime) -> bool:
    """Hand an erasure to the worker; whether it had no job yet."""
    return enqueue(conn, ERASE, {"erasure": erasure_id}, dedup=str(erasure_id), now=now) is not None


def next_files(conn: Connection, erasure_id: int) -> tuple[str, ...]:
    """The names of files to be taken from the disk before the next step."""
    row = first(conn, erasure, erasure.c.id == erasure_id)
    if row is None or row["stage"] != "files":
        return ()
    return tuple(name for _, names in _files(conn, row) for name in names)


def step(conn: Connection, erasure_id: int, *, now: datetime, batch: int = BATCH) -> bool:
    """Do the next few rows; whether there is more to do. Safe to run again."""
    row = conn.execute(select(erasure).where(erasure.c.id == erasure_id).with_for_update()).mappings().first()
    if row is None or row["state"] == _CLOSED:
        return False
    search_index.overwrite(conn)
    stages = ("files", "derived", *sweeping.tables(), "own", "index", "close")
    known = row["stage"] in stages
    at = stages.index(row["stage"] if known else "derived")  # another version may have other tables
    after, do = row["after"] if known else None, _Doing(conn, row, batch=batch, now=now)
    for _ in range(STAGES):
        after = do(stages[at], after)
        if stages[at] == "close":
            return False
        if after is not None:
            break
        at += 1
    values = {"state": "running", "stage": stages[at], "after": after}
    conn.execute(update(erasure).where(erasure.c.id == erasure_id).values(values))
    return True


def listed(conn: Connection, *, limit: int = 100) -> tuple[Erasure, ...]:
    """The erasures, the newest first."""
    rows = conn.execute(select(erasure).order_by(erasure.c.id.desc()).limit(limit)).mappings()
    return tuple(_erasure(row) for row in rows)


def find(conn: Connection, erasure_id: int) -> Erasure | None:
    """The erasure with this id."""
    row = first(conn, erasure, erasure.c.id == erasure_id)
    return None if row is None else _erasure(row)


class _Doing:
    """One transaction's work: who had to do with what, and what is looked for, are found out once."""

    def __init__(self, conn: Connection, row: Row, *, batch: int, now: datetime) -> None:
        self._conn, self._row, self._batch, self._now = conn, row, batch, now
        self._ground = ground(conn, row["person_id"])
        self._needles: Needles | None = None

    def __call__(self, stage: str, after: Any) -> Any:
        """The next few rows of a stage; the last of them, None where the stage is done."""
        match stage:
            case "files":
                return _without_files(self._conn, self._row)
            case "derived":
                return sweeping.derived(self._conn, self._ground, now=self._now)
            case "own":
                return sweeping.own(self._conn, self._row["person_id"], after=after, batch=self._batch)
            case "index":
                return 1 if search_index.purge(self._conn, first=after is None) else None
            case "close":
                return _close(self._conn, self._row, now=self._now)
        self._needles = self._needles or _needles(self._conn, self._row)
        return sweeping.table(self._conn, stage, self._ground, self._needles, after=after, batch=self._batch)


def _needles(conn: Connection, row: Row) -> Needles:
    kept: Mapping[str, Any] = row["needles"] or {}
    mine = (message.c.person_id == row["person_id"], message.c.author == Author.CLIENT, message.c.text != MARK)
    said = [*conn.execute(select(message.c.text).where(*mine)).scalars(), *kept.get("said", ())]
    return needles(accounts=kept.get("accounts", ()), names=kept.get("names", ()), said=said)


def _files(conn: Connection, row: Row) -> list[tuple[int, tuple[str, ...]]]:
    found = ground(conn, row["person_id"])
    return cutting.files(conn, found, after=row["after"] or 0, limit=FILES)


def _without_files(conn: Connection, row: Row) -> int | None:
    some = _files(conn, row)
    if some:
        conn.execute(update(message).where(message.c.id.in_([each for each, _ in some])).values(attachments=[]))
    return some[-1][0] if len(some) == FILES else None


def _close(conn: Connection, row: Row, *, now: datetime) -> None:
    conn.execute(update(person).where(person.c.id == row["person_id"]).values(name=MARK, name_kept=True))
    done = {"state": _CLOSED, "stage": "close", "after": None, "needles": None, "done_at": now}
    conn.execute(update(erasure).where(erasure.c.id == row["id"]).values(done))


def _count(conn: Connection, where: Any) -> int:
    return conn.execute(select(func.count()).select_from(where.left.table).where(where)).scalar_one()


def _erasure(row: Row) -> Erasure:
    names = ("id", "person_id", "since", "by_id", "at", "state", "stage", "counts", "done_at")
    return Erasure(**{name: row[name] for name in names})
