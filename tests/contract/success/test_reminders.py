"""Reminders, broadcasts and who wants none, on both databases: once, to whom, and what becomes of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from bot.reminding import Reminding
from console.texts import Texts
from handoff import accounts, directory, messages, sites
from handoff.agreements import Draft
from handoff.kinds import Mode, PersonKind, Tier
from handoff.model import Button, Client
from handoff.site_rules import read_site
from handoff.tables import chat as chats
from knowledge.errors import KnowledgeError
from store import jobs
from store.jobs import enqueue
from store.tables import job
from store.worker import Worker
from success import broadcasts, mail_contacts, mails, proactive, reminder_choices, reminder_ground, reminders, tasks
from success.broadcast_rules import Wanted
from success.broadcasts import SPREAD
from success.errors import BroadcastRefused, MailContactRefused
from success.reminder_rules import OVER, Step
from success.reminders import ACKNOWLEDGE_BUTTON, LATER_BUTTON, Worded
from success.tasks import TaskState
from tests.contract.handoff.conftest import MONDAY, World

ENDS = date(2026, 4, 8)  # thirty days after Monday, 9 March


def compose(client: Client, steps: Sequence[Step], *, today: date, language: str) -> Worded:
    """A few words that a test can read."""
    said = " + ".join(f"{each.lapse.what}:{(each.lapse.last_on - today).days}" for each in steps)
    buttons = (Button(id=ACKNOWLEDGE_BUTTON, label="ok"), Button(id=LATER_BUTTON, label="later"))
    return Worded(text=said, name="bot", subject=said, letter=f"{language} {said}", html="", buttons=buttons)


async def kept(world: World, *, tier: Tier = Tier.GOLD, name: str = "shop", **dates: str) -> sites.Site:
    draft = read_site({"name": name} | dates)
    past = MONDAY - timedelta(days=90)
    return await world.db.write(lambda c: sites.add(c, client_id=world.clients[tier].id, draft=draft, now=past))


async def remind(world: World, *, tier: Tier = Tier.GOLD, **more: Any) -> tuple[reminders.Notice, ...]:
    return await world.do(reminders.remind, client_id=world.clients[tier].id, compose=compose, **more)


async def said(world: World, tier: Tier = Tier.GOLD) -> list[str]:
    talk = world.conversations[tier].id
    found = await world.ask(messages.transcript, talk, audience="client")
    return [each.text for each in found if each.author == "system"]


async def test_once_whoever_comes_second(world: World) -> None:
    """Two workers at once: one message, one letter each, one task each; rules hear of each step."""
    await kept(world, icp_on=str(ENDS), tls_on=str(ENDS))
    for address in ("a@shop.example", "b@shop.example"):
        await world.do(
            mail_contacts.keep, client_id=world.clients[Tier.GOLD].id, address=address, purposes=["reminders"], by=None
        )
    heard: list[str] = []
    more = {"happened": lambda _c, client, step, _now: heard.append(f"{client.slug} {step.lapse.what} {step.step}")}
    assert await world.ask(reminders.concerned, now=world.clock()) == (world.clients[Tier.GOLD].id,)
    await asyncio.gather(*(remind(world, **more) for _ in range(4)))
    assert await said(world) == ["tls:30 + icp:30"]
    assert len(await world.ask(mails.latest)) == 2
    assert len(await world.ask(tasks.open_of)) == 2
    assert sorted(set(heard)) == ["gold icp 30", "gold tls 30"]
    assert await world.ask(reminders.concerned, now=world.clock()) == ()


async def test_nothing_is_due_at_night_or_too_early(world: World) -> None:
    """09:59 is too early; the calendar of the client's own zone counts."""
    await kept(world, icp_on=str(ENDS))
    world.clock.set(MONDAY - timedelta(minutes=1))
    assert await remind(world) == ()
    world.clock.set(MONDAY + timedelta(hours=12))
    assert await remind(world) == ()
    world.clock.set(MONDAY + timedelta(days=1))
    assert len(await remind(world)) == 1


async def test_another_zone_through_its_clock_change(world: World) -> None:
    """In New York the clocks went forward on 8 March 2026: ten in the morning is 14:00 UTC the day after."""
    client = world.clients[Tier.STANDARD]
    await world.db.write(lambda c: directory.update_client(c, client.id, timezone="America/New_York"))
    await kept(world, tier=Tier.STANDARD, domain_on=str(ENDS))
    for hour, told in ((13, 0), (14, 1), (15, 0)):
        world.clock.set(datetime(2026, 3, 9, hour, 0, tzinfo=UTC))
        assert len(await remind(world, tier=Tier.STANDARD)) == told


