"""What colleagues ask the bot for by command: the queue, their own tickets, why a deadline is what it is."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from bot.cards import short
from bot.staff_words import SIGNS, StaffWords, plain
from console.why import accounts
from handoff import board
from handoff.bands import View
from handoff.desk import Desk
from handoff.model import QueueRow

COMMANDS: Final = frozenset({"queue", "mine", "why", "help", "start", "status", "human"})
_VIEWS: Final[dict[str, View]] = {"queue": "open", "mine": "mine"}
_SHOWN: Final = 15


def answer(
    conn: Connection,
    name: str,
    *,
    argument: str,
    person_id: int,
    ticket_id: int | None,
    words: StaffWords,
    desk: Desk,
    now: datetime,
) -> str:
    """What a command comes to, as text. `ticket_id` is the ticket of the thread or of the card replied to."""
    if name in _VIEWS:
        rows = board.queue(conn, view=_VIEWS[name], viewer_id=person_id, now=now, limit=_SHOWN + 1)
        return "\n".join(_queue(rows, words, now=now))
    if name == "why":
        return _why(conn, argument, ticket_id=ticket_id, words=words, desk=desk, now=now)
    return plain(words.guide("staff.help", "queue", "mine", "why"))


def _queue(rows: tuple[QueueRow, ...], words: StaffWords, *, now: datetime) -> Iterator[str]:
    if not rows:
        yield plain(words.say("staff.queue.none"))
    for row in rows[:_SHOWN]:
        yield plain(
            words.say(
                "staff.queue.line",
                sign=SIGNS[row.ticket.level],
                number=row.ticket.number,
                client=row.client_name or words.say("staff.card.guest"),
                title=short(row.ticket.title),
                who=row.assignee_name or row.asked_name or words.say("staff.queue.unclaimed"),
                due=due(row, words, now=now),
            )
        )
    if len(rows) > _SHOWN:
        yield plain(words.say("staff.queue.more"))


def due(row: QueueRow, words: StaffWords, *, now: datetime) -> str:
    """When a ticket wants something next, in words."""
    clock = row.next_clock
    if clock is None or clock.due_at is None:
        return words.say("staff.queue.no_clock")
    key = "staff.queue.late" if clock.due_at < now else "staff.queue.due"
    return words.say(key, at=words.when(clock.due_at, now=now))


def _why(
    conn: Connection, argument: str, *, ticket_id: int | None, words: StaffWords, desk: Desk, now: datetime
) -> str:
    ticket = board.ticket_by_number(conn, argument) if argument.strip() else None
    if ticket is None and not argument.strip() and ticket_id is not None:
        ticket = board.ticket(conn, ticket_id)
    if ticket is None:
        return plain(words.guide("staff.why.which", "why"))
    told = accounts(desk.ledger(conn, ticket.id, now=now), words.desk, words.language)
    if not told:
        return plain(words.say("staff.why.none", number=ticket.number))
    lines = [f"**{plain(ticket.number)}** {plain(short(ticket.title))}"]
    for account in told:
        lines += ["", f"**{plain(account.title)}**", plain(account.verdict)]
        lines += [plain(account.calendar)] if account.calendar else []
        lines += [plain(f"{row.when}  {row.words}") for row in account.rows]
    return "\n".join(lines)
