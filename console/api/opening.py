"""Resource: a ticket opened for a client by a program."""

from datetime import datetime
from typing import Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from console.api.bodies import Opening
from console.api.doing import done, shown
from console.api.doors import CallerDep, KeyDep, door
from console.api.problems import invalid
from console.api.shapes import TicketOut
from console.pages import PagesDep
from handoff import directory, listing
from handoff.kinds import PersonKind
from handoff.model import Chat, Person
from handoff.repeats import Reply
from handoff.tokens import Scope

router = APIRouter(tags=["tickets"])
REASON: Final = "api"
PLATFORM: Final = "api"


@router.post(
    "/tickets",
    status_code=201,
    response_model=TicketOut,
    summary="Open a ticket",
    **door(Scope.TICKETS_WRITE, 409, 413),
)
async def open_ticket(request: Request, pages: PagesDep, caller: CallerDep, key: KeyDep, body: Opening) -> Response:
    """For a client; its clocks start now, and staff are told."""
    base = pages.deps.public_url or ""

    def change(conn: Connection, now: datetime) -> Reply:
        client_id = int(body.client)
        if not caller.may_see(client_id) or not directory.find_client(conn, client_id):
            raise invalid("body.client", "there is no such client")
        chat, who = _chat(conn, client_id, body), _requester(conn, client_id, body, now=now)
        talk = directory.ensure_conversation(conn, chat_id=chat.id, now=now)
        made = pages.deps.desk.open(
            conn,
            conversation_id=talk.id,
            client_id=client_id,
            requester_id=who.id,
            level=body.level,
            category=body.category,
            title=body.title.strip(),
            summary=body.summary,
            reason=REASON,
            since=now,
            by=caller.person.id,
            now=now,
        )
        reply = shown(conn, made.number, base=base, status=201)
        where = f"{base}/api/v1/tickets/{made.number}"
        return Reply(status=201, body=reply.body, headers={**reply.headers, "Location": where})

    return await done(request, caller, change, key=key)


def _chat(conn: Connection, client_id: int, body: Opening) -> Chat:
    if body.chat is None:
        requester = None if body.requester is None else int(body.requester)
        found = listing.usual_chat(conn, client_id, requester_id=requester)
        if found is None:
            raise invalid("body.chat", "nobody could be answered: the client has no group, the requester no chat")
        return found
    chat = directory.find_chat_by_id(conn, int(body.chat))
    if chat is None or chat.client_id != client_id:
        raise invalid("body.chat", "there is no such chat of this client's")
    return chat


def _requester(conn: Connection, client_id: int, body: Opening, *, now: datetime) -> Person:
    if body.requester is None:
        name = " ".join(body.requester_name.split())
        known = f"{client_id}:{name}"
        return directory.ensure_person(
            conn, platform=PLATFORM, external_id=known, name=name, client_id=client_id, now=now
        )
    person = directory.find_person_by_id(conn, int(body.requester))
    if person is None or person.kind is not PersonKind.CLIENT or person.client_id != client_id:
        raise invalid("body.requester", "there is no such person of this client's")
    return person
