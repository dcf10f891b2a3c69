"""How one person is reached with a question that is for them alone. Transaction bodies that only read.

Their direct chat first; else, about a ticket or a project, its group, addressed to them; else a letter with a signed
link. Where none of it is possible the link stays with our people.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from sqlalchemy import Connection

from handoff import directory, staff_chats
from handoff.kinds import ChatKind, Mode
from handoff.model import Chat, Person, Ticket
from success.mails import is_address

Addresses: TypeAlias = Callable[[Connection, int], str | None]
"""A person's own e-mail address by their id; None where we know none."""
_SILENT: Final = frozenset({Mode.OFF, Mode.COMMUNITY})


def nobodys(conn: Connection, person_id: int) -> str | None:  # noqa: ARG001 - an `Addresses`
    """No addresses are known."""
    return None


class Way(StrEnum):
    """By what a question reached its person."""

    DIRECT = "direct"
    GROUP = "group"
    MAIL = "mail"


@dataclass(frozen=True, kw_only=True)
class Reach:
    """A way to a person: a chat, or an address."""

    way: Way
    chat: Chat | None = None
    address: str = ""

    @property
    def name(self) -> str:
        """What is kept of it: the platform, or that it was a letter."""
        return self.chat.platform if self.chat is not None else str(self.way)


@dataclass(frozen=True, kw_only=True)
class Ways:
    """What there is: platforms whose messages have buttons, people's addresses, and whether letters can have links."""

    platforms: Collection[str] = ()
    addresses: Addresses = nobodys
    links: bool = False

    def to(
        self, conn: Connection, person: Person, *, ticket: Ticket | None = None, group: Chat | None = None
    ) -> Reach | None:
        """The best way to a person; their group only about its own ticket, or about what everybody there works on
        (`group`), as others read there.
        """
        about = directory.chat_of(conn, ticket.conversation_id) if ticket is not None else group
        direct = self._direct(conn, person, near=about)
        if direct is not None:
            return Reach(way=Way.DIRECT, chat=direct)
        if about is not None and about.kind is ChatKind.GROUP and self._speakable(about):
            return Reach(way=Way.GROUP, chat=about)
        address = self.addresses(conn, person.id) if self.links else None
        return Reach(way=Way.MAIL, address=address) if address and is_address(address) else None

    def unopened(self, conn: Connection, person: Person, *, doors: Collection[str]) -> tuple[tuple[str, str], ...]:
        """The person's accounts where a direct chat could be begun; none where there is one already."""
        if self._direct(conn, person, near=None) is not None:
            return ()
        return tuple(each for each in directory.accounts(conn, person.id) if each[0] in doors)

    def _direct(self, conn: Connection, person: Person, *, near: Chat | None) -> Chat | None:
        found = [
            chat
            for chat in staff_chats.direct(conn, person.id)
            if chat.kind is ChatKind.DIRECT and self._speakable(chat)
        ]
        here = [chat for chat in found if near is not None and chat.platform == near.platform]
        return next(iter(here or found), None)

    def _speakable(self, chat: Chat) -> bool:
        return chat.platform in self.platforms and chat.mode not in _SILENT and chat.lost_at is None
