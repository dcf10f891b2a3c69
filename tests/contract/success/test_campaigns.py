"""Campaigns on both databases: looked at ahead once, stood by for once, said in tickets that come meanwhile."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, update

from bot.campaign_work import CampaignWork
from bot.incident_work import IncidentWork
from console.texts import Texts
from handoff import messages, sites
from handoff.errors import NotFound
from handoff.kinds import Level, Tier
from handoff.site_rules import read_site
from handoff.tables import client as clients
from success import campaigns, hooks, tasks
from success.addresses import PUBLIC
from success.campaigns import CampaignDraft
from success.hooks import CallState
from success.incident_errors import CampaignRefused
from tests.contract.handoff.conftest import World

TEXTS = Texts.shipped()
DRAFT = CampaignDraft(name="双11", starts_on=date(2026, 3, 17), ends_on=date(2026, 3, 20), peak="20x", hook="standby")


async def kept(world: World, **more: Any) -> campaigns.Campaign:
    client = world.clients[Tier.PLATINUM]
    facts = {"draft": DRAFT, "client_id": client.id, "by": world.lead.id}
    return await world.do(campaigns.keep, **facts | more)


async def standby(world: World) -> None:
    facts = {"name": "standby", "url": "https://hooks.example.com/s", "policy": PUBLIC, "by": world.lead.id}
    await world.do(hooks.keep, **facts)


async def test_it_is_looked_ahead_once_each_time(world: World) -> None:
    """Seven days and one day before, one task each, however often the job runs; what was found is kept."""

    def site(conn: Connection) -> None:
        client = world.clients[Tier.PLATINUM]
        draft = read_site({"address": "https://p.example.com", "tls_on": "2026-03-18", "domain_on": "2027-01-01"})
        sites.add(conn, client_id=client.id, draft=draft, now=world.clock())

    await world.db.write(site)
    known = await kept(world)
    work = CampaignWork(world.db, clock=world.clock)
    work.register(world.worker)
    await work.begin()
    await world.pass_time(days=9)
    assert sorted(task.origin for task in await world.ask(tasks.open_of)) == [
        f"campaign:{known.id}:2026-03-17:1", f"campaign:{known.id}:2026-03-17:7",
    ]  # fmt: skip
    found = (await world.ask(campaigns.one, known.id)).checked
    assert set(found) == {"7", "1"}
    assert {"expiry.tls", "up", "hook"} <= {each["key"] for each in found["7"]}
    assert not {"expiry.domain"} & {each["key"] for each in found["7"]}


async def test_other_days_are_looked_at_anew(world: World) -> None:
    """And a removed one, or one of an archived client, not at all."""
    world.clock.set(datetime(2026, 3, 16, 2, 0, tzinfo=UTC))
    known = await kept(world)
    assert await world.do(campaigns.look, campaign_id=known.id) is not None
    assert await world.do(campaigns.look, campaign_id=known.id) is None
    moved = CampaignDraft(name="双11", starts_on=date(2026, 3, 17) + timedelta(days=1), ends_on=date(2026, 3, 25))
    await kept(world, draft=moved, campaign_id=known.id)
    assert await world.do(campaigns.look, campaign_id=known.id) is not None
    client_id = world.clients[Tier.PLATINUM].id
    gone = update(clients).where(clients.c.id == client_id).values(archived_at=world.clock())
    await world.db.write(lambda conn: conn.execute(gone))
    assert await world.ask(campaigns.ahead, since=date(2026, 3, 1)) == ()
    await world.do(campaigns.remove, campaign_id=known.id, by=world.lead.id)
    with pytest.raises(NotFound):
        await world.do(campaigns.look, campaign_id=known.id)


async def test_tasks_of_days_that_were_moved_go_with_them(world: World) -> None:
    """What is open is dropped, what is done stays done; should it move back, what is to be done is given anew."""
    world.clock.set(datetime(2026, 3, 16, 2, 0, tzinfo=UTC))
    client = world.clients[Tier.PLATINUM]
    known = await kept(world)
    later = CampaignDraft(**vars(DRAFT) | {"starts_on": date(2026, 3, 18), "ends_on": date(2026, 3, 25)})

    async def look() -> tasks.Task:
        assert await world.do(campaigns.look, campaign_id=known.id) is not None
        [given] = await world.ask(tasks.open_of)
        return given

    first = await look()
    await kept(world, draft=later, campaign_id=known.id)
    assert (await world.ask(tasks.task, first.id)).state is tasks.TaskState.DROPPED
    second = await look()
    await world.do(tasks.close, task_id=second.id, state=tasks.TaskState.DONE, by=world.lead.id)
    world.clock.set(world.clock() + timedelta(minutes=1))
    await kept(world, campaign_id=known.id)
    assert (await world.ask(tasks.task, second.id)).state is tasks.TaskState.DONE
    third = await look()
    world.clock.set(world.clock() + timedelta(minutes=1))
    await kept(world, draft=later, campaign_id=known.id)
    fourth = await look()
    assert {each.id for each in await world.ask(tasks.of_client, client.id)} == {
        first.id, second.id, third.id, fourth.id,
    }  # fmt: skip


async def test_a_campaign_that_begins_as_before_keeps_its_tasks(world: World) -> None:
    """Another name, or another end, is nothing to look at anew."""
    world.clock.set(datetime(2026, 3, 16, 2, 0, tzinfo=UTC))
    known = await kept(world)
    await world.do(campaigns.look, campaign_id=known.id)
    longer = CampaignDraft(**vars(DRAFT) | {"name": "双12", "ends_on": date(2026, 3, 22)})
    await kept(world, draft=longer, campaign_id=known.id)
    assert len(await world.ask(tasks.open_of)) == 1


async def test_standby_is_called_once_after_its_name_was_typed(world: World) -> None:
    """Without an address, with a wrong word, twice: refused; after a failure it may be tried again."""
    known = await kept(world)
    call = {"campaign_id": known.id, "by": world.lead.id}
    for typed, why in (("双12", "confirm"), ("双11", "hook")):
        with pytest.raises(CampaignRefused, match=why):
            await world.do(campaigns.stand_by, typed=typed, **call)
    await standby(world)
    first = await world.do(campaigns.stand_by, typed=" 双11 ", **call)
    assert (first.state, first.body["campaign"]) == (CallState.WAITING, "双11")
    with pytest.raises(CampaignRefused, match="again"):
        await world.do(campaigns.stand_by, typed="双11", **call)
    await world.do(hooks.end, call_id=first.id, state=CallState.FAILED)
    second = await world.do(campaigns.stand_by, typed="双11", **call)
    await world.do(hooks.end, call_id=second.id, state=CallState.TAKEN)
    with pytest.raises(CampaignRefused, match="again"):
        await world.do(campaigns.stand_by, typed="双11", **call)


async def test_a_ticket_of_a_client_in_its_campaign_says_so(world: World) -> None:
    """Once, to our people alone; before and after not, of other clients not."""
    IncidentWork(world.db, desk=world.desk, texts=TEXTS, clock=world.clock).register(world.worker)
    await kept(world)

    async def notes(tier: Tier) -> int:
        ticket = await world.open(Level.QUESTION, tier=tier)
        await world.worker.drain()
        said = await world.ask(messages.ticket_messages, ticket.id, audience="internal")
        return sum("双11" in each.text and each.audience == "internal" for each in said)

    assert await notes(Tier.PLATINUM) == 0
    world.clock.set(datetime(2026, 3, 16, 16, 30, tzinfo=UTC))  # the first day has begun in Shanghai
    assert await notes(Tier.PLATINUM) == 1
    assert await notes(Tier.GOLD) == 0
    world.clock.set(datetime(2026, 3, 20, 16, 30, tzinfo=UTC))
    assert await notes(Tier.PLATINUM) == 0


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"name": " "}, "name"), ({"name": "x" * 81}, "name"), ({"ends_on": date(2026, 3, 1)}, "dates"),
        ({"ends_on": date(2026, 9, 1)}, "dates"), ({"sites": (99,)}, "sites"),
    ],
)  # fmt: skip
async def test_what_cannot_be_kept(world: World, facts: dict[str, Any], why: str) -> None:
    """No name, days that do not fit, another client's sites; another client's campaign is not there."""
    draft = CampaignDraft(**vars(DRAFT) | facts)
    with pytest.raises(CampaignRefused, match=why):
        await kept(world, draft=draft)
    known = await kept(world)
    with pytest.raises(NotFound):
        await kept(world, campaign_id=known.id, client_id=world.clients[Tier.GOLD].id)
