"""Who of a client's may agree to new work, and where they are asked. Transaction bodies that only read."""

from typing import Final

from sqlalchemy import Connection

from handoff import accounts, listing
from handoff.kinds import Mode, PersonKind
from handoff.model import Chat, Person
from success import proactive

PROPOSAL: Final = ("contract",)
QUOTED: Final = ("money",)
IN_SCOPE: Final = ("contract", "money")
"""The powers of which one suffices: for a proposal, for work that costs, for work that is agreed already."""


def may(conn: Connection, person: Person, client_id: int, powers: tuple[str, ...]) -> bool:
    """Whether somebody is this client's contact with one of these powers."""
    theirs = person.kind is PersonKind.CLIENT and person.client_id == client_id and person.active
    return theirs and any(accounts.is_authorised(conn, person.id, power) for power in powers)


def authorised(conn: Connection, client_id: int, powers: tuple[str, ...]) -> tuple[Person, ...]:
    """The client's contacts with one of these powers."""
    return tuple(
        person for person, held in accounts.contacts(conn, client_id) if person.active and set(held) & set(powers)
    )


def place(conn: Connection, client_id: int, powers: tuple[str, ...]) -> Chat | None:
    """Where something is put to them: the client's group, else the chat in which one of them wrote last."""
    group = proactive.group_of(conn, client_id)
    if group is not None:
        return group
    silent = (Mode.OFF, Mode.COMMUNITY)
    found = (
        listing.usual_chat(conn, client_id, requester_id=person.id, but=silent)
        for person in authorised(conn, client_id, powers)
    )
    return next((chat for chat in found if chat is not None), None)
