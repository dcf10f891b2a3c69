"""Scene 13 in the running application: an alert is one incident, the groups concerned hear it once, the clocks hold."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection

from bot.server import web_app
from handoff import board, directory, messages, sites
from handoff.kinds import ChatKind, Delivery, EventKind, Level, Role, Tier
from handoff.model import Message, Ticket
from handoff.site_rules import read_site
from store.clock import utc_now
from store.jobs import enqueue
from success import alert_tokens, hooks, rule_book, tasks
from success.incident_log import incident, live
from success.incident_members import of_incident
from success.incident_rules import IncidentState, Kind
from tests.alertmanager import alertmanager, needed
from tests.house import House, embedder, house, indexed
from tests.platforms.telegram.server import loopback
from tests.unit.console.test_alerts_in import fired, posted
from tests.unit.console.world import submit

__all__ = ["embedder", "house", "indexed"]

TOLD = "服务器异常，正在处理。"
RULES = f"""rules:
  - key: cpu
    name: CPU
    on: alert_firing
    then:
      - open_incident: {{title: "CPU {{server}}", severity: critical}}
      - call_hook: {{hook: scale-out}}
      - tell_clients: {{zh-Hans: "{TOLD}", en: "A fault; we are on it."}}
  - key: over
    name: Over
    on: alert_resolved
    then:
      - mend_incident:
"""


async def furnished(house: House, *slugs: str) -> str:
    """Clients with groups and sites on one server, the rules above in force; the token of an Alertmanager."""
    admin = await house.agent("boss", role=Role.ADMIN)

    def body(conn: Connection) -> str:
        now = house.clock()
        for slug in slugs:
            client = directory.add_client(conn, slug=slug, name=slug.title(), tier=Tier.GOLD, now=now)
            directory.ensure_chat(
                conn, platform="web", external_id=f"g-{slug}", kind=ChatKind.GROUP, client_id=client.id, now=now
            )
            draft = read_site({"address": f"https://{slug}.example.com", "server": "web-01"})
            sites.add(conn, client_id=client.id, draft=draft, now=now)
        kept = rule_book.keep(conn, RULES, by=admin.id, now=now)
        rule_book.publish(conn, kept.id, by=admin.id, now=now)
        return alert_tokens.make(conn, name="am", by=admin.id, now=now)[1]

    return await house.app.db.write(body)


async def heard(house: House, slug: str) -> list[Message]:
    """What a client's group was told by us."""

    def body(conn: Connection) -> list[Message]:
        chat = directory.find_chat(conn, platform="web", external_id=f"g-{slug}")
        assert chat is not None
        talk = directory.find_conversation(conn, chat_id=chat.id)
        said = messages.transcript(conn, talk.id, audience="client") if talk else ()  # type: ignore[arg-type]
        return [each for each in said if each.delivery is not None]

    return await house.app.db.read(body)


async def report(house: House, slug: str) -> Ticket:
    """An emergency out of a client's group."""

    def body(conn: Connection) -> Ticket:
        now, client = house.clock(), directory.client_by_slug(conn, slug)
        chat = directory.find_chat(conn, platform="web", external_id=f"g-{slug}")
        assert client is not None
        assert chat is not None
        talk = directory.ensure_conversation(conn, chat_id=chat.id, now=now)
        who = directory.ensure_person(
            conn, platform="web", external_id=f"u-{slug}", name="Wang", client_id=client.id, now=now
        )
        return house.app.desk.open(
            conn, conversation_id=talk.id, client_id=client.id, requester_id=who.id, level=Level.EMERGENCY,
            title="网站打不开", summary="网站打不开", reason="emergency", since=now, now=now,
        )  # fmt: skip

    return await house.app.db.write(body)


