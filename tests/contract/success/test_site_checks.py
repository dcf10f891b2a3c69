"""Checks of sites on both databases, over real connections to a site on loopback: when, how often, what is kept, told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.site_checking import GAP, SiteChecks
from console.incident_words import timeline
from console.texts import Texts
from handoff import accounts, archive, messages, sites
from handoff.errors import NotFound
from handoff.kinds import Level, Tier
from handoff.model import Ticket
from handoff.site_rules import read_site
from handoff.sites import Site
from store.jobs import depths
from store.worker import Running
from success import checks, incident_rules, incidents
from success.check_tables import site_check_day, site_check_run
from success.checks import asking, keeping, retention
from success.checks.model import Cause, Kind, State
from success.checks.outcomes import SITE_CHANGED
from success.checks.rhythm import Plan
from success.checks.versions import load
from success.incident_members import of_incident
from success.incidents import Cause as Trouble
from tests import hostile
from tests.contract.handoff.conftest import World
from tests.hostile import Asked, probe

GOLD = Tier.GOLD


@dataclass
class Shop:
    """A client's site that answers as it is told, and the desk that looks at it."""

    world: World
    served: hostile.Site
    site: Site
    status: int = 200
    body: str = "<html><title>T</title>Welcome</html>"
    changes: list[dict[str, Any]] = field(default_factory=list)

    async def pass_time(self, **delta: float) -> None:
        """Let time go by in steps of ten seconds where little goes by, with the sweep each minute, and the workers."""
        until = self.world.clock() + timedelta(**delta)
        step = timedelta(seconds=10) if until - self.world.clock() < timedelta(hours=1) else timedelta(minutes=30)
        while self.world.clock() < until:
            self.world.clock.set(min(self.world.clock() + step, until))
            await self.world.worker.drain()

    async def look(self) -> checks.Latest:
        """Somebody presses the button; what is known after that."""
        await self.world.do(asking.demand, site_id=self.site.id, kind=Kind.LIGHT)
        await self.settle()
        found: checks.Latest = await self.world.ask(checks.latest, self.site.id)
        return found

    async def settle(self) -> None:
        """Let what is asked for happen; the pause between two checks goes by."""
        await self.world.worker.drain()
        self.world.clock.advance(GAP)
        await self.world.worker.drain()

    async def move(self) -> None:
        """The site gets another address, and its check is due."""
        world, where = self.world, "new.agency-client.com"
        moved = replace(read_site({"name": "Shop", "address": f"https://{where}"}), address=self.served.url(where))
        await world.do(sites.edit, client_id=self.site.client_id, site_id=self.site.id, draft=moved, by=world.lead.id)
        site = await world.ask(sites.find, self.site.id)
        await world.do(asking.ask, site=site, kind=Kind.LIGHT, cause=Cause.SCHEDULE, dedup="moved")

    async def state(self) -> State:
        found = await self.world.ask(checks.latest, self.site.id)
        return found.state if found else State.UNKNOWN

    async def runs(self) -> int:
        count: int = await self.world.db.read(
            lambda conn: conn.execute(select(func.count()).select_from(site_check_run)).scalar_one()
        )
        return count

    async def notes(self, ticket: Ticket) -> list[str]:
        said = await self.world.ask(messages.ticket_messages, ticket.id, audience="internal")
        return [each.text for each in said if each.author == "system"]


@asynccontextmanager
async def opened(world: World, *, address: str | None = None, begin: bool = True) -> AsyncIterator[Shop]:
    async def answer(asked: Asked) -> None:
        await asked.reply(shop.body, status=shop.status)

    async with hostile.site(answer) as served:
        draft = replace(read_site({"name": "Shop"}), address=address or served.url())
        site = await world.do(sites.add, client_id=world.clients[GOLD].id, draft=draft)
        shop = Shop(world, served, site)
        working = SiteChecks(world.db, probe=probe(), known=load(), texts=Texts.shipped(), clock=world.clock)
        working.register(world.worker)
        world.worker._on_dead = working.dead

        async def heard(running: Running) -> None:
            shop.changes.append(dict(running.job.body))

        world.worker.register(SITE_CHANGED, heard)
        if begin:
            await working.begin()
        yield shop


