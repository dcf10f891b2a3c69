"""What is to be corrected, for people to read; sent once, or dismissed with a reason. Transaction bodies.

A correction and its message are one transaction, with the job that delivers it: after a crash both are there or
neither.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, select, update

from handoff import directory, messages, sources
from handoff.desk import Desk
from handoff.errors import NotFound
from handoff.kinds import Mode, Role
from handoff.model import Chat, Citation, Message, Person, Ticket
from knowledge import cited, store
from knowledge.cited import Cited
from knowledge.model import Scope
from knowledge.readable import readable
from knowledge.wording import Change
from success.recall import Grade, Kind, Section
from success.recall_errors import Held, NoCorrection, NotTheirs, Rewritten, Settled, Unreachable, Wordless
from success.recall_tables import correction, correction_answer
from success.recalling import holding

SENDERS: Final = frozenset({Role.SUCCESS, Role.LEAD, Role.ADMIN})
_SHOWN: Final = 200
_DECIDED: Final = 50


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Who has the conversation's ticket."""

    ticket: str
    ticket_id: int
    person_id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class Correction:
    """One matter as a colleague reads it.

    `said` is what the newest of the `answers` said; `barrier` why nothing can be said in the chat: `off`, `lost`,
    `left`. `by` and `reason` are of the decision, `delivery` of the message that was sent.
    """

    number: int
    chat_id: int
    state: str
    kind: Kind
    grade: Grade
    says: str
    page: str
    title: str
    heading: str
    language: str
    question: str
    said: str
    answered_at: datetime
    found_at: datetime
    client: str | None
    chat: str | None
    platform: str
    answers: int
    changes: tuple[Change, ...]
    now: tuple[Section, ...]
    draft: str
    drafted_by: str
    barrier: str | None
    holder: Holder | None
    decided_at: datetime | None
    by: str | None
    reason: str | None
    delivery: str | None


def waiting(conn: Connection, *, since: datetime | None = None, wording: bool = False) -> tuple[Correction, ...]:
    """What waits for a decision, the newest answer first; changes of wording alone only if asked for."""
    query = select(correction).where(correction.c.state == "open")
    if not wording:
        query = query.where(correction.c.grade == Grade.FACTS)
    if since is not None:
        query = query.where(correction.c.answered_at > since)
    rows = conn.execute(
        query.order_by(correction.c.answered_at.desc(), correction.c.id.desc()).limit(_SHOWN)
    ).mappings()
    return tuple(_correction(conn, dict(row)) for row in rows)


def count(conn: Connection, *, grade: Grade = Grade.FACTS) -> int:
    """How many wait."""
    query = (
        select(func.count()).select_from(correction).where(correction.c.state == "open", correction.c.grade == grade)
    )
    return int(conn.execute(query).scalar_one())


def decided(conn: Connection) -> tuple[Correction, ...]:
    """The last that were sent or dismissed, newest first."""
    query = select(correction).where(correction.c.state.in_(["sent", "dismissed"]))
    rows = conn.execute(
        query.order_by(correction.c.decided_at.desc(), correction.c.id.desc()).limit(_DECIDED)
    ).mappings()
    return tuple(_correction(conn, dict(row)) for row in rows)


def of_conversation(conn: Connection, conversation_id: int) -> tuple[Correction, ...]:
    """What waits for a decision in a conversation: suggestions to whoever has its ticket."""
    mine = (correction.c.conversation_id == conversation_id, correction.c.state == "open")
    rows = conn.execute(select(correction).where(*mine, correction.c.grade == Grade.FACTS)).mappings()
    return tuple(_correction(conn, dict(row)) for row in rows)


def one(conn: Connection, number: int) -> Correction:
    """The correction with this number; raises NoCorrection."""
    return _correction(conn, _row(conn, number))


def send(
    conn: Connection,
    number: int,
    *,
    by: int,
    text: str | None = None,
    says: str | None = None,
    name: str,
    desk: Desk,
    now: datetime,
) -> Message:
    """Say a correction in the chat where the answer was given, once; `text` None sends the draft as it stands.

    `says` is of the correction that was read; `name` is the bot's. Whoever has the conversation's ticket answers in
    their own name. Raises NoCorrection, Settled, Rewritten, Held, Unreachable, NotTheirs, Wordless.
    """
    row, person = _row(conn, number), directory.colleague(conn, by)
    held, chat = holding(conn, row["conversation_id"]), directory.chat(conn, row["chat_id"])
    _may(person, held)
    said = (row["draft"] if text is None else text).strip()
    if not said:
        raise Wordless("text")
    if held is not None and held.assignee_id != person.id:
        raise Held(held.number, directory.person(conn, held.assignee_id or 0).name)
    if barrier := _barrier(row, chat):
        raise Unreachable(barrier)
    now_sections, client = _sections(row), _slug(conn, row["client_id"])
    pages = {each.page for each in now_sections}
    if readable(conn, pages, scope=Scope(client=client)) != pages:
        raise Rewritten(number)
    _settle(conn, number, says=says, state="sent", by=person.id, now=now)
    shown = citations(now_sections, client=client)
    if held is not None:
        sent = desk.reply(conn, ticket_id=held.id, by=person.id, text=said, citations=shown, now=now)
    else:
        talk = row["conversation_id"]
        sent = messages.say(
            conn, conversation_id=talk, text=said, name=name, citations=shown, reply_to=row["message_id"], now=now
        )
    _rest(conn, sent, now_sections, now=now)
    conn.execute(update(correction).where(correction.c.id == number).values(reply_id=sent.id))
    return sent


