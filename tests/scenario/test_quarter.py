"""A quarter goes by through the real jobs: three clients, twenty sites, mail, Telegram, alerts; what is expected, once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, func, select

from bot.app import open_app
from bot.outward import Outward
from bot.server import web_app
from bot.settings import Settings
from handoff import bindings, directory, sites
from handoff.kinds import Role, Tier
from handoff.model import Client, Person
from handoff.site_rules import read_site
from handoff.sites import Site
from knowledge import e5
from store import jobs
from store.clock import utc_now
from store.tables import job
from success import alert_tokens, alerts, checks, mail_contacts
from success.checks import asking
from success.checks.model import State
from success.checks.rhythm import Plan
from success.incident_tables import incident as incidents
from success.report_tables import report as reports
from tests import hostile
from tests.alertmanager import alertmanager, needed
from tests.hostile import Asked
from tests.house import House, MovableClock
from tests.mail_house import PostOffice, post_office
from tests.platforms.telegram import Chat, TelegramServer, World, telegram_server
from tests.platforms.telegram.server import loopback
from tests.telegram_house import PATIENCE

BEGINS = datetime(2026, 10, 1, 5, tzinfo=UTC)  # the first of October, in New York too
ENDS = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)
LOOKS = (time(2, 10), time(14, 10), time(15, 10))
"""When time stands still, in UTC: ten past ten in Shanghai and Taipei, in New York's summer, and in its winter."""
POLLING = "telegram_poll"


@dataclass
class Served:
    """A client with its group and its sites, and the server that all of them stand on."""

    client: Client
    group: Chat
    sites: tuple[Site, ...] = ()
    told: list[tuple[datetime, str]] = field(default_factory=list)


@dataclass
class Quarter:
    """The whole: three clients, the desk, its mail server, the sites' server, and the way time goes."""

    house: House
    world: World
    office: PostOffice
    manager: Person
    clients: dict[str, Served]
    down: set[str]
    letters: list[tuple[datetime, str, str]] = field(default_factory=list)

    async def until(self, instant: datetime) -> None:
        """Let time go by up to an instant; at each look all that is due is done."""
        now = self.house.clock()
        for look in looks(now, instant):
            await self.at(look)

    async def at(self, instant: datetime) -> None:
        """It is this instant; what is due is done, and what was said is kept with when it was."""
        self.house.clock.jump(instant - self.house.clock())
        await self.settled()
        for served in self.clients.values():
            said = [each.text for each in served.group.messages.values() if each.sender == self.world.bot]
            served.told += [(instant, text) for text in said[len(served.told) :]]
        new = self.office.letters[len(self.letters) :]
        self.letters += [(instant, str(each["To"]), str(each["Subject"])) for each in new]

    async def settled(self) -> None:
        """Nothing is due any more, schedules included; politeness between two looks at a host costs jumps, no waiting."""
        app = self.house.app
        for _ in range(4000):
            await app.db.write(app.worker._tend)
            app.worker._wake.set()
            busy = await app.db.read(self._busy)
            if not busy:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(await app.db.read(partial(jobs.depths, now=self.house.clock())))

    def _busy(self, conn: Connection) -> bool:
        mine = (job.c.queue != POLLING, job.c.state.in_(("waiting", "running")), job.c.run_at <= self.house.clock())
        return conn.execute(select(func.count()).select_from(job).where(*mine)).scalar_one() > 0


def looks(since: datetime, until: datetime) -> Iterable[datetime]:
    """Every look after one instant up to another."""
    day = since.date()
    while day <= until.date():
        for at in LOOKS:
            each = datetime.combine(day, at, UTC)
            if since < each <= until and (at.hour != 14 or day.month == 10):
                yield each
        day += timedelta(days=1)