async def test_one_failure_is_not_believed_two_are(world: World) -> None:
    """A failing scheduled check, the second look half a minute later, "down" and told once; one success ends it."""
    async with opened(world) as shop:
        await shop.pass_time(minutes=1, seconds=10)
        assert (await shop.state(), await shop.runs(), shop.changes) == (State.OK, 1, [])
        shop.status = 502
        await shop.pass_time(minutes=10)  # the next of gold's checks
        assert (await shop.runs(), await shop.state()) == (2, State.OK)
        assert await world.ask(checks.findings, site_id=shop.site.id) == ()
        await shop.pass_time(seconds=10)
        assert await shop.runs() == 2
        await shop.pass_time(seconds=20)
        assert (await shop.runs(), await shop.state()) == (3, State.DOWN)
        [told] = shop.changes
        assert (told["site"], told["client"], told["state"], told["was"]) == (
            shop.site.id,
            world.clients[GOLD].id,
            "down",
            "ok",
        )
        [finding] = await world.ask(checks.findings, client_id=world.clients[GOLD].id)
        assert (finding.key, dict(finding.facts)) == ("http.server_error", {"status": 502})
        await shop.pass_time(minutes=30)
        assert len(shop.changes) == 1
        shop.status = 200
        await shop.pass_time(minutes=11)
        assert await shop.state() is State.OK
        assert [each["state"] for each in shop.changes] == ["down", "ok"]
        [fixed] = await world.ask(
            checks.findings, site_id=shop.site.id, since=world.clock() - timedelta(hours=2), until=world.clock()
        )
        assert fixed.fixed_at is not None


async def test_a_site_that_went_while_it_was_down_is_down_no_more(world: World) -> None:
    """Removed, or its client archived: it leaves its incident, which says so; served again, it may join again."""
    async with opened(world) as shop:
        shop.status = 502
        await shop.pass_time(minutes=2)
        assert await shop.state() is State.DOWN
        other = await world.do(sites.add, client_id=world.clients[Tier.PLATINUM].id, draft=read_site({"name": "Other"}))
        sites_down = [
            incident_rules.Member(kind=incident_rules.Kind.SITE, subject=each.id) for each in (shop.site, other)
        ]
        cause = Trouble(key="server:a", title="a", started_at=world.clock())
        raised = await world.do(incidents.begin, cause=cause, members=sites_down)
        await world.do(archive.archive, client_id=shop.site.client_id, by=world.lead.id)
        await world.do(sites.remove, client_id=other.client_id, site_id=other.id, by=world.lead.id)
        await shop.pass_time(minutes=1, seconds=10)
        assert await shop.state() is State.UNKNOWN
        assert await world.ask(of_incident, raised.incident.id) == ()
        seen = await world.ask(timeline, raised.incident, Texts.shipped(), "en")
        told = [each.words for each in seen]
        assert [words for words in told if "Shop" in words and "its client was archived" in words]
        assert [words for words in told if "Other" in words and "taken off its client’s list" in words]
        assert len(told) == 5
        await world.db.write(lambda conn: archive.restore(conn, shop.site.client_id))
        assert await world.do(incidents.link, incident_id=raised.incident.id, member=sites_down[0], rule="r")


async def test_findings_of_a_removed_site_are_not_its_clients_any_more(world: World) -> None:
    """What was fixed stays in the record; what stood when the site went is nothing to mend."""
    async with opened(world) as shop:
        shop.status = 502
        await shop.pass_time(minutes=2)
        client_id = shop.site.client_id
        assert [each.key for each in await world.ask(checks.findings, client_id=client_id)] == ["http.server_error"]
        await world.do(sites.remove, client_id=client_id, site_id=shop.site.id, by=world.lead.id)
        assert await world.ask(checks.findings, client_id=client_id) == ()
        assert len(await world.ask(checks.findings, site_id=shop.site.id)) == 1


