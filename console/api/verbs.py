"""Resources: what is done to tickets."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Connection

from console.api.bodies import Answering, Giving, Levelling, Merging, Nothing, Noting, Resolving, Snoozing, Waiting
from console.api.doing import done, shown
from console.api.doors import CallerDep, KeyDep, MatchDep, door
from console.api.problems import Problem, invalid
from console.api.shapes import MessageOut, TicketOut, message_out, ticket_out
from console.api.tickets import Number, ticket_of
from console.pages import PagesDep
from handoff import board, listing
from handoff.desk import Desk
from handoff.model import Message, Ticket
from handoff.repeats import Reply
from handoff.tokens import Caller, Scope

router = APIRouter(prefix="/tickets/{ticket}", tags=["tickets"])
Verb = Callable[[Connection, Ticket, datetime], object]
Saying = Callable[[Connection, Ticket, datetime], Message]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request to do something to a ticket: by whom, under which key, and as which version they know the ticket."""

    request: Request
    desk: Desk
    base: str
    caller: Caller
    number: str
    key: str | None
    match: int | None

    @property
    def by(self) -> int:
        """The colleague in whose name the token acts."""
        return self.caller.person.id

    def found(self, conn: Connection) -> Ticket:
        """The ticket, held until the transaction ends, if it is still as the caller knows it. Raises Problem."""
        found = ticket_of(conn, self.caller, self.number)
        if self.match is None:
            return found
        board.hold(conn, found.id)
        listed = listing.listed(conn, found)
        if listed.version != self.match:
            current = ticket_out(listed, base=self.base).model_dump(mode="json")
            raise Problem("changed", f"The ticket is at version {listed.version}.", current=current)
        return found

    async def do(self, verb: Verb) -> Response:
        """Do it; the ticket as it stands after it."""

        def change(conn: Connection, now: datetime) -> Reply:
            found = self.found(conn)
            verb(conn, found, now)
            return shown(conn, found.number, base=self.base)

        return await done(self.request, self.caller, change, key=self.key)

    async def say(self, saying: Saying) -> Response:
        """Say it; the message."""

        def change(conn: Connection, now: datetime) -> Reply:
            said = message_out(saying(conn, self.found(conn), now))
            return Reply(status=201, body=said.model_dump(mode="json"), headers={})

        return await done(self.request, self.caller, change, key=self.key)


def asked_of(
    request: Request, pages: PagesDep, caller: CallerDep, key: KeyDep, match: MatchDep, *, ticket: Number
) -> Asked:
    """A request to do something to a ticket (a FastAPI dependency)."""
    deps = pages.deps
    return Asked(
        request=request, desk=deps.desk, base=deps.public_url or "", caller=caller, number=ticket, key=key, match=match
    )


AskedDep = Annotated[Asked, Depends(asked_of)]
_VERB: Final[dict[str, Any]] = {"response_model": TicketOut, **door(Scope.TICKETS_WRITE, 404, 409, 412, 413)}
_SAYING: Final[dict[str, Any]] = {
    "status_code": 201,
    "response_model": MessageOut,
    **door(Scope.MESSAGES_WRITE, 404, 409, 412, 413),
}


@router.post("/claim", summary="Take a ticket", **_VERB)
async def claim(asked: AskedDep, body: Nothing | None = None) -> Response:
    """In the name of the colleague for whom the token acts; no change where they have it already."""
    del body

    def verb(conn: Connection, found: Ticket, now: datetime) -> object:
        return asked.desk.claim(conn, ticket_id=found.id, by=asked.by, now=now)

    return await asked.do(verb)


@router.post("/assign", summary="Give a ticket to a colleague", **_VERB)
async def assign(asked: AskedDep, body: Giving) -> Response:
    """Whoever has it, or nobody; the colleague is told."""
    return await _give(asked, body)


@router.post("/transfer", summary="Pass a ticket on to a colleague", **_VERB)
async def transfer(asked: AskedDep, body: Giving) -> Response:
    """The same as `assign`, by the desk's own word for it."""
    return await _give(asked, body)


