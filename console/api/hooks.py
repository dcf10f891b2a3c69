"""Resources: webhooks, what they were told, and telling them again."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from console.api import cursors
from console.api.doing import done
from console.api.doors import FEW, CallerDep, Cursor, KeyDep, Limit, door
from console.api.problems import invalid, missing
from console.api.shapes import Instant, Page, Shape
from console.api.tickets import Ident
from console.pages import PagesDep
from handoff import directory, webhook_log, webhooks
from handoff.errors import NotFound
from handoff.repeats import Reply
from handoff.rows import number_of
from handoff.tokens import Caller, Scope
from handoff.webhook_log import Attempt, Delivery, DeliveryState
from handoff.webhooks import ALL, MOST, NAME_LENGTH, URL_LENGTH, Endpoint
from success.addresses import AddressError

router = APIRouter(prefix="/webhooks", tags=["webhooks"])
TYPES = r"^(?:" + "|".join(name.replace(".", r"\.") for name in ALL) + r")$"


class Hooking(BaseModel):
    """An address and what it hears of. A token for one client makes webhooks for that client."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=NAME_LENGTH, pattern=r"\S", examples=["Jira mirror"])]
    url: Annotated[
        str, Field(min_length=1, max_length=URL_LENGTH, pattern=r"^https://", examples=["https://hooks.example.com/in"])
    ]
    types: Annotated[list[Annotated[str, Field(pattern=TYPES)]], Field(min_length=1, max_length=len(ALL))]
    client: Annotated[str, Field(pattern=r"^[0-9]{1,15}$")] | None = None
    texts: bool = Field(default=False, description="Whether it is told what people wrote.")


class HookOut(Shape):
    """A webhook. Its secret is in the answer to its making alone; later it is on the desk's page."""

    id: str
    name: str
    url: str
    types: list[str]
    client: str | None
    texts: bool
    active: bool
    off_why: str | None
    failing_since: Instant | None
    created_at: Instant
    secret: str | None = None


class TryOut(Shape):
    """One request: what came back, or why nothing did."""

    at: Instant
    ms: int
    status: int | None
    error: str | None
    answer: str | None


class HookDeliveryOut(Shape):
    """One thing that a webhook is told; `webhook_id` is the same however often it is sent."""

    id: str
    webhook_id: str
    type: str
    ticket: str | None
    state: DeliveryState
    at: Instant
    ended_at: Instant | None
    tries: list[TryOut]


@router.get("", response_model=Page[HookOut], summary="List webhooks", **door(Scope.WEBHOOKS_WRITE))
async def hooks(pages: PagesDep, caller: CallerDep) -> Response:
    """All of them on one page, the oldest first."""
    found = await pages.deps.db.read(webhooks.every)
    out = Page[HookOut](items=[hook_out(each) for each in found if _mine(caller, each)])
    return JSONResponse(out.model_dump(mode="json"))


@router.post(
    "", status_code=201, response_model=HookOut, summary="Add a webhook", **door(Scope.WEBHOOKS_WRITE, 409, 413)
)
async def add_hook(request: Request, pages: PagesDep, caller: CallerDep, key: KeyDep, body: Hooking) -> Response:
    """Only to public addresses over https; the answer has the secret that signs."""
    try:
        pages.deps.outgoing.check(body.url)
    except AddressError:
        raise invalid("body.url", "must be a public https:// address") from None

    def change(conn: Connection, now: datetime) -> Reply:
        client_id = int(body.client) if body.client else caller.client_id
        if client_id is not None and (not caller.may_see(client_id) or not directory.find_client(conn, client_id)):
            raise invalid("body.client", "there is no such client")
        if len(webhooks.every(conn)) >= MOST:
            raise invalid("body", f"there are {MOST} webhooks already")
        made = webhooks.make(
            conn,
            name=" ".join(body.name.split()),
            url=body.url,
            types=body.types,
            client_id=client_id,
            texts=body.texts,
            by=caller.person.id,
            now=now,
        )
        return Reply(status=201, body=hook_out(made, secret=made.secret).model_dump(mode="json"), headers={})

    return await done(request, caller, change, key=key)


@router.get("/{webhook}", response_model=HookOut, summary="One webhook", **door(Scope.WEBHOOKS_WRITE, 404))
async def one_hook(pages: PagesDep, caller: CallerDep, *, webhook: Ident) -> Response:
    """Without its secret."""
    found = await pages.deps.db.read(lambda conn: hook_of(conn, caller, webhook))
    return JSONResponse(hook_out(found).model_dump(mode="json"))