async def test_a_blip_is_forgotten(world: World) -> None:
    """A failure whose second look succeeds tells nobody and leaves no finding."""
    async with opened(world) as shop:
        await shop.pass_time(minutes=1, seconds=10)
        shop.status = 500
        await shop.pass_time(minutes=10)
        shop.status = 200
        await shop.pass_time(minutes=1)
        assert (await shop.state(), await shop.runs(), shop.changes) == (State.OK, 3, [])
        latest = await world.ask(checks.latest, shop.site.id)
        assert (latest.failures, latest.asked_at) == (0, None)


async def test_two_presses_are_not_two_failures(world: World) -> None:
    """What people ask for counts as a first failure at most; the second look decides."""
    async with opened(world, begin=False) as shop:
        shop.status = 503
        first = await shop.look()
        second = await shop.look()
        assert (first.failures, second.failures, second.state) == (1, 1, State.UNKNOWN)
        world.clock.advance(timedelta(seconds=30))
        await shop.settle()
        assert await shop.state() is State.DOWN


async def test_each_tier_has_its_rhythm_and_a_setting_beats_it(world: World) -> None:
    """Gold every ten minutes; every five when set; never when paused; a quiet night brings the full check."""
    async with opened(world) as shop:
        await shop.pass_time(minutes=51)
        assert await shop.runs() == 6
        admin = world.lead.id
        await world.do(asking.set_plan, site=shop.site, plan=Plan(interval_s=300), by=admin)
        await shop.pass_time(minutes=30)
        assert await shop.runs() in {11, 12}
        await world.do(asking.set_plan, site=shop.site, plan=Plan(paused=True), by=admin)
        before = await shop.runs()
        await shop.pass_time(minutes=50)
        assert await shop.runs() == before
        with pytest.raises(ValueError, match="plan"):
            await world.do(asking.set_plan, site=shop.site, plan=Plan(interval_s=7), by=admin)


async def test_a_full_check_at_night_and_a_security_test_each_month(world: World) -> None:
    """Between three and five in Shanghai; the first of a month is its security test."""
    async with opened(world) as shop:
        await world.do(asking.set_plan, site=shop.site, plan=Plan(interval_s=3600), by=world.lead.id)
        await shop.pass_time(days=2)
        rows = await world.db.read(
            lambda conn: conn.execute(
                select(site_check_run.c.kind, site_check_run.c.at)
                .where(site_check_run.c.kind != "light")
                .order_by(site_check_run.c.id)
            ).all()
        )
        assert [row.kind for row in rows] == ["security", "full"]
        zone = accounts.zone_of(world.clients[GOLD])
        assert all(3 <= row.at.astimezone(zone).hour <= 5 for row in rows)
        latest = await world.ask(checks.latest, shop.site.id)
        assert latest.full is not None
        assert latest.security_at is not None
        assert {each.key for each in await world.ask(checks.findings, site_id=shop.site.id, security=True)} >= {
            "security.no_https",
            "security.frames",
        }


async def test_a_late_sweep_makes_up_for_all_by_one(world: World) -> None:
    """Hours without a worker are followed by one check, and two sweeps at once ask once."""
    async with opened(world) as shop:
        await shop.pass_time(minutes=1, seconds=10)
        world.clock.advance(timedelta(hours=5))
        asked = await asyncio.gather(world.do(asking.sweep), world.do(asking.sweep))
        assert sum(asked) == 1
        await shop.settle()
        assert await shop.runs() == 2


async def test_a_check_that_is_killed_is_written_down_once(world: World) -> None:
    """Whoever runs the job again after its result was kept finds it closed: one run, one change."""
    async with opened(world, begin=False) as shop:
        for _ in range(3):
            await world.do(asking.ask, site=shop.site, kind=Kind.LIGHT, cause=Cause.SCHEDULE, dedup="the same instant")
        await shop.settle()
        assert await shop.runs() == 1


