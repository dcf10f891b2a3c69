"""What a review looks at, read in one snapshot: answers of the last months, what they rest on, the manual now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, String, cast, func, select

from handoff.kinds import Audience, Author, Delivery, EventKind
from handoff.source_tables import answer_source
from handoff.tables import chat, client, message, ticket, ticket_event, turn
from knowledge import cited, store
from knowledge.cited import Cited
from knowledge.errors import UnknownVersion
from knowledge.model import Page, Scope
from success.recall import Section
from success.recall_tables import correction, correction_answer

_ARRIVED = frozenset({Delivery.SENT})
_ON_THE_WAY = frozenset({Delivery.QUEUED, Delivery.SENDING})


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Something a client was told from the manual, and one passage that it rests on."""

    message_id: int
    chat_id: int
    conversation_id: int
    client_id: int | None
    client: str | None
    zone: str | None
    language: str | None
    question: str
    at: datetime
    chunk: str
    page: str


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Everything a review decides on. `settled` are (answer, what a decided correction said to it).

    `pending`: answers are on their way, so that one look is not enough.
    """

    revision: int
    answers: tuple[Answer, ...]
    pages: Mapping[str, Page]
    sections: tuple[Section, ...]
    withdrawn: frozenset[str]
    words: Mapping[str, Cited]
    settled: frozenset[tuple[int, str]]
    pending: bool

    def manual(self, reader: str | None) -> tuple[Section, ...]:
        """What a client (a slug) may read now; None sees what everybody may."""
        seen = Scope(client=reader)
        hidden = self.withdrawn
        return tuple(s for s in self.sections if s.page not in hidden and seen.sees(self.pages[s.page]))


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Up to where everything was looked at: nothing has changed while it is the same."""

    revision: int
    latest: datetime | None
    retracted: int


def mark(conn: Connection) -> Mark | None:
    """Where things stand; None without a live version.

    `latest`: the last answer from another version than this; `retracted`: how many answers were taken back.
    """
    state = store.state(conn)
    if state.version is None:
        return None
    other = select(answer_source.c.at).where(answer_source.c.version != cast(state.version, String))
    taken_back = select(func.count()).select_from(ticket_event).where(ticket_event.c.kind == EventKind.RETRACTED)
    return Mark(
        revision=state.revision,
        latest=conn.scalar(other.order_by(answer_source.c.at.desc()).limit(1)),
        retracted=int(conn.execute(taken_back).scalar_one()),
    )


def look(conn: Connection, *, since: datetime) -> Ground | None:
    """Read everything; None without a live version."""
    state = store.state(conn)
    if state.version is None:
        return None
    try:
        held = store.load(conn, state.version)
    except UnknownVersion:
        return None
    rows = _answers(conn, since=since)
    pages = {page.id: page for page in held.pages}
    answers = tuple(_answer(row) for row in rows if row["delivery"] in _ARRIVED)
    return Ground(
        revision=state.revision,
        answers=answers,
        pages=pages,
        sections=tuple(_section(chunk, pages[chunk.page]) for chunk in held.chunks),
        withdrawn=state.withdrawn,
        words=cited.kept(conn, {each.chunk for each in answers}),
        settled=_settled(conn, since=since),
        pending=any(row["delivery"] in _ON_THE_WAY for row in rows),
    )


def _answers(conn: Connection, *, since: datetime) -> list[Mapping[str, Any]]:
    """Answers that clients got or are about to get; a correction is one too, to the question of the first answer."""
    query = (
        select(
            answer_source.c.message_id, answer_source.c.chunk, answer_source.c.page,
            message.c.chat_id, message.c.conversation_id, message.c.at, message.c.delivery,
            chat.c.client_id, client.c.slug, client.c.timezone, client.c.language.label("client_language"),
            turn.c.language, turn.c.question, ticket.c.title.label("ticket_title"),
            correction.c.language.label("was_language"), correction.c.facts,
        )
        .join(message, message.c.id == answer_source.c.message_id)
        .join(chat, chat.c.id == message.c.chat_id)
        .outerjoin(client, client.c.id == chat.c.client_id)
        .outerjoin(turn, turn.c.id == message.c.turn_id)
        .outerjoin(ticket, ticket.c.id == message.c.ticket_id)
        .outerjoin(correction, correction.c.reply_id == message.c.id)
        .where(answer_source.c.at > since, message.c.audience == Audience.CLIENT)
        .where(message.c.author.in_([Author.BOT, Author.STAFF]), message.c.delivery != Delivery.FAILED)
        .order_by(answer_source.c.message_id, answer_source.c.chunk)
    )  # fmt: skip
    return [dict(row) for row in conn.execute(query).mappings()]


def _answer(row: Mapping[str, Any]) -> Answer:
    earlier = (row["facts"] or {}).get("question", "")
    return Answer(
        message_id=row["message_id"],
        chat_id=row["chat_id"],
        conversation_id=row["conversation_id"],
        client_id=row["client_id"],
        client=row["slug"],
        zone=row["timezone"],
        language=row["was_language"] or row["language"] or row["client_language"],
        question=earlier or row["question"] or row["ticket_title"] or "",
        at=row["at"],
        chunk=row["chunk"],
        page=row["page"],
    )


def _settled(conn: Connection, *, since: datetime) -> frozenset[tuple[int, str]]:
    query = (
        select(correction_answer.c.message_id, correction_answer.c.says)
        .join(correction, correction.c.id == correction_answer.c.correction_id)
        .where(correction.c.state.in_(["sent", "dismissed"]), correction.c.decided_at > since)
    )
    return frozenset((row.message_id, row.says) for row in conn.execute(query))


def _section(chunk: Any, page: Page) -> Section:
    return Section(
        chunk=chunk.hash,
        page=page.id,
        title=page.title,
        heading=chunk.heading,
        anchor=chunk.anchor,
        text=chunk.text,
        language=page.language,
        url=page.url,
        supersedes=page.supersedes,
        limited=bool(page.clients),
    )
