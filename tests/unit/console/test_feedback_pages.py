"""Pages of what clients say: signed links, stages, recommendations, complaints, typed figures; once, and escaped."""

from datetime import timedelta
from typing import Any

import pytest

from console.survey_pages import survey_link
from handoff.model import Ticket
from success import complaints, nps, ratings, surveys, typed_figures
from success.complaints import ComplaintState
from success.survey_rules import SurveyKind
from success.surveys import Survey
from tests.unit.console.world import ORIGIN, World, field, submit

EVIL = "<script>alert(1)</script>"
AT = "/desk/clients/nw/feedback"


async def survey(world: World, kind: SurveyKind = SurveyKind.NPS, **facts: Any) -> Survey:
    """A request to Sarah, which has reached her."""
    ticket, now = await world.ticket(title=f"for {kind}"), world.clock()
    usual = (
        {"project": "", "stage": "", "quarter": "2026-Q4"}
        if kind is SurveyKind.NPS
        else {"project": EVIL, "stage": "design"}
    )

    def body(conn: Any) -> Survey:
        made = surveys.plan(
            conn, kind, origin=f"{kind}:1", client_id=world.client.id, person_id=ticket.requester_id, due_at=now, now=now,
            **usual | facts,
        )  # fmt: skip
        assert made is not None
        surveys.put(conn, made.id, way="mail", now=now)
        return made

    found: Survey = await world.write(body)
    return found


async def read(world: World, survey_id: int) -> Survey:
    found = await world.deps.db.read(lambda conn: surveys.survey(conn, survey_id))
    assert found is not None
    return found


@pytest.mark.parametrize("kind", list(SurveyKind))
@pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant"])
async def test_a_signed_link_takes_the_answer_and_a_change(world: World, kind: SurveyKind, language: str) -> None:
    """Looking changes nothing; what is typed is escaped; a day later it is settled."""
    asked = await survey(world, kind)
    browser, link = world.browser(), survey_link(asked, secret=world.deps.secret)
    page = await browser.get(f"{link}&lang={language}")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert EVIL not in page.text
    assert (await read(world, asked.id)).value is None
    for value in ("4", "2"):
        answer = await browser.post(
            link, data={"csrf": field(page.text, "csrf"), "value": value, "comment": EVIL}, headers={"Origin": ORIGIN}
        )
        assert answer.status_code == 303
    kept = await read(world, asked.id)
    assert (kept.value, kept.comment) == (2, EVIL)
    assert EVIL not in (await browser.get(link)).text
    world.clock.advance(timedelta(days=1))
    late = await browser.post(link, data={"csrf": field(page.text, "csrf"), "value": "5"}, headers={"Origin": ORIGIN})
    assert late.status_code == 422
    assert (await read(world, asked.id)).value == 2


@pytest.mark.parametrize("value", ["", "11", "-1", "four", "４"])
async def test_what_is_no_choice_is_refused_and_kept(world: World, value: str) -> None:
    """The comment stays in the form."""
    asked = await survey(world)
    browser, link = world.browser(), survey_link(asked, secret=world.deps.secret)
    csrf = field((await browser.get(link)).text, "csrf")
    answer = await browser.post(
        link, data={"csrf": csrf, "value": value, "comment": "Because"}, headers={"Origin": ORIGIN}
    )
    assert answer.status_code == 422
    assert "Because" in answer.text


async def test_another_signature_opens_nothing(world: World) -> None:
    """Nor does another survey's, none, one of other letters, or a number that no row has."""
    asked = await survey(world)
    other = await survey(world, SurveyKind.STAGE)
    browser, link = world.browser(), survey_link(asked, secret=world.deps.secret)
    foreign = survey_link(other, secret=world.deps.secret).partition("?")[2]
    for path in (
        f"/survey/{asked.id}",
        f"/survey/{asked.id}?s=x",
        f"/survey/{asked.id}?s=签",
        f"/survey/{asked.id}?{foreign}",
    ):
        assert (await browser.get(path)).status_code == 404
    assert (await browser.get(f"/survey/{10**30}?s=x")).status_code == 404
    assert (await browser.post(link, data={"csrf": "x", "value": "5"}, headers={"Origin": ORIGIN})).status_code == 403


async def test_a_stage_rating_is_asked_for_from_the_clients_page(world: World) -> None:
    """Once; its link is there to pass on; another client's person cannot be asked."""
    ticket = await world.ticket()
    browser = await world.signed_in("tom")
    typed = {"project": f"Shop {EVIL}", "stage": "build", "person": str(ticket.requester_id)}
    assert (await submit(browser, AT, "/desk/clients/nw/stages", **typed)).status_code == 303
    again = await submit(browser, AT, "/desk/clients/nw/stages", **typed)
    assert again.status_code == 422
    assert "asked about this stage before" in again.text
    for path in (AT, "/desk/care/stages"):
        page = (await browser.get(path)).text
        assert "/survey/1?s=" in page
        assert EVIL not in page
    for wrong, said in (
        ({"person": "999"}, "Choose one of"),
        ({"person": "x"}, "Choose one of"),
        ({"stage": "x"}, "Choose a stage"),
        ({"project": ""}, "Name the project"),
    ):
        refused = await submit(browser, AT, "/desk/clients/nw/stages", **typed | wrong)
        assert (refused.status_code, said in refused.text) == (422, True)


