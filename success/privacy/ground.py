"""What a person of a client has had to do with: their chats, conversations, tickets, gaps. Transaction bodies.

All of it is told by ids, which an erasure leaves, so it can be asked for again after a crash.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, Connection, Table, and_, exists, or_, select

from handoff.card_tables import card, relay
from handoff.kinds import Author, ChatKind, ChatPurpose
from handoff.tables import chat, conversation, message, ticket, turn
from success.gap_tables import gap_question

_ABOUT: Final = {"ticket": "tickets", "conversation": "talks", "chat": "chats", "gap": "gaps", "turn": "turns"}
"""By what a row names the things of a person, and which those are."""
_PEOPLE: Final = frozenset({"person_id", "requester_id", "actor_id"})
_ALWAYS: Final = frozenset({"job", "job_step", "api_reply", "prompt_run", "prompt_result"})
"""Tables whose rows may repeat anything and say of nothing which."""
_OF_CLIENTS: Final = frozenset({"task", "visit", "complaint", "referral"})
"""Tables in which our side writes about a client's people and says of nobody who."""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Ids. `own_chats` are theirs alone (direct chats), `own_tickets` those they asked for; `chats`, `talks`, `tickets`
    are where they wrote besides, with the staff chats' threads of those tickets; `copies` repeat what they wrote.
    """

    person_id: int
    own_chats: frozenset[int]
    own_tickets: frozenset[int]
    chats: frozenset[int]
    talks: frozenset[int]
    tickets: frozenset[int]
    turns: frozenset[int]
    copies: frozenset[int]
    gaps: frozenset[int]
    clients: frozenset[int]

    def near(self, table: Table, row: Mapping[str, Any]) -> bool:
        """Whether a row has to do with the person."""
        if table.name in _ALWAYS:
            return True
        if table.name in _OF_CLIENTS and row["client_id"] in self.clients:
            return True
        ids = ((row[column.name], self._ids(column)) for column in table.columns)
        return any(value in known for value, known in ids if isinstance(value, int) and known)

    def _ids(self, column: Column[object]) -> frozenset[int]:
        if column.name in _PEOPLE:
            return frozenset({self.person_id})
        if column.table.name in _ABOUT and column.primary_key:
            return self._named(column.table.name)
        parent = column.name.removesuffix("_id")
        return self._named(parent) if parent != column.name else frozenset()

    def _named(self, what: str) -> frozenset[int]:
        found: frozenset[int] = getattr(self, _ABOUT[what]) if what in _ABOUT else frozenset()
        return found


def ground(conn: Connection, person_id: int) -> Ground:
    """Everything that has to do with this person."""
    wrote = set(_ids(conn, select(message.c.conversation_id).where(message.c.person_id == person_id)))
    own_chats = _own_chats(conn, person_id)
    own_tickets = frozenset(_ids(conn, select(ticket.c.id).where(ticket.c.requester_id == person_id)))
    mine = or_(conversation.c.id.in_(wrote), conversation.c.chat_id.in_(own_chats))
    talks = frozenset(_ids(conn, select(conversation.c.id).where(mine)))
    chats = own_chats | frozenset(_ids(conn, select(conversation.c.chat_id).where(conversation.c.id.in_(talks))))
    of_chats = select(chat.c.client_id).where(chat.c.id.in_(chats))
    of_tickets = select(ticket.c.client_id).where(ticket.c.id.in_(own_tickets))
    tickets = own_tickets | frozenset(_ids(conn, select(ticket.c.id).where(ticket.c.conversation_id.in_(talks))))
    threads = select(card.c.conversation_id).where(card.c.ticket_id.in_(tickets), card.c.conversation_id.is_not(None))
    copied = select(relay.c.copy_id).join(message, message.c.id == relay.c.message_id)
    return Ground(
        person_id=person_id,
        own_chats=own_chats,
        own_tickets=own_tickets,
        chats=chats,
        talks=talks | frozenset(_ids(conn, threads)),
        tickets=tickets,
        turns=frozenset(_ids(conn, select(turn.c.id).where(turn.c.person_id == person_id))),
        copies=frozenset(_ids(conn, copied.where(message.c.person_id == person_id, message.c.author == Author.CLIENT))),
        gaps=frozenset(_ids(conn, select(gap_question.c.gap_id).where(gap_question.c.person_id == person_id))),
        clients=frozenset([*_ids(conn, of_chats), *_ids(conn, of_tickets)]),
    )


def _own_chats(conn: Connection, person_id: int) -> frozenset[int]:
    """Direct chats that are this person's: said so, or nobody else ever wrote there as a client."""
    others = exists().where(
        message.c.chat_id == chat.c.id, message.c.author == Author.CLIENT, message.c.person_id != person_id
    )
    wrote = exists().where(message.c.chat_id == chat.c.id, message.c.person_id == person_id)
    theirs = and_(chat.c.kind == ChatKind.DIRECT, chat.c.purpose == ChatPurpose.CLIENT, wrote, ~others)
    return frozenset(_ids(conn, select(chat.c.id).where(or_(chat.c.person_id == person_id, theirs))))


def _ids(conn: Connection, query: Any) -> list[int]:
    return [each for each in conn.execute(query).scalars() if each is not None]
