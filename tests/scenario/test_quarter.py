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
from console.pages import environment
from console.report_document import Paper, Press
from console.texts import Texts
from handoff import bindings, directory, sites
from handoff.kinds import Role, Tier
from handoff.model import Client, Person
from handoff.site_rules import read_site
from handoff.sites import Site
from knowledge import e5
from store import jobs
from store.clock import utc_now
from store.tables import job
from success import alert_tokens, alerts, checks, mail_contacts, surveys, tasks
from success.checks import asking
from success.checks.model import State
from success.checks.rhythm import Plan
from success.incident_tables import incident as incidents
from success.rating_rules import next_morning
from success.rating_tables import rating
from success.report_tables import report as reports
from success.reports import store as report_store
from success.reports.model import Kind
from success.reports.model import State as ReportState
from success.survey_rules import SurveyKind
from success.tasks import TaskKind
from tests import hostile
from tests.alertmanager import alertmanager, needed
from tests.hostile import Asked
from tests.house import House, MovableClock
from tests.mail_house import PostOffice, post_office
from tests.platforms.telegram import Chat, TelegramServer, User, World, telegram_server
from tests.platforms.telegram.server import loopback
from tests.platforms.telegram.state import Message as Sent
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
    boss: User
    group: Chat
    private: Chat
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
        "ends": {"icp_on": "2026-11-20"}, "server": "web-a", "hello": "在吗", "person": "转人工，帮我把导航换个顺序",
    },
    "taipei": {
        "name": "海風商行", "tier": Tier.PLATINUM, "timezone": "Asia/Taipei", "language": "zh-Hant", "sites": 6,
        "ends": {"hosting_on": "2026-12-05"}, "server": "web-a", "hello": "在嗎", "person": "轉人工，幫我把導覽列換個順序",
    },
    "newyork": {
        "name": "Northwind", "tier": Tier.STANDARD, "timezone": "America/New_York", "language": "en", "sites": 6,
        "ends": {"domain_on": "2026-11-15"}, "server": "web-b", "hello": "hello", "person": "human please, reorder the menu",
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
    private = world.private(boss)
    private.say(boss, facts["hello"])
    await private.bot_says(within=PATIENCE)
    return Served(client, boss, group, private, made)


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


ASKED = datetime(2026, 10, 14, 2, 30, tzinfo=UTC)
"""Each client asks for a person; it is done at once, which in New York is at half past ten at night."""
RATED = {"shanghai": 2, "taipei": 5}
READ = (datetime(2026, 11, 3, 2, 30, tzinfo=UTC), datetime(2026, 12, 2, 2, 30, tzinfo=UTC))
"""When the month's reports are approved; in New York they wait for the morning."""
REPORT = ("欢迎直接在群里提出", "歡迎直接在群組裡提出", "Questions? Just ask here")
"""What the message that brings a report ends with."""
WEEKS = [date(2026, 9, 28) + timedelta(weeks=n) for n in range(13)]


async def test_a_quarter(quarter: Quarter, tmp_path: Path) -> None:
    """Reminders at ten where the client is, through New York's clock change; an outage of fourteen sites and the real
    Alertmanager's alerts become one incident each; ratings, recommendations and visits are asked for by day; reports
    are drafted on the first working day and sent once they are approved; none of it twice."""
    await quarter.until(ASKED)
    for slug in CLIENTS:
        await helped(quarter, slug)
    await quarter.until(ASKED + timedelta(days=1))
    for slug, value in RATED.items():
        (asked,) = buttons(quarter, slug, "5")
        await quarter.world.press(quarter.clients[slug].boss, asked, str(value), within=PATIENCE)
    await quarter.until(ASKED + timedelta(days=2))
    await helped(quarter, "shanghai")  # within the week: nobody is asked again
    await quarter.until(READ[0])
    await approved(quarter, MONTHS[0])
    await quarter.until(OUT - timedelta(minutes=1))
    quarter.down |= {f"{slug}-{n}.shops.com.cn" for slug, n in (("shanghai", 8), ("taipei", 6)) for n in range(n)}
    await quarter.until(OUT + timedelta(hours=14))
    await states(quarter, "shanghai", State.DOWN)
    await states(quarter, "newyork", State.OK)
    quarter.down.clear()
    await quarter.until(OUT + timedelta(days=1))
    await states(quarter, "shanghai", State.OK)
    await alerted(quarter, tmp_path)
    await quarter.until(READ[1])
    await approved(quarter, MONTHS[1])
    await quarter.until(ENDS)

    titles = await reported(quarter)
    for slug, days in REMINDED.items():
        mine = [(at, subject) for at, to, subject in quarter.letters if slug in to]
        sent = [at.replace(minute=0) for at, subject in mine if subject not in titles]
        assert sent == [there(slug, day) for day in days], slug
        assert len([subject for _, subject in mine if subject in titles]) == len(MONTHS)
    await asked_for(quarter)
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
    assert [each["first_on"] for each in made if each["kind"] == "week"] == WEEKS
    for served in quarter.clients.values():
        assert max(Counter(served.told).values(), default=1) == 1
        assert sum(text.rstrip("。.").endswith(REPORT) for _, text in served.told) == len(MONTHS)


async def helped(quarter: Quarter, slug: str) -> None:
    """Somebody asks for a person in the group, and gets what they want at once."""
    served, house = quarter.clients[slug], quarter.house
    served.group.say(served.boss, f"{quarter.world.bot.mention} {CLIENTS[slug]['person']}")
    known = len(served.group.seen)
    await quarter.world.until(lambda: served.group.seen[known:] or None, within=PATIENCE, what="an answer")
    ticket = await house.open_ticket()
    await house.act("resolve", ticket_id=ticket.id, by=quarter.manager.id)
    await quarter.settled()


async def approved(quarter: Quarter, month: date) -> None:
    """Every client's report of a month is a draft now; the manager lets it go."""
    house = quarter.house
    found = await house.app.db.read(lambda conn: report_store.latest(conn, kinds=(Kind.HEALTH,)))
    drafts = [each for each in found if each.first_on == month and each.state is ReportState.DRAFT]
    for each in drafts:
        let_go = partial(report_store.approve, report_id=each.id, edits=each.edits, by=quarter.manager.id)
        await house.app.db.write(partial(let_go, now=house.clock()))


async def reported(quarter: Quarter) -> set[str]:
    """Both months' reports have gone out; their titles in letters."""
    found = await quarter.house.app.db.read(lambda conn: report_store.latest(conn, kinds=(Kind.HEALTH,)))
    mine = {served.client.id for served in quarter.clients.values()}
    assert [each.state for each in found if each.client_id in mine] == [ReportState.SENT] * len(mine) * len(MONTHS)
    press = Press(environment(), Texts.shipped())
    return {press.title(Paper.of(each)) for each in found}


def buttons(quarter: Quarter, slug: str, label: str) -> list[Sent]:
    """What the boss was asked in private with such a button as the last."""
    seen = quarter.clients[slug].private.seen
    return [each for each in seen if each.labels and each.labels[-1] == label]


async def asked_for(quarter: Quarter) -> None:
    """A rating of each client once, by day, and the low one followed up once; a recommendation and a visit each once."""
    read = quarter.house.app.db.read
    rows = await read(lambda conn: conn.execute(select(rating)).mappings().all())
    assert sorted((each["client_id"], each["value"]) for each in rows) == sorted(
        (served.client.id, RATED.get(slug)) for slug, served in quarter.clients.items()
    )
    surveyed = await read(partial(surveys.listed, kind=SurveyKind.NPS))
    for slug, served in quarter.clients.items():
        zone = CLIENTS[slug]["timezone"]
        (nps,) = (each for each in surveyed if each.client_id == served.client.id)
        (survey,) = (each for each in rows if each["client_id"] == served.client.id)
        assert [next_morning(zone, at) for at in (nps.asked_at, survey["asked_at"])] == [None, None]
        tasks_of = await read(partial(tasks.of_client, client_id=served.client.id))
        kinds = Counter(each.kind for each in tasks_of)
        assert kinds[TaskKind.VISIT] == 1
        assert kinds[TaskKind.LOW_RATING] == (slug == "shanghai")
        assert len(buttons(quarter, slug, "10")) == 1


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
