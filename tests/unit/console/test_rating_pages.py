"""The requester's page, and what the desk shows of ratings."""

import re

import httpx
import pytest

from console.rating_pages import rating_link
from handoff.model import Ticket
from success import ratings
from tests.unit.console.world import World, world

__all__ = ["world"]
ORIGIN = {"Origin": "http://desk.test"}


async def resolved(world: World, *, title: str = "Form sends no mail", name: str = "Sarah") -> Ticket:
    ticket = await world.ticket(title=title, name=name)
    lin, now = world.people["lin"].id, world.clock()
    done: Ticket = await world.write(
        lambda conn: world.deps.desk.resolve(conn, ticket_id=ticket.id, by=lin, text="Done", now=now)
    )
    return done


def link(world: World, ticket: Ticket) -> str:
    return rating_link(ticket, secret=world.deps.secret)


async def send(browser: httpx.AsyncClient, at: str, **values: str) -> httpx.Response:
    page = (await browser.get(at)).text
    token = re.search(r'name="csrf" value="([^"]+)"', page)
    return await browser.post(at, data={"csrf": token[1] if token else ""} | values, headers=ORIGIN)


async def test_the_link_takes_a_rating_and_looking_takes_none(world: World) -> None:
    """Five choices with words; a mail scanner that opens the link rates nothing; the value stands after the redirect."""
    ticket = await resolved(world)
    browser, at = world.browser(), link(world, ticket)
    page = (await browser.get(at)).text
    assert [f">{word}<" in page for word in ("Very poor", "Poor", "Fair", "Good", "Very good")] == [True] * 5
    assert await world.deps.db.read(lambda conn: ratings.of_ticket(conn, ticket.id)) is None
    answer = await send(browser, at, value="4", comment="<script>alert(1)</script> 谢谢")
    assert (answer.status_code, answer.headers["location"]) == (303, at)
    again = (await browser.get(at)).text
    assert "Thank you, noted" in again
    assert "&lt;script&gt;alert(1)&lt;/script&gt; 谢谢" in again
    assert re.search(r'value="4" checked', again)
    kept = await world.deps.db.read(lambda conn: ratings.of_ticket(conn, ticket.id))
    assert kept is not None
    assert (kept.value, kept.channel) == (4, "link")


@pytest.mark.parametrize("forged", ["", "x", "é", "AAAAAAAAAAAAAAAAAAAAAA"])
async def test_a_forged_link_is_no_page(world: World, forged: str) -> None:
    """Nor is another ticket's signature, nor a ticket that is not there."""
    ticket, other = await resolved(world), await resolved(world, title="Other")
    theirs = link(world, other).partition("s=")[2]
    for path in (f"/rate/{ticket.number}?s={forged}", f"/rate/{ticket.number}?s={theirs}", "/rate/T-9999?s=x"):
        browser = world.browser()
        assert (await browser.get(path)).status_code == 404
        assert (await browser.post(path, data={"value": "5"})).status_code == 404


async def test_a_foreign_form_is_refused(world: World) -> None:
    """The link's token must come back, from our own page."""
    ticket = await resolved(world)
    browser, at = world.browser(), link(world, ticket)
    assert (await browser.post(at, data={"value": "5", "csrf": "x"}, headers=ORIGIN)).status_code == 403
    page = (await browser.get(at)).text
    token = re.search(r'name="csrf" value="([^"]+)"', page)
    assert token is not None
    data = {"value": "5", "csrf": token[1]}
    assert (await browser.post(at, data=data, headers={"Origin": "https://evil.test"})).status_code == 403


@pytest.mark.parametrize("value", ["", "0", "6", "5.0", "五", "٣", "1" * 5000])
async def test_a_value_off_the_scale_keeps_the_comment(world: World, value: str) -> None:
    """The sentence says what is missing; what was typed is still there."""
    ticket = await resolved(world)
    answer = await send(world.browser(), link(world, ticket), value=value, comment="typed already")
    assert answer.status_code == 422
    assert "Please choose one of the five." in answer.text
    assert "typed already" in answer.text


async def test_a_stale_form_is_told_what_happened(world: World) -> None:
    """Re-opened meanwhile: nothing is taken, the page says why."""
    ticket = await resolved(world)
    browser, at = world.browser(), link(world, ticket)
    page = (await browser.get(at)).text
    token = re.search(r'name="csrf" value="([^"]+)"', page)
    assert token is not None
    lin = world.people["lin"].id
    await world.write(lambda conn: world.deps.desk.reopen(conn, ticket_id=ticket.id, by=lin, now=world.clock()))
    answer = await browser.post(at, data={"value": "5", "csrf": token[1]}, headers=ORIGIN)
    assert answer.status_code == 422
    assert "working on this again" in answer.text


async def test_the_desk_shows_the_rating_and_the_link(world: World) -> None:
    """On the ticket and on the client's page, escaped; a low one is a notice."""
    ticket = await resolved(world)
    lin = await world.signed_in("lin")
    page = (await lin.get(f"/desk/t/{ticket.number}")).text
    assert f"http://desk.test{link(world, ticket)}" in page
    await send(world.browser(), link(world, ticket), value="2", comment="<img src=x onerror=alert(1)>")
    page = (await lin.get(f"/desk/t/{ticket.number}")).text
    assert "2 of 5 · Poor" in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    tom = await world.signed_in("tom")
    client = (await tom.get(f"/desk/clients/{world.client.slug}")).text
    assert "2 of 5 · Poor" in client
    assert "1 of 1" in client
    assert "<img src=x" not in client
    assert f"{ticket.number} was rated low" in (await tom.get("/desk/notices")).text
