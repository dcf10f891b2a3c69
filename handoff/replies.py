"""What the desk's verbs say, and to whom: an answer to the client, a ticket's arrival to staff."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from handoff import asking, casefile, drafts, messages, routing
from handoff.casefile import Case, notify, record
from handoff.clocks import courses
from handoff.errors import EmptyText
from handoff.kinds import EventKind, NoticeKind
from handoff.lifecycle import UNSOLVED
from handoff.model import Attachment, Json, Message, Person
from handoff.policy import Book
from handoff.waits import wordless


def answer(
    conn: Connection,
    book: Book,
    case: Case,
    person: Person,
    text: str,
    *,
    attachments: Sequence[Attachment] = (),
    now: datetime,
) -> tuple[Case, Message]:
    """Answer the client and record it; a ticket that nobody has becomes the speaker's. Raises EmptyText."""
    if not (text.strip() or attachments):
        raise EmptyText
    said = messages.say(
        conn,
        conversation_id=case.ticket.conversation_id,
        text=text,
        author="staff",
        person_id=person.id,
        name=person.name,
        attachments=attachments,
        ticket_id=case.ticket.id,
        now=now,
    )
    drafts.heard(conn, said, now=now)
    return answered(conn, book, case, person, said, now=now), said


def answered(conn: Connection, book: Book, case: Case, person: Person, said: Message, *, now: datetime) -> Case:
    """Record that a colleague has answered the client, wherever that was said; claims a ticket that nobody has.

    An emoji is no response: it stops no clock.
    """
    if case.was.assignee_id is None and case.was.state in UNSOLVED:
        case = record(conn, case, EventKind.CLAIMED, now=now, by=person.id)
    if wordless(said.text) and not said.attachments:
        return case
    holding = not said.attachments and book.current.is_holding(said.text)
    data = {"message": said.id, "holding": holding}
    return record(conn, case, EventKind.REPLIED, now=now, by=person.id, data=data)


def announce(conn: Connection, book: Book, case: Case, *, cause: asking.Cause = "opened", now: datetime) -> Case:
    """Ask somebody to take a ticket that came in, tell staff, and which of its targets nobody is on duty for.

    Everybody on duty hears of an emergency; of anything else only who is asked, or everybody if nobody ever is.
    """
    contract = book.of(case.was.policy)
    case = asking.ask(conn, contract, case, cause=cause, now=now)
    was = case.was
    bare = routing.uncovered(contract, courses(case.events, book), level=was.level, tier=was.tier, now=now)
    data: Json = {"without_duty": [str(clock) for clock in bare]}
    if casefile.is_emergency(case):
        duty = asking.people_on_duty(conn, contract, was, now=now)
        notify(conn, case, NoticeKind.EMERGENCY, now=now, data=data, duty=duty)
    elif not was.routed:
        notify(conn, case, NoticeKind.OPENED, now=now, data=data)
    return case