async def test_checks_of_one_host_keep_their_distance(world: World) -> None:
    """Four checks of one host asked for at once are made one after another, with the pause between."""
    async with opened(world, begin=False) as shop:
        for n in range(4):
            await world.do(asking.ask, site=shop.site, kind=Kind.LIGHT, cause=Cause.DEMAND, dedup=str(n))
        await world.worker.drain()
        made = [await shop.runs()]
        for _ in range(3):
            world.clock.advance(GAP)
            await world.worker.drain()
            made.append(await shop.runs())
        assert made == [1, 2, 3, 4]


async def emergency(world: World, **facts: Any) -> Ticket:
    values: dict[str, Any] = {
        "level": Level.EMERGENCY,
        "title": "网站打不开了",
        "summary": "网站打不开了!!!",
        "reason": "emergency",
    }
    ticket: Ticket = await world.do(
        world.desk.open, conversation_id=world.conversations[GOLD].id, client_id=world.clients[GOLD].id,
        requester_id=world.contacts[GOLD].id, since=world.clock(), **values | facts,
    )  # fmt: skip
    return ticket


async def test_the_ticket_of_a_site_that_is_down_carries_a_check(world: World) -> None:
    """It stands as an internal note as soon as the workers are done, once, and the client sees none of it."""
    async with opened(world, begin=False) as shop:
        shop.status = 502
        ticket = await emergency(world)
        await world.worker.drain()
        [note] = await shop.notes(ticket)
        assert "502" in note
        assert "127.0.0.1" in note
        assert "打不开" in note
        client_side = await world.ask(messages.ticket_messages, ticket.id, audience="client")
        assert note not in [each.text for each in client_side]
        await world.do(world.desk.set_level, ticket_id=ticket.id, level=Level.BUG, by=world.ann.id)
        await world.do(world.desk.set_level, ticket_id=ticket.id, level=Level.EMERGENCY, by=world.ann.id)
        await shop.settle()
        assert len(await shop.notes(ticket)) == 1
        assert (await world.ask(checks.latest, shop.site.id)).run.ticket_id == ticket.id


async def test_the_site_that_the_ticket_names_is_looked_at(world: World) -> None:
    """By host or by name, else the main one; a level raised later brings the check later; a question brings none."""
    async with opened(world, begin=False) as shop:
        blog = replace(
            read_site({"name": "博客", "address": "https://blog.agency-client.com"}),
            address=shop.served.url("blog.agency-client.com"),
        )
        second = await world.do(sites.add, client_id=world.clients[GOLD].id, draft=blog)
        quiet = await emergency(world, level=Level.BUG, title="博客打不开")
        await world.worker.drain()
        assert await shop.notes(quiet) == []
        await world.do(world.desk.set_level, ticket_id=quiet.id, level=Level.EMERGENCY, by=world.ann.id)
        await world.worker.drain()
        [note] = await shop.notes(quiet)
        assert "blog.agency-client.com" in note
        assert (await world.ask(checks.latest, second.id)).run.ticket_id == quiet.id


async def test_a_site_that_may_not_be_reached_is_told_too(world: World) -> None:
    """An address inside is not visited; the note says so, and the site is not called down."""
    async with opened(world, address="http://10.0.0.9:8080/", begin=False) as shop:
        ticket = await emergency(world)
        await world.worker.drain()
        [note] = await shop.notes(ticket)
        assert "10.0.0.9" in note
        assert "未访问" in note
        assert (await shop.state(), shop.served.asked) == (State.UNKNOWN, [])


