"""New work in a real browser: every page of it as axe-core judges it, on a desk and on a phone; a client accepts; the PDF."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pypdfium2
import pytest
from playwright.sync_api import expect
from sqlalchemy import Connection

from console.pages import environment
from console.proposal_document import ProposalPress
from console.report_pdf import Printer
from console.texts import Texts
from handoff import accounts, directory, progress_links
from handoff.kinds import ChatKind
from success import proactive
from success.projects import boards, briefs, changes, proposal_store, proposals, watch
from success.projects.authority import PROPOSAL, place
from success.projects.boards import TaskDraft
from success.projects.change_rules import Effort, Scope
from success.projects.changes import ChangeDraft
from success.projects.wish import read_wish
from tests.browser.conftest import Served
from tests.browser.test_accessible import complaints
from tests.browser.test_first_light import PICTURES
from tests.unit.console.world import World

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
TEXTS = Texts.shipped()
LINES = (
    Effort(role="design", name="设计师", halves=1, rate=1_500),
    Effort(role="dev", name="开发", halves=3, rate=1_800),
)
WISH = {
    "title": "茶铺官网与在线商城", "client": "山野茶铺", "functions": "在线商城\n预约\n火星登陆", "look": "自然 " + "W" * 120,
    "language": "zh-Hans", "budget_to": "20000", "wanted_on": "2026-12-01",
}  # fmt: skip
SHAPES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 820}, "color_scheme": "light"},
    "phone": {"viewport": {"width": 390, "height": 800}, "color_scheme": "dark", "locale": "zh-CN", "has_touch": True},
}


@dataclass
class Scene:
    """Addresses: what is drafted, offered, accepted, built and changed; the client's own link."""

    desk: dict[str, str]
    client: dict[str, str]


def _seed(world: World, conn: Connection) -> Scene:
    now, client, tom = world.clock(), directory.client_by_slug(conn, "nw"), world.people["tom"].id
    assert client is not None
    directory.ensure_chat(conn, platform="web", external_id="nw-g", kind=ChatKind.GROUP, client_id=client.id, now=now)
    mei = directory.ensure_person(conn, platform="web", external_id="mei", name="陈梅", client_id=client.id, now=now)
    accounts.authorise(conn, client_id=client.id, person_id=mei.id, powers=["contract", "money"], by=None, now=now)
    directory.update_client(conn, client.id, success_id=world.people["mira"].id, technical_id=tom)
    facts: dict[str, Any] = {"client_id": client.id, "say": TEXTS.say, "by": tom, "now": now}
    open_one = proposals.draft(conn, read_wish(WISH), **facts)
    settled = WISH | {"functions": "在线商城", "budget_to": "", "wanted_on": ""}
    made = [proposals.draft(conn, read_wish(settled | {"language": each}), **facts) for each in ("zh-Hans", "en")]
    chat = place(conn, client.id, PROPOSAL)
    assert chat is not None
    for each in made:
        proposals.approve(conn, each.id, n=1, by=tom, now=now)
        said = proactive.tell_group(conn, chat, "方案", name="A", now=now)
        proposals.sent(conn, each.id, n=1, message_id=said.id, told={}, now=now)
    digest = proposal_store.version(conn, made[0].id, 1).hash
    proposals.accept(conn, made[0].id, n=1, digest=digest, person=mei, way="chat", now=now)
    (project,) = boards.listed(conn)
    task = TaskDraft(title="画首页 " + "W" * 60, stage="design", owner_id=tom, due_on=now.date(), halves=3)
    boards.put_task(conn, project.id, task, by=tom, now=now)
    boards.close_stage(conn, project.id, "needs", by=tom, now=now)
    week = watch.week(conn, project.id, say=TEXTS.say, now=now + timedelta(days=7))
    assert week is not None
    briefs.draft(conn, week, now=now)
    desk, draft = (
        world.deps.desk,
        ChangeDraft(title="换导航", says="换个顺序\n再加一项", scope=Scope.QUOTED, lines=LINES),
    )
    opened = changes.open_ticket(
        conn, client_id=client.id, requester_id=mei.id, title="换导航", says="换个顺序", desk=desk, by=tom, now=now
    )
    change = changes.make(conn, draft, ticket_id=opened.id, desk=desk, by=tom, now=now)
    link = progress_links.for_person(conn, client.id, mei.id, now=now)
    own = f"/p/{progress_links.token(link, secret=world.deps.secret)}"
    paths = {
        "proposals": "/desk/proposals", "new": "/desk/proposals/new", "open": f"/desk/proposals/{open_one.id}",
        "accepted": f"/desk/proposals/{made[0].id}", "projects": "/desk/projects", "prices": "/desk/prices",
        "project": f"/desk/projects/{project.id}", "changes": "/desk/changes", "change": f"/desk/changes/{change.id}",
        "edit": f"/desk/changes/{change.id}/edit", "ticket": f"/desk/changes/new?ticket={opened.number}",
    }  # fmt: skip
    theirs = {"own": own, "board": f"{own}/projects/{project.id}", "done": f"{own}/proposals/{made[0].id}"}
    return Scene(desk=paths, client=theirs | {"offer": f"{own}/proposals/{made[1].id}"})


