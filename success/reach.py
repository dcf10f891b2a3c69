"""How one person is reached with a question that is for them alone. Transaction bodies that only read.

Their direct chat first; else the group that it is about, addressed to them; else a letter with a signed link; else the
page on which they wrote to us. Where none of it is possible the link stays with our people.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from sqlalchemy import Connection

from handoff import directory, listing, staff_chats
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
    """What there is: platforms whose messages have buttons, people's addresses, and whether letters can have links.

    `pages` are platforms that people see only while they are there.
    """

    platforms: Collection[str] = ()
    pages: Collection[str] = ()
    addresses: Addresses = nobodys
    links: bool = False

    def to(
        self, conn: Connection, person: Person, *, ticket: Ticket | None = None, group: Chat | None = None,
        page: bool = False,
    ) -> Reach | None:  # fmt: skip
        """The best way to a person; a group only about its own ticket, or about what everybody in `group` works on.

        `page`: they may be asked on a page of ours, where there is no other way.
        """
        about = directory.chat_of(conn, ticket.conversation_id) if ticket is not None else None
        direct = self._direct(conn, person, near=about)
        if direct is not None:
            return Reach(way=Way.DIRECT, chat=direct)
        shared = about or group
        if shared is not None and shared.kind is ChatKind.GROUP and self._speakable(shared):
            return Reach(way=Way.GROUP, chat=shared)
        address = self.addresses(conn, person.id) if self.links else None
        if address and is_address(address):
            return Reach(way=Way.MAIL, address=address)
        here = self._page(conn, person) if page else None
        return Reach(way=Way.DIRECT, chat=here) if here is not None else None

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

    def _page(self, conn: Connection, person: Person) -> Chat | None:
        if not self.pages or person.client_id is None:
            return None
        found = listing.usual_chat(conn, person.client_id, requester_id=person.id, but=_SILENT)
        return found if found is not None and found.platform in self.pages else None

    def _speakable(self, chat: Chat) -> bool:
        return chat.platform in self.platforms and chat.mode not in _SILENT and chat.lost_at is None
