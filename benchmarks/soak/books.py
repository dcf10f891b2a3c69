"""What the program stored: chats are bound before it runs, and its books are read, never written, while it does."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import create_engine, select
from sqlalchemy.engine import Connection

from benchmarks.soak.stages import Place
from handoff import directory
from handoff.kinds import ChatKind, Tier
from handoff.tables import chat as chats
from handoff.tables import message as messages
from handoff.tables import turn as turns
from store import jobs
from store.db import Database, read_url

_EACH = 5  # groups of one client
_BUSY = ("turn", "deliver")


@dataclass(frozen=True)
class Turned:
    """A turn: the identities of its messages, and how many of its own messages the program has for it."""

    outcome: str
    versions: tuple[str, ...]
    replies: int


@dataclass(frozen=True)
class Kept:
    """`stored`: the identities of clients' messages, and the ids of their turns; `deliveries`: of its own, by state."""

    stored: dict[str, int | None]
    turns: dict[int, Turned]
    deliveries: Counter[str]


async def bind(url: str, places: Sequence[Place]) -> None:
    """Clients, and their groups, as if each had been bound with its code."""
    db = await Database.open(url)

    def body(conn: Connection) -> None:
        now = datetime.now(UTC)
        for n, place in enumerate(places):
            slug = f"soak-{n // _EACH}"
            firm = directory.client_by_slug(conn, slug) or directory.add_client(
                conn, slug=slug, name=f"客户 {n // _EACH}", tier=Tier.GOLD, now=now
            )
            directory.ensure_chat(
                conn,
                platform=place.platform,
                external_id=place.chat,
                kind=ChatKind.GROUP,
                client_id=firm.id,
                now=now,
            )

    try:
        await db.write(body)
    finally:
        await db.close()


class Books:
    """Reads a database of the program's, beside it."""

    def __init__(self, url: str) -> None:
        given = read_url(url)
        if given.drivername == "sqlite":
            given = given.set(database=f"file:{given.database}", query={"mode": "ro", "uri": "true"})
        else:
            given = given.set(drivername="postgresql+psycopg")
        self._engine = create_engine(given, pool_size=1, pool_pre_ping=True)

    def busy(self) -> int:
        """Turns and deliveries that wait or run."""
        with self._engine.connect() as conn:
            open_jobs = select(jobs.job.c.id).where(jobs.job.c.queue.in_(_BUSY), jobs.job.c.closed_at.is_(None))
            return len(conn.execute(open_jobs).all())

    def age(self) -> float:
        """Seconds that the oldest turn or delivery that could run has waited."""
        with self._engine.connect() as conn:
            found = jobs.depths(conn, now=datetime.now(UTC))
            return max((depth.oldest_age_s for depth in found if depth.queue in _BUSY), default=0.0)

    def read(self, platforms: Sequence[str]) -> Kept:
        """What is kept of these platforms' chats."""
        with self._engine.connect() as conn:
            here = select(chats.c.id).where(chats.c.platform.in_(platforms))
            rows = conn.execute(
                select(
                    messages.c.id, messages.c.external_id, messages.c.author, messages.c.turn_id, messages.c.delivery
                ).where(messages.c.chat_id.in_(here))
            ).all()
            made = conn.execute(select(turns.c.id, turns.c.outcome, turns.c.message_ids)).all()
        identity = {row.id: row.external_id for row in rows if row.author == "client"}
        replies: dict[int, int] = {}
        for row in rows:
            if row.author == "bot" and row.turn_id is not None:
                replies[row.turn_id] = replies.get(row.turn_id, 0) + 1
        return Kept(
            stored={row.external_id: row.turn_id for row in rows if row.author == "client"},
            turns={
                row.id: Turned(row.outcome, tuple(identity[n] for n in row.message_ids), replies.get(row.id, 0))
                for row in made
                if all(n in identity for n in row.message_ids)
            },
            deliveries=Counter(row.delivery for row in rows if row.delivery is not None),
        )

    def close(self) -> None:
        """Disconnect."""
        self._engine.dispose()