async def test_a_check_that_fails_by_itself_is_told_too(world: World) -> None:
    """A fault of ours ends in a dead letter and a note, and nothing waits for it any more."""

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of ours")

    async with opened(world, begin=False) as shop:
        working = SiteChecks(
            world.db,
            probe=type("Broken", (), {"look": broken})(),
            known=load(),
            texts=Texts.shipped(),
            clock=world.clock,
        )
        working.register(world.worker)
        world.worker._on_dead = working.dead
        ticket = await emergency(world)
        for _ in range(4):
            await world.worker.drain()
            world.clock.advance(timedelta(seconds=30))
        [note] = await shop.notes(ticket)
        assert "人工" in note
        assert (await world.ask(checks.latest, shop.site.id)).asked_at is None
        assert [d.dead for d in await world.ask(depths, now=world.clock()) if d.queue == asking.CHECK] == [1]


async def test_nobody_looks_at_example_addresses_or_gone_sites(world: World) -> None:
    """Names kept for examples are left alone unless asked for; a removed site's waiting check is dropped."""
    async with opened(world, address="https://www.example.com") as shop:
        await shop.pass_time(minutes=5)
        ticket = await emergency(world)
        await shop.settle()
        assert (await shop.runs(), await shop.notes(ticket)) == (0, [])
        await world.do(asking.demand, site_id=shop.site.id)
        await world.do(sites.remove, client_id=world.clients[GOLD].id, site_id=shop.site.id, by=world.lead.id)
        await shop.settle()
        assert await shop.runs() == 0
        with pytest.raises(NotFound):
            await world.do(asking.demand, site_id=shop.site.id)


async def test_findings_are_accepted_and_counted(world: World) -> None:
    """Accepted ones no longer count as to be mended; fixed ones do as fixed; both of the right client alone."""
    async with opened(world, begin=False) as shop:
        since = world.clock()
        shop.status = 418
        await shop.look()
        shop.status = 200
        await world.do(asking.demand, site_id=shop.site.id, kind=Kind.FULL)
        await shop.settle()
        found = await world.ask(checks.findings, site_id=shop.site.id)
        whose = {each.key: each for each in found}
        assert "http.client_error" not in whose
        frames = whose["security.frames"]
        await world.do(
            keeping.accept, site_id=shop.site.id, finding_id=frames.id, by=world.lead.id, why="the client wants it so"
        )
        with pytest.raises(NotFound):
            await world.do(keeping.accept, site_id=shop.site.id + 1, finding_id=frames.id, by=world.lead.id, why="x")
        until = world.clock() + timedelta(days=1)
        rate = await world.ask(checks.fix_rate, since=since, until=until, client_id=world.clients[GOLD].id)
        security = [each for each in found if each.security]
        assert (rate.fixed, rate.accepted, rate.open) == (0, 1, len(security) - 1)
        assert rate.rate == 0
        everything = await world.ask(checks.fix_rate, since=since, until=until, security=None)
        assert (everything.fixed, everything.found) == (1, len(found) + 1)
        other = await world.ask(checks.fix_rate, since=since, until=until, client_id=world.clients[Tier.STANDARD].id)
        assert (other.found, other.rate) == (0, None)
        await world.db.write(lambda conn: keeping.take_back(conn, site_id=shop.site.id, finding_id=frames.id))
        assert (await world.ask(checks.fix_rate, since=since, until=until)).accepted == 0


async def test_what_is_not_looked_at_is_not_called_fixed(world: World) -> None:
    """A light check, or one that got no answer, says nothing about headers: those findings stand."""
    async with opened(world, begin=False) as shop:
        await world.do(asking.demand, site_id=shop.site.id, kind=Kind.FULL)
        await shop.settle()
        before = {each.name for each in await world.ask(checks.findings, site_id=shop.site.id)}
        assert before
        await shop.look()
        shop.status = 500
        await shop.look()
        assert {each.name for each in await world.ask(checks.findings, site_id=shop.site.id)} == before


