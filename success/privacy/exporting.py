"""One person's data, copied out for them. Transaction bodies.

What goes in: their own messages whole; of others only what was addressed to them - everything that they could read in
their direct chats, and in groups our replies to them. No other client's person's words, no internal notes, no name of
a colleague who did something to their record.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, and_, or_, select, update

from handoff import directory
from handoff.audit_tables import audit
from handoff.contract_tables import authorised_contact
from handoff.kinds import Audience, Author
from handoff.rows import Row, add, first, number_of
from handoff.sharing_tables import progress_link
from handoff.tables import chat, identity, message, ticket, ticket_event, turn
from store.jobs import enqueue
from success.care_tables import mail
from success.drill_tables import client_training, training_answer, training_seat
from success.feedback_tables import survey
from success.intake.tables import answer as intake_answer
from success.mail_tables import mail_contact
from success.privacy import erasing
from success.privacy.ground import Ground, ground
from success.privacy.tables import consent_seen, export
from success.projects.tables import change_request, proposal, proposal_acceptance
from success.rating_tables import rating

EXPORT: Final = "privacy_export"
GOOD_FOR: Final = timedelta(hours=24)
_OWN: Final = Author.CLIENT


@dataclass(frozen=True, kw_only=True)
class Export:
    """One copy: asked for, made, and until when it can be fetched."""

    id: int
    person_id: int
    by_id: int | None
    at: datetime
    state: str
    file: str | None
    size: int | None
    done_at: datetime | None
    expires_at: datetime | None

    def good(self, now: datetime) -> bool:
        """Whether it can be fetched."""
        return self.state == "done" and self.expires_at is not None and self.expires_at > now


def folder(files: Path) -> Path:
    """Where copies lie until they are fetched: beside the folder of what people sent."""
    return files.parent / "exports"


def ask(conn: Connection, person_id: int, *, by: int | None, now: datetime) -> Export:
    """Have a copy made. Raises NotFound for anybody but a client's contact who is still there."""
    erasing.contact(conn, person_id)
    made = add(conn, export, person_id=person_id, by_id=by, at=now, state="waiting")
    enqueue(conn, EXPORT, {"export": made["id"]}, dedup=f"{made['id']}", now=now)
    return Export(**made)


def find(conn: Connection, export_id: int) -> Export | None:
    """The copy with this id."""
    row = first(conn, export, export.c.id == export_id)
    return None if row is None else Export(**row)


def listed(conn: Connection, *, limit: int = 50) -> tuple[Export, ...]:
    """The copies, the newest first."""
    return tuple(
        Export(**row) for row in conn.execute(select(export).order_by(export.c.id.desc()).limit(limit)).mappings()
    )


def done(conn: Connection, export_id: int, *, file: str, size: int, now: datetime) -> None:
    """Say that a copy was made; one of somebody who was erased meanwhile is not good, the next sweep takes it."""
    whose = select(export.c.person_id).where(export.c.id == export_id)
    erased = erasing.of_person(conn, conn.execute(whose).scalar_one()) is not None
    values = {"state": "done", "file": file, "size": size, "done_at": now}
    values["expires_at"] = now if erased else now + GOOD_FOR
    conn.execute(update(export).where(export.c.id == export_id).values(values))


def failed(conn: Connection, export_id: int) -> None:
    """Say that no copy could be made."""
    conn.execute(update(export).where(export.c.id == export_id).values(state="failed"))


def expired(conn: Connection, *, now: datetime) -> tuple[Export, ...]:
    """Copies that are to be taken from the disk."""
    query = select(export).where(export.c.state == "done", export.c.expires_at <= now)
    return tuple(Export(**row) for row in conn.execute(query).mappings())


def gone(conn: Connection, export_id: int) -> None:
    """Say that a copy is not on the disk any more."""
    conn.execute(update(export).where(export.c.id == export_id).values(state="gone", file=None))


def file_name() -> str:
    """A name that nobody guesses."""
    return f"{secrets.token_urlsafe(18)}.zip"


def gather(conn: Connection, person_id: int) -> dict[str, Any]:
    """Everything that is theirs, as plain values. Raises NotFound."""
    row, found = erasing.contact(conn, person_id), ground(conn, person_id)
    client = directory.find_client(conn, row["client_id"]) if row["client_id"] else None
    person = {"name": row["name"], "since": row["created_at"], "client": client.name if client else None}
    place = {"language": client.language if client else None, "zone": client.timezone if client else "UTC"}
    said = [_message(each, person_id) for each in conn.execute(_said(found)).mappings()]
    told = {"messages": said, "letters": _letters(conn, person_id)}
    return {"person": person, **place, **_standing(conn, person_id), **told, **_asked(conn, person_id)}


def _standing(conn: Connection, who: int) -> dict[str, Any]:
    """Their accounts, addresses, powers and links, the notices they saw, and what was done to their record."""
    powers = conn.execute(select(authorised_contact.c.powers).where(authorised_contact.c.person_id == who)).scalars()
    links = progress_link.c
    seen = consent_seen.c
    about = (audit.c.kind == "clients", audit.c.subject.endswith(f"/{who}", autoescape=True))
    return {
        "accounts": _plain(
            conn, select(identity.c.platform, identity.c.external_id).where(identity.c.person_id == who)
        ),
        "addresses": _plain(
            conn, select(mail_contact.c.address, mail_contact.c.purposes).where(mail_contact.c.person_id == who)
        ),
        "powers": sorted({power for each in powers for power in each}),
        "links": _plain(
            conn,
            select(links.at, links.scope, links.expires_at, links.opened_at, links.revoked_at)
            .where(links.person_id == who)
            .order_by(links.id),
        ),
        "notices_seen": _plain(conn, select(seen.version, seen.language, seen.at).where(seen.person_id == who)),
        "record": _plain(conn, select(audit.c.at, audit.c.action, audit.c.outcome).where(*about).order_by(audit.c.id)),
    }


