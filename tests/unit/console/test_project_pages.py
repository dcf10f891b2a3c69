"""Pages of new work: proposals with their documents, prices, projects, change requests; what cannot be meant."""

from datetime import timedelta
from html import unescape
from io import BytesIO
from typing import Any

import httpx
import pytest
from docx import Document
from sqlalchemy import Connection

from handoff import accounts, directory
from handoff.kinds import ChatKind
from handoff.model import Person
from success.projects import boards, briefs, change_store, price_book, proposal_store, proposals
from success.projects.price_book import shipped
from success.projects.watch import week
from tests.unit.console.progress_world import owned
from tests.unit.console.world import World, submit

PAGE = "/desk/proposals"
WISH = {"title": "<b>新官网</b>", "slug": "nw", "functions": "在线商城\n火星登陆", "language": "zh-Hans"}


@pytest.fixture
async def contact(world: World) -> Person:
    """Of Northwind's, with a group, who may decide; its managers are Mira and Tom."""

    def seed(conn: Connection) -> Person:
        now, client = world.clock(), directory.client_by_slug(conn, "nw")
        assert client is not None
        chat: dict[str, Any] = {
            "platform": "web",
            "external_id": "nw-g",
            "kind": ChatKind.GROUP,
            "client_id": client.id,
        }
        directory.ensure_chat(conn, **chat, now=now)
        facts: dict[str, Any] = {"platform": "web", "external_id": "mei", "name": "陈梅", "client_id": client.id}
        person = directory.ensure_person(conn, **facts, now=now)
        powers = {"client_id": client.id, "person_id": person.id, "powers": ["contract", "money"]}
        accounts.authorise(conn, **powers, by=None, now=now)  # type: ignore[arg-type]
        directory.update_client(
            conn, client.id, success_id=world.people["mira"].id, technical_id=world.people["tom"].id
        )
        return person

    return await world.write(seed)


async def drafted(browser: httpx.AsyncClient, **more: str) -> str:
    answer = await submit(browser, f"{PAGE}/new", PAGE, **WISH | more)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def accepted(world: World, contact: Person) -> int:
    """A project whose proposal was drafted, approved, sent and accepted."""
    lead = await world.signed_in("tom")
    here = await drafted(lead)
    await submit(lead, here, f"{here}/edit", n="1", open="", remarks="x")
    assert (await submit(lead, here, f"{here}/approve", n="2")).status_code == 303
    number, now = int(here.rsplit("/", 1)[1]), world.clock()

    def accept(conn: Connection) -> int:
        proposals.sent(conn, number, n=2, message_id=None, told={}, now=now)  # type: ignore[arg-type]
        digest = proposal_store.version(conn, number, 2).hash
        proposals.accept(conn, number, n=2, digest=digest, person=contact, way="chat", now=now)
        return boards.listed(conn)[0].id

    return await world.write(accept)


async def test_a_proposal_and_its_documents(world: World, contact: Person) -> None:
    """Drafted from the form; as page, print view and Word file; every version stays; nothing of the client's is markup."""
    lead = await world.signed_in("tom")
    here = await drafted(lead)
    page = await lead.get(here)
    assert "&lt;b&gt;新官网" in page.text
    assert "<b>新官网" not in page.text
    assert "火星登陆" in page.text
    assert contact.name in page.text
    refused = await submit(lead, here, f"{here}/approve", n="1")
    assert refused.status_code == 409
    edited = {"n": "1", "open": "", "lines": "网站 | 10 | 20,000 | 全部", "understanding": "我们的理解"}
    assert (await submit(lead, here, f"{here}/edit", **edited)).status_code == 303
    assert (await submit(lead, here, f"{here}/edit", **edited)).status_code == 409
    broken = await submit(lead, here, f"{here}/edit", n="2", lines="网站")
    assert broken.status_code == 409
    assert 'role="alert"' in broken.text
    assert "20,000" in (await lead.get(f"{here}?v=2")).text
    assert "46,000" in (await lead.get(f"{here}?v=1")).text
    printed = await lead.get(f"{here}/v/2/document")
    assert "default-src 'none'" in printed.headers["Content-Security-Policy"]
    assert "¥20,000" in printed.text
    word = Document(BytesIO((await lead.get(f"{here}/v/2/docx")).content))
    (prices,) = [each for each in word.tables if each.rows[0].cells[0].text == "项目"]
    assert [cell.text for cell in prices.rows[1].cells] == ["网站", "全部", "10", "¥20,000"]
    paid = {f"pay_{when}": "" for when in ("needs", "design", "build", "test", "launch")} | {"pay_start": "60"}
    assert (await submit(lead, here, f"{here}/edit", n="2", **paid)).status_code == 409
    settled = paid | {"pay_launch": "40", "tax": "不含税", "excluded": "服务器\n域名"}
    assert (await submit(lead, here, f"{here}/edit", n="2", **settled)).status_code == 303
    shown = (await lead.get(here)).text
    assert all(each in shown for each in ("¥12,000", "¥8,000", "不含税", "服务器"))
    assert any("<b>新官网</b>" in each.text for each in word.paragraphs)
    assert (await submit(lead, here, f"{here}/words", n="3")).status_code == 409  # without a model
    assert (await submit(lead, here, f"{here}/approve", n="3")).status_code == 303
    assert (await submit(lead, here, f"{here}/withdraw", n="3")).status_code == 303
    for path in (PAGE, f"{PAGE}?state=all", f"{PAGE}?client=nw&state=withdrawn"):
        assert (await lead.get(path)).status_code == 200
    for path in (f"{PAGE}/99", f"{here}?v=9", f"{here}/v/9/docx", f"{PAGE}/x", f"{here}?v=x"):
        assert (await lead.get(path)).status_code in {404, 422}, path