async def test_timings_and_old_runs(world: World) -> None:
    """After three months a day of runs is one row; the months' security tests stay; figures go on over both."""
    async with opened(world, begin=False) as shop:
        start = world.clock()

        def fill(conn: Any) -> None:
            for n in range(40):
                at = start + timedelta(hours=6 * n)
                values = {"kind": "security" if n == 2 else "light", "cause": "schedule", "at": at, "ended_at": at}
                values |= {"site_id": shop.site.id, "client_id": shop.site.client_id, "facts": {}, "found": []}
                values |= {"verdict": "down" if n % 10 == 9 else "ok", "first_byte_ms": 100 + n, "total_ms": 300 + n}
                conn.execute(site_check_run.insert().values(values))

        await world.db.write(fill)
        first = await world.ask(checks.timings, shop.site.id, start, start + timedelta(days=11))
        assert (first.runs, first.up, first.availability, first.exact) == (40, 36, 0.9, True)
        assert (first.first_byte_p50, first.first_byte_p95, first.total_p95) == (118, 137, 337)
        world.clock.set(start + timedelta(days=105))
        await world.do(retention.tidy, body={})
        await world.worker.drain()
        assert (
            await world.db.read(
                lambda conn: conn.execute(select(func.count()).select_from(site_check_day)).scalar_one()
            )
            > 3
        )
        later = await world.ask(checks.timings, shop.site.id, start.replace(hour=0), start + timedelta(days=11))
        assert (later.runs, later.up, later.exact) == (40, 36, False)
        left = await world.db.read(
            lambda conn: (
                conn.execute(
                    select(site_check_run.c.kind).where(site_check_run.c.at < world.clock() - timedelta(days=92))
                )
                .scalars()
                .all()
            )
        )
        assert left == ["security"]
        assert await world.ask(checks.timings, shop.site.id + 1, start, world.clock()) is not None


async def test_a_certificate_tells_the_last_day(world: World, tmp_path: Any) -> None:
    """The site's own date follows the certificate, marked as read; a person's other date takes the mark away."""
    tls = hostile.server_tls(hostile.certificate("shop.agency-client.com", by=hostile.authority()), folder=tmp_path)
    world.clock.set(hostile.NOW)

    async def answer(asked: Asked) -> None:
        await asked.reply("<html><title>T</title></html>")

    async with opened(world, begin=False) as shop, hostile.site(answer, tls=tls) as served:
        draft = replace(read_site({"name": "Safe", "address": "https://shop.agency-client.com"}), address=served.url())
        safe = await world.do(sites.add, client_id=world.clients[GOLD].id, draft=draft)
        await world.do(asking.demand, site_id=safe.id, kind=Kind.FULL)
        await shop.settle()
        kept = await world.ask(sites.find, safe.id)
        last = (hostile.NOW + timedelta(days=60)).astimezone(accounts.zone_of(world.clients[GOLD])).date()
        assert (kept.tls_on, kept.tls_checked_at is not None) == (last, True)
        assert sites.version(kept) == sites.version(safe)
        mine = replace(draft, tls_on=date(2031, 1, 1))
        kept = await world.do(sites.edit, client_id=safe.client_id, site_id=safe.id, draft=mine, by=world.lead.id)
        assert (kept.tls_on, kept.tls_checked_at) == (date(2031, 1, 1), None)


async def test_another_address_is_another_site_to_believe_in(world: World) -> None:
    """What was believed of the old address is not held against the new one."""
    async with opened(world, begin=False) as shop:
        shop.status = 500
        await shop.look()
        await shop.move()
        await shop.settle()
        latest = await world.ask(checks.latest, shop.site.id)
        assert (latest.state, latest.failures) == (State.UNKNOWN, 1)


async def test_a_site_that_is_down_comes_back_at_another_address(world: World) -> None:
    """Who was told that it is down is told that it is back, wherever it answers."""
    async with opened(world, begin=False) as shop:
        shop.status = 500
        await shop.look()
        world.clock.advance(timedelta(seconds=30))
        await shop.settle()
        assert await shop.state() is State.DOWN
        shop.status = 200
        await shop.move()
        await shop.settle()
        assert [(each["state"], each["was"]) for each in shop.changes] == [("down", "unknown"), ("ok", "down")]