async def test_closed_days_of_the_client(world: World) -> None:
    """A client that is closed on the day is reminded the working day before."""
    client = world.clients[Tier.GOLD]
    await world.do(
        accounts.add_closure,
        client_id=client.id,
        first="2026-03-09",
        last="2026-03-10",
        why="Inventory",
        by=world.ann.id,
    )
    await kept(world, icp_on=str(ENDS))
    world.clock.set(MONDAY - timedelta(days=3))  # Friday
    assert len(await remind(world)) == 1


async def test_an_agreement_that_ends(world: World) -> None:
    """Told once, however it is edited; not where another follows it."""
    client = world.clients[Tier.GOLD]
    draft = Draft(tier=Tier.GOLD, starts_on=date(2025, 4, 9), ends_on=ENDS)
    world.clock.set(MONDAY - timedelta(days=90))
    made = await world.do(accounts.agree, client_id=client.id, draft=draft, by=world.ann.id)
    world.clock.set(MONDAY)
    assert len(await remind(world)) == 1
    draft = Draft(tier=Tier.GOLD, starts_on=date(2025, 4, 9), ends_on=ENDS, fee=200000)
    await world.do(accounts.agree, client_id=client.id, draft=draft, replaces=made.id, by=world.ann.id)
    world.clock.advance(timedelta(days=1))
    assert await remind(world) == ()
    following = Draft(tier=Tier.GOLD, starts_on=date(2026, 4, 9), ends_on=date(2027, 4, 8))
    await world.do(accounts.agree, client_id=client.id, draft=following, by=world.ann.id)
    await remind(world)
    (task,) = await world.ask(tasks.of_client, client.id)
    assert task.state is TaskState.DONE
    world.clock.advance(timedelta(days=14))
    assert await remind(world) == ()


async def test_nobody_to_tell(world: World) -> None:
    """Without a group and an address the task says so."""
    await world.db.write(lambda c: c.execute(update(chats).values(mode=Mode.OFF)))
    await kept(world, icp_on=str(ENDS))
    (notice,) = await remind(world)
    assert (notice.message_id, notice.letters) == (None, 0)
    (task,) = await world.ask(tasks.open_of)
    assert task.facts["told"] == "nobody"


async def test_the_first_press_counts(world: World) -> None:
    """Of two at once; ours and other buttons are none; after "later" it comes again once."""
    await kept(world, icp_on=str(ENDS))
    (notice,) = await remind(world)
    contact = world.contacts[Tier.GOLD]
    assert await world.do(reminders.answer, notice=notice, button=ACKNOWLEDGE_BUTTON, person=world.ann) is None
    assert await world.do(reminders.answer, notice=notice, button="solved", person=contact) is None
    pressed = await asyncio.gather(
        *(world.do(reminders.answer, notice=notice, button=LATER_BUTTON, person=contact) for _ in range(3))
    )
    assert sum(each is not None for each in pressed) == 1
    assert contact.kind is PersonKind.CLIENT
    world.clock.advance(timedelta(days=3))
    assert await world.ask(reminders.concerned, now=world.clock()) == (world.clients[Tier.GOLD].id,)
    await asyncio.gather(*(remind(world) for _ in range(3)))
    assert await said(world) == ["icp:30", "icp:27"]
    assert [each.notice.answer for each in await world.ask(reminder_choices.latest)] == [None, "later"]


async def test_put_off_and_overtaken(world: World) -> None:
    """Renewed, or told of a nearer step in between: what was put off is not said again."""
    site = await kept(world, icp_on=str(ENDS))
    (notice,) = await remind(world)
    await world.do(reminders.answer, notice=notice, button=LATER_BUTTON, person=world.contacts[Tier.GOLD])
    draft = read_site({"name": "shop", "icp_on": "2027-04-08"})
    await world.do(sites.edit, client_id=site.client_id, site_id=site.id, draft=draft, by=world.ann.id)
    world.clock.advance(timedelta(days=3))
    assert await remind(world) == ()
    assert await said(world) == ["icp:30"]


async def test_early_and_skipped(world: World) -> None:
    """A step that is sent early is not sent again when it is due; a skipped one never; a moved one is none."""
    site = await kept(world, icp_on="2026-04-20")
    key = (f"site:{site.id}:icp", date(2026, 4, 20), 14)
    facts = {"client_id": site.client_id, "key": key}
    sent = await asyncio.gather(
        *(world.do(reminders.send_early, compose=compose, by=world.ann.id, **facts) for _ in range(3))
    )
    assert sum(each is not None for each in sent) == 1
    assert await world.do(reminders.skip, by=world.ann.id, **facts) is False
    seven = {"client_id": site.client_id, "key": (key[0], key[1], 7)}
    assert await world.do(reminders.skip, by=world.ann.id, **seven) is True
    moved = {"client_id": site.client_id, "key": (key[0], date(2026, 5, 1), 7)}
    assert await world.do(reminders.send_early, compose=compose, by=None, **moved) is None
    for day in range(1, 43):
        world.clock.set(MONDAY + timedelta(days=day))
        await remind(world)
    assert await said(world) == ["icp:42", "icp:3"], "14 days ahead was said on the first day; Friday for Monday"
    told = [each.notice.ours for each in await world.ask(reminder_choices.latest)]
    assert told == [False, False], "it is not over yet"
    world.clock.set(MONDAY + timedelta(days=43))
    (over,) = await remind(world)
    assert over.ours
    assert OVER == -1


