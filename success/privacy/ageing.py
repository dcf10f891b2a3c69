"""What is old enough to go, by the desk's own rules. Transaction bodies.

`messages`: what was said in tickets that were resolved so long ago, and their files; the rows stay, for the figures.
`mails`: the words of letters that went or failed; `traces`: how the bot came to its answers; the rows stay.
`drills`: what was said in drills that ended so long ago, with the words that a result quotes; scores stay.
`audit`, `webhooks`, `translations`, `briefs` (once they are closed): the rows themselves.
`dead`: jobs that were given up.
What people said goes only by a rule; what the program writes for itself has usual spans (`keeping.USUAL`). `checks` and
`alerts` go by the jobs of their own rooms, which ask `keeping.span`.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, Select, Text, cast, delete, exists, func, or_, select, update

from handoff import search_index
from handoff.api_tables import webhook_attempt, webhook_delivery
from handoff.audit_tables import audit
from handoff.case_tables import brief, suggestion
from handoff.kinds import TicketState
from handoff.tables import message, ticket, turn
from store.jobs import enqueue
from store.tables import job
from success import mails
from success.care_tables import mail
from success.check_tables import site_check_run
from success.checks.model import Kind
from success.drill_tables import drill_line, drill_play
from success.incident_tables import alert
from success.intake.tables import answer, asked, interview, note
from success.privacy import keeping
from success.privacy.keeping import MONTH
from success.translation_tables import reply_original, translation

UNLINK: Final = "privacy_unlink"
GONE: Final = "[removed]"
BATCH: Final = 500
KINDS: Final = (
    "messages",
    "mails",
    "briefs",
    "translations",
    "traces",
    "audit",
    "webhooks",
    "checks",
    "alerts",
    "dead",
    "drills",
)


def due(conn: Connection, *, now: datetime, rules: Mapping[str, int | None] | None = None) -> dict[str, int]:
    """How much of each kind would go now, by the rules that hold, or others."""
    held = keeping.rules(conn) if rules is None else rules
    return {kind: _count(conn, kind, now - months * MONTH) for kind in KINDS if (months := held.get(kind))}


def age(conn: Connection, *, now: datetime, limit: int = BATCH) -> bool:
    """Let the next few rows of every kind go; whether there are more. Safe to run again.

    The files that rows named are handed to a job of `UNLINK`, `{"files": names}`: it runs once the rows are gone.
    """
    work: Mapping[str, Callable[[Connection, datetime, int], int]] = {
        "messages": partial(_age_messages, now=now),
        "mails": _age_mails,
        "traces": _age_traces,
        "dead": _age_dead,
        "audit": _age_audit,
        "webhooks": _age_webhooks,
        "translations": _age_translations,
        "briefs": _age_briefs,
        "drills": _age_drills,
    }
    gone = [do(conn, before, limit) for kind, do in work.items() if (before := _before(conn, kind, now)) is not None]
    return any(each >= limit for each in gone)


def _before(conn: Connection, kind: str, now: datetime) -> datetime | None:
    span = keeping.span(conn, kind)
    return now - span if span else None


def _count(conn: Connection, kind: str, before: datetime) -> int:
    query = {
        "messages": _old_messages(before),
        "mails": _old_mails(before),
        "traces": _old_traces(before),
        "dead": _old_dead(before),
        "checks": select(site_check_run.c.id).where(
            site_check_run.c.at < before, site_check_run.c.kind != Kind.SECURITY
        ),
        "alerts": select(alert.c.id).where(alert.c.status == "resolved", alert.c.last_at < before),
        "audit": select(audit.c.id).where(audit.c.at < before),
        "webhooks": select(webhook_delivery.c.id).where(*_old_deliveries(before)),
        "translations": select(translation.c.message_id).where(translation.c.at < before),
        "briefs": _old_briefs(before),
        "drills": _old_drills(before),
    }[kind]
    return conn.execute(select(func.count()).select_from(query.order_by(None).subquery())).scalar_one()


def _old_messages(before: datetime) -> Select[Any]:
    """Messages of tickets that were resolved before, where the conversation has no ticket that is newer or open."""
    settled = (ticket.c.state == TicketState.RESOLVED, ticket.c.resolved_at < before)
    mine = or_(ticket.c.id == message.c.ticket_id, ticket.c.conversation_id == message.c.conversation_id)
    old = exists().where(mine, *settled)
    other = ticket.alias()
    busy = exists().where(
        or_(other.c.id == message.c.ticket_id, other.c.conversation_id == message.c.conversation_id),
        or_(other.c.resolved_at.is_(None), other.c.resolved_at >= before),
        other.c.state != TicketState.MERGED,
    )
    kept = or_(message.c.text.not_in((GONE, "[erased]")), cast(message.c.attachments, Text) != "[]")
    query = select(message.c.id, message.c.attachments, message.c.ticket_id, message.c.turn_id)
    return query.where(message.c.at < before, kept, old, ~busy).order_by(message.c.id)


def _age_messages(conn: Connection, before: datetime, limit: int, *, now: datetime) -> int:
    rows = conn.execute(_old_messages(before).limit(limit)).all()
    ids = [row.id for row in rows]
    names = [str(each["id"]) for row in rows for each in row.attachments]
    if names:
        enqueue(conn, UNLINK, {"files": names}, now=now)
    conn.execute(update(message).where(message.c.id.in_(ids)).values(text=GONE, attachments=[], citations=[]))
    turns = {row.turn_id for row in rows if row.turn_id is not None}
    conn.execute(update(turn).where(turn.c.id.in_(turns)).values(question=GONE, trace={}))
    tickets = {row.ticket_id for row in rows if row.ticket_id is not None}
    for table in (brief, suggestion):
        conn.execute(delete(table).where(table.c.ticket_id.in_(tickets)))
    for table in (translation, reply_original):
        conn.execute(delete(table).where(table.c.message_id.in_(ids)))
    for each in ids:
        search_index.forget(conn, each)
    return len(ids)


def _old_mails(before: datetime) -> Select[Any]:
    settled = (mail.c.state.in_((mails.SENT, mails.FAILED)), mail.c.at < before)
    return select(mail.c.id).where(*settled, mail.c.text != GONE).order_by(mail.c.id)


def _age_mails(conn: Connection, before: datetime, limit: int) -> int:
    ids = conn.execute(_old_mails(before).limit(limit)).scalars().all()
    nothing = {"subject": GONE, "text": GONE, "html": "", "files": []}
    conn.execute(update(mail).where(mail.c.id.in_(ids)).values(nothing))
    return len(ids)


def _old_traces(before: datetime) -> Select[Any]:
    return select(turn.c.id).where(turn.c.at < before, cast(turn.c.trace, Text) != "{}").order_by(turn.c.id)


def _age_traces(conn: Connection, before: datetime, limit: int) -> int:
    ids = conn.execute(_old_traces(before).limit(limit)).scalars().all()
    conn.execute(update(turn).where(turn.c.id.in_(ids)).values(trace={}))
    return len(ids)


def _old_dead(before: datetime) -> Select[Any]:
    return select(job.c.id).where(job.c.state == "dead", job.c.closed_at < before).order_by(job.c.id)


def _age_dead(conn: Connection, before: datetime, limit: int) -> int:
    ids = conn.execute(_old_dead(before).limit(limit)).scalars().all()
    conn.execute(delete(job).where(job.c.id.in_(ids), job.c.state == "dead"))
    return len(ids)


def _age_audit(conn: Connection, before: datetime, limit: int) -> int:
    ids = conn.execute(select(audit.c.id).where(audit.c.at < before).order_by(audit.c.id).limit(limit)).scalars().all()
    conn.execute(delete(audit).where(audit.c.id.in_(ids)))
    return len(ids)


def _old_deliveries(before: datetime) -> tuple[Any, ...]:
    return (webhook_delivery.c.at < before, webhook_delivery.c.state != "waiting")


def _age_webhooks(conn: Connection, before: datetime, limit: int) -> int:
    query = select(webhook_delivery.c.id).where(*_old_deliveries(before)).order_by(webhook_delivery.c.id).limit(limit)
    ids = conn.execute(query).scalars().all()
    conn.execute(delete(webhook_attempt).where(webhook_attempt.c.delivery_id.in_(ids)))
    conn.execute(delete(webhook_delivery).where(webhook_delivery.c.id.in_(ids)))
    return len(ids)


def _old_drills(before: datetime) -> Select[Any]:
    over = drill_line.c.play_id.in_(select(drill_play.c.id).where(drill_play.c.ended_at < before))
    return select(drill_line.c.id).where(over, drill_line.c.text != GONE).order_by(drill_line.c.id)


def _age_drills(conn: Connection, before: datetime, limit: int) -> int:
    ids = conn.execute(_old_drills(before).limit(limit)).scalars().all()
    plays = select(drill_line.c.play_id).where(drill_line.c.id.in_(ids))
    conn.execute(update(drill_play).where(drill_play.c.id.in_(plays)).values(result=None))
    conn.execute(update(drill_line).where(drill_line.c.id.in_(ids)).values(text=GONE))
    return len(ids)


def _age_translations(conn: Connection, before: datetime, limit: int) -> int:
    query = select(translation.c.message_id).where(translation.c.at < before).distinct().limit(limit)
    ids = conn.execute(query).scalars().all()
    conn.execute(delete(translation).where(translation.c.message_id.in_(ids), translation.c.at < before))
    return len(ids)


def _old_briefs(before: datetime) -> Select[Any]:
    return select(interview.c.id).where(interview.c.closed_at < before).order_by(interview.c.id)


def _age_briefs(conn: Connection, before: datetime, limit: int) -> int:
    ids = conn.execute(_old_briefs(before).limit(limit)).scalars().all()
    for table in (answer, asked, note):
        conn.execute(delete(table).where(table.c.intake_id.in_(ids)))
    conn.execute(delete(interview).where(interview.c.id.in_(ids)))
    return len(ids)