@pytest.mark.parametrize(
    "fields",
    [
        {"title": ""}, {"slug": "nobody"}, {"slug": "", "client": ""}, {"budget_to": "lots"}, {"budget_from": "2", "budget_to": "1"},
        {"wanted_on": "soon"}, {"wanted_on": "9999-01-01"}, {"language": "xx"}, {"currency": "¥"}, {"functions": "x" * 301},
    ],
)  # fmt: skip
async def test_a_wish_that_cannot_be_meant(world: World, fields: dict[str, str]) -> None:
    """422 with a sentence; nothing is kept; what was typed is."""
    lead = await world.signed_in("tom")
    answer = await submit(lead, f"{PAGE}/new", PAGE, **WISH | fields)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert "在线商城" in answer.text or "functions" in fields
    assert await world.deps.db.read(proposal_store.latest) == ()


async def test_somebody_who_is_no_client_yet(world: World, contact: Person) -> None:
    """A proposal for them is approved and given to a client once they are one."""
    lead = await world.signed_in("tom")
    here = await drafted(lead, slug="", client="青禾新材料", functions="商城")
    await submit(lead, here, f"{here}/edit", n="1", open="", remarks="x")
    assert (await submit(lead, here, f"{here}/approve", n="2")).status_code == 303
    assert (await submit(lead, here, f"{here}/send", n="2")).status_code == 409
    assert (await submit(lead, here, f"{here}/bind", n="2", slug="nw")).status_code == 303
    assert (await submit(lead, here, f"{here}/send", n="2")).status_code == 303
    assert "Will be sent by day" in (await lead.get(here)).text


async def test_prices_are_published_by_admins(world: World) -> None:
    """Broken ones are refused by line, with what was typed."""
    lead, admin = await world.signed_in("tom"), await world.signed_in("mira")
    assert "sample" in (await lead.get("/desk/prices")).text
    assert (await submit(lead, "/desk/prices", "/desk/prices", source=shipped())).status_code == 403
    broken = await submit(admin, "/desk/prices", "/desk/prices", source=shipped().replace("days: 12", "days: <x>"))
    assert broken.status_code == 422
    assert "days: &lt;x&gt;" in broken.text
    assert "Line " in broken.text
    assert (await world.deps.db.read(price_book.in_force))[0].id == 0
    dear = shipped().replace("price: 18000", "price: 20000")
    assert (await submit(admin, "/desk/prices", "/desk/prices", source=dear)).status_code == 303
    shown = (await lead.get("/desk/prices")).text
    assert all(each in shown for each in ("CNY 20,000", "Prices include 6%", "40%"))


