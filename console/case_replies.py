"""What a reply to the client consists of, and how it is sent: text, sources of a suggestion, what a macro asks for."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import Depends, Form
from sqlalchemy import Connection

from console.auth import Viewer
from console.forms import typed_id
from console.pages import ConsoleDeps
from handoff import case_help, directory, macro_store, messages
from handoff.case_help import StaleSuggestion, Suggestion
from handoff.desk import Desk
from handoff.errors import NotFound
from handoff.kinds import Audience, Author
from handoff.macros import Macro, MacroError, unfilled
from handoff.model import Attachment, Message, Person, Ticket
from knowledge.language import detect

_MARK: Final = re.compile(r"\[(\d{1,3})\]")
_LOOKED_BACK: Final = 40


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A reply as its form brings it; `macro` and `suggestion` are what it was begun with."""

    text: str
    then: str
    macro: str
    apply: bool
    suggestion: str


async def reply_form(
    *,
    text: Annotated[str, Form()] = "",
    then: Annotated[str, Form()] = "",
    macro: Annotated[str, Form()] = "",
    apply: Annotated[str, Form()] = "",
    suggestion: Annotated[str, Form()] = "",
    anyway: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Reply:
    """Read it from a form; sent anyway, it does after it what it was to do at first (`again`)."""
    then = then or (again if anyway else "")
    return Reply(text=text, then=then, macro=macro, apply=bool(apply), suggestion=suggestion)


ReplyDep = Annotated[Reply, Depends(reply_form)]


def send(
    conn: Connection, said: Reply, *,
    desk: Desk, deps: ConsoleDeps, ticket_id: int, by: Viewer, pictures: Sequence[Attachment], now: datetime,
) -> Message:  # fmt: skip
    """Answer the client and do what is to follow. A transaction body; raises the desk's errors, MacroError where a
    placeholder still stands, StaleSuggestion where the client may not read a source any more.
    """
    who, macro = by.person.id, _macro(conn, said, by.person)
    if macro is not None and (left := unfilled(said.text)):
        raise MacroError("text", "unfilled", left[0])
    then = said.then or (macro.then if macro is not None and said.apply else None)
    source = _source(conn, said, ticket_id, deps)
    if macro is not None and macro.level is not None and said.apply:
        desk.set_level(conn, ticket_id=ticket_id, level=macro.level, by=who, now=now)
    marked = {int(number) for number in _MARK.findall(said.text)}
    cited = [each for each in source.citations if each.n in marked] if source else []
    sent = desk.reply(
        conn, ticket_id=ticket_id, by=who, text=said.text, attachments=pictures, citations=cited,
        wait=then == "wait", now=now,
    )  # fmt: skip
    if then == "resolve":
        desk.resolve(conn, ticket_id=ticket_id, by=who, now=now)
    if macro is not None:
        macro_store.used(conn, macro.id)
    if source is not None and deps.suggester is not None:
        deps.suggester.sent(conn, source.grounds, message_id=sent.id, now=now)
    return sent


def known_suggestion(conn: Connection, ticket_id: int, typed: str) -> Suggestion | None:
    """The ticket's suggestion that a form names; None for none, or another ticket's."""
    which = typed_id(typed)
    found = None if which is None else case_help.suggested(conn, ticket_id, which)
    return found if found is not None and found.text else None


def macro_values(conn: Connection, ticket: Ticket, agent: Person) -> tuple[Mapping[str, str | None], str]:
    """What the placeholders stand for on a ticket, and the language in which its client is written to."""
    client = directory.client(conn, ticket.client_id) if ticket.client_id is not None else None
    talk = messages.transcript(conn, ticket.conversation_id, audience=Audience.CLIENT, limit=_LOOKED_BACK)
    theirs = [each.text for each in talk if each.author is Author.CLIENT and each.text]
    values = {
        "client": client.name if client else None,
        "requester": directory.person(conn, ticket.requester_id).name,
        "ticket": ticket.number,
        "agent": agent.name,
        "site": client.site if client else None,
    }
    own = client.language if client else None
    return values, own or (detect(theirs[-1]) if theirs else "zh-Hans")


def _macro(conn: Connection, said: Reply, person: Person) -> Macro | None:
    """The macro that the reply was begun with; one that was deleted meanwhile asks for nothing."""
    which = typed_id(said.macro)
    try:
        return None if which is None else macro_store.find(conn, which, person_id=person.id)
    except NotFound:
        return None


def _source(conn: Connection, said: Reply, ticket_id: int, deps: ConsoleDeps) -> Suggestion | None:
    """The suggestion that the reply was begun with, if a mark of its sources still stands in it."""
    found = known_suggestion(conn, ticket_id, said.suggestion)
    if found is None or not any(f"[{cited.n}]" in said.text for cited in found.citations):
        return None
    if deps.suggester is None or not deps.suggester.holds(conn, found.grounds, ticket_id=ticket_id):
        raise StaleSuggestion
    return found
