"""Looks through what was answered once the manual has changed, and keeps what is to be corrected. It sends nothing."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import structlog
from sqlalchemy import Connection, delete, select, update

from handoff import board, contracts
from handoff.casefile import notify
from handoff.casework import take
from handoff.kinds import NoticeKind, TicketState
from handoff.model import Ticket
from knowledge import cited, store
from store.clock import Clock
from store.db import Database, insert_into
from store.jobs import enqueue
from success import recall_ground
from success.matters import Matter, matters
from success.recall import Grade
from success.recall_ground import Mark
from success.recall_tables import correction, correction_answer

log = structlog.get_logger()

WINDOW: Final = timedelta(days=90)
REVIEW: Final = "recall"
DRAFT: Final = "recall_draft"
"""The queue in which a drafter with a model finds corrections to write better: `{"correction": id, "says": hash}`."""
_TRIES: Final = 3
_HELD: Final = frozenset({TicketState.OPEN, TicketState.WAITING})

Compose = Callable[[Matter], str]


@dataclass(frozen=True, kw_only=True)
class Reviewed:
    """What a review came to: corrections that wait for a decision, new or rewritten ones, and those that lapsed."""

    waiting: int
    fresh: int = 0
    lapsed: int = 0


@dataclass(kw_only=True)
class Recalls:
    """Reviews, one at a time in a process; several processes may do the same at once.

    `compose` writes the text that a colleague finds to begin with, in the client's language.
    """

    db: Database
    clock: Clock
    compose: Compose
    window: timedelta = WINDOW
    drafts: bool = False
    _seen: Mark | None = None
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def review(self) -> Reviewed:
        """Bring what is to be corrected up to date with the manual; quick where nothing has changed."""
        async with self._one:
            for _ in range(_TRIES):
                mark = await self.db.read(recall_ground.mark)
                if mark is None or mark == self._seen:
                    return Reviewed(waiting=await self.db.read(_waiting))
                found = await self._once(mark)
                if found is not None:
                    return found
            return Reviewed(waiting=await self.db.read(_waiting))

    async def _once(self, mark: Mark) -> Reviewed | None:
        """One look; None if the manual changed meanwhile."""
        now = self.clock()
        ground = await self.db.read(partial(recall_ground.look, since=now - self.window))
        if ground is None or ground.revision != mark.revision:
            return None
        found = await asyncio.to_thread(matters, ground)
        composed = {(each.chat_id, each.page): self.compose(each) for each in found}
        kept = partial(
            _keep,
            found=found,
            texts=composed,
            revision=ground.revision,
            drafts=self.drafts,
            window=self.window,
            now=now,
        )
        reviewed = await self.db.write(kept)
        if reviewed is None:
            return None
        if not ground.pending:
            self._seen = mark
        log.info("recall", waiting=reviewed.waiting, fresh=reviewed.fresh, lapsed=reviewed.lapsed)
        return reviewed


def holding(conn: Connection, conversation_id: int) -> Ticket | None:
    """The ticket of a conversation that a colleague has."""
    tickets = board.open_tickets(conn, conversation_id)
    return next((one for one in tickets if one.state in _HELD and one.assignee_id is not None), None)


def redraft(conn: Connection, number: int, *, says: str, text: str) -> bool:
    """Let a better text stand in the place of the draft. False where it is decided or says something else by now."""
    same = (correction.c.id == number, correction.c.state == "open", correction.c.says == says)
    return conn.execute(update(correction).where(*same).values(draft=text, drafted_by="model")).rowcount > 0


def _waiting(conn: Connection) -> int:
    query = select(correction.c.id).where(correction.c.state == "open", correction.c.grade == Grade.FACTS)
    return len(conn.execute(query).all())


def _keep(
    conn: Connection,
    *,
    found: Sequence[Matter],
    texts: Mapping[tuple[int, str], str],
    revision: int,
    drafts: bool,
    window: timedelta,
    now: datetime,
) -> Reviewed | None:
    """Write what was found; None where the manual has changed since. A transaction body."""
    if store.state(conn).revision != revision:
        return None
    rows = conn.execute(select(correction).where(correction.c.state == "open").with_for_update()).mappings()
    was = {(row["chat_id"], row["page"]): dict(row) for row in rows}
    fresh = 0
    for matter in found:
        known = was.pop((matter.chat_id, matter.page), None)
        if known is not None and known["says"] == matter.says:
            _join(conn, int(known["id"]), matter)
            continue
        number = _put(conn, matter, known, text=texts[matter.chat_id, matter.page], now=now)
        if number is not None:
            fresh += 1
            _tell(conn, matter, number, drafts=drafts, now=now)
    gone = [row["id"] for row in was.values()]
    conn.execute(update(correction).where(correction.c.id.in_(gone)).values(state="lapsed", decided_at=now))
    cited.forget(conn, before=now - window - timedelta(days=1))
    return Reviewed(waiting=_waiting(conn), fresh=fresh, lapsed=len(gone))


def _put(conn: Connection, matter: Matter, known: Mapping[str, Any] | None, *, text: str, now: datetime) -> int | None:
    """A new matter, or what it says by now; None where another process was first."""
    values = _values(matter) | {"draft": text, "drafted_by": "extract", "found_at": now}
    if known is not None:
        number = int(known["id"])
        conn.execute(update(correction).where(correction.c.id == number).values(values))
        conn.execute(delete(correction_answer).where(correction_answer.c.correction_id == number))
    else:
        made = insert_into(conn, correction).values(**values, state="open")
        stored = conn.execute(
            made.on_conflict_do_nothing(
                index_elements=["chat_id", "page"], index_where=correction.c.state == "open"
            ).returning(correction.c.id)
        ).scalar_one_or_none()
        if stored is None:
            return None
        number = int(stored)
    _join(conn, number, matter)
    return number


def _join(conn: Connection, number: int, matter: Matter) -> None:
    """Let a correction take back all answers of its matter: one that arrived later, too."""
    rows = [{"correction_id": number, "message_id": message, "says": says} for message, says in matter.answers]
    conn.execute(insert_into(conn, correction_answer).on_conflict_do_nothing(), rows)


def _values(matter: Matter) -> dict[str, object]:
    names = ("chat_id", "client_id", "conversation_id", "message_id", "page", "says", "language", "facts")
    values: dict[str, object] = {name: getattr(matter, name) for name in names}
    return values | {"kind": str(matter.kind), "grade": str(matter.grade), "answered_at": matter.at}


def _tell(conn: Connection, matter: Matter, number: int, *, drafts: bool, now: datetime) -> None:
    """The colleague who has the conversation's ticket hears of it; a drafter may write it better."""
    if matter.grade is not Grade.FACTS:
        return
    ticket = holding(conn, matter.conversation_id)
    if ticket is not None:
        case = take(conn, contracts.book(conn), ticket.id, now=now)
        notify(conn, case, NoticeKind.CORRECTION, to=ticket.assignee_id, now=now)
    if drafts and matter.now:
        enqueue(
            conn, DRAFT, {"correction": number, "says": matter.says}, dedup=f"{DRAFT}:{number}:{matter.says}", now=now
        )
