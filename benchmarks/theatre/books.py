"""What the program stored: chats are bound before it runs, and its books are read, never written, while it does."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import create_engine, func, select
from sqlalchemy.engine import Connection

from benchmarks.theatre.stages import Place
from handoff import directory
from handoff.kinds import ChatKind, Role, Tier
from handoff.model import Client
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
    """`stored`: the identities of clients' messages, and the ids of their turns; `staffs`: of our own people's.

    `deliveries`: of its own, by state; `answers`: of what each message of its own answers, by its number; `others`: the
    platforms' ids of its messages that are no answers of the bot's (what a colleague said, that a ticket is done, …).
    """

    stored: dict[str, int | None]
    staffs: frozenset[str]
    answers: dict[int, str]
    others: frozenset[str]
    turns: dict[int, Turned]
    deliveries: Counter[str]


async def bind(url: str, places: Sequence[Place], *, colleagues: Sequence[tuple[str, str]] = ()) -> list[str]:
    """Clients, and their groups, as if each had been bound with its code; the web keys of the clients.

    `colleagues`: the platforms' ids of one of ours, as if each had been linked with a code.
    """
    db = await Database.open(url)

    def body(conn: Connection) -> list[str]:
        now = datetime.now(UTC)
        firms: dict[str, Client] = {}
        for n, place in enumerate(places):
            slug = f"played-{n // _EACH}"
            if slug not in firms:
                firms[slug] = directory.add_client(conn, slug=slug, name=f"客户 {n // _EACH}", tier=Tier.GOLD, now=now)
            firm = firms[slug]
            directory.ensure_chat(
                conn,
                platform=place.platform,
                external_id=place.chat,
                kind=ChatKind.GROUP,
                client_id=firm.id,
                now=now,
            )
        if colleagues:
            one = directory.add_staff(conn, login="played-lin", name="小林", role=Role.AGENT, now=now)
            for platform, external_id in colleagues:
                directory.link(conn, platform=platform, external_id=external_id, person_id=one.id)
        return [firm.web_key for firm in firms.values()]

    try:
        return await db.write(body)
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

    def turned(self) -> int:
        """Turns that were had."""
        with self._engine.connect() as conn:
            return conn.execute(select(func.count()).select_from(turns)).scalar_one()

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
                    messages.c.id,
                    messages.c.external_id,
                    messages.c.author,
                    messages.c.turn_id,
                    messages.c.delivery,
                    messages.c.reply_to,
                    messages.c.sent,
                ).where(messages.c.chat_id.in_(here))
            ).all()
            made = conn.execute(select(turns.c.id, turns.c.outcome, turns.c.message_ids)).all()
        identity = {row.id: row.external_id for row in rows if row.author == "client"}
        replies: dict[int, int] = {}
        for row in rows:
            if row.author == "bot" and row.turn_id is not None:
                replies[row.turn_id] = replies.get(row.turn_id, 0) + 1
        last = {row.id: identity[row.message_ids[-1]] for row in made if all(n in identity for n in row.message_ids)}
        answers = {row.id: last[row.turn_id] for row in rows if row.author == "bot" and row.turn_id in last}
        answers |= {
            row.id: identity[row.reply_to] for row in rows if row.author == "system" and row.reply_to in identity
        }
        return Kept(
            stored={row.external_id: row.turn_id for row in rows if row.author == "client"},
            turns={
                row.id: Turned(row.outcome, tuple(identity[n] for n in row.message_ids), replies.get(row.id, 0))
                for row in made
                if all(n in identity for n in row.message_ids)
            },
            staffs=frozenset(row.external_id for row in rows if row.author == "staff" and row.external_id),
            answers=answers,
            others=frozenset(
                each for row in rows if row.author in ("system", "staff") and row.delivery for each in row.sent or ()
            ),
            deliveries=Counter(row.delivery for row in rows if row.delivery is not None),
        )

    def close(self) -> None:
        """Disconnect."""
        self._engine.dispose()
