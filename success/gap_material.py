"""What a gap's page is drafted from: its questions, and what colleagues told clients. Masked; only reads."""

from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection, select

from handoff import contracts
from handoff.kinds import Audience, Author, Level, TicketState
from handoff.rows import number_of
from handoff.tables import message, ticket
from success import gap_sources, gap_store, private
from success.gap_model import Gap
from success.gap_outline import MARKS
from success.gap_sources import Companies
from success.private import Own

_MOST_TICKETS: Final = 30
_LONGEST: Final = 2_000


@dataclass(frozen=True, kw_only=True)
class Material:
    """A gap with its masked questions and replies, the newest first, and the tickets that the replies come from."""

    gap: Gap
    questions: tuple[str, ...]
    replies: tuple[str, ...]
    tickets: tuple[str, ...]


def gather(conn: Connection, number: int) -> Material:
    """Everything for a draft; raises UnknownGap."""
    gap, members = gap_store.one(conn, number), gap_store.members(conn, number)
    ids = {member.ticket_id for member in members if member.ticket_id is not None}
    told = _told(conn, sorted(ids))
    all_own = everybody(gap_sources.companies(conn))
    language = gap.facts.language
    replies = [private.masked(text, all_own, language=language, mark=MARKS[language]) for _, text in told]
    asked = [
        private.masked(member.text, replace(all_own, people=frozenset()), language=language, mark=gap_sources.MARK)
        for member in members
    ]
    return Material(
        gap=gap, questions=tuple(asked), replies=tuple(replies), tickets=tuple(number_of(each) for each, _ in told)
    )


def _told(conn: Connection, ids: list[int]) -> list[tuple[int, str]]:
    """For each ticket that people resolved, the newest first, what colleagues said that was more than "one moment"."""
    done = (ticket.c.state == TicketState.RESOLVED, ticket.c.level == Level.QUESTION, ticket.c.id.in_(ids))
    newest = select(ticket.c.id).where(*done).order_by(ticket.c.resolved_at.desc()).limit(_MOST_TICKETS)
    contract = contracts.book(conn).current
    found: list[tuple[int, str]] = []
    for each in conn.execute(newest).scalars().all():
        said = (message.c.ticket_id == each, message.c.author == Author.STAFF, message.c.audience == Audience.CLIENT)
        texts = conn.execute(select(message.c.text).where(*said).order_by(message.c.id)).scalars()
        whole = "\n".join(text.strip() for text in texts if text.strip() and not contract.is_holding(text))
        if whole:
            found.append((each, whole[:_LONGEST]))
    return found


def everybody(companies: Companies) -> Own:
    """What is any client's own: a page is read by all of them."""
    own = companies.own.values()
    return Own(
        companies=frozenset(name for each in own for name in each.companies),
        people=frozenset(name for each in own for name in each.people),
        sites=frozenset(site for each in own for site in each.sites),
    )