async def test_recommendations_show_score_reasons_and_who_is_next(world: World) -> None:
    """Only an admin stops the asking."""
    asked = await survey(world)
    await world.write(
        lambda conn: surveys.answer(
            conn, asked.id, person_id=asked.person_id, value=3, comment=f"Too dear {EVIL}", now=world.clock()
        )
    )
    browser = await world.signed_in("tom")
    page = (await browser.get("/desk/care/nps")).text
    assert "-100" in page
    assert "Too dear" in page
    assert EVIL not in page
    assert "Stop asking" not in page
    assert (await submit(browser, AT, "/desk/care/nps/switch", state="off")).status_code == 403
    admin = await world.signed_in("mira")
    await submit(admin, "/desk/care/nps", "/desk/care/nps/switch", state="off")
    assert await world.deps.db.read(nps.is_off)
    assert "Switched off" in (await admin.get("/desk/care/nps?quarter=nonsense")).text


async def low(world: World) -> Ticket:
    """A ticket that Sarah rated 2."""
    ticket = await world.ticket(title="Slow")

    def body(conn: Any) -> None:
        now = world.clock()
        world.deps.desk.resolve(conn, ticket_id=ticket.id, by=world.people["lin"].id, now=now)
        ratings.answer(conn, ticket_id=ticket.id, person_id=ticket.requester_id, value=2, comment=EVIL, now=now)

    await world.write(body)
    return ticket


async def test_a_low_rating_becomes_a_complaint_and_is_worked_on(world: World) -> None:
    """Once, whoever registers it again; it is closed with its cause and its measure."""
    ticket = await low(world)
    browser = await world.signed_in("tom")
    for _ in range(2):
        answer = await submit(
            browser, AT, "/desk/clients/nw/complaints", source="rating", ticket=ticket.number, matter=f"Slow {EVIL}"
        )
        assert answer.status_code == 303
    (made,) = await world.deps.db.read(complaints.listed)
    assert (made.source, made.ticket_id) == ("rating", ticket.id)
    at = "/desk/care/complaints"
    assert EVIL not in (await browser.get(at)).text
    typed = {
        "cause": "Holiday",
        "measure": "",
        "owner": str(world.people["tom"].id),
        "due_on": "2026-12-01",
        "state": "closed",
    }
    refused = await submit(browser, at, f"{at}/{made.id}", **typed)
    assert refused.status_code == 422
    assert "Say what is done" in refused.text
    assert (await submit(browser, at, f"{at}/{made.id}", **typed | {"measure": "Roster"})).status_code == 303
    (closed,) = await world.deps.db.read(complaints.listed)
    assert closed.state is ComplaintState.CLOSED
    assert (await submit(browser, at, f"{at}/999", **typed | {"measure": "Roster"})).status_code == 404
    for wrong in ({"due_on": "soon"}, {"state": "x"}, {"owner": "4711"}):
        assert (await submit(browser, at, f"{at}/{made.id}", **typed | {"measure": "R"} | wrong)).status_code == 422


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"matter": " "}, "Say what was wrong"),
        ({"matter": "x" * 2_001}, "Say what was wrong"),
        ({"matter": "x", "ticket": "T-9999"}, "no such ticket"),
        ({"matter": "x", "survey": "9999"}, "was not asked that"),
    ],
)
async def test_a_complaint_that_cannot_be_written_down(world: World, typed: dict[str, str], said: str) -> None:
    """It says why."""
    browser = await world.signed_in("tom")
    answer = await submit(browser, AT, "/desk/clients/nw/complaints", **typed)
    assert (answer.status_code, said in answer.text) == (422, True)


async def test_an_admin_types_revenue_and_training(world: World) -> None:
    """With separators as people write them; the numbers page shows what it comes to, and leads back."""
    browser, at = await world.signed_in("mira"), "/desk/care/figures"
    await submit(browser, at, f"{at}/revenue", month="2026-11", total="1,000,000", service="400 000")
    await submit(browser, at, f"{at}/training", held_on="2026-11-16", topic=EVIL, took_part="10", passed="9")
    page = (await browser.get(at)).text
    assert "40 %" in page
    assert "90 %" in page
    assert EVIL not in page
    figure = (await browser.get("/desk/numbers/service_share?period=month")).text
    assert "40%" in figure
    assert 'href="/desk/care/figures#revenue"' in figure
    (session,) = await world.deps.db.read(typed_figures.training)
    await submit(browser, at, f"{at}/training/{session.id}/remove")
    assert await world.deps.db.read(typed_figures.training) == ()
    for action, typed, said in (
        ("revenue", {"month": "11/2026", "total": "1"}, "Give the month"),
        ("revenue", {"month": "2026-11", "total": "lots"}, "as a whole number"),
        ("revenue", {"month": "2026-11", "total": "1", "service": "2"}, "not above the total"),
        ("training", {"held_on": "2027-01-01", "topic": "x", "took_part": "1", "passed": "1"}, "cannot lie ahead"),
        ("training", {"held_on": "2026-11-16", "topic": "x", "took_part": "1", "passed": "2"}, "not more than"),
    ):
        answer = await submit(browser, at, f"{at}/{action}", **typed)
        assert (answer.status_code, said in answer.text) == (422, True)
    lead = await world.signed_in("tom")
    assert (await submit(lead, AT, f"{at}/revenue", month="2026-11", total="1")).status_code == 403


async def test_the_numbers_page_knows_success(world: World) -> None:
    """Its indicators stand there with what they mean, and an agent sees none of the others'."""
    await low(world)
    browser = await world.signed_in("tom")
    page = (await browser.get("/desk/numbers?period=month")).text
    for name in ("csat", "rating_response", "nps", "visit_coverage", "retention", "service_share", "training_passed"):
        assert f"/desk/numbers/{name}" in page
        assert (await browser.get(f"/desk/numbers/{name}?period=month")).status_code == 200
    assert "0%" in (await browser.get("/desk/numbers/csat?period=month")).text