@router.post("/replies", summary="Answer the client", **_SAYING)
async def reply(asked: AskedDep, body: Answering) -> Response:
    """In the client's chat, under the name of the colleague for whom the token acts; claims what nobody has."""
    desk, by = asked.desk, asked.by

    def saying(conn: Connection, found: Ticket, now: datetime) -> Message:
        said = desk.reply(conn, ticket_id=found.id, by=by, text=body.text, wait=body.then == "wait", now=now)
        if body.then == "resolve":
            desk.resolve(conn, ticket_id=found.id, by=by, now=now)
        return said

    return await asked.say(saying)


@router.post("/notes", summary="Write an internal note", **_SAYING)
async def note(asked: AskedDep, body: Noting) -> Response:
    """Only staff ever see it."""

    def saying(conn: Connection, found: Ticket, now: datetime) -> Message:
        return asked.desk.note(conn, ticket_id=found.id, by=asked.by, text=body.text, now=now)

    return await asked.say(saying)


@router.post("/wait", summary="Wait for the client", **_VERB)
async def wait(asked: AskedDep, body: Waiting | None = None) -> Response:
    """Pauses the resolution clock; needs a reply first."""
    third = body is not None and body.third_party

    def verb(conn: Connection, found: Ticket, now: datetime) -> object:
        return asked.desk.wait(conn, ticket_id=found.id, by=asked.by, third_party=third, now=now)

    return await asked.do(verb)


@router.post("/snooze", summary="Put a ticket aside", **_VERB)
async def snooze(asked: AskedDep, body: Snoozing) -> Response:
    """Until then; no clock changes."""

    def verb(conn: Connection, found: Ticket, now: datetime) -> object:
        return asked.desk.snooze(conn, ticket_id=found.id, by=asked.by, until=body.until, now=now)

    return await asked.do(verb)


@router.post("/resolve", summary="Resolve a ticket", **_VERB)
async def resolve(asked: AskedDep, body: Resolving | None = None) -> Response:
    """The client is told; a last word goes first."""
    text = body.text if body else ""
    if text.strip() and Scope.MESSAGES_WRITE not in asked.caller.token.scopes:
        raise Problem("missing-scope", "A last word needs the scope messages:write.", scope=str(Scope.MESSAGES_WRITE))

    def verb(conn: Connection, found: Ticket, now: datetime) -> object:
        return asked.desk.resolve(conn, ticket_id=found.id, by=asked.by, text=text, now=now)

    return await asked.do(verb)


@router.post("/reopen", summary="Open a resolved ticket again", **_VERB)
async def reopen(asked: AskedDep, body: Nothing | None = None) -> Response:
    """Its resolution clock goes on where it stopped."""
    del body

    def verb(conn: Connection, found: Ticket, now: datetime) -> object:
        return asked.desk.reopen(conn, ticket_id=found.id, by=asked.by, now=now)

    return await asked.do(verb)


@router.post("/level", summary="Change a ticket's level", **_VERB)
async def level(asked: AskedDep, body: Levelling) -> Response:
    """Its clocks are computed anew."""

    def verb(conn: Connection, found: Ticket, now: datetime) -> object:
        return asked.desk.set_level(conn, ticket_id=found.id, level=body.level, by=asked.by, now=now)

    return await asked.do(verb)


@router.post("/merge", summary="Let a ticket go on in another", **_VERB)
async def merge(asked: AskedDep, body: Merging) -> Response:
    """Both must be of one client; the answer is the ticket that was merged away."""

    def verb(conn: Connection, found: Ticket, now: datetime) -> object:
        other = board.ticket_by_number(conn, body.into)
        if other is None or not asked.caller.may_see(other.client_id):
            raise invalid("body.into", "there is no such ticket")
        return asked.desk.merge(conn, ticket_id=found.id, into=other.id, by=asked.by, now=now)

    return await asked.do(verb)


async def _give(asked: Asked, body: Giving) -> Response:
    heir = int(body.to)

    def verb(conn: Connection, found: Ticket, now: datetime) -> object:
        if not listing.is_around(conn, heir, asked.caller.client_id) and heir != asked.by:
            raise invalid("body.to", "there is no such colleague")
        return asked.desk.transfer(conn, ticket_id=found.id, to=heir, by=asked.by, reason=body.reason, now=now)

    return await asked.do(verb)
