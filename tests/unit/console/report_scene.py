"""A client with half a year behind it, in a console's world: what reports are made of, rich or poor."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from handoff import accounts, directory, messages, sites
from handoff.agreements import Draft, Entitlement
from handoff.kinds import ChatKind, Level, Tier
from handoff.model import Client
from handoff.site_rules import read_site
from success.reports.health import facts_of_client
from success.reports.model import Facts, Kind
from success.reports.periods import of_kind
from success.reports.sources import Finding, Nps, Security, Sources, Uptime
from success.traffic import store as traffic
from tests.unit.console.world import World

ZONE = ZoneInfo("Asia/Shanghai")
TITLES = {
    "zh-Hans": [
        ("首页轮播图在手机上显示不全", Level.BUG, "wordpress"), ("后台密码忘了", Level.QUESTION, "account"),
        ("联系表单收不到邮件", Level.BUG, "email"), ("怎么给文章加视频", Level.QUESTION, "wordpress"),
        ("网站打不开", Level.EMERGENCY, "site"), ("国庆期间首页换成活动页", Level.CHANGE, "content"),
        ("产品页怎么改价格", Level.QUESTION, "wordpress"), ("图片上传失败", Level.BUG, "wordpress"),
    ],
    "en": [
        ("The banner is cut off on phones", Level.BUG, "wordpress"), ("I forgot the password", Level.QUESTION, "account"),
        ("The contact form sends no mail", Level.BUG, "email"), ("How do I put a video into a post", Level.QUESTION, "wordpress"),
        ("The site does not open", Level.EMERGENCY, "site"), ("A campaign page instead of the home page", Level.CHANGE, "content"),
        ("Where do I change a price", Level.QUESTION, "wordpress"), ("A picture cannot be uploaded", Level.BUG, "wordpress"),
    ],
}  # fmt: skip


@dataclass
class Scene:
    """The client, and where facts come from."""

    world: World
    client: Client
    sources: Sources

    async def facts(self, kind: Kind = Kind.HEALTH, day: date = date(2026, 10, 1)) -> Facts:
        """What a report says of the period of a day."""
        span, now = of_kind(kind, day, ZoneInfo(self.client.timezone)), self.world.clock()
        return await self.world.deps.db.read(
            lambda conn: facts_of_client(conn, kind, self.client, span, sources=self.sources, now=now)
        )


async def poor(world: World, *, name: str = "Fabrikam", language: str = "en") -> Scene:
    """A client without sites, requests or visits."""
    made = await world.write(
        lambda conn: _client(conn, "poor", name, tier=Tier.STANDARD, language=language, world=world)
    )
    return Scene(world, made, Sources())


async def rich(world: World, *, name: str = "晴川茶业有限公司", language: str = "zh-Hans", tickets: int = 46) -> Scene:
    """Two sites, requests of six months, two months of visits, checks with findings; it is the second of November."""
    client = await world.write(lambda conn: _client(conn, "rich", name, tier=Tier.GOLD, language=language, world=world))
    found = await world.write(lambda conn: _sites(conn, client, language))
    dice = random.Random(7)
    days = sorted((5 + n % 6, 1 + dice.randrange(27)) for n in range(tickets))

    def asked(conn: Connection) -> None:
        for n, (month, day) in enumerate(days):
            _ticket(conn, world, client, TITLES[language][n % 8], n=n, dice=dice, day=date(2026, month, day))

    await world.write(asked)
    world.clock.set(datetime(2026, 11, 2, 1, 0, tzinfo=UTC))
    await world.write(lambda conn: _agreement(conn, client, world))
    await world.write(lambda conn: _visits(conn, found[0].id, world.clock(), dice))
    return Scene(world, client, _sources(found))


def _client(conn: Connection, slug: str, name: str, *, tier: Tier, language: str, world: World) -> Client:
    made = directory.add_client(conn, slug=slug, name=name, tier=tier, now=datetime(2026, 4, 1, tzinfo=UTC))
    return directory.update_client(conn, made.id, language=language, success_id=world.people["tom"].id)


def _sites(conn: Connection, client: Client, language: str) -> tuple[sites.Site, ...]:
    names = ("官方网站", "海外商城") if language == "zh-Hans" else ("Main site", "Shop")
    at = datetime(2026, 4, 2, tzinfo=UTC)
    for name, address, more in (
        (names[0], "https://www.qingchuan-tea.com", {"tls_on": "2026-11-24", "domain_on": "2027-06-01", "icp_on": "2027-03-01"}),
        (names[1], "https://shop.qingchuan-tea.com", {"tls_on": "2027-02-20", "hosting_on": "2026-12-20"}),
    ):  # fmt: skip
        sites.add(
            conn,
            client_id=client.id,
            draft=read_site({"name": name, "address": address, "cms": "WordPress"} | more),
            now=at,
        )
    return tuple(sorted(sites.of_client(conn, client.id), key=lambda each: each.id))


def _ticket(
    conn: Connection,
    world: World,
    client: Client,
    told: tuple[str, Level, str],
    *,
    n: int,
    dice: random.Random,
    day: date,
) -> None:
    title, level, category = told
    if level is Level.EMERGENCY and n % 3:
        level = Level.QUESTION
    at = datetime(2026, day.month, day.day, 2 + dice.randrange(7), dice.randrange(60), tzinfo=UTC)
    lin, desk = world.people["lin"].id, world.deps.desk
    chat = directory.ensure_chat(
        conn, platform="telegram", external_id="-100", kind=ChatKind.GROUP, client_id=client.id, now=at
    )
    talk = directory.ensure_conversation(conn, chat_id=chat.id, now=at)
    who = directory.ensure_person(
        conn, platform="telegram", external_id="77", name="王小明", client_id=client.id, now=at
    )
    said = messages.accept(conn, conversation=talk, person=who, external_id=f"{n}", text=title, at=at, now=at)
    assert said is not None
    ticket_id = desk.open(
        conn, conversation_id=talk.id, client_id=client.id, requester_id=who.id, level=level, category=category,
        title=title, summary=title, reason="not_in_manual", since=at, now=at,
    ).id  # fmt: skip
    reply = at + timedelta(minutes=3 + dice.randrange(10) + 60 * (n % 7 == 3))
    desk.claim(conn, ticket_id=ticket_id, by=lin, now=reply)
    desk.reply(conn, ticket_id=ticket_id, by=lin, text="我来看看，请稍后再试一次", now=reply)
    if day.month == 10 and n % 9 == 5:
        return
    solved = reply + timedelta(hours=1 + dice.randrange(30))
    desk.resolve(conn, ticket_id=ticket_id, by=lin, text="已经修好了，请再看看", now=solved)


def _agreement(conn: Connection, client: Client, world: World) -> None:
    granted = (Entitlement(name="上门服务", amount=4, unit="次"), Entitlement(name="页面修改", amount=20, unit="页"))
    draft = Draft(
        tier=Tier.GOLD, starts_on=date(2026, 4, 1), ends_on=date(2027, 3, 31), fee=36000, entitlements=granted
    )
    accounts.agree(conn, client_id=client.id, draft=draft, by=world.people["mira"].id, now=world.clock())
    accounts.use(conn, client=client, name="上门服务", amount=1, by=world.people["mira"].id, now=world.clock())


def _visits(conn: Connection, site_id: int, now: datetime, dice: random.Random) -> None:
    rows: list[dict[str, Any]] = []
    for n in range(92):
        day = date(2026, 8, 1) + timedelta(days=n)
        visits = int((150 + n) * (0.72 if day.weekday() > 4 else 1.0) * dice.uniform(0.85, 1.15))
        search, direct, social = int(visits * 0.46), int(visits * 0.27), int(visits * 0.15)
        sources = {"search": search, "direct": direct, "social": social, "ads": int(visits * 0.04)}
        sources["links"] = visits - sum(sources.values())
        pages = [["/", int(visits * 1.1)], ["/products/longjing", visits // 2], ["/about", visits // 4],
                 ["/news/2026-autumn-tea-festival-opening-ceremony", visits // 5], ["/contact", visits // 6]]  # fmt: skip
        rows.append({"first": str(day), "last": str(day), "visits": visits, "views": int(visits * 2.6),
                     "bounces": int(visits * 0.41), "sources": sources, "pages": pages})  # fmt: skip
    found = {"kind": "ga4", "lines": len(rows), "broken": 0, "bots": 0, "outside": 0, "rows": rows}
    traffic.keep(conn, site_id=site_id, name="ga4.csv", found=found, by=None, now=now)


def _sources(found: tuple[sites.Site, ...]) -> Sources:
    first, second = (each.id for each in found)

    def uptime(conn: Connection, site_id: int, since: datetime, until: datetime) -> Uptime:
        month = since.astimezone(ZONE).month
        if site_id == first:
            return Uptime(checks=2976, availability=0.99954, first_byte_ms=620 - 20 * (month - 5), total_ms=1900)
        return Uptime(checks=2970, availability=0.9962, first_byte_ms=980 + 90 * (month - 5), total_ms=3300)

    def security(conn: Connection, client_id: int, since: datetime, until: datetime) -> Security:
        open_ = (
            Finding(id=1, site_id=second, key="security.hsts", severity="warning", values={}, since=date(2026, 10, 3)),
            Finding(
                id=2,
                site_id=first,
                key="security.cookie_same_site",
                severity="notice",
                values={"n": 2, "name": "lang"},
                since=date(2026, 9, 12),
            ),
        )
        fixed = (
            Finding(
                id=3,
                site_id=first,
                key="wordpress.core",
                severity="warning",
                values={"version": "6.2", "below": "6.4.3"},
                since=date(2026, 9, 1),
                fixed_on=date(2026, 10, 9),
            ),
        )
        return Security(open=open_, fixed=fixed, fix_rate=0.81)

    def nps(conn: Connection, client_id: int | None, since: datetime, until: datetime) -> Nps:
        return Nps(asked=6, answered=4, score=50)

    return Sources(uptime=uptime, security=security, nps=nps)
