"""Pages of incidents: by hand from a list of clients to the all-clear; who may; what clients write stays text."""

import re
from typing import Any

import pytest
from sqlalchemy import Connection

from handoff import board, directory, sites
from handoff.kinds import ChatKind, EventKind, Level
from handoff.model import Ticket
from handoff.site_rules import read_site
from success import incident_reports, incident_talk, incidents
from success.incident_log import incident, live
from success.incident_members import of_incident, tickets_of
from success.incident_rules import IncidentState, Kind, Member, Severity
from success.incidents import Cause
from tests.unit.console.world import ORIGIN, World, submit

LIST = "/desk/incidents"
EVIL = "<script>alert(1)</script>"
WORDS = {"text.en": "There is a fault.", "text.zh-Hans": "出现故障。", "text.zh-Hant": ""}


async def group(world: World) -> None:
    """Northwind has a group and a site on a server."""

    def body(conn: Connection) -> None:
        now, client = world.clock(), world.client
        directory.ensure_chat(
            conn, platform="telegram", external_id="nw", kind=ChatKind.GROUP, client_id=client.id, now=now
        )
        draft = read_site({"address": "https://nw.example.com", "server": "web-01"})
        sites.add(conn, client_id=client.id, draft=draft, now=now)

    await world.write(body)


async def begun(world: World, *, title: str = "web-01 down", suggested: bool = False, **members: Ticket) -> int:
    cause = Cause(key="server:web-01", title=title, server="web-01", started_at=world.clock())
    mine = [Member(kind=Kind.TICKET, subject=each.id) for each in members.values()]
    facts: dict[str, Any] = {"members": mine, "suggested": suggested, "now": world.clock()}
    raised = await world.write(lambda conn: incidents.begin(conn, cause, **facts))
    return raised.incident.id


async def test_an_incident_from_its_opening_to_its_post_mortem(world: World) -> None:
    """Opened by hand, previewed, told, answered on its ticket, all clear, resolved, written up, closed."""
    await group(world)
    ticket = await world.ticket(title="Site down", level=Level.EMERGENCY)
    lead = await world.signed_in("tom")
    made = await submit(lead, LIST, LIST, title="Disk full on web-01", severity="critical", server="web-01")
    here = made.headers["location"]
    which = int(here.rsplit("/", 1)[1])
    assert (await submit(lead, here, f"{here}/members", ticket=ticket.number)).status_code == 303
    shown = await submit(lead, here, f"{here}/tell", kind="first", then="preview", **WORDS)
    assert "Who will read it" in shown.text
    assert "Northwind" in shown.text
    assert await world.deps.db.read(lambda conn: incident_talk.of_incident(conn, which)) == ()
    assert (await submit(lead, here, f"{here}/tell", kind="first", then="send", **WORDS)).status_code == 303
    said = await world.deps.db.read(lambda conn: incident_talk.of_incident(conn, which))
    assert {(each.state, each.text) for each in said} == {("said", "出现故障。")}
    events = await world.deps.db.read(lambda conn: board.events(conn, ticket.id))
    assert [e.actor_id for e in events if e.kind is EventKind.REPLIED] == [world.people["tom"].id]
    clear = {"kind": "all_clear", "then": "send", "resolve": "yes", "tickets": "yes"}
    assert (await submit(lead, here, f"{here}/tell", **clear, **WORDS)).status_code == 303
    known = await world.deps.db.read(lambda conn: incident(conn, which))
    assert known.state is IncidentState.RESOLVED
    [closed] = await world.deps.db.read(lambda conn: tickets_of(conn, which))
    assert closed.state == "resolved"
    page = (await lead.get(f"{here}/report")).text
    assert "First answers" in page
    assert f"{ticket.number} Northwind: 0 min" in page
    assert (await submit(lead, f"{here}/report", f"{here}/report/finish", text="# Done", seen="0")).status_code == 303
    late = await submit(lead, f"{here}/report", f"{here}/report", text="# More", seen="1")
    assert late.status_code == 409
    assert (await submit(lead, here, f"{here}/state", verb="close")).status_code == 303
    assert "Disk full on web-01" in (await lead.get(LIST)).text


async def test_a_double_press_says_it_once(world: World) -> None:
    """The same form twice, and an update that two leads send: no chat has one thing twice."""
    await group(world)
    which = await begun(world)
    here, lead = f"{LIST}/{which}", await world.signed_in("tom")
    html = (await lead.get(here)).text
    fields = {"csrf": re.findall(r'name="csrf" value="([^"]+)"', html)[0], "once": "same"}
    form = {"kind": "update", "then": "send", **WORDS, **fields}
    for _ in range(2):
        assert (await lead.post(f"{here}/tell", data=form, headers={"Origin": ORIGIN})).status_code == 303
    assert len(await world.deps.db.read(lambda conn: incident_talk.of_incident(conn, which))) == 1
    first = {"kind": "first", "then": "send", **WORDS}
    assert (await submit(lead, here, f"{here}/tell", **first)).status_code == 303
    twice = await submit(lead, here, f"{here}/tell", **first)
    assert twice.status_code == 409
    assert "nobody left to tell" in twice.text


