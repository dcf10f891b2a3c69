"""Pages of clients' trainings: planned by a form, refused with what is wrong, told on the client's own page."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import Connection

from console.training_calendar import calendar_link
from handoff import accounts, progress_links
from success.training import sessions
from tests.unit.console.world import ORIGIN, World, field

HOME = "/desk/care/trainings"
EVIL = "<script>alert(1)</script>"
QUIZ = "? Which page?\n@ en/wordpress/reset\n+ this\n- that"


async def post(browser: httpx.AsyncClient, path: str, **typed: Any) -> httpx.Response:
    page = await browser.get(HOME)
    typed = {"csrf": field(page.text, "csrf"), "once": uuid4().hex} | typed
    return await browser.post(path, data=typed, headers={"Origin": ORIGIN})


async def usual(world: World, **more: Any) -> dict[str, Any]:
    await world.ticket()
    people = await world.deps.db.read(lambda conn: accounts.contacts(conn, world.client.id))
    begins = (world.clock() + timedelta(days=2)).astimezone(accounts.zone_of(world.client))
    typed = {
        "client": "nw", "topic": f"Passwords {EVIL}", "starts_at": begins.strftime("%Y-%m-%dT%H:%M"), "minutes": "30",
        "place": "https://meet.example.com/1", "page": ["en/wordpress/reset"], "questions": QUIZ,
        "person": [str(person.id) for person, _ in people],
    }  # fmt: skip
    return typed | more


async def test_a_training_is_planned_changed_and_invited_to(world: World) -> None:
    """By forms; what is typed is escaped; the job that tells is in the same transaction."""
    tom = await world.signed_in("tom")
    typed = await usual(world)
    made = (await post(tom, HOME, **typed)).headers["location"]
    page = (await tom.get(made)).text
    assert EVIL not in page
    assert "Sarah" in page
    assert "Reset a password" in page
    assert (await post(tom, made, **typed | {"topic": "Two-factor", "then": ""})).status_code == 303
    assert "Two-factor" in (await tom.get(HOME)).text
    assert (await post(tom, made, then="invite")).status_code == 303
    assert (await post(tom, made, then="invite")).status_code == 422
    assert (await post(tom, made, then="quiz")).status_code == 422  # it has not begun
    world.clock.advance(timedelta(days=2))
    tom = await world.signed_in("tom")  # the session is over by then
    assert (await post(tom, made, then="quiz")).status_code == 422  # nobody was there
    assert (await post(tom, made, then="attend", person=typed["person"])).status_code == 303
    assert (await post(tom, made, then="quiz")).status_code == 303
    assert (await post(tom, made, then="close")).status_code == 303
    assert "Closed" in (await tom.get(made)).text


@pytest.mark.parametrize(
    ("more", "why"),
    [({"client": "nobody"}, "not archived"), ({"topic": ""}, "Name the topic"), ({"starts_at": "soon"}, "must lie ahead"), ({"starts_at": "2020-01-01T10:00"}, "must lie ahead"),
     ({"minutes": "x"}, "5 to 480"), ({"page": "internal/site-down"}, "clients may read"), ({"person": "9999"}, "people of this client"), ({"questions": "what?"}, "Line 1")],
)  # fmt: skip
async def test_what_cannot_be_meant_is_said(world: World, more: dict[str, str], why: str) -> None:
    """And nothing is kept."""
    tom = await world.signed_in("tom")
    answer = await post(tom, HOME, **await usual(world, **more))
    assert answer.status_code == 422
    assert why in answer.text
    assert await world.deps.db.read(sessions.listed) == ()


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant", "en"])
async def test_the_clients_page_lists_it_with_what_to_read(world: World, language: str) -> None:
    """Once it was invited to; whoever sees their own requests alone sees what they were invited to."""
    tom = await world.signed_in("tom")
    made = (await post(tom, HOME, **await usual(world, topic="Two-factor"))).headers["location"]

    def link(conn: Connection) -> Any:
        return progress_links.for_group(conn, world.client.id, now=world.clock())

    held = await world.write(link)
    path = f"/p/{progress_links.token(held, secret=world.deps.secret)}?lang={language}"
    guest = world.browser()
    assert "Two-factor" not in (await guest.get(path)).text
    await post(tom, made, then="invite")
    page = await guest.get(path)
    assert page.status_code == 200
    assert "Two-factor" in page.text
    address = page.text.split('href="/m/')[1].split('"')[0].replace("&amp;", "&")
    assert (await guest.get(f"/m/{address}")).status_code == 200


async def test_agents_do_not_train_clients(world: World) -> None:
    """It is for leads, success managers and admins; what is not there is not found."""
    lin, tom = await world.signed_in("lin"), await world.signed_in("tom")
    assert (await lin.get(HOME)).status_code == 403
    assert (await tom.get(f"{HOME}/77")).status_code == 404
    assert (await tom.get(f"{HOME}/x")).status_code == 404


async def test_a_training_is_moved_and_taken_into_a_calendar(world: World) -> None:
    """By a form once people were invited; the file is for whoever has the link, and for nobody while it is planned."""
    tom, typed = await world.signed_in("tom"), await usual(world)
    made = (await post(tom, HOME, **typed)).headers["location"]
    number = int(made.rsplit("/", 1)[-1])
    file = calendar_link(number, secret=world.deps.secret)
    stranger = httpx.AsyncClient(transport=httpx.ASGITransport(app=world.app), base_url="http://desk.test")
    assert (await stranger.get(file)).status_code == 404
    assert (await post(tom, made, then="invite")).status_code == 303
    assert file in (await tom.get(made)).text.replace("&amp;", "&")
    later = (world.clock() + timedelta(days=4)).astimezone(accounts.zone_of(world.client))
    move = {"then": "move", "starts_at": later.strftime("%Y-%m-%dT%H:%M"), "minutes": "90", "place": "Room 2"}
    for wrong in ({"starts_at": "soon"}, {"minutes": "x"}, {"starts_at": "2020-01-01T10:00"}):
        assert (await post(tom, made, **move | wrong)).status_code == 422
    assert (await post(tom, made, **move)).status_code == 303
    page = (await tom.get(made)).text
    assert later.strftime("%Y-%m-%d %H:%M") in page
    assert "Room 2" in page
    answer = await stranger.get(file)
    assert answer.headers["content-type"].startswith("text/calendar")
    assert "LOCATION:Room 2" in answer.text
    assert "<script>" not in answer.headers["content-disposition"]
    for bad in (file[:-1], f"/trainings/{number}.ics", "/trainings/999.ics?s=x", "/trainings/x.ics", file.replace(f"/{number}.", f"/{number + 1}.")):  # fmt: skip
        assert (await stranger.get(bad)).status_code == 404
    await stranger.aclose()
