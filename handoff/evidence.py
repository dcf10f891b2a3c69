"""What figures are asked for, and the rows they rest on, each kind read once. Transaction bodies that only read."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy import BigInteger, ColumnElement, Connection, Integer, Row, cast, extract, func, select

from handoff import contracts
from handoff.indicators import About, Fact
from handoff.kinds import Level, Tier
from handoff.policy import Book
from handoff.tables import chat, client, ticket

T = TypeVar("T")
_LEVELS = {str(value): value for value in Level}
_TIERS = {str(value): value for value in Tier}
ABOUT = (
    ticket.c.client_id, ticket.c.level, ticket.c.category, ticket.c.tier, ticket.c.team, ticket.c.assignee_id,
)  # fmt: skip
"""The columns of a ticket that tell what it is about."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A span (its end is not in it), as of now, and whose figures: of everything, or narrowed to what is given."""

    since: datetime
    until: datetime
    now: datetime
    client_id: int | None = None
    level: Level | None = None
    category: str | None = None
    tier: Tier | None = None
    team: str | None = None
    agent_id: int | None = None

    @property
    def narrowed(self) -> About:
        """What facts must be about; None is anything."""
        return About(self.client_id, self.level, self.category, self.tier, self.team, self.agent_id)

    def wanted(self, facts: Iterable[Fact]) -> list[Fact]:
        """Those of the facts that are asked for."""
        wants = [(place, want) for place, want in enumerate(self.narrowed) if want is not None]
        if not wants:
            return list(facts)
        return [fact for fact in facts if all(fact.about[place] == want for place, want in wants)]

    def of_tickets(self) -> list[ColumnElement[bool]]:
        """The same of rows of `ticket`."""
        pairs = zip(self.narrowed, ABOUT, strict=True)
        return [column == want for want, column in pairs if want is not None]


class Evidence:
    """The rows behind figures, read when an indicator first asks for them. Good inside its transaction only."""

    def __init__(self, conn: Connection, asked: Asked) -> None:
        self.conn, self.asked = conn, asked
        self._read: dict[Callable[..., Any], Any] = {}
        self._of_chats: dict[tuple[int, str | None, str | None], About] = {}
        self._of_tickets: dict[int, About] = {}

    def once(self, load: "Callable[[Evidence], T]") -> T:
        """What `load` reads; the same again for everybody who asks after."""
        if load not in self._read:
            self._read[load] = load(self)
        found: T = self._read[load]
        return found

    @cached_property
    def book(self) -> Book:
        """The contracts in force and of the past."""
        return contracts.book(self.conn)

    @cached_property
    def now_s(self) -> int:
        """Now, in whole seconds since 1970."""
        return int(self.asked.now.timestamp())

    @cached_property
    def chats(self) -> Mapping[int, int | None]:
        """Each chat's client."""
        return {row.id: row.client_id for row in self.conn.execute(select(chat.c.id, chat.c.client_id))}

    @cached_property
    def tiers(self) -> Mapping[int | None, Tier]:
        """Each client's tier."""
        return {row.id: _TIERS[row.tier] for row in self.conn.execute(select(client.c.id, client.c.tier))}

    def of_chat(self, chat_id: int, level: str | None, category: str | None) -> About:
        """What a matter without a ticket is about, by its chat and by what the bot made of it."""
        key = (chat_id, level, category)
        known = self._of_chats.get(key)
        if known is None:
            client_id = self.chats.get(chat_id)
            known = About(client_id, None if level is None else _LEVELS[level], category, self.tiers.get(client_id))
            self._of_chats[key] = known
        return known

    def of_ticket(self, ticket_id: int, row: Row[*tuple[Any, ...]], start: int) -> About:
        """What a ticket is about, by the columns `ABOUT` of a row from that place on."""
        known = self._of_tickets.get(ticket_id)
        if known is None:
            client_id, level, category, tier, team, agent_id = row[start : start + len(ABOUT)]
            known = About(client_id, _LEVELS[level], category, _TIERS[tier], team, agent_id)
            self._of_tickets[ticket_id] = known
        return known


def second(conn: Connection, column: ColumnElement[Any]) -> ColumnElement[int]:
    """An instant as whole seconds since 1970: a hundred thousand of them cost less than as datetimes."""
    if conn.dialect.name == "sqlite":
        return cast(func.strftime("%s", column), Integer)
    return cast(func.floor(extract("epoch", column)), BigInteger)
