"""Who has a ticket's page open, and who is writing. Transaction bodies.

A row for each open page, renewed while somebody looks at it and forgotten soon after: it says nothing about who
works on the ticket. Everybody on that ticket is told (`attending`) only when what they would see has changed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, delete, func, select

from handoff.case_tables import attendance as rows
from handoff.rows import number_of
from handoff.tables import person
from store.db import insert_into
from store.signals import signal

TOPIC: Final = "attending"
EXPIRES: Final = timedelta(seconds=20)
RENEWED: Final = timedelta(seconds=8)
"""How often a page should say that it is still there."""
_FRESH: Final = timedelta(seconds=3)  # said again sooner, nothing is written
_MOST_TABS: Final = 8  # of one person on one ticket
_SWEPT: Final = timedelta(minutes=5)


class Doing(StrEnum):
    """What somebody does there; the later one counts where a person has several pages open."""

    LOOKING = "looking"
    NOTING = "noting"
    WRITING = "writing"

    @property
    def rank(self) -> int:
        """More for what concerns the others more."""
        return list(Doing).index(self)


@dataclass(frozen=True, kw_only=True)
class Attendant:
    """A colleague on the ticket's page; nothing newer heard by `until`, they have gone."""

    person_id: int
    name: str
    doing: Doing
    until: datetime


def attend(conn: Connection, *, ticket_id: int, person_id: int, tab: str, doing: Doing, now: datetime) -> bool:
    """Say that a page is open, and what is done there; whether others see a difference."""
    mine = (rows.c.ticket_id == ticket_id, rows.c.person_id == person_id)
    was = conn.execute(select(rows.c.doing, rows.c.until).where(*mine, rows.c.tab == tab)).first()
    same = was is not None and was.doing == doing and was.until > now
    if was is not None and same and was.until > now + EXPIRES - _FRESH:
        return False
    if was is None and _tabs(conn, ticket_id, person_id, now=now) >= _MOST_TABS:
        return False
    values = {"ticket_id": ticket_id, "person_id": person_id, "tab": tab, "doing": doing, "since": now}
    statement = insert_into(conn, rows).values(**values, until=now + EXPIRES)
    kept = {"until": now + EXPIRES} if same else {"doing": doing, "since": now, "until": now + EXPIRES}
    conn.execute(statement.on_conflict_do_update(index_elements=["ticket_id", "person_id", "tab"], set_=kept))
    if not same:
        conn.execute(delete(rows).where(rows.c.until < now - _SWEPT))
        signal(conn, TOPIC, number_of(ticket_id))
    return not same


def leave(conn: Connection, *, ticket_id: int, person_id: int, tab: str) -> bool:
    """A page was closed; whether it was known."""
    mine = (rows.c.ticket_id == ticket_id, rows.c.person_id == person_id, rows.c.tab == tab)
    gone = conn.execute(delete(rows).where(*mine)).rowcount > 0
    if gone:
        signal(conn, TOPIC, number_of(ticket_id))
    return gone


def attending(conn: Connection, ticket_id: int, *, besides: int | None = None, now: datetime) -> tuple[Attendant, ...]:
    """The colleagues on a ticket's page now, each once, those who write first."""
    query = (
        select(rows.c.person_id, rows.c.doing, rows.c.until, person.c.name)
        .join(person, person.c.id == rows.c.person_id)
        .where(rows.c.ticket_id == ticket_id, rows.c.until > now)
        .order_by(rows.c.until)
    )
    found: dict[int, Attendant] = {}
    for row in conn.execute(query):
        here = Attendant(person_id=row.person_id, name=row.name, doing=Doing(row.doing), until=row.until)
        known = found.get(here.person_id)
        if here.person_id != besides and (known is None or here.doing.rank >= known.doing.rank):
            found[here.person_id] = here
    return tuple(sorted(found.values(), key=lambda one: (-one.doing.rank, one.name, one.person_id)))


def _tabs(conn: Connection, ticket_id: int, person_id: int, *, now: datetime) -> int:
    mine = (rows.c.ticket_id == ticket_id, rows.c.person_id == person_id, rows.c.until > now)
    return int(conn.execute(select(func.count()).select_from(rows).where(*mine)).scalar_one())