async def test_what_clients_and_colleagues_write_stays_text(world: World) -> None:
    """Titles, notes, tickets and post-mortems with markup in them."""
    await group(world)
    ticket = await world.ticket(title=EVIL, text=EVIL, level=Level.EMERGENCY)
    which = await begun(world, title=EVIL, ticket=ticket)
    browser, here = await world.signed_in("tom"), f"{LIST}/{which}"
    await submit(browser, here, f"{here}/note", text=EVIL)
    await submit(browser, f"{here}/report", f"{here}/report", text=f"# x {EVIL} [a](javascript:alert(1))", seen="0")
    for path in (LIST, here, f"{here}/report", f"/desk/t/{ticket.number}"):
        page = await browser.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert 'href="javascript' not in page.text


async def test_a_ticket_is_linked_and_let_go_from_its_own_page(world: World) -> None:
    """An agent does it; what is proposed is shown as such; one that is not there is 404."""
    ticket = await world.ticket(level=Level.EMERGENCY)
    which = await begun(world)
    agent, here = await world.signed_in("lin"), f"/desk/t/{ticket.number}"
    assert "INC-" in (await agent.get(here)).text
    assert (await submit(agent, here, f"{here}/incident", incident=str(which))).status_code == 303
    assert [t.id for t in await world.deps.db.read(lambda conn: tickets_of(conn, which))] == [ticket.id]
    assert (await submit(agent, here, f"{here}/incident", incident=str(which), out="yes")).status_code == 303
    assert await world.deps.db.read(lambda conn: of_incident(conn, which)) == ()
    assert (await submit(agent, here, f"{here}/incident", incident="999")).status_code == 404
    assert (await submit(agent, here, "/desk/t/T-9999/incident", incident=str(which))).status_code == 404


@pytest.mark.parametrize("verb", ["state", "tell", "report/finish"])
async def test_agents_do_not_speak_for_everybody(world: World, verb: str) -> None:
    """They see it, note and link; what ends it or speaks to clients is a lead's."""
    which = await begun(world)
    agent = await world.signed_in("lin")
    assert (await agent.get(f"{LIST}/{which}")).status_code == 200
    assert (await submit(agent, f"{LIST}/{which}", f"{LIST}/{which}/{verb}", verb="resolve")).status_code == 403
    assert (await world.deps.db.read(lambda conn: incident(conn, which))).state is IncidentState.OPEN


async def test_what_cannot_be_meant(world: World) -> None:
    """Unknown ids are 404; forms without a title, a verb or a member say so, and keep what was typed."""
    which = await begun(world)
    lead, here = await world.signed_in("tom"), f"{LIST}/{which}"
    for path in (f"{LIST}/99", f"{LIST}/x", f"{LIST}/{'9' * 30}", f"{LIST}/99/report"):
        assert (await lead.get(path)).status_code == 404
    assert (await submit(lead, LIST, LIST, title=" ", severity="major")).status_code == 422
    assert (await submit(lead, LIST, LIST, title="x", severity="awful")).status_code == 422
    assert (await submit(lead, here, f"{here}/state", verb="explode")).status_code == 409
    assert (await submit(lead, here, f"{here}/state", verb="describe", title="x", severity="")).status_code == 409
    assert (await submit(lead, here, f"{here}/members", ticket="T-9999")).status_code == 409
    assert (await submit(lead, here, f"{here}/members", member="ticket", subject="7")).status_code == 409
    assert (await submit(lead, here, f"{here}/note", text=" ")).status_code == 409
    lost = await submit(
        lead, here, f"{here}/tell", kind="first", then="preview", **{"text.en": "kept", "text.zh-Hans": ""}
    )
    assert "kept" in lost.text


async def test_a_suggestion_is_dismissed_for_good(world: World) -> None:
    """Its task goes, its page stays, the next one of the cause is another."""
    which = await begun(world, suggested=True)
    lead = await world.signed_in("tom")
    assert "look like one thing" in (await lead.get(f"{LIST}/{which}")).text
    assert (await submit(lead, f"{LIST}/{which}", f"{LIST}/{which}/state", verb="dismiss")).status_code == 303
    assert await world.deps.db.read(live) == ()
    assert await begun(world, suggested=True) != which


async def test_a_post_mortem_is_drafted_from_what_happened(world: World) -> None:
    """Its headings are there in the reader's language, with what a person must add."""
    which = await begun(world)
    agent = await world.signed_in("lin")
    page = (await agent.get(f"{LIST}/{which}/report?lang=zh-Hans")).text
    for heading in ("概要", "时间线", "我们告知客户的内容", "首次响应时间", "原因", "改进措施"):
        assert heading in page
    assert await world.deps.db.read(lambda conn: incident_reports.newest(conn, which)) is None
    assert (await world.deps.db.read(lambda conn: incident(conn, which))).severity is Severity.MAJOR