async def test_an_alert_becomes_one_incident_and_the_groups_hear_it_once(house: House) -> None:
    """Posted over HTTP, acted on by the worker, joined by a ticket, told all clear by a lead from the page."""
    secret = await furnished(house, "ant", "bee")
    transport = httpx.ASGITransport(app=web_app(house.app))
    program = httpx.AsyncClient(
        transport=transport, base_url="http://desk.test", headers={"Authorization": f"Bearer {secret}"}
    )
    storm = [fired(n, server="web-01") for n in range(200)]
    for _ in range(2):
        assert (await program.post("/hooks/alertmanager", json=posted(*storm))).status_code == 200
        await house.idle()
    [known] = await house.app.db.read(live)
    for slug in ("ant", "bee"):
        assert [each.text for each in await heard(house, slug)] == [TOLD]
    [call] = await house.app.db.read(hooks.latest)
    assert (call.state, call.incident_id) == ("unset", known.id)

    ticket = await report(house, "ant")
    await house.idle()
    [belonging] = await house.app.db.read(lambda conn: of_incident(conn, known.id, Kind.TICKET))
    assert belonging.proposed
    lead = await house.agent("tom", role=Role.LEAD)
    browser, here = await house.desk(lead), f"/desk/incidents/{known.id}"
    await submit(browser, here, f"{here}/members", ticket=ticket.number)
    clear = {
        "kind": "all_clear",
        "then": "send",
        "tickets": "yes",
        "resolve": "yes",
        "text.zh-Hans": "已恢复。",
        "text.en": "Over.",
    }
    assert (await submit(browser, here, f"{here}/tell", **clear)).status_code == 303
    await house.idle()
    assert sum(each.text == "已恢复。" for each in await heard(house, "ant")) == 1
    assert [each.text for each in await heard(house, "bee")] == [TOLD, "已恢复。"]
    events = await house.app.db.read(lambda conn: board.events(conn, ticket.id))
    assert [e.actor_id for e in events if e.kind is EventKind.REPLIED] == [lead.id]
    assert EventKind.RESOLVED in {e.kind for e in events}
    assert (await house.app.db.read(lambda conn: incident(conn, known.id))).state is IncidentState.RESOLVED
    assert all(each.delivery is not Delivery.FAILED for each in await heard(house, "bee"))


@pytest.mark.alertmanager
async def test_the_real_alertmanager_opens_and_ends_it(house: House, tmp_path: Path) -> None:
    """Its own process, our real server: an incident while it fires, watched once it is over."""
    needed()
    secret = await furnished(house, "ant")
    since = utc_now() - timedelta(minutes=1)
    alert: dict[str, Any] = {
        "labels": {"alertname": "HostHighCpuLoad", "server": "web-01"},
        "startsAt": since.isoformat(),
    }

    async def until(state: IncidentState) -> None:
        for _ in range(600):
            found = await house.app.db.read(live)
            if [each.state for each in found] == [state]:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(found)

    async with loopback(web_app(house.app)) as port:
        url = f"http://127.0.0.1:{port}/hooks/alertmanager"
        async with alertmanager(tmp_path, url=url, auth=f"authorization: {{credentials: {secret}}}") as am:
            await am.fire(alert)
            await until(IncidentState.OPEN)
            await am.fire(alert | {"endsAt": utc_now().isoformat()})
            await until(IncidentState.MONITORING)
    assert [each.text for each in await heard(house, "ant")] == [TOLD]


async def test_sites_that_go_down_are_heard_of(house: House) -> None:
    """By the queue in which site checks tell; with the rules that come with the program two make a suggestion."""
    await furnished(house, "ant", "bee")
    admin = (await house.app.db.read(lambda conn: directory.staff_by_login(conn, "boss"))) or None
    assert admin is not None

    def down(conn: Connection) -> None:
        kept = rule_book.keep(conn, rule_book.shipped(), by=admin.id, now=house.clock())
        rule_book.publish(conn, kept.id, by=admin.id, now=house.clock())
        for site, _ in sites.every(conn):
            if site.server == "web-01":
                enqueue(conn, "site_changed", {"site": site.id, "state": "down", "run": 1}, now=house.clock())

    await house.app.db.write(down)
    await house.idle()
    [known] = await house.app.db.read(live)
    assert known.state is IncidentState.SUGGESTED
    assert f"incident:{known.id}" in {task.origin for task in await house.app.db.read(tasks.open_of)}
