"""Presses on what was put to a client of new work: an authorised contact accepts, confirms or declines. Transactions.

Whoever else presses is told who can; nothing changes, and the buttons stay.
"""

from datetime import datetime
from typing import Final, Literal

from sqlalchemy import Connection

from console.texts import Texts
from handoff import directory
from handoff.desk import Desk
from handoff.kinds import PersonKind
from handoff.model import Message, Person
from success.projects import change_store, changes, proposal_store, proposals, told
from success.projects.change_store import Change
from success.projects.errors import ProjectRefused
from success.projects.proposal_store import Version
from success.projects.wish import calm

ACCEPT: Final = "proposal:accept"
AGREE: Final = "change:confirm"
DECLINE: Final = "change:decline"
Became = Literal["answered", "again", "unauthorised"]


def is_ours(conn: Connection, said: Message) -> bool:
    """Whether a message put something of new work to its client."""
    return any(button.id in {ACCEPT, AGREE, DECLINE} for button in said.buttons) and (
        proposal_store.of_message(conn, said.id) is not None or change_store.of_message(conn, said.id) is not None
    )


def press(
    conn: Connection, said: Message, button: str, *, person: Person, desk: Desk, texts: Texts, now: datetime
) -> Became | None:
    """Take a press; None where the message is about nothing of the kind.

    What was accepted, or cannot be any more, stands in the message from then on.
    """
    version, change = proposal_store.of_message(conn, said.id), change_store.of_message(conn, said.id)
    if version is None and change is None:
        return None
    if person.kind is not PersonKind.CLIENT:
        return "unauthorised"
    if version is not None:
        return _accept(conn, said, version, person=person, texts=texts, now=now)
    assert change is not None
    return _answer(conn, said, change, agreed=button == AGREE, person=person, desk=desk, texts=texts, now=now)


def _accept(
    conn: Connection, said: Message, version: Version, *, person: Person, texts: Texts, now: datetime
) -> Became:
    language = version.content.language
    try:
        proposals.accept(
            conn, version.proposal_id, n=version.n, digest=version.hash, person=person, way="chat", now=now
        )
    except ProjectRefused as refused:
        return _refused(conn, said, refused, texts.say(f"proposal.refused.{refused.reason}", language), now=now)
    told.close(
        conn,
        said.id,
        texts.say("proposal.chat.accepted", language, name=calm(person.name), code=version.hash[:8]),
        now=now,
    )
    return "answered"


def _answer(
    conn: Connection, said: Message, change: Change, *, agreed: bool, person: Person, desk: Desk, texts: Texts,
    now: datetime,
) -> Became:  # fmt: skip
    client = directory.client(conn, change.client_id)
    language = client.language or "zh-Hans"
    try:
        changes.answer(conn, change.id, agreed=agreed, shown=change.hash, person=person, way="chat", desk=desk, now=now)
    except ProjectRefused as refused:
        return _refused(conn, said, refused, texts.say(f"changes.refused.{refused.reason}", language), now=now)
    key = "changes.chat.confirmed" if agreed else "changes.chat.declined"
    told.close(conn, said.id, texts.say(key, language, name=calm(person.name)), now=now)
    return "answered"


def _refused(conn: Connection, said: Message, refused: ProjectRefused, line: str, *, now: datetime) -> Became:
    if refused.reason == "power":
        return "unauthorised"
    told.close(conn, said.id, line, now=now)
    return "again"
