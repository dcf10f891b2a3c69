"""Everything a turn is decided on, read in one snapshot. A transaction body; decides nothing."""

from sqlalchemy import Connection

from bot import interview_ground
from bot.model import Situation
from bot.waiting import CALL
from handoff import board, contacts, directory, messages, turn_records
from handoff.kinds import Audience, Author, ChatKind, Mode, TicketState
from handoff.model import Chat, Client, Message

_HISTORY = 30  # messages looked back at


def load(conn: Connection, *, message_id: int, pressed: bool = False) -> Situation | None:
    """The situation of a message, or None if a turn has handled it already (it was part of a burst).

    A press of a button is a turn of its own, and no part of anybody's burst.
    """
    message = messages.message(conn, message_id)
    if message.turn_id is not None or message.person_id is None:
        return None
    chat = directory.chat(conn, message.chat_id)
    history = messages.transcript(conn, message.conversation_id, audience=Audience.CLIENT, limit=_HISTORY)
    unsolved = tuple(reversed(board.open_tickets(conn, message.conversation_id)))
    tickets = tuple(t for t in unsolved if t.state is not TicketState.RETURNED)
    waiting = messages.unhandled(conn, conversation_id=message.conversation_id, person_id=message.person_id)
    latest = board.latest_ticket(conn, message.conversation_id)
    pieces = (message,) if pressed else tuple(m for m in waiting if not _is_press(m))
    theirs = _theirs(conn, chat, message)
    client = theirs[0] if len(theirs) == 1 else None
    assignees = {t.assignee_id for t in tickets if t.assignee_id is not None}
    return Situation(
        chat=chat,
        client=client,
        several=theirs if len(theirs) > 1 else (),
        person=directory.person(conn, message.person_id),
        pieces=pieces,
        open_tickets=tickets,
        returned=next((t for t in unsolved if t.state is TicketState.RETURNED), None),
        resolved=latest if latest and latest.state is TicketState.RESOLVED else None,
        turns=turn_records.recent_turns(conn, message.conversation_id, limit=5),
        history=history,
        staff_spoke_at=max((m.at for m in history if m.author is Author.STAFF), default=None),
        names={person_id: directory.person(conn, person_id).name for person_id in assignees},
        colleagues=_colleagues(conn) if any(CALL in piece.text for piece in pieces) else (),
        intake=interview_ground.around(conn, chat, client, pieces, history) if pieces else None,
    )


def _theirs(conn: Connection, chat: Chat, message: Message) -> tuple[Client, ...]:
    """The clients that a message may be about: the chat's, else in a direct chat those its author speaks for."""
    if chat.mode is Mode.COMMUNITY:
        return ()
    if chat.client_id is not None:
        return (directory.client(conn, chat.client_id),)
    if chat.kind is not ChatKind.DIRECT or message.person_id is None:
        return ()
    return contacts.clients_of(conn, message.person_id, now=message.stored_at)


def _colleagues(conn: Connection) -> tuple[str, ...]:
    """The names by which our people can be called."""
    staff = directory.staff(conn, active_only=True)
    return tuple(name for person in staff for name in (person.name, person.login) if name)


def _is_press(message: Message) -> bool:
    return (message.external_id or "").startswith("press:")


def as_history(history: tuple[Message, ...], *, before: int, most: int = 6) -> str:
    """The last turns as plain lines, for the model: who said what, shortened."""
    lines = [f"{m.author}: {' '.join(m.text.split())[:300]}" for m in history if m.id < before and m.text]
    return "\n".join(lines[-most:])
