"""The search page: what it finds, where it leads, and that nothing found in it is ever run."""

import re
from datetime import timedelta

import pytest

from handoff.kinds import Level
from tests.unit.console.world import World

HOSTILE = "<img src=x onerror=alert(1)>\"'</title><script>alert(1)</script> 表单"


async def test_the_words_are_found_and_marked(world: World) -> None:
    """A ticket with the message that holds the words, which leads to that message."""
    ticket = await world.ticket(title="Form sends no mail", text="联系表单昨天起收不到邮件", name="Sarah")
    (said,) = await world.said(ticket)
    html = (await (await world.signed_in()).get("/desk/search?q=表單")).text
    assert "<mark>表单</mark>昨天起收不到邮件" in html
    assert f'href="/desk/t/{ticket.number}#m{said.id}"' in html
    assert "Northwind" in html
    assert "Tickets found: 1" in html


@pytest.mark.parametrize("typed", ["T-1001", "t1001", " Ｔ－１００１ ", "t-1001"])
async def test_a_number_leads_straight_to_its_ticket(world: World, typed: str) -> None:
    """However it is typed."""
    ticket = await world.ticket()
    answer = await (await world.signed_in()).get("/desk/search", params={"q": typed})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/t/{ticket.number}")


async def test_digits_alone_offer_the_ticket_and_are_looked_for(world: World) -> None:
    """1001 may be a ticket's number or anything else; an unknown number is only words."""
    ticket = await world.ticket(text="order 1001 failed")
    browser = await world.signed_in()
    html = (await browser.get("/desk/search?q=1001")).text
    assert f"Open {ticket.number}" in html
    assert "order <mark>1001</mark> failed" in html
    unknown = await browser.get("/desk/search?q=T-9999")
    assert (unknown.status_code, "Nothing was found" in unknown.text) == (200, True)


async def test_hostile_text_is_only_text(world: World) -> None:
    """In titles, names, messages, and in the words that are looked for."""
    await world.ticket(title=HOSTILE, text=HOSTILE, name=HOSTILE, level=Level.EMERGENCY)
    browser = await world.signed_in()
    for words in ("表单", HOSTILE, "img onerror"):
        html = (await browser.get("/desk/search", params={"q": words})).text
        assert "Tickets found: 1" in html
        assert "<img src=x" not in html
        assert "<script>" not in html
        assert not re.search(r"<title>[^<]*</title>\S*<script", html)
    assert "&lt;<mark>img</mark> src=x <mark>onerror</mark>=" in html


async def test_filters_and_their_way_out(world: World) -> None:
    """Nothing in the filters: the page says what to do and offers the search without them."""
    ticket = await world.ticket(text="shared words")
    browser = await world.signed_in()
    assert ticket.number in (await browser.get("/desk/search?q=shared&state=unsolved&since=7&client=1")).text
    none = (await browser.get("/desk/search?q=shared&state=resolved&order=best")).text
    assert "Nothing was found" in none
    assert 'href="/desk/search?q=shared"' in none
    world.clock.advance(timedelta(days=2))
    browser = await world.signed_in()
    assert ticket.number not in (await browser.get("/desk/search?q=shared&since=1")).text


@pytest.mark.parametrize(
    "query",
    [
        "", "q=", "q=%00", "q=%F0%9F%92%A9", "q=x&client=abc", "q=x&client=99999999999999999999", "q=x&state=nonsense",
        "q=x&since=-1", "q=x&order=up", "q=x&cursor=1_2", f"q={'长' * 400}", "q=%22%20OR%20%2A", "q=''",
    ],
)  # fmt: skip
async def test_whatever_the_address_says_is_a_page(world: World, query: str) -> None:
    """Nonsense is looked for or left out, never an error."""
    await world.ticket()
    assert (await (await world.signed_in()).get(f"/desk/search?{query}")).status_code == 200


async def test_pages_follow_one_another(world: World) -> None:
    """Twenty on each; the link to the next keeps the filters."""
    for n in range(23):
        world.clock.advance(timedelta(seconds=1))
        await world.ticket(title=f"Case {n}", text="the same words")
    browser = await world.signed_in()
    first = (await browser.get("/desk/search?q=same&state=unsolved")).text
    (after,) = re.findall(r'rel="next" href="([^"]+)"', first)
    second = (await browser.get(after.replace("&amp;", "&"))).text
    seen = re.findall(r'data-key="(T-\d+)"', first + second)
    assert (len(seen), len(set(seen))) == (23, 23)
    assert "state=unsolved" in after
    assert 'rel="next"' not in second


async def test_only_staff_search(world: World) -> None:
    """Whoever is not signed in is sent to do so, and comes back to what they looked for."""
    answer = await world.browser().get("/desk/search?q=x")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/desk/sign-in?next=/desk/search")


async def test_news_do_not_search_again(world: World) -> None:
    """The page that follows what happens asks for its frame alone."""
    await world.ticket(text="words")
    html = (await (await world.signed_in()).get("/desk/search?q=words", headers={"X-Live": "1"})).text
    assert 'data-live="views"' in html
    assert "result" not in html
