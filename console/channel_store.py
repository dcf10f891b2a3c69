"""What the house's own records say of each channel: last messages, what waits, what failed; and past checks.

Transaction bodies.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select

from console.ports import Finding
from console.tables import health_check
from handoff.kinds import Author, Delivery
from handoff.tables import chat, client, message
from store import jobs
from store.db import Instant
from store.jobs import QueueDepth

_KEPT: Final = 50
_FAILED_SHOWN: Final = 5
_LOST_SHOWN: Final = 200


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """A platform's last message in and out, what waits to go out, and what did not get there."""

    platform: str
    last_in: datetime | None
    last_out: datetime | None
    waiting: int
    failed: int
    chats: int


@dataclass(frozen=True, kw_only=True)
class LostChat:
    """A chat where nothing of ours gets through, since when, and whose it is."""

    id: int
    platform: str
    title: str | None
    since: datetime
    client: str | None
    slug: str | None


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A job that was given up: of which queue, when it was made, and the kind of its error, never its body."""

    id: int
    queue: str
    at: datetime
    error: str


@dataclass(frozen=True, kw_only=True)
class Check:
    """A past look at everything."""

    at: datetime
    by_id: int | None
    findings: tuple[Finding, ...]
    ms: int


def traffic(conn: Connection) -> tuple[Traffic, ...]:
    """Each platform that has a chat, by name."""
    counted = conn.execute(select(chat.c.platform, func.count()).group_by(chat.c.platform).order_by(chat.c.platform))
    return tuple(_traffic(conn, row[0], row[1]) for row in counted.all())


def lost(conn: Connection) -> tuple[LostChat, ...]:
    """Chats that are lost, the latest first."""
    columns = (chat.c.id, chat.c.platform, chat.c.title, chat.c.lost_at.label("since"))
    whose = (client.c.name.label("client"), client.c.slug)
    found = select(*columns, *whose).outerjoin(client, client.c.id == chat.c.client_id)
    rows = conn.execute(found.where(chat.c.lost_at.is_not(None)).order_by(chat.c.lost_at.desc()).limit(_LOST_SHOWN))
    return tuple(LostChat(**row) for row in rows.mappings())


def queues(conn: Connection, *, now: datetime) -> tuple[QueueDepth, ...]:
    """How full each queue is."""
    return tuple(jobs.depths(conn, now=now))


def letters(conn: Connection) -> tuple[Letter, ...]:
    """The jobs that were given up last."""
    found = jobs.dead_letters(conn, limit=_FAILED_SHOWN)
    kinds = ((each, (each.error or "").partition(":")[0][:80]) for each in found)
    return tuple(Letter(id=each.id, queue=each.queue, at=each.created_at, error=kind) for each, kind in kinds)


def keep(conn: Connection, findings: Sequence[Finding], *, by: int | None, ms: int, now: datetime) -> None:
    """Write a check down; the latest fifty are kept."""
    row = {"at": now, "by_id": by, "findings": [asdict(each) for each in findings], "ms": ms}
    number = conn.execute(insert(health_check).values(row).returning(health_check.c.id)).scalar_one()
    conn.execute(delete(health_check).where(health_check.c.id <= number - _KEPT))


def latest(conn: Connection) -> Check | None:
    """The last check, if there was one."""
    row = conn.execute(select(health_check).order_by(health_check.c.id.desc()).limit(1)).mappings().first()
    if row is None:
        return None
    findings = tuple(Finding(**each) for each in row["findings"])
    return Check(at=row["at"], by_id=row["by_id"], findings=findings, ms=row["ms"])


def _traffic(conn: Connection, platform: str, chats: int) -> Traffic:
    def last(column: Any, *where: Any) -> datetime | None:
        query = select(func.max(column, type_=Instant())).join(chat, chat.c.id == message.c.chat_id)
        found: datetime | None = conn.execute(query.where(chat.c.platform == platform, *where)).scalar()
        return found

    def count(*states: Delivery) -> int:
        query = select(func.count()).select_from(message).join(chat, chat.c.id == message.c.chat_id)
        return int(conn.execute(query.where(chat.c.platform == platform, message.c.delivery.in_(states))).scalar_one())

    return Traffic(
        platform=platform,
        last_in=last(message.c.at, message.c.author == Author.CLIENT),
        last_out=last(message.c.delivered_at),
        waiting=count(Delivery.QUEUED, Delivery.SENDING),
        failed=count(Delivery.FAILED),
        chats=chats,
    )