@pytest.fixture
async def quarter(tmp_path: Path, embedder: e5.E5Embedder) -> AsyncIterator[Quarter]:
    clock, down = MovableClock(BEGINS), set[str]()

    async def page(asked: Asked) -> None:
        host = asked.headers.get("host", "").partition(":")[0]
        if host in down:
            await asked.reply("busy", status=503)
        else:
            await asked.reply(f"<html><title>{host}</title>Welcome</html>")

    world = World(clock=clock)
    world.privacy = False
    async with (
        telegram_server(world) as telegram,
        post_office() as office,
        hostile.site(page) as web,
        opened(tmp_path, embedder, telegram, office, clock) as house,
    ):
        manager = await house.agent("su", role=Role.SUCCESS)
        made = {}
        for slug, facts in CLIENTS.items():
            made[slug] = await furnished(house, telegram, slug, facts, manager=manager, port=web.port)
        yield Quarter(house, world, office, manager, made, down)


@asynccontextmanager
async def opened(
    folder: Path, embedder: e5.E5Embedder, telegram: TelegramServer, office: PostOffice, clock: MovableClock
) -> AsyncIterator[House]:
    told = Settings(
        data=folder / "data", telegram_token=telegram.world.token, telegram_api=telegram.base_url.removesuffix("/bot"),
        smtp_url=f"smtp://127.0.0.1:{office.port}", mail_from="晨光 <care@agency.example>",
    )  # fmt: skip
    outward = Outward(probe=hostile.probe())
    async with open_app(told, clock=clock, embedder=embedder, outward=outward) as app:
        yield House(app, clock)


CLIENTS: dict[str, dict[str, Any]] = {
    "shanghai": {
        "name": "青禾科技", "tier": Tier.GOLD, "timezone": "Asia/Shanghai", "language": "zh-Hans", "sites": 8,
        "ends": {"icp_on": "2026-11-20"}, "server": "web-a",
    },
    "taipei": {
        "name": "海風商行", "tier": Tier.PLATINUM, "timezone": "Asia/Taipei", "language": "zh-Hant", "sites": 6,
        "ends": {"hosting_on": "2026-12-05"}, "server": "web-a",
    },
    "newyork": {
        "name": "Northwind", "tier": Tier.STANDARD, "timezone": "America/New_York", "language": "en", "sites": 6,
        "ends": {"domain_on": "2026-11-15"}, "server": "web-b",
    },
}  # fmt: skip


async def furnished(
    house: House, telegram: TelegramServer, slug: str, facts: dict[str, Any], *, manager: Person, port: int
) -> Served:
    """A client with its manager, its sites, its address for letters, and its group, bound with a code."""
    write, now = house.app.db.write, house.clock

    def body(conn: Connection) -> tuple[Client, tuple[Site, ...], str]:
        known = {name: facts[name] for name in ("name", "tier", "timezone", "language")}
        client = directory.add_client(conn, slug=slug, **known, now=now())
        client = directory.update_client(conn, client.id, success_id=manager.id)
        made = []
        for n in range(facts["sites"]):
            typed = {"address": f"http://{slug}-{n}.shops.com.cn:{port}", "server": facts["server"]}
            draft = read_site(typed | (facts["ends"] if n == 0 else {}))
            made.append(sites.add(conn, client_id=client.id, draft=draft, now=now()))
            asking.set_plan(conn, site=made[-1], plan=Plan(interval_s=3600), by=manager.id, now=now())
        purposes = (mail_contacts.REMINDERS, mail_contacts.REPORTS)
        mail_contacts.keep(
            conn, client_id=client.id, address=f"boss@{slug}.shops.com.cn", language=None, purposes=purposes,
            by=manager.id, now=now(),
        )  # fmt: skip
        return client, tuple(made), bindings.code_for_client(conn, client.id, by=manager.id, now=now())

    client, made, code = await write(body)
    world = telegram.world
    boss = world.user(f"Boss of {slug}", f"boss_{slug}")
    group = world.supergroup(f"{client.name} group", boss)
    group.say(boss, f"/bind {code}")
    await group.bot_says(client.name, within=PATIENCE)
    return Served(client, group, made)


def there(slug: str, day: str, hour: int = 10) -> datetime:
    """An hour of a day at a client's."""
    zone = ZoneInfo(CLIENTS[slug]["timezone"])
    return datetime.combine(date.fromisoformat(day), time(hour), zone).astimezone(UTC)


