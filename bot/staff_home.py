"""A colleague's own page in a chat platform: their tickets, those that press, and a press on it. Transaction bodies."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from bot.arrived import TicketPressed
from bot.staff_commands import due
from bot.staff_presses import sentence
from bot.staff_reception import Staff, is_colleague
from bot.staff_words import SIGNS, StaffWords
from console.texts import negotiate
from handoff import audit, board, directory, staff_chats
from handoff.errors import HandoffError
from handoff.model import Person, QueueRow
from handoff.rows import number_of

MINE: Final = 15
PRESSING: Final = 15
_TITLE: Final = 150


@dataclass(frozen=True, kw_only=True)
class Row:
    """A ticket on the page, in plain words; `link` leads to it in the desk, if that has an address."""

    ticket: int
    head: str
    facts: str
    link: str | None
    claimable: bool


@dataclass(frozen=True, kw_only=True)
class HomePage:
    """The page of a colleague; of anybody else (`is_ours` False) it only says what we do and how to link."""

    words: StaffWords
    is_ours: bool
    mine: tuple[Row, ...] = ()
    pressing: tuple[Row, ...] = ()
    more: bool = False
    told: str = ""


def page(
    conn: Connection,
    *,
    platform: str,
    account: str,
    language: str,
    staff: Staff,
    public_url: str | None,
    told: str = "",
    now: datetime,
) -> HomePage:
    """What to show somebody, in the language that their program is set to; `told` is what a press came to."""
    words = _words(conn, language, staff)
    person = directory.find_person(conn, platform=platform, external_id=account)
    if person is None or not is_colleague(person):
        return HomePage(words=words, is_ours=False)
    mine = board.queue(conn, view="mine", viewer_id=person.id, now=now, limit=MINE + 1)
    shown = {row.ticket.id for row in mine}
    free = board.queue(conn, view="unclaimed", viewer_id=person.id, now=now, limit=PRESSING + MINE + 2)
    others = [row for row in free if row.ticket.id not in shown]

    def row(each: QueueRow) -> Row:
        return _row(each, words, public_url=public_url, now=now)

    return HomePage(
        words=words,
        is_ours=True,
        mine=tuple(row(each) for each in mine[:MINE]),
        pressing=tuple(row(each) for each in others[:PRESSING]),
        more=len(mine) > MINE or len(others) > PRESSING,
        told=told,
    )


def press(conn: Connection, pressed: TicketPressed, *, staff: Staff, now: datetime) -> str:
    """Take a ticket from the page; "" where it worked, else why it did not."""
    words = _words(conn, pressed.author.language, staff)
    person = _presser(conn, pressed)
    if person is None:
        return words.say("staff.press.gone")
    action = audit.Action(
        person_id=person.id,
        via=pressed.platform,
        name="chat.home",
        kind=audit.TICKET,
        subject=number_of(pressed.ticket),
    )
    try:
        with conn.begin_nested(), audit.acting(conn, action, now=now):
            staff.desk.claim(conn, ticket_id=pressed.ticket, by=person.id, now=now)
    except HandoffError as error:
        audit.keep(conn, action, outcome="refused", now=now)
        return sentence(error, words)
    return ""


def _presser(conn: Connection, pressed: TicketPressed) -> Person | None:
    person = directory.find_person(conn, platform=pressed.platform, external_id=pressed.author.id)
    return person if person is not None and is_colleague(person) else None


def _words(conn: Connection, language: str, staff: Staff) -> StaffWords:
    """In the person's language, and the zone of the first chat that our people share."""
    words = StaffWords(texts=staff.texts, desk=staff.desk_texts, manner=staff.manner)
    for chat in staff_chats.every(conn)[:1]:
        words = words.of(chat)
    return words.speaking(negotiate(language)) if language else words


def _row(row: QueueRow, words: StaffWords, *, public_url: str | None, now: datetime) -> Row:
    ticket = row.ticket
    title = ticket.title if len(ticket.title) <= _TITLE else ticket.title[: _TITLE - 1] + "…"
    who = row.assignee_name or row.asked_name or words.say("staff.queue.unclaimed")
    client = row.client_name or words.say("staff.card.guest")
    facts = " · ".join((client, words.named(f"state.{ticket.state}"), who, due(row, words, now=now)))
    return Row(
        ticket=ticket.id,
        head=f"{SIGNS[ticket.level]} {ticket.number} {title}",
        facts=facts,
        link=f"{public_url}/desk/t/{ticket.number}" if public_url else None,
        claimable=ticket.assignee_id is None,
    )
