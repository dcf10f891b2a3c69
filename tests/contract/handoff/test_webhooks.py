"""Webhooks out over both databases: written with what happened, delivered in order, tried again, looked at, re-sent."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from standardwebhooks import Webhook

from bot.webhook_sending import PAUSES, Poster, WebhookSending
from handoff import board, directory, webhook_log, webhooks
from handoff.api_tables import webhook_delivery
from handoff.kinds import EventKind, Level, NoticeKind, Role, Tier
from handoff.webhook_log import DeliveryState
from handoff.webhooks import Endpoint, OffReason
from store.clock import utc_now
from store.worker import Worker
from success.addresses import Policy
from tests.contract.handoff.conftest import World

HERE = Policy(schemes=frozenset({"http"}), allows=lambda ip: ip.is_loopback, local_names=True)
OPENED = ("ticket.opened", "ticket.claimed", "ticket.replied")


@dataclass
class Receiver:
    """A real HTTP server that answers as told, and keeps what it got."""

    port: int = 0
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)
    held: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/in"

    def types(self) -> list[str]:
        return [json.loads(body)["type"] for _, body in self.got]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
            original = {
                line.split(": ", 1)[0].lower(): line.split(": ", 1)[1] for line in head.split("\r\n")[1:] if line
            }
            body = await reader.readexactly(int(headers["content-length"]))
            self.got.append((original, body))
            answer = self.answers.pop(0) if self.answers else status(200)
            if answer == b"hang":
                await self.held.wait()
            writer.write(b"" if answer == b"hang" else answer)
            await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


def status(code: int, body: bytes = b"thanks", *more: str) -> bytes:
    lines = [f"HTTP/1.1 {code} Said", f"Content-Length: {len(body)}", "Connection: close", *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@asynccontextmanager
async def listening() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    yield receiver
    receiver.held.set()
    server.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with listening() as made:
        yield made


def sending(world: World, *, deadline_s: float = 10) -> Worker:
    """A worker that delivers to this machine, where the policy of tests lets it."""
    out = WebhookSending(
        world.db,
        clock=world.clock,
        poster=Poster(policy=HERE, deadline_s=deadline_s),
        public_url="https://desk.example",
    )
    worker = Worker(world.db, clock=world.clock, owner="sender", on_dead=out.dead)
    out.register(worker)
    return worker


async def hooked(world: World, receiver: Receiver, *types: str, **facts: Any) -> Endpoint:
    admin = await world.do(directory.add_staff, login=f"adm{receiver.port}", name="Adm", role=Role.ADMIN)
    values = {"name": "Jira", "url": receiver.url, "types": types or OPENED, "client_id": None, "texts": False}
    return await world.do(webhooks.make, **(values | facts), by=admin.id)


async def deliveries(world: World, endpoint: Endpoint) -> list[webhook_log.Delivery]:
    return list(reversed(await world.ask(webhook_log.recent, endpoint.id)))


async def test_what_happens_is_told_signed_and_in_order(world: World, receiver: Receiver) -> None:
    """A receiver's own library accepts each request; the body has ids and links and nobody's words."""
    world.clock.set(utc_now())
    endpoint, worker = await hooked(world, receiver), sending(world)
    ticket = await world.open()
    await world.do(world.desk.claim, ticket_id=ticket.id, by=world.ann.id)
    await world.do(world.desk.reply, ticket_id=ticket.id, by=world.ann.id, text="机密内容")
    await worker.drain()
    assert receiver.types() == list(OPENED)
    for headers, body in receiver.got:
        assert Webhook(endpoint.secret).verify(body, headers)
    said = json.loads(receiver.got[1][1])
    assert said["version"] == "1"
    assert (
        said["data"]["ticket"] | {"id": ticket.number, "state": "open", "assignee": str(world.ann.id)}
        == said["data"]["ticket"]
    )
    assert said["data"]["event"]["actor"] == str(world.ann.id)
    assert said["data"]["links"]["ticket"] == f"https://desk.example/api/v1/tickets/{ticket.number}"
    assert "机密" not in "".join(body.decode() for _, body in receiver.got)
    assert "首页" not in receiver.got[0][1].decode()
    assert {each.state for each in await deliveries(world, endpoint)} == {DeliveryState.SENT}


async def test_words_go_out_only_where_that_is_asked_for_and_notes_never(world: World, receiver: Receiver) -> None:
    """With `texts` the reply's words are there; a note is told of without its own."""
    await hooked(world, receiver, "ticket.replied", "ticket.noted", texts=True)
    ticket = await world.open()
    await world.do(world.desk.reply, ticket_id=ticket.id, by=world.ann.id, text="请看这里")
    await world.do(world.desk.note, ticket_id=ticket.id, by=world.ann.id, text="only among us")
    await sending(world).drain()
    replied, noted = (json.loads(body) for _, body in receiver.got)
    assert replied["data"]["texts"] == {"title": ticket.title, "summary": "…", "message": "请看这里"}
    assert "message" not in noted["data"]["texts"]
    assert b"only among us" not in b"".join(body for _, body in receiver.got)