def seeded(served: Served) -> Scene:
    made: Scene = served.run(served.world.write(lambda conn: _seed(served.world, conn)))
    return made


@pytest.mark.parametrize("shape", SHAPES)
def test_every_page_of_new_work_is_accessible(served: Served, shape: str) -> None:
    """With everything unfolded: no page breaks WCAG 2.2 AA as far as a program can tell, none is wider than its screen."""
    scene = seeded(served)
    page = served.page(login="mira", **SHAPES[shape])
    PICTURES.mkdir(exist_ok=True)
    wrong = {}
    for name, path in {**scene.desk, **scene.client}.items():
        answer = page.goto(served.url + path)
        assert answer is not None
        page.eval_on_selector_all("main details", "all => all.forEach(each => each.open = true)")
        if said := complaints(page) if answer.status == 200 else [f"status {answer.status}"]:
            wrong[name] = said
        page.screenshot(path=PICTURES / f"work-{name}-{shape}.png", full_page=True)
    assert wrong == {}


def test_a_client_accepts_by_its_own_link(served: Served) -> None:
    """Reads the offer, ticks the box, presses; the page says who accepted and offers nothing more to press."""
    scene = seeded(served)
    page = served.page(scene.client["offer"], login=None, **SHAPES["phone"] | {"locale": "en-GB"})
    expect(page.locator("article.report h1")).to_have_text("茶铺官网与在线商城")
    page.check("input[name=agreed]")
    page.click("text=Accept this version")
    expect(page.locator(".flash.ok")).to_contain_text("Accepted by 陈梅")
    expect(page.locator("input[name=agreed]")).to_have_count(0)
    page.goto(served.url + scene.client["own"])
    expect(page.locator("main")).to_contain_text("茶铺官网与在线商城")


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant", "en"])
def test_the_pdf_of_a_proposal(served: Served, language: str) -> None:
    """Each page has ink within its margins; the sum, the dates and the payments are on it."""
    wish = read_wish(WISH | {"language": language})
    facts: dict[str, Any] = {"client_id": None, "say": TEXTS.say, "by": None, "now": served.world.clock()}
    kept = served.run(served.world.write(lambda conn: proposals.draft(conn, wish, **facts)))
    version = served.run(served.world.deps.db.read(lambda conn: proposal_store.version(conn, kept.id, 1)))
    press = ProposalPress(environment(), TEXTS)
    sheet = press.sheet(version.content, agency="北灯", number=kept.id, n=1, on=version.at.date())
    content = served.run(Printer().pdf(press.page(sheet), title="x"))
    said = ""
    with pypdfium2.PdfDocument(content) as document:
        assert 2 <= len(document) <= 5
        for n, each in enumerate(document, 1):
            picture = each.render(scale=1.5).to_pil().convert("L")
            picture.save(PICTURES / f"proposal-{language}-{n}.png")
            box = picture.point(lambda value: 255 * (value < 250)).getbbox()
            assert box is not None
            assert box[0] > 0.05 * picture.width
            assert box[2] < 0.95 * picture.width
            said += each.get_textpage().get_text_range()
    assert f"{version.content.total:,}" in said
    assert all(f"{amount:,}" in said for _, amount in version.content.due())