@router.delete("/{webhook}", status_code=204, summary="Remove a webhook", **door(Scope.WEBHOOKS_WRITE, 404))
async def remove_hook(pages: PagesDep, caller: CallerDep, *, webhook: Ident) -> Response:
    """Nothing more is sent there."""
    now = pages.deps.clock()

    def body(conn: Connection) -> None:
        webhooks.remove(conn, hook_of(conn, caller, webhook).id, now=now)

    await pages.deps.db.write(body)
    return Response(status_code=204)


@router.get(
    "/{webhook}/deliveries", response_model=Page[HookDeliveryOut], summary="What a webhook was told",
    **door(Scope.WEBHOOKS_WRITE, 404),
)  # fmt: skip
async def hook_deliveries(
    request: Request, pages: PagesDep, caller: CallerDep, *, webhook: Ident, state: DeliveryState | None = None,
    limit: Limit = FEW, cursor: Cursor = None,
) -> Response:  # fmt: skip
    """The latest first, with every request that was made."""
    before = cursors.read(cursor)

    def load(conn: Connection) -> list[HookDeliveryOut]:
        found = hook_of(conn, caller, webhook)
        rows = webhook_log.recent(conn, found.id, state=state, before_id=before, limit=limit + 1)
        tried = webhook_log.tries(conn, [row.id for row in rows])
        return [_delivery(row, tried.get(row.id, ())) for row in rows]

    rows, next_ = cursors.page(request, await pages.deps.db.read(load), limit=limit, key=lambda row: int(row.id))
    out = Page[HookDeliveryOut](items=rows, next=next_)
    return JSONResponse(out.model_dump(mode="json"), headers=cursors.linked(next_))


@router.post(
    "/{webhook}/deliveries/{delivery}/resend", status_code=202, response_model=HookDeliveryOut, summary="Send it again",
    **door(Scope.WEBHOOKS_WRITE, 404, 409),
)  # fmt: skip
async def resend(request: Request, caller: CallerDep, key: KeyDep, *, webhook: Ident, delivery: Ident) -> Response:
    """Under the same webhook-id; what waits anyway stays as it is."""

    def change(conn: Connection, now: datetime) -> Reply:
        found = hook_of(conn, caller, webhook)
        try:
            one = webhook_log.delivery(conn, int(delivery))
        except NotFound:
            raise missing("delivery") from None
        if one.endpoint_id != found.id:
            raise missing("delivery")
        webhook_log.send_again(conn, one.id, now=now)
        again, tried = webhook_log.delivery(conn, one.id), webhook_log.tries(conn, [one.id])
        out = _delivery(again, tried.get(one.id, ()))
        return Reply(status=202, body=out.model_dump(mode="json"), headers={})

    return await done(request, caller, change, key=key)


def hook_of(conn: Connection, caller: Caller, webhook: str) -> Endpoint:
    """The webhook, if the caller may see it. Raises Problem."""
    try:
        found = webhooks.endpoint(conn, int(webhook))
    except NotFound:
        raise missing("webhook") from None
    if not _mine(caller, found):
        raise missing("webhook")
    return found


def hook_out(endpoint: Endpoint, *, secret: str | None = None) -> HookOut:
    """A webhook."""
    return HookOut(
        id=str(endpoint.id),
        name=endpoint.name,
        url=endpoint.url,
        types=sorted(endpoint.types),
        client=str(endpoint.client_id) if endpoint.client_id else None,
        texts=endpoint.texts,
        active=endpoint.active,
        off_why=endpoint.off_why,
        failing_since=endpoint.failing_since,
        created_at=endpoint.at,
        secret=secret,
    )


def _mine(caller: Caller, endpoint: Endpoint) -> bool:
    """A token for one client sees that client's webhooks, none that hears of others too."""
    return caller.client_id is None or endpoint.client_id == caller.client_id


def _delivery(found: Delivery, tried: tuple[Attempt, ...]) -> HookDeliveryOut:
    return HookDeliveryOut(
        id=str(found.id),
        webhook_id=found.name,
        type=found.type,
        ticket=number_of(found.ticket_id) if found.ticket_id else None,
        state=found.state,
        at=found.at,
        ended_at=found.ended_at,
        tries=[TryOut(at=t.at, ms=t.ms, status=t.status, error=t.error, answer=t.answer) for t in tried],
    )
