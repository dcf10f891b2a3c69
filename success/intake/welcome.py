"""A prospect becomes a client: the chat and its people go over to a client of their own. Transaction bodies."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from handoff import accounts, bindings, directory
from handoff.kinds import PersonKind, Tier
from handoff.model import Client
from store.signals import signal
from success.intake import prospects, store
from success.intake.errors import IntakeRefused

MAY_ACCEPT: Final = ("money", "contract")
"""The powers of whoever decides about new work."""


def is_prospect(conn: Connection, found: store.Interview) -> bool:
    """Whether an interview is with somebody who is no client yet: in an unbound chat, or at our own front door."""
    client_id = directory.chat_of(conn, found.conversation_id).client_id
    return found.client_id is None and client_id in {None, prospects.prospects(conn).door_id}


def welcome(
    conn: Connection, interview_id: int, *, slug: str, record: Mapping[str, Any], decides: bool, by: int, now: datetime
) -> Client:
    """Make a client of whom an interview is with; `decides` lets who was asked accept proposals.

    The chat stays the same window for them, with all that was said in it.

    Raises:
        NotFound: there is no such interview, or no such colleague in the record.
        IntakeRefused: ``client``, they are one.
        Duplicate: the slug is taken.
    """
    found = store.one(conn, interview_id, lock=True)
    chat = directory.chat_of(conn, found.conversation_id)
    if not is_prospect(conn, found):
        raise IntakeRefused("client")
    made = directory.add_client(conn, slug=slug, name=record["name"], tier=Tier(record["tier"]), now=now)
    made = directory.update_client(conn, made.id, **record)
    bindings.give_over(conn, chat.id, client_id=made.id, now=now)
    store.belongs(conn, interview_id, made.id)
    person = directory.person(conn, found.person_id) if found.person_id is not None else None
    if decides and person is not None and person.kind is PersonKind.CLIENT and person.client_id == made.id:
        accounts.authorise(conn, client_id=made.id, person_id=person.id, powers=MAY_ACCEPT, by=by, now=now)
    signal(conn, "desk", "")
    return made