async def test_nothing_is_told_of_what_was_undone(world: World, receiver: Receiver) -> None:
    """The delivery is written in the event's own transaction: both stay, or neither."""
    endpoint = await hooked(world, receiver)
    ticket = await world.open()

    def half(conn: Any) -> None:
        world.desk.claim(conn, ticket_id=ticket.id, by=world.ann.id, now=world.clock())
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await world.db.write(half)
    assert [each.type for each in await deliveries(world, endpoint)] == ["ticket.opened"]


async def test_one_client_s_endpoint_hears_of_no_other(world: World, receiver: Receiver) -> None:
    """Tickets and messages of other clients stay away."""
    gold = world.clients[Tier.GOLD]
    await hooked(world, receiver, *webhooks.ALL, client_id=gold.id)
    await world.open(tier=Tier.STANDARD)
    await world.hear("别家的", tier=Tier.PLATINUM)
    mine = await world.open(tier=Tier.GOLD)
    await world.hear("我们的", tier=Tier.GOLD)
    await sending(world).drain()
    told = [json.loads(body)["data"] for _, body in receiver.got]
    assert sorted(receiver.types()) == ["message.created", "ticket.opened"]
    assert {each.get("ticket", each.get("message"))["client"] for each in told} == {str(gold.id)}
    assert mine.number in {each["ticket"]["id"] for each in told if "ticket" in each}


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (status(500, b"oops"), (500, None)),
        (b"HTTP/1.1 200 OK\r\nContent-Le", (None, "RemoteProtocolError")),
        (b"hang", (None, "TimeoutError")),
        (status(302, b"", "Location: http://127.0.0.1:1/"), (302, None)),
    ],
    ids=["500", "cut", "slow", "redirect"],
)
async def test_a_receiver_that_fails_is_asked_again(
    world: World, receiver: Receiver, answer: bytes, shown: tuple[int | None, str | None]
) -> None:
    """The failure is in the log; five seconds later it goes through, under the same id."""
    receiver.answers.append(answer)
    endpoint, worker = (
        await hooked(world, receiver, "ticket.opened"),
        sending(world, deadline_s=0.3 if answer == b"hang" else 10),
    )
    await world.open()
    await worker.drain()
    assert len(receiver.got) == 1
    failing = await world.ask(webhooks.endpoint, endpoint.id)
    assert failing.failing_since == world.clock()
    world.clock.advance(PAUSES[0])
    await worker.drain()
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    [one] = await deliveries(world, endpoint)
    tries = (await world.ask(webhook_log.tries, [one.id]))[one.id]
    assert (tries[0].status, tries[0].error) == shown
    assert (one.state, tries[1].status, tries[1].answer) == (DeliveryState.SENT, 200, "thanks")
    assert (await world.ask(webhooks.endpoint, endpoint.id)).failing_since is None


async def test_little_is_read_of_a_huge_answer(world: World, receiver: Receiver) -> None:
    """Megabytes are not taken in; the log has the beginning."""
    receiver.answers.append(status(200, b"a" * 5_000_000))
    endpoint = await hooked(world, receiver, "ticket.opened")
    await world.open()
    await sending(world).drain()
    [one] = await deliveries(world, endpoint)
    [tried] = (await world.ask(webhook_log.tries, [one.id]))[one.id]
    assert (tried.status, tried.answer) == (200, "a" * webhook_log.ANSWER_KEPT)


async def test_a_later_event_waits_for_an_earlier_one_of_its_ticket_alone(world: World, receiver: Receiver) -> None:
    """One ticket's events keep their order through a failure; another ticket's go on."""
    receiver.answers.append(status(503))
    await hooked(world, receiver)
    worker, first = sending(world), await world.open()
    await worker.drain()
    await world.do(world.desk.claim, ticket_id=first.id, by=world.ann.id)
    second = await world.open()
    await worker.drain()
    told = [(json.loads(body)["type"], json.loads(body)["data"]["ticket"]["id"]) for _, body in receiver.got]
    assert told == [("ticket.opened", first.number), ("ticket.opened", second.number)]
    world.clock.advance(PAUSES[0])
    await worker.drain()
    assert receiver.types()[2:] == ["ticket.opened", "ticket.claimed"]


