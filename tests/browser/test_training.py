"""A trainee in a real browser fails a drill, reads what was missing, plays again, passes an exam and prints the paper."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from handoff import accounts
from knowledge.model import Audience
from success.drills import exams
from success.drills.exam_rules import ExamDraft
from success.drills.exams import Seat
from success.quizzes import Question
from success.training import sessions
from success.training.sessions import TrainingDraft
from tests.browser.conftest import Served
from tests.browser.test_accessible import complaints
from tests.unit.console.world import World
from tests.unit.console.world import page as manual_page

ARTIFACTS = Path(__file__).parents[2] / "artifacts"
pytestmark = pytest.mark.browser
SHAPES: dict[str, dict[str, Any]] = {
    "desktop-light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light", "locale": "en-GB"},
    "phone-dark": {
        "viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "locale": "en-GB", "has_touch": True,
    },
}  # fmt: skip
WORSE = ("You should have told us earlier, just wait.", "It is fixed within 10 minutes, and this month is free.")
BETTER = (
    "Mr Zhou, I am truly sorry. We get the same 502 here. Our on-call engineer looks at it; I write to you at 22:35.",
    "If it takes longer I bring in our technical manager, and you hear from me every half hour.",
)
ASKED = Question(text="Who speaks of money?", page="internal/sop-complaint", choices=("I do", "The manager"), right=1)
PAGES = ("internal/sop-site-down", "internal/sop-complaint", "zh/service/service-levels")


def shot(page: Page, name: str) -> list[str]:
    """A picture of the page, and what is wrong with it."""
    ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"training-{name}.png", full_page=True)
    return [f"{name}: {each}" for each in complaints(page)]


def add_pages(world: World) -> None:
    world.deps.manual.found += tuple(  # type: ignore[attr-defined]
        manual_page(each, audience=Audience.INTERNAL, title=f"Page {each}") for each in PAGES
    )


async def given(world: World) -> Seat:
    def body(conn: Any) -> Seat:
        now, by = world.deps.clock(), world.people["tom"].id
        draft = ExamDraft(title="First line", drills=("outage",), questions=(ASKED,), wait_hours=0)
        made = exams.make(conn, draft, by=by, now=now)
        people = [world.people["lin"].id]
        return exams.give(conn, made.id, people=people, due_at=now + timedelta(days=7), by=by, now=now)[0]

    found: Seat = await world.write(body)
    return found


def talk(page: Page, lines: tuple[str, ...]) -> None:
    """Say something, line by line, and end the talk where the client has not."""
    for line in lines:
        if page.locator("#text").count() == 0:
            return
        before = page.locator("#lines li").count()
        page.fill("#text", line)
        page.get_by_role("button", name="Send").click()
        expect(page.locator("#lines li")).to_have_count(before + 2)
    if page.locator("#text").count():
        page.get_by_role("button", name="End the talk").click()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_trainee_fails_reads_and_passes(served: Served, shape: str) -> None:
    """By the pages alone; each of them is accessible, as wide as its screen, and kept as a picture."""
    add_pages(served.world)
    seat = served.run(given(served.world))
    page = served.page("/desk/training", **SHAPES[shape])
    wrong = shot(page, f"list-{shape}")
    page.locator("#drill-outage button").click()
    page.fill("#text", WORSE[0])
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#lines li")).to_have_count(4)
    expect(page.locator("#text")).to_have_value("")
    wrong += shot(page, f"talk-{shape}")
    talk(page, WORSE[1:])
    result = page.locator("#result")
    expect(result).to_contain_text("Not passed")
    expect(result).to_contain_text("blames the client")
    expect(result).to_contain_text(WORSE[0])
    wrong += shot(page, f"failed-{shape}")
    expect(result.get_by_role("link", name="Page internal/sop-complaint").first).to_be_visible()
    page.get_by_role("button", name="Play it again").click()
    talk(page, BETTER)
    expect(page.locator("#result .drill-score")).to_contain_text("Passed")
    wrong += shot(page, f"passed-{shape}")

    page.goto(f"{served.url}/desk/training/exams/{seat.id}")
    page.get_by_role("button", name="Begin an attempt").click()
    wrong += shot(page, f"exam-open-{shape}")
    page.get_by_label("The manager").check()
    page.get_by_role("button", name="Hand in").click()
    page.get_by_role("button", name="Begin").first.click()
    talk(page, BETTER)
    page.goto(f"{served.url}/desk/training/exams/{seat.id}")
    expect(page.locator("main")).to_contain_text("Passed")
    wrong += shot(page, f"exam-{shape}")
    page.goto(f"{served.url}/desk/training")
    page.locator('a[href^="/desk/training/certificates/"]').first.click()
    expect(page.locator(".certificate")).to_contain_text("First line")
    wrong += shot(page, f"certificate-{shape}")
    if shape.startswith("desktop"):
        page.emulate_media(media="print")
        page.pdf(path=ARTIFACTS / "training-certificate.pdf", format="A4")
        expect(page.get_by_role("button")).to_have_count(0)
        expect(page.locator(".alone-top")).to_be_hidden()
    team = served.page("/desk/training/team", login="tom", **SHAPES[shape])
    team.evaluate("document.querySelectorAll('main details').forEach(one => { one.open = true; })")
    expect(team.locator("#people")).to_contain_text("100 %")
    wrong += shot(team, f"team-{shape}")
    assert wrong == []


@pytest.mark.parametrize("shape", SHAPES)
def test_the_page_of_a_clients_training(served: Served, shape: str) -> None:
    """The list with its form, a planned session, one that was held."""
    add_pages(served.world)
    world = served.world

    served.run(world.ticket())

    async def made(*, invited: bool) -> int:

        def body(conn: Any) -> int:
            now, by = world.deps.clock(), world.people["tom"].id
            people = tuple(person.id for person, _ in accounts.contacts(conn, world.client.id))
            draft = TrainingDraft(
                topic="Putting videos into pages", starts_at=now + timedelta(days=1), minutes=45, people=people,
                place="https://meet.example.com/1", pages=("en/wordpress/reset",), questions=(ASKED,),
            )  # fmt: skip
            kept = sessions.plan(conn, draft, client_id=world.client.id, known=("en/wordpress/reset",), by=by, now=now)
            if invited:
                sessions.invite(conn, kept.id, now=now)
            return kept.id

        found: int = await world.write(body)
        return found

    number, moving = served.run(made(invited=False)), served.run(made(invited=True))
    page = served.page("/desk/care/trainings?client=nw", login="tom", **SHAPES[shape])
    wrong = shot(page, f"sessions-{shape}")
    page.goto(f"{served.url}/desk/care/trainings/{number}")
    expect(page.locator("h1")).to_contain_text("Putting videos into pages")
    wrong += shot(page, f"session-{shape}")
    page.goto(f"{served.url}/desk/care/trainings/{moving}")
    expect(page.get_by_role("heading", name="Move it")).to_be_visible()
    wrong += shot(page, f"moving-{shape}")
    assert wrong == []