async def test_addresses_that_are_none(world: World) -> None:
    """Another client's person, and too many."""
    client = world.clients[Tier.GOLD]
    keep = {"client_id": client.id, "purposes": ["reminders"], "by": None}
    with pytest.raises(MailContactRefused, match="person"):
        await world.do(mail_contacts.keep, address="a@x.example", person_id=world.contacts[Tier.STANDARD].id, **keep)
    for n in range(mail_contacts.MOST):
        await world.do(mail_contacts.keep, address=f"a{n}@x.example", **keep)
    with pytest.raises(MailContactRefused, match="many"):
        await world.do(mail_contacts.keep, address="b@x.example", **keep)
    await world.do(mail_contacts.keep, address="a1@x.example", person_id=world.contacts[Tier.GOLD].id, **keep)
    found = await world.ask(mail_contacts.of_person, world.contacts[Tier.GOLD].id)
    assert found is not None
    assert found.address == "a1@x.example"


async def spread(world: World, place_id: int) -> None:
    """One place of a broadcast, as the worker says it."""

    def body(conn: Any) -> None:
        turned = broadcasts.turn(conn, place_id, now=world.clock())
        if turned is not None and turned.later is None:
            broadcasts.said(conn, place_id, turned, text="通知", name="bot", buttons=(), now=world.clock())

    await world.db.write(body)


async def approved(world: World, **facts: Any) -> broadcasts.Broadcast:
    told = {"title": "News", "texts": {"zh-Hans": "通知"}, "wanted": Wanted(), "by_mail": False, "local_at": ""} | facts
    made = await world.do(broadcasts.keep, broadcast_id=None, by=world.ann.id, **told)
    seen = broadcasts.version(made)
    await world.do(broadcasts.approve, broadcast_id=made.id, seen=seen, by=world.lead.id)
    return made


class NoManual:
    """A manual that cannot be asked."""

    async def search(self, *_: Any, **__: Any) -> Any:
        raise KnowledgeError


@dataclass
class Rounds:
    """The handlers of reminders with their worker; `trouble` is what each reminder runs into."""

    world: World
    trouble: Exception | None = None

    def __post_init__(self) -> None:
        world = self.world
        self.worker = Worker(world.db, clock=world.clock, owner="test")
        Reminding(
            world.db, manual=NoManual(), texts=Texts.shipped(), name=lambda _: "bot", href=lambda _: None,  # type: ignore[arg-type]
            clock=world.clock, happened=self._happened,
        ).register(self.worker)  # fmt: skip

    def _happened(self, *_: object) -> None:
        if self.trouble is not None:
            raise self.trouble

    async def look(self, times: int = 1) -> None:
        """Look every five minutes."""
        for _ in range(times):
            await self.world.db.write(lambda c: enqueue(c, reminders.SWEEP, {}, now=self.world.clock()))
            with capture_logs():
                await self.worker.drain()
            self.world.clock.advance(timedelta(minutes=5))

    async def dead(self) -> int:
        """How many were given up."""
        return len(await self.world.ask(jobs.dead_letters))


async def test_a_reminder_that_fails_is_tried_again_each_day(world: World) -> None:
    """Its sweeps leave one dead letter a day; others are reminded meanwhile, and it is once nothing is in the way."""
    await kept(world, icp_on=str(ENDS))
    rounds = Rounds(world, trouble=RuntimeError("no"))
    await rounds.look(40)
    assert await rounds.dead() == 1
    assert await jobs_of(world, reminders.REMIND) == []
    rounds.trouble = None
    await kept(world, tier=Tier.STANDARD, icp_on=str(ENDS))
    await rounds.look()
    assert (len(await said(world, Tier.STANDARD)), await said(world)) == (1, [])
    rounds.trouble = RuntimeError("no")
    world.clock.set(MONDAY + timedelta(days=1, hours=1))
    await rounds.look(40)
    assert await rounds.dead() == 2
    rounds.trouble = None
    world.clock.set(MONDAY + timedelta(days=2, hours=2))
    await rounds.look(2)
    assert len(await said(world)) == 1
    assert await rounds.dead() == 2


