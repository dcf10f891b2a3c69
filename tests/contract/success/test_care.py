"""Tasks and letters on both databases: once for each cause, to whom they belong; where a client may be spoken to."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from handoff import directory, messages
from handoff.errors import NotFound
from handoff.kinds import Mode, Tier
from handoff.tables import chat as chats
from handoff.tables import client as clients
from store.tables import job
from success import mails, proactive, task_lists, tasks
from success.tasks import TaskKind, TaskState
from tests.contract.handoff.conftest import World

DUE = datetime(2026, 3, 12, 1, 0, tzinfo=UTC)


async def test_a_cause_gives_one_task(world: World) -> None:
    """Given twice it is one; closed, the same cause gives none again."""
    client = world.clients[Tier.GOLD]
    facts = {"kind": TaskKind.EXPIRY, "origin": "expiry:1:tls", "client_id": client.id, "due_at": DUE}
    given = await world.do(tasks.give, **facts)
    assert await world.do(tasks.give, **facts) is None
    assert given.assignee_id == world.lead.id
    assert (await world.do(tasks.close, task_id=given.id, state=TaskState.DONE, by=world.ann.id)).note == ""
    assert await world.do(tasks.give, **facts) is None
    assert await world.ask(tasks.open_of) == ()
    assert (await world.ask(tasks.of_client, client.id))[0].closed_by == world.ann.id


async def test_a_task_is_the_success_managers(world: World) -> None:
    """Where a client has one; handed over it is somebody else's."""
    client = world.clients[Tier.GOLD]
    await world.db.write(
        lambda c: c.execute(update(clients).where(clients.c.id == client.id).values(success_id=world.bob.id))
    )
    given = await world.do(tasks.give, kind=TaskKind.VISIT, origin="visit:1", client_id=client.id, due_at=DUE)
    assert given.assignee_id == world.bob.id
    assert await world.ask(tasks.count_open, world.bob.id) == 1
    assert await world.ask(task_lists.listed, "mine", person_id=world.ann.id, own=False) == ()
    await world.db.write(lambda conn: tasks.hand_over(conn, given.id, to=world.ann.id))
    found = await world.ask(task_lists.listed, "mine", person_id=world.ann.id, own=False)
    assert [each.id for each in found] == [given.id]
    with pytest.raises(NotFound):
        await world.ask(tasks.task, 999)


async def test_a_cause_posts_one_letter(world: World) -> None:
    """With a job that waits for no other letter; what is no address is refused."""
    letter = {"address": "li@shop.example", "origin": "o1", "subject": "到期\n提醒", "text": "…", "language": "zh-Hans"}
    posted = await world.do(mails.post, **letter)
    assert posted.subject == "到期 提醒"
    assert await world.do(mails.post, **letter) is None
    rows = await world.db.read(lambda c: c.execute(select(job.c.key).where(job.c.queue == mails.SEND)).scalars().all())
    assert rows == [None]
    await world.do(mails.settle, mail_id=posted.id, state="failed", why="550 no such user")
    assert (await world.ask(mails.latest))[0].why == "550 no such user"
    with pytest.raises(ValueError, match="address"):
        await world.do(mails.post, **letter | {"origin": "o2", "address": "li@shop.example\r\nBcc: x@y.example"})


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("li@shop.example", True), ("a.b+c@x-y.example.cn", True), ("李@shop.example", True), ("li@localhost", False),
        ("li@shop.example,b@shop.example", False), ("li shop@shop.example", False), ("@shop.example", False),
        ("li@-shop.example", False), ("l" * 65 + "@shop.example", False), ("", False),
    ],
)  # fmt: skip
def test_what_is_an_address(text: str, *, good: bool) -> None:
    """One plain address, nothing that a header could take for two."""
    assert mails.is_address(text) is good


async def test_a_group_is_told_where_we_may_speak(world: World) -> None:
    """In the group that was used last; not where the bot is off."""
    client = world.clients[Tier.GOLD]
    await world.hear("在吗")
    chat = await world.ask(proactive.group_of, client.id)
    said = await world.do(proactive.tell_group, chat=chat, text="证书将于 3 月 20 日到期。", name="Aftercare")
    assert said.conversation_id == world.conversations[Tier.GOLD].id
    assert (await world.ask(messages.message, said.id)).author == "system"
    await world.db.write(lambda c: c.execute(update(chats).where(chats.c.id == chat.id).values(mode=Mode.OFF)))
    assert await world.ask(proactive.group_of, client.id) is None


async def test_nothing_is_said_at_night(world: World) -> None:
    """22:00 at the client's waits until nine."""
    client = await world.ask(directory.client, world.clients[Tier.GOLD].id)
    night = datetime(2026, 3, 9, 14, 0, tzinfo=UTC)
    assert proactive.is_night(client, night)
    assert proactive.by_day(client, night) == datetime(2026, 3, 10, 1, 0, tzinfo=UTC)
    assert not proactive.is_night(client, night - timedelta(hours=2))