REMINDED = {
    "shanghai": ("2026-10-21", "2026-11-06", "2026-11-13", "2026-11-19"),
    "taipei": ("2026-11-05", "2026-11-20", "2026-11-27", "2026-12-04"),
    "newyork": ("2026-10-16", "2026-10-30", "2026-11-06", "2026-11-13"),
}
"""30, 14, 7 and 1 days ahead; a Saturday or a Sunday gives way to the Friday before."""


OUT = datetime(2026, 11, 10, 2, 10, tzinfo=UTC)
"""When the server of Shanghai's and Taipei's sites stops answering; a day later it is back."""
MONTHS = (date(2026, 10, 1), date(2026, 11, 1))


async def test_a_quarter(quarter: Quarter, tmp_path: Path) -> None:
    """Reminders at ten where the client is, through New York's clock change; an outage of fourteen sites and the real
    Alertmanager's alerts become one incident each; reports are drafted on the first working day; none of it twice."""
    await quarter.until(OUT - timedelta(minutes=1))
    quarter.down |= {f"{slug}-{n}.shops.com.cn" for slug, n in (("shanghai", 8), ("taipei", 6)) for n in range(n)}
    await quarter.until(OUT + timedelta(hours=14))
    await states(quarter, "shanghai", State.DOWN)
    await states(quarter, "newyork", State.OK)
    quarter.down.clear()
    await quarter.until(OUT + timedelta(days=1))
    await states(quarter, "shanghai", State.OK)
    await alerted(quarter, tmp_path)
    await quarter.until(ENDS)

    for slug, days in REMINDED.items():
        sent = [at.replace(minute=0) for at, to, _ in quarter.letters if slug in to]
        assert sent == [there(slug, day) for day in days], slug
    assert max(Counter(quarter.letters).values()) == 1
    known = await quarter.house.app.db.read(lambda conn: conn.execute(select(incidents)).mappings().all())
    assert sorted((each["server"], each["state"]) for each in known) == [
        ("web-a", "suggested"),
        ("web-b", "monitoring"),
    ]
    made = await quarter.house.app.db.read(lambda conn: conn.execute(select(reports)).mappings().all())
    months = sorted((each["client_id"], each["first_on"]) for each in made if each["kind"] == "health")
    ids = sorted(served.client.id for served in quarter.clients.values())
    assert [row for row in months if row[0] in ids] == [(each, month) for each in ids for month in MONTHS]
    assert max(Counter((each["kind"], each["subject"], each["first_on"]) for each in made).values()) == 1
    for served in quarter.clients.values():
        assert max(Counter(served.told).values(), default=1) == 1


async def states(quarter: Quarter, slug: str, expected: State) -> None:
    """How a client's sites stand."""
    ids = [each.id for each in quarter.clients[slug].sites]
    found = [await quarter.house.app.db.read(partial(checks.latest, site_id=each)) for each in ids]
    assert {each.state for each in found} == {expected}


async def alerted(quarter: Quarter, folder: Path) -> None:
    """The real Alertmanager says that a server has no power left, says it again, and that it is over."""
    needed()
    app, by = quarter.house.app, quarter.manager.id
    _, secret = await app.db.write(lambda conn: alert_tokens.make(conn, name="am", by=by, now=quarter.house.clock()))
    labels = {"alertname": "HostHighCpuLoad", "instance": "web-b:9100", "server": "web-b", "severity": "critical"}
    fact: dict[str, Any] = {"labels": labels, "annotations": {"summary": "CPU above 80 % on web-b", "value": "93"}}
    async with loopback(web_app(app)) as port:
        url = f"http://127.0.0.1:{port}/hooks/alertmanager"
        async with alertmanager(folder, url=url, auth=f"authorization: {{credentials: {secret}}}") as am:
            begun = utc_now().isoformat()
            for over in ({}, {}, {"endsAt": utc_now().isoformat()}):
                await am.fire(fact | {"startsAt": begun} | over)
                await heard(quarter, "resolved" if over else "firing")
    await quarter.settled()


async def heard(quarter: Quarter, status: str) -> None:
    """The alert stands so in the desk."""
    found: tuple[alerts.Alert, ...] = ()
    for _ in range(1200):
        found = await quarter.house.app.db.read(partial(alerts.latest, limit=10))
        if found and found[0].status == status:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(found)
