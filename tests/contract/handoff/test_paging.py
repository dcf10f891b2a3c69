"""An emergency that nobody takes is phoned: over real HTTP on loopback, signed, retried, and never silently given up."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from bot.paging import RETRY, NoDirectChat, Paging, WebhookPager
from handoff import board, roster, routes
from handoff.kinds import EventKind, Level, NoticeKind
from handoff.model import Person, Ticket
from store.jobs import dead_letters, replay
from tests.contract.handoff.conftest import MONDAY, World

KEY = b"k" * 32
OK = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass
class Receiver:
    """A pager's side: keeps what it was sent, answers as told (the last answer again and again), or not at all."""

    answers: list[bytes] = field(default_factory=lambda: [OK])
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""
    silent: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        self.got.append((headers | {"line": head[0]}, await reader.readexactly(int(headers["content-length"]))))
        answer = self.answers[min(len(self.got), len(self.answers)) - 1]
        if answer == b"hang":
            await self.silent.wait()
        else:
            writer.write(answer)
        writer.close()

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got]


@asynccontextmanager
async def receiving(*answers: bytes) -> AsyncIterator[Receiver]:
    receiver = Receiver(answers=list(answers or [OK]))
    server = await asyncio.start_server(receiver.handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    receiver.url = f"http://127.0.0.1:{port}/hook?token=1"
    try:
        yield receiver
    finally:
        receiver.silent.set()
        server.close()
        await server.wait_closed()


class Chats:
    """Direct chats that remember."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    async def tell(self, person: Person, ticket: Ticket) -> bool:
        self.told.append((person.name, ticket.number))
        return True


async def paged(world: World, url: str | None, *, deadline_s: float = 5, direct: Any = None) -> Paging:
    """Rules in force, and a worker that pages."""
    pager = WebhookPager(url, KEY, clock=world.clock, deadline_s=deadline_s) if url else None
    paging = Paging(
        world.db, clock=world.clock, pager=pager, direct=direct or NoDirectChat(), public_url="https://desk.example"
    )
    paging.register(world.worker)
    world.worker._on_dead = paging.dead
    await world.do(roster.adopt, routes=routes.load())
    return paging


async def told(world: World, who: Person) -> list[dict[str, Any]]:
    found = await world.ask(board.notices, person_id=who.id, unread=False, limit=500)
    return [dict(notice.data) for notice in found if notice.kind is NoticeKind.UNPHONED]


async def test_the_call_is_signed_and_says_what_is_the_matter(world: World) -> None:
    """One POST five minutes after the emergency, whose signature the receiver can check."""
    async with receiving() as receiver:
        await paged(world, receiver.url)
        ticket = await world.open(Level.EMERGENCY)
        await world.pass_time(minutes=30)
        [(headers, body)] = receiver.got
    sealed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = base64.b64encode(hmac.new(KEY, sealed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{digest}"
    assert headers["line"].startswith("POST /hook?token=1 ")
    said = json.loads(body)
    assert said["type"] == "emergency.unacknowledged"
    assert said["data"]["ticket"] == ticket.number
    assert said["data"]["client"] == "gold Ltd"
    assert said["data"]["url"] == f"https://desk.example/desk/t/{ticket.number}"
    assert await told(world, world.lead) == []


@pytest.mark.parametrize(
    "wrong",
    [
        b"HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/elsewhere\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 429 Slow\r\nretry-after: 99999999999999999999\r\ncontent-length: 0\r\n\r\n",
        b"not http at all\r\n\r\n",
        b"",
    ],
)
async def test_a_wrong_answer_is_tried_again_with_the_same_id(world: World, wrong: bytes) -> None:
    """Errors, redirects, nonsense, a closed connection: the call comes again until it is taken, always as one call."""
    async with receiving(wrong, wrong, OK) as receiver:
        await paged(world, receiver.url)
        await world.open(Level.EMERGENCY)
        for _ in range(12):
            await world.pass_time(minutes=1)
        assert len(receiver.got) == 3
        assert len(set(receiver.ids)) == 1
    assert await told(world, world.lead) == []


async def test_an_answer_that_does_not_come_is_given_up(world: World) -> None:
    """The deadline holds over the whole exchange; the next try gets through."""
    async with receiving(b"hang", OK) as receiver:
        await paged(world, receiver.url, deadline_s=0.3)
        await world.open(Level.EMERGENCY)
        for _ in range(12):
            await world.pass_time(minutes=1)
        assert len(receiver.got) == 2


async def test_a_call_that_never_gets_through_is_told_to_the_leads_once(world: World) -> None:
    """A dead letter, and a notice that does not repeat when the letter is tried again."""
    async with receiving(b"HTTP/1.1 503 Down\r\ncontent-length: 0\r\n\r\n") as receiver:
        await paged(world, receiver.url)
        await world.open(Level.EMERGENCY)
        for _ in range(20):
            await world.pass_time(minutes=1)
        assert len(receiver.got) == RETRY.attempts
        [letter] = await world.ask(dead_letters)
        assert letter.queue == "page"
        [notice] = await told(world, world.lead)
        assert notice["why"] == "answered 503"
        await world.do(replay, job_id=letter.id)
        for _ in range(20):
            await world.pass_time(minutes=1)
        assert len(receiver.got) == 2 * RETRY.attempts
        assert len(await told(world, world.lead)) == 1


async def test_without_a_pager_the_leads_hear_that_nobody_was_phoned(world: World) -> None:
    """Never silent: one notice, and the job is done."""
    await paged(world, None)
    await world.open(Level.EMERGENCY)
    await world.pass_time(minutes=30)
    [notice] = await told(world, world.lead)
    assert notice["why"] == "no_pager"
    assert await world.ask(dead_letters) == []


async def test_an_emergency_taken_meanwhile_is_not_phoned(world: World) -> None:
    """The first try failed; then somebody claimed it: no further call."""
    async with receiving(b"HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n") as receiver:
        await paged(world, receiver.url)
        ticket = await world.open(Level.EMERGENCY)
        world.clock.set(MONDAY + timedelta(minutes=5, seconds=1))
        await world.worker.drain()
        assert len(receiver.got) == 1
        await world.do(world.desk.claim, ticket_id=ticket.id, by=world.ann.id)
        for _ in range(10):
            await world.pass_time(minutes=1)
        assert len(receiver.got) == 1
    assert await told(world, world.lead) == []


async def test_each_on_duty_is_written_to_directly_once(world: World) -> None:
    """The direct step addresses everybody on duty; doubled looks address nobody twice."""
    chats = Chats()
    await paged(world, None, direct=chats)
    ticket = await world.open(Level.EMERGENCY)
    world.clock.advance(timedelta(minutes=4))
    for _ in range(3):
        await world.do(world.desk.fire, ticket_id=ticket.id, clock="ACK")
        await world.worker.drain()
    assert sorted(chats.told) == [(name, ticket.number) for name in ("Ann", "Bob", "Lead")]


async def test_a_crash_between_step_and_call_loses_neither(world: World) -> None:
    """The step's event and its call commit together: a look that is undone leaves none, the next one leaves both."""
    async with receiving() as receiver:
        await paged(world, receiver.url)
        ticket = await world.open(Level.EMERGENCY)
        world.clock.advance(timedelta(minutes=6))

        class KilledError(Exception):
            pass

        def killed(conn: Any, *, now: Any) -> None:
            world.desk.fire(conn, ticket_id=ticket.id, clock="ACK", now=now)
            raise KilledError

        with pytest.raises(KilledError):
            await world.do(killed)
        assert EventKind.UNACKNOWLEDGED not in [event.kind for event in await world.ask(board.events, ticket.id)]
        await world.worker.drain()
        await world.pass_time(minutes=10)
        assert len(receiver.got) == 1