async def test_a_board_without_scripts(world: World, contact: Person) -> None:
    """Tasks are added, changed, finished, opened again and removed; stages are moved and closed; a brief is decided on."""
    number = await accepted(world, contact)
    lead, here = await world.signed_in("tom"), f"/desk/projects/{number}"
    task = {
        "title": "画首页",
        "stage": "needs",
        "owner": str(world.people["tom"].id),
        "days": "1.5",
        "due_on": "2026-12-01",
    }
    assert (await submit(lead, here, f"{here}/tasks", **task)).status_code == 303
    for wrong in ({"title": ""}, {"stage": "party"}, {"days": "x"}, {"due_on": "x"}):
        assert (await submit(lead, here, f"{here}/tasks", **task | wrong)).status_code == 409, wrong
    assert (await submit(lead, here, f"{here}/tasks", **task | {"owner": "999"})).status_code == 404
    (mine,) = [each for each in await world.deps.db.read(lambda conn: boards.tasks_of(conn, number)) if each.owner_id]
    at = f"{here}/tasks/{mine.id}"
    for values in (task | {"title": "画新首页"}, {"verb": "done"}, {"verb": "again"}, {"verb": "remove"}):
        assert (await submit(lead, here, at, **values)).status_code == 303, values
    assert (await submit(lead, here, at, verb="done")).status_code == 404
    assert (await submit(lead, here, f"{here}/stages/needs", due_on="2031-01-01")).status_code == 409
    assert (await submit(lead, here, f"{here}/stages/needs", verb="close")).status_code == 303
    assert (await submit(lead, here, f"{here}/stages/needs", verb="close")).status_code == 409
    assert (await submit(lead, here, f"{here}/stages/party", verb="close")).status_code == 404
    people = {"business": str(world.people["tom"].id), "technical": "", "person": str(contact.id)}
    assert (await submit(lead, here, f"{here}/people", **people)).status_code == 303
    world.clock.advance(timedelta(days=7))
    now = world.clock()

    def brief(conn: Connection) -> Any:
        found = week(conn, number, say=world_texts(world), now=now)
        assert found is not None
        return briefs.draft(conn, found, now=now)

    made = await world.write(brief)
    lead = await world.signed_in("tom")
    assert "阶段完成" in (await lead.get(here)).text or "Stage done" in (await lead.get(here)).text
    at = f"{here}/briefs/{made.id}"
    assert (await submit(lead, here, at, verb="edit", text="好", edits="0")).status_code == 303
    assert (await submit(lead, here, at, verb="approve", edits="0")).status_code == 409
    assert (await submit(lead, here, at, verb="approve", edits="1")).status_code == 303
    assert (await submit(lead, here, f"{here}/briefs/999", verb="approve", edits="1")).status_code == 404
    for path in ("/desk/projects", "/desk/projects?state=done", "/desk/projects?client=nw"):
        assert (await lead.get(path)).status_code == 200
    for path in ("/desk/projects/99", "/desk/projects/x"):
        assert (await lead.get(path)).status_code in {404, 422}


def world_texts(world: World) -> Any:
    from console.texts import Texts

    del world
    return Texts.shipped().say


async def test_change_requests(world: World, contact: Person) -> None:
    """From a ticket and by hand; sent, and withdrawn."""
    mine = await owned(world, "blue", "Blue Sea Freight")
    lead = await world.signed_in("tom")
    form = f"/desk/changes/new?ticket={mine.ticket.number}"
    assert mine.ticket.number in (await lead.get(form)).text
    assert form in unescape((await lead.get(f"/desk/t/{mine.ticket.number}")).text)
    facts = {"ticket": mine.ticket.number, "title": "换导航", "says": "…", "scope": "in"}
    here = (await submit(lead, form, "/desk/changes", **facts)).headers["location"]
    assert (await lead.get(here)).status_code == 200
    assert (await submit(lead, form, "/desk/changes", **facts)).status_code == 422
    assert (await submit(lead, here, f"{here}/withdraw")).status_code == 303
    by_hand = "/desk/changes/new?client=nw"
    hand = {"slug": "nw", "requester": str(contact.id), "title": "加一页", "says": "…", "scope": "quoted"}
    for wrong in ({}, {"days_design": "x"}, {"days_design": "1", "title": ""}, {"days_design": "1", "requester": ""}):
        assert (await submit(lead, by_hand, "/desk/changes", **hand | wrong)).status_code == 422, wrong
    made = await submit(lead, by_hand, "/desk/changes", **hand, days_design="1")
    other = made.headers["location"]
    assert "1,500" in (await lead.get(other)).text
    assert (await submit(lead, other, f"{other}/start")).status_code == 409
    assert (await submit(lead, other, f"{other}/send")).status_code == 303
    assert (await submit(lead, other, f"{other}/send")).status_code == 409
    assert len(await world.deps.db.read(change_store.listed)) == 2
    anew = f"{other}/edit"
    assert 'value="1"' in (await lead.get(anew)).text
    told = {"title": "加两页", "says": "…", "scope": "quoted"}
    seen = (await world.deps.db.read(change_store.listed))[0].hash
    assert (await submit(lead, anew, anew, **told, days_design="x", seen=seen)).status_code == 422
    assert (await submit(lead, anew, anew, **told, days_design="2", seen="older")).status_code == 409
    assert (await submit(lead, anew, anew, **told, days_design="2", seen=seen)).status_code == 303
    page = (await lead.get(other)).text
    assert "3,000" in page
    assert "Draft" in page
    assert (await lead.get(f"{here}/edit")).status_code == 409  # withdrawn
    assert (await lead.get("/desk/changes/99/edit")).status_code == 404
    for path in ("/desk/changes", "/desk/changes?state=sent", "/desk/changes/new"):
        assert (await lead.get(path)).status_code == 200
    for path in ("/desk/changes/99", "/desk/changes/x", "/desk/changes/new?ticket=T-99999"):
        assert (await lead.get(path)).status_code in {404, 422}