def dismiss(conn: Connection, number: int, *, by: int, reason: str, says: str | None = None, now: datetime) -> None:
    """Decide that nothing is to be said. Raises NoCorrection, Settled, Rewritten, NotTheirs, Wordless."""
    row, person = _row(conn, number), directory.colleague(conn, by)
    _may(person, holding(conn, row["conversation_id"]))
    reason = " ".join(reason.split())
    if not reason:
        raise Wordless("reason")
    _settle(conn, number, says=says, state="dismissed", by=person.id, reason=reason, now=now)


def citations(sections: Sequence[Section], *, client: str | None) -> tuple[Citation, ...]:
    """Numbered sources, one for each page that holds now; links to limited pages are made for ``client`` (a slug)."""
    pages = {each.page: each for each in reversed(sections)}
    return tuple(
        Citation(
            n=n,
            page=s.page,
            title=s.title,
            heading=s.heading,
            anchor=s.anchor,
            url=s.url,
            chunk=s.chunk,
            client=client if s.limited else None,
        )
        for n, s in enumerate(reversed(pages.values()), 1)
    )


def _may(person: Person, held: Ticket | None) -> None:
    if person.role not in SENDERS and (held is None or held.assignee_id != person.id):
        raise NotTheirs(str(person.role or ""))


def _settle(conn: Connection, number: int, *, says: str | None, **decision: Any) -> None:
    """Only one of several at once comes through: the row says who was first."""
    state, by, now = decision["state"], decision["by"], decision["now"]
    mine = [correction.c.id == number, correction.c.state == "open"]
    if says is not None:
        mine.append(correction.c.says == says)
    values = {"state": state, "by_id": by, "decided_at": now, "reason": decision.get("reason")}
    if conn.execute(update(correction).where(*mine).values(values)).rowcount:
        return
    row = _row(conn, number)
    if row["state"] == "open":
        raise Rewritten(number)
    raise Settled(row["state"], _name(conn, row["by_id"]))


def _rest(conn: Connection, sent: Message, sections: Sequence[Section], *, now: datetime) -> None:
    """A correction is an answer too: it rests on what holds now."""
    names = Cited.__dataclass_fields__
    cited.keep(conn, [Cited(**{name: getattr(each, name) for name in names}) for each in sections], now=now)
    version = store.state(conn).version
    sources.rest(conn, sent.id, [(each.chunk, each.page) for each in sections], version=version, at=now)


def _row(conn: Connection, number: int) -> Mapping[str, Any]:
    row = conn.execute(select(correction).where(correction.c.id == number)).mappings().first()
    if row is None:
        raise NoCorrection(number)
    return dict(row)


def _barrier(row: Mapping[str, Any], chat: Chat) -> str | None:
    if chat.client_id != row["client_id"]:
        return "left"
    if chat.lost_at is not None:
        return "lost"
    return "off" if chat.mode is Mode.OFF else None


def _sections(row: Mapping[str, Any]) -> tuple[Section, ...]:
    return tuple(Section(**{**each, "supersedes": tuple(each["supersedes"])}) for each in row["facts"]["now"])


def _name(conn: Connection, person_id: int | None) -> str | None:
    return None if person_id is None else directory.person(conn, person_id).name


def _slug(conn: Connection, client_id: int | None) -> str | None:
    return None if client_id is None else directory.client(conn, client_id).slug


def _client(conn: Connection, client_id: int | None) -> str | None:
    try:
        return None if client_id is None else directory.client(conn, client_id).name
    except NotFound:
        return None


def _correction(conn: Connection, row: Mapping[str, Any]) -> Correction:
    chat, answer, facts = directory.chat(conn, row["chat_id"]), messages.message(conn, row["message_id"]), row["facts"]
    mine = select(func.count()).where(correction_answer.c.correction_id == row["id"])
    reply = messages.find(conn, row["reply_id"]) if row["reply_id"] else None
    copied = (
        "chat_id",
        "says",
        "page",
        "language",
        "answered_at",
        "found_at",
        "draft",
        "drafted_by",
        "decided_at",
        "reason",
    )
    return Correction(
        **{name: row[name] for name in (*copied, "state")},
        number=row["id"],
        kind=Kind(row["kind"]),
        grade=Grade(row["grade"]),
        title=facts["title"],
        heading=facts["heading"],
        question=facts["question"],
        said=answer.text,
        client=_client(conn, row["client_id"]),
        chat=chat.title,
        platform=chat.platform,
        answers=int(conn.execute(mine).scalar_one()),
        changes=tuple(Change(**each) for each in facts["changes"]),
        now=_sections(row),
        barrier=_barrier(row, chat),
        holder=_holder(conn, row["conversation_id"]),
        by=_name(conn, row["by_id"]),
        delivery=str(reply.delivery) if reply and reply.delivery else None,
    )


def _holder(conn: Connection, conversation_id: int) -> Holder | None:
    held = holding(conn, conversation_id)
    if held is None or held.assignee_id is None:
        return None
    name = directory.person(conn, held.assignee_id).name
    return Holder(ticket=held.number, ticket_id=held.id, person_id=held.assignee_id, name=name)