async def test_a_dead_letter_that_is_dropped_is_tried_at_once(world: World) -> None:
    """Whoever mended what was in the way need not wait; one asked for early is no reason to wait at all."""
    await kept(world, icp_on=str(ENDS))
    rounds = Rounds(world, trouble=RuntimeError("no"))
    await rounds.look(10)
    (letter,) = await world.ask(jobs.dead_letters)
    rounds.trouble = None
    await world.db.write(lambda c: jobs.drop(c, letter.id))
    await rounds.look()
    assert len(await said(world)) == 1
    client = world.clients[Tier.STANDARD]
    early = {"client": client.id, "step": "broken", "by": None}
    await world.db.write(lambda c: enqueue(c, reminders.REMIND, early, key=f"client:{client.id}", now=world.clock()))
    await rounds.look(10)
    assert await rounds.dead() == 1
    await kept(world, tier=Tier.STANDARD, icp_on=str(ENDS))
    await rounds.look()
    assert len(await said(world, Tier.STANDARD)) == 1


async def jobs_of(world: World, queue: str) -> list[Any]:
    """The open jobs of a queue."""
    query = select(job.c.body).where(job.c.queue == queue, job.c.closed_at.is_(None))
    return list(await world.db.read(lambda c: c.execute(query).scalars().all()))


async def test_a_broadcast_comes_once_to_each(world: World) -> None:
    """Whoever tries twice; who leaves in between hears nothing; the end is noted."""
    made = await approved(world, wanted=Wanted(tiers=("gold", "standard")))
    places = await world.ask(broadcasts.places_of, made.id)
    assert len(places) == 2
    gone = next(each for each in places if each.client_id == world.clients[Tier.STANDARD].id)
    await world.do(broadcasts.refuse, chat_id=gone.chat_id, person=world.contacts[Tier.STANDARD])
    for each in places:
        await asyncio.gather(*(spread(world, each.id) for _ in range(3)))
    assert (await said(world), await said(world, Tier.STANDARD)) == (["通知"], [])
    states = {each.client_id: (each.state, each.why) for each in await world.ask(broadcasts.places_of, made.id)}
    assert states[world.clients[Tier.STANDARD].id] == ("left", "refused")
    assert (await world.ask(broadcasts.one, made.id)).state == "done"
    with pytest.raises(BroadcastRefused, match="state"):
        await world.do(broadcasts.stop, broadcast_id=made.id, by=world.lead.id)


async def test_a_broadcast_waits_for_the_morning(world: World) -> None:
    """Approved at night it is planned for nine; a client-local time is each client's own."""
    world.clock.set(MONDAY + timedelta(hours=13))  # 23:00 in Shanghai
    other = world.clients[Tier.STANDARD]
    await world.db.write(lambda c: directory.update_client(c, other.id, timezone="Europe/Berlin"))
    made = await approved(world)
    runs = {each.client_id: each.run_at for each in await world.ask(broadcasts.places_of, made.id)}
    assert runs[world.clients[Tier.GOLD].id] == datetime(2026, 3, 10, 1, 0, tzinfo=UTC)
    assert runs[other.id] == world.clock(), "it is 16:00 in Berlin"
    place = next(p for p in await world.ask(broadcasts.places_of, made.id) if p.client_id != other.id)
    await spread(world, place.id)
    assert await said(world) == []
    timed = await approved(world, local_at="2026-03-11T10:30")
    runs = {each.client_id: each.run_at for each in await world.ask(broadcasts.places_of, timed.id)}
    assert runs[world.clients[Tier.GOLD].id] == datetime(2026, 3, 11, 2, 30, tzinfo=UTC)
    assert runs[other.id] == datetime(2026, 3, 11, 9, 30, tzinfo=UTC)
    queued = await world.db.read(lambda c: c.execute(select(job.c.run_at).where(job.c.queue == SPREAD)).scalars().all())
    assert len(queued) == 6


async def test_a_stopped_broadcast(world: World) -> None:
    """What has not gone does not go any more."""
    made = await approved(world)
    first, *rest = await world.ask(broadcasts.places_of, made.id)
    await spread(world, first.id)
    assert await world.do(broadcasts.stop, broadcast_id=made.id, by=world.lead.id) == 2
    for each in rest:
        await spread(world, each.id)
    states = sorted(each.state for each in await world.ask(broadcasts.places_of, made.id))
    assert states == ["sent", "stopped", "stopped"]
    assert reminder_ground.EVERYTHING == "all"
    assert proactive.LANGUAGE == "zh-Hans"


async def test_the_last_places_of_a_broadcast_at_once(world: World) -> None:
    """However many are told at the same time, one of them is the last, and the broadcast is over."""
    made = await approved(world)
    await asyncio.gather(*(spread(world, each.id) for each in await world.ask(broadcasts.places_of, made.id)))
    assert (await world.ask(broadcasts.one, made.id)).state == "done"
