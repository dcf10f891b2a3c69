"""The bot's turns that figures rest on, as matters. Transaction bodies that only read."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Row, select

from handoff.autonomy import SAME_MATTER
from handoff.evidence import Evidence, second
from handoff.indicators import Fact
from handoff.kinds import Author, Level, Outcome
from handoff.matters import End, Matter, Said, matters
from handoff.tables import chat, conversation, message, turn
from handoff.talk_facts import lines

_OUTCOMES: Final = {str(value): value for value in Outcome}


def read(evidence: Evidence) -> tuple[Matter, ...]:
    """The matters that began in the span; those that began before it and went on are left out."""
    said = (_said(row, evidence) for row in evidence.conn.execute(_turns(evidence)).all())
    found = matters(said, people=_people(evidence), now=evidence.now_s)
    first, last = (int(at.timestamp()) for at in (evidence.asked.since, evidence.asked.until))
    return tuple(each for each in found if first <= each.at < last)


def _turns(evidence: Evidence) -> Any:
    conn, asked = evidence.conn, evidence.asked
    columns = (
        turn.c.conversation_id, second(conn, turn.c.at), turn.c.outcome, turn.c.reason, turn.c.level, turn.c.category,
        turn.c.ticket_id, conversation.c.chat_id, message.c.pressed,
    )  # fmt: skip
    query = select(*columns).join(conversation, conversation.c.id == turn.c.conversation_id)
    query = query.join(message, message.c.id == turn.c.reply_id, isouter=True)
    query = query.where(turn.c.at >= asked.since - SAME_MATTER, turn.c.at < asked.until + SAME_MATTER)
    if asked.client_id is not None:
        query = query.where(conversation.c.chat_id.in_(select(chat.c.id).where(chat.c.client_id == asked.client_id)))
    return query.order_by(turn.c.conversation_id, turn.c.at, turn.c.id)


def _said(row: Row[*tuple[Any, ...]], evidence: Evidence) -> Said:
    talk, at, outcome, reason, level, category, ticket_id, chat_id, pressed = row
    of = evidence.of_chat(chat_id, level, category)
    return Said(talk, at, _OUTCOMES[outcome], reason, of, ticket_id, pressed)


def _people(evidence: Evidence) -> Mapping[int, Sequence[int]]:
    """When colleagues spoke in public, by conversation, in order."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for line in evidence.once(lines):
        if line.author is Author.STAFF:
            found[line.conversation].append(line.at)
    return {talk: sorted(instants) for talk, instants in found.items()}


def settled(evidence: Evidence, *ends: End) -> Iterator[Fact]:
    """One for a routine question that came to one of these ends, zero for one that came to another."""
    for matter in evidence.once(read):
        if matter.end is not End.OPEN and matter.about.level is Level.QUESTION:
            marks = (str(matter.end),)
            yield Fact(matter.at, float(matter.end in ends), matter.about, matter.ticket, None, marks)


def handed_off(evidence: Evidence) -> Iterator[Fact]:
    """One for a matter of any level that went to people, zero for one that did not."""
    for matter in evidence.once(read):
        if matter.end is not End.OPEN:
            gone = matter.end in {End.HANDED_OFF, End.JOINED}
            yield Fact(matter.at, float(gone), matter.about, matter.ticket, None, (str(matter.end),))
