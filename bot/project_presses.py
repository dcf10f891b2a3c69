"""Presses on what was put to a client of new work: an authorised contact accepts, confirms or declines. Transactions.

Whoever else presses is told who can; nothing changes, and the buttons stay.
"""

from datetime import datetime
from typing import Final, Literal

from sqlalchemy import Connection

from console.texts import Texts
from handoff import directory, messages
from handoff.desk import Desk
from handoff.kinds import PersonKind
from handoff.model import Message, Person
from success.projects import changes, proposals
from success.projects.changes import Change
from success.projects.errors import ProjectRefused
from success.projects.proposals import Version

ACCEPT: Final = "proposal:accept"
AGREE: Final = "change:confirm"
DECLINE: Final = "change:decline"
Became = Literal["answered", "again", "unauthorised"]


def is_ours(conn: Connection, said: Message) -> bool:
    """Whether a message put something of new work to its client."""
    return any(button.id in {ACCEPT, AGREE, DECLINE} for button in said.buttons) and (
        proposals.of_message(conn, said.id) is not None or changes.of_message(conn, said.id) is not None
    )


def press(
    conn: Connection, said: Message, button: str, *, person: Person, desk: Desk, texts: Texts, now: datetime
) -> Became | None:
    """Take a press; None where the message is about nothing of the kind.

    What was accepted, or cannot be any more, stands in the message from then on.
    """
    version, change = proposals.of_message(conn, said.id), changes.of_message(conn, said.id)
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
    _close(conn, said, texts.say("proposal.chat.accepted", language, name=person.name, code=version.hash[:8]), now=now)
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
    _close(conn, said, texts.say(key, language, name=person.name), now=now)
    return "answered"


def _refused(conn: Connection, said: Message, refused: ProjectRefused, line: str, *, now: datetime) -> Became:
    if refused.reason == "power":
        return "unauthorised"
    _close(conn, said, line, now=now)
    return "again"


def _close(conn: Connection, said: Message, line: str, *, now: datetime) -> None:
    """What came of it stands below what was put, and there is nothing to press any more."""
    messages.amend(conn, said.id, text=f"{messages.message(conn, said.id).text}\n\n{line}", now=now)