def _letters(conn: Connection, who: int) -> list[dict[str, Any]]:
    """What was written to the addresses that are theirs."""
    theirs = select(mail_contact.c.address).where(mail_contact.c.person_id == who)
    letters = select(mail.c.at, mail.c.address, mail.c.subject, mail.c.text, mail.c.sent_at)
    return _plain(conn, letters.where(mail.c.address.in_(theirs)).order_by(mail.c.id))


def _asked(conn: Connection, who: int) -> dict[str, Any]:
    """Their tickets, what the bot made of their questions, their ratings and what they said of us besides."""
    tickets = select(ticket).where(ticket.c.requester_id == who).order_by(ticket.c.id)
    turns = select(turn).where(turn.c.person_id == who).order_by(turn.c.id)
    surveys = select(survey.c.kind, survey.c.asked_at, survey.c.at, survey.c.value, survey.c.comment)
    given = intake_answer.c
    answers = select(given.question, given.quote, given.at).where(given.person_id == who).order_by(given.id)
    accepted = select(proposal.c.title, proposal_acceptance.c.at, proposal_acceptance.c.n, proposal_acceptance.c.way)
    accepted = accepted.join_from(proposal_acceptance, proposal)
    decided = select(
        change_request.c.title, change_request.c.answered_at, change_request.c.state, change_request.c.way
    )  # fmt: skip
    ratings = select(rating).where(rating.c.person_id == who).order_by(rating.c.id)
    return {
        "tickets": [_ticket(conn, each) for each in conn.execute(tickets).mappings().all()],
        "questions": [_turn(each) for each in conn.execute(turns).mappings()],
        "surveys": _plain(conn, surveys.where(survey.c.person_id == who).order_by(survey.c.id)),
        "answers": _plain(conn, answers),
        "agreed": _plain(conn, accepted.where(proposal_acceptance.c.person_id == who))
        + _plain(conn, decided.where(change_request.c.person_id == who).order_by(change_request.c.id)),
        "ratings": [_rating(each) for each in conn.execute(ratings).mappings()],
        "trainings": _trainings(conn, who),
    }


def _trainings(conn: Connection, who: int) -> list[dict[str, Any]]:
    """What they were invited to, whether they were there, what they answered."""
    held, sat, given = client_training.c, training_seat.c, training_answer.c
    joined = select(held.id, held.topic, held.starts_at, held.questions, sat.attended_at).join(
        training_seat, sat.training_id == held.id
    )
    found = []
    for row in conn.execute(joined.where(sat.person_id == who).order_by(held.id)).mappings().all():
        mine = (given.person_id == who, given.training_id == row["id"])
        answers = conn.execute(select(given.question, given.choice).where(*mine).order_by(given.question)).all()
        said = [
            {"question": asked["text"], "answer": asked["choices"][each.choice]}
            for each in answers
            if each.question < len(row["questions"]) and (asked := row["questions"][each.question])
        ]
        found.append({name: row[name] for name in ("topic", "starts_at", "attended_at")} | {"answers": said})
    return found


def _said(found: Ground) -> Any:
    """Theirs, and what was addressed to them."""
    mine = and_(message.c.person_id == found.person_id, message.c.author == _OWN)
    ours = message.c.author != _OWN
    own = select(message.c.id).where(mine)
    replies = or_(
        message.c.turn_id.in_(found.turns), message.c.ticket_id.in_(found.own_tickets), message.c.reply_to.in_(own)
    )
    to_them = and_(message.c.audience == Audience.CLIENT, ours, or_(message.c.chat_id.in_(found.own_chats), replies))
    query = select(message, chat.c.platform, chat.c.kind).join(chat, chat.c.id == message.c.chat_id)
    return query.where(or_(mine, to_them)).order_by(message.c.id)


def _plain(conn: Connection, query: Any) -> list[dict[str, Any]]:
    return [dict(each) for each in conn.execute(query).mappings()]


def _message(row: Row, person_id: int) -> dict[str, Any]:
    return {
        "id": row["id"],
        "at": row["at"],
        "mine": row["person_id"] == person_id and row["author"] == _OWN,
        "from": row["name"],
        "platform": row["platform"],
        "group": row["kind"] == "group",
        "text": row["text"],
        "files": [{"id": each["id"], "name": each["name"], "size": each["size"]} for each in row["attachments"]],
        "sources": [each["title"] for each in row["citations"]],
    }


def _ticket(conn: Connection, row: Row) -> dict[str, Any]:
    events = select(ticket_event.c.at, ticket_event.c.kind).where(ticket_event.c.ticket_id == row["id"])
    names = ("title", "summary", "level", "category", "state", "opened_at", "resolved_at")
    return (
        {"number": number_of(row["id"])}
        | {name: row[name] for name in names}
        | {"history": _plain(conn, events.order_by(ticket_event.c.seq))}
    )


def _turn(row: Row) -> dict[str, Any]:
    sources: Iterable[Any] = row["citations"]
    return {
        "at": row["at"],
        "question": row["question"],
        "outcome": row["outcome"],
        "sources": [each["title"] for each in sources],
    }


def _rating(row: Row) -> dict[str, Any]:
    names = ("asked_at", "at", "value", "comment")
    return {"ticket": number_of(row["ticket_id"])} | {name: row[name] for name in names}