async def test_after_three_days_of_failures_it_is_off_and_admins_are_told(world: World, receiver: Receiver) -> None:
    """Ten requests over three days; then the endpoint is off, the desk goes on, and one press sends it again."""
    receiver.answers += [status(500)] * 10
    endpoint, worker = await hooked(world, receiver, "ticket.opened"), sending(world)
    ticket = await world.open()
    for pause in (timedelta(), *PAUSES):
        world.clock.advance(pause)
        await worker.drain()
    assert len(receiver.got) == 10
    off = await world.ask(webhooks.endpoint, endpoint.id)
    assert (off.active, off.off_why) == (False, OffReason.FAILURES)
    [one] = await deliveries(world, endpoint)
    assert one.state is DeliveryState.FAILED
    told = await world.ask(board.notices, person_id=endpoint.by_id)
    assert [(n.kind, n.data["webhook"]) for n in told if n.kind is NoticeKind.WEBHOOK_OFF] == [("webhook_off", "Jira")]
    assert NoticeKind.WEBHOOK_OFF not in {n.kind for n in await world.ask(board.notices, person_id=world.ann.id)}
    await world.do(world.desk.set_level, ticket_id=ticket.id, level=Level.BUG, by=world.ann.id)
    assert len(await deliveries(world, endpoint)) == 1
    await world.db.write(lambda conn: webhooks.switch(conn, endpoint.id, on=True))
    since = world.clock() - timedelta(days=30)
    assert await world.do(webhook_log.send_failed_again, endpoint_id=endpoint.id, since=since) == 1
    assert not await world.do(webhook_log.send_again, delivery_id=one.id)
    await worker.drain()
    assert [headers["webhook-id"] for headers, _ in receiver.got][-1] == one.name
    assert (await world.ask(webhook_log.delivery, one.id)).state is DeliveryState.SENT


async def test_gone_is_gone(world: World, receiver: Receiver) -> None:
    """410 switches an endpoint off at once."""
    receiver.answers.append(status(410))
    endpoint = await hooked(world, receiver, "ticket.opened")
    await world.open()
    await sending(world).drain()
    off = await world.ask(webhooks.endpoint, endpoint.id)
    assert (off.active, off.off_why) == (False, OffReason.GONE)


async def test_a_new_secret_signs_beside_the_former_one_for_a_day(world: World, receiver: Receiver) -> None:
    """Both verify at first; after a day only the new one does."""
    world.clock.set(utc_now() - timedelta(days=1, minutes=1))
    endpoint, worker = await hooked(world, receiver, "ticket.opened"), sending(world)
    fresh = await world.do(webhooks.rotate, endpoint_id=endpoint.id)
    await world.open()
    await worker.drain()
    world.clock.set(utc_now())
    await world.open()
    await worker.drain()
    signatures = [headers["webhook-signature"].split(" ") for headers, _ in receiver.got]
    assert [len(each) for each in signatures] == [2, 1]
    headers, body = receiver.got[1]
    assert Webhook(fresh.secret).verify(body, headers)
    headers, body = receiver.got[0]
    stamp = datetime.fromtimestamp(int(headers["webhook-timestamp"]), tz=UTC)
    for secret, signature in zip((fresh.secret, endpoint.secret), signatures[0], strict=True):
        assert Webhook(secret).sign(headers["webhook-id"], stamp, body.decode()) == signature


async def test_what_was_committed_is_delivered_after_a_crash(world: World, receiver: Receiver) -> None:
    """A worker that dies with the request in its hands: the next one sends it, under the same id."""
    receiver.answers.append(b"hang")
    endpoint = await hooked(world, receiver, "ticket.opened")
    await world.open()
    dying = asyncio.create_task(sending(world).drain())
    for _ in range(1000):
        if receiver.got:
            break
        await asyncio.sleep(0.01)
    dying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dying
    await sending(world).drain()
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert (await deliveries(world, endpoint))[0].state is DeliveryState.SENT


async def test_deliveries_are_forgotten_after_a_month(world: World, receiver: Receiver) -> None:
    """Ended ones with their requests; what still waits stays."""
    await hooked(world, receiver, "ticket.opened")
    await world.open()
    await sending(world).drain()
    await world.open()
    world.clock.advance(timedelta(days=31))
    assert await world.do(webhook_log.sweep) == 1
    left = await world.db.read(lambda conn: conn.execute(select(webhook_delivery.c.state)).scalars().all())
    assert left == [DeliveryState.WAITING]


def test_every_type_is_of_an_event_that_there_is() -> None:
    """The names of the types follow the desk's own words."""
    assert set(webhooks.TYPES) <= set(EventKind)
    assert len(set(webhooks.ALL)) == len(webhooks.ALL)
