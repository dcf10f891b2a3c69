import asyncio
import json
import re
from datetime import timedelta

import pytest

from console.live import events
from handoff import board, directory, messages
from handoff.kinds import Audience, Level, TicketState
from tests.unit.console.world import ORIGIN, World, field, submit

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40
HOSTILE = "<img src=x onerror=alert(1)>\"'</title><script>alert(1)</script>"


async def test_the_queue_shows_what_is_due(world: World) -> None:
    """Emergencies first; each row says level, client, requester, and the deadline in words."""
    await world.ticket(title="A question", level=Level.QUESTION)
    await world.ticket(title="Site is down", level=Level.EMERGENCY)
    world.clock.advance(timedelta(minutes=48))
    html = (await (await world.signed_in()).get("/desk")).text
    assert html.index("Site is down") < html.index("A question")
    assert "due in 12 min" in html
    assert "Northwind" in html
    assert "Emergency" in html


async def test_the_queue_says_how_late(world: World) -> None:
    """A deadline that has passed is said in words, not by colour alone."""
    await world.ticket(title="Site is down", level=Level.EMERGENCY)
    world.clock.advance(timedelta(hours=1, minutes=3))
    html = (await (await world.signed_in()).get("/desk?view=late")).text
    assert "late by 3 min" in html
    assert "Site is down" in html


@pytest.mark.parametrize("view", ["open", "mine", "unclaimed", "late", "waiting", "resolved", "nonsense"])
async def test_every_view_opens(world: World, view: str) -> None:
    """An empty view says so; an unknown one is the open one."""
    answer = await (await world.signed_in()).get(f"/desk?view={view}")
    assert answer.status_code == 200
    assert "Nothing here" in answer.text


async def test_hostile_names_and_titles_are_only_text(world: World) -> None:
    """What a client calls itself or writes is shown, never run: in the queue, the ticket and the notices."""
    ticket = await world.ticket(title=HOSTILE, text=HOSTILE, name=HOSTILE, level=Level.EMERGENCY)
    browser = await world.signed_in()
    for path in ("/desk", "/desk/notices", f"/desk/t/{ticket.number}"):
        html = (await browser.get(path)).text
        assert "&lt;img src=x" in html
        assert "<img src=x" not in html
        assert "<script>" not in html


async def test_claim_reply_note_wait_resolve_reopen(world: World) -> None:
    """The day of a ticket, by forms alone."""
    ticket = await world.ticket()
    at = f"/desk/t/{ticket.number}"
    lin = await world.signed_in("lin")
    assert (await submit(lin, at, f"{at}/claim")).headers["location"] == at
    assert (await submit(lin, at, f"{at}/note", text="their SMTP is broken")).status_code == 303
    assert (await submit(lin, at, f"{at}/reply", text="May we reset it?", then="wait")).status_code == 303
    assert (await world.deps.db.read(lambda conn: board.ticket(conn, ticket.id))).state is TicketState.WAITING
    html = (await lin.get(at)).text
    assert "Internal — the client never sees this" in html
    assert "林薇 claimed the ticket" in html
    assert "Paused" in html
    assert (await submit(lin, at, f"{at}/reply", text="Done.", then="resolve")).status_code == 303
    assert (await world.deps.db.read(lambda conn: board.ticket(conn, ticket.id))).state is TicketState.RESOLVED
    assert (await submit(lin, at, f"{at}/reopen")).status_code == 303
    seen = await world.deps.db.read(
        lambda conn: messages.transcript(conn, ticket.conversation_id, audience=Audience.CLIENT)
    )
    assert [message.text for message in seen] == ["No mails since yesterday", "May we reset it?", "Done."]


async def test_a_stale_claim_is_told_politely(world: World) -> None:
    """Two press Claim: the second learns who was first; nothing else happens."""
    ticket = await world.ticket()
    at = f"/desk/t/{ticket.number}"
    lin, tom = await world.signed_in("lin"), await world.signed_in("tom")
    html = (await tom.get(at)).text
    stale = {"csrf": field(html, "csrf"), "once": field(html, "once")}
    assert (await submit(lin, at, f"{at}/claim")).status_code == 303
    answer = await tom.post(f"{at}/claim", data=stale, headers={"Origin": ORIGIN})
    assert answer.status_code == 409
    assert "林薇 has already claimed this ticket" in answer.text
    queue = await tom.post(f"{at}/claim", data=stale | {"once": "other", "back": "queue"}, headers={"Origin": ORIGIN})
    assert queue.status_code == 409
    assert "林薇 has already claimed this ticket" in queue.text
    assert (await world.deps.db.read(lambda conn: board.ticket(conn, ticket.id))).assignee_id == world.people["lin"].id


@pytest.mark.parametrize(
    ("verb", "values", "said"),
    [
        ("wait", {}, "needs a public reply first"),
        ("reopen", {}, "not possible while the ticket is “Unclaimed”"),
        ("reply", {"text": "   "}, "Please write something"),
        ("reply", {"text": "x" * 20_001}, "at most 20000 characters"),
        ("note", {"text": ""}, "Please write something"),
        ("note", {"text": "y" * 20_001}, "at most 20000 characters"),
        ("transfer", {"to": "999"}, "choose an active colleague"),
        ("transfer", {"to": "9" * 40}, "choose an active colleague"),
        ("transfer", {"to": "٣"}, "choose an active colleague"),
        ("level", {"level": "urgent"}, "choose a level"),
    ],
)
async def test_what_does_not_work_says_why(world: World, verb: str, values: dict[str, str], said: str) -> None:
    """A refused verb is a clear sentence on the ticket as it stands, and typed text is still there."""
    ticket = await world.ticket()
    at = f"/desk/t/{ticket.number}"
    answer = await submit(await world.signed_in(), at, f"{at}/{verb}", **values)
    assert answer.status_code == 409
    assert said in answer.text
    if values.get("text", "").strip():
        assert values["text"] in answer.text


async def test_a_refused_reply_keeps_the_text(world: World) -> None:
    """Somebody returned the ticket to the bot... and merged it: the answer typed meanwhile is not lost."""
    ticket = await world.ticket()
    at = f"/desk/t/{ticket.number}"
    browser = await world.signed_in()
    answer = await submit(
        browser,
        at,
        f"{at}/reply",
        text="a careful & long answer",
        files={"file": ("x.svg", b"<svg/>", "image/svg+xml")},
    )
    assert answer.status_code == 409
    assert "not a picture we can take" in answer.text
    assert ">a careful &amp; long answer</textarea>" in answer.text


async def test_only_what_works_is_offered(world: World) -> None:
    """A ticket with the bot can be claimed, a resolved one re-opened; each button does what it says."""
    ticket = await world.ticket()
    at, who = f"/desk/t/{ticket.number}", world.people["lin"].id
    browser = await world.signed_in()
    await world.write(lambda c: world.deps.desk.return_to_bot(c, ticket_id=ticket.id, by=who, now=world.clock()))
    html = (await browser.get(at)).text
    assert (f'action="{at}/claim"' in html, f'action="{at}/reopen"' in html) == (True, False)
    assert (await submit(browser, at, f"{at}/claim")).status_code == 303
    await world.write(lambda c: world.deps.desk.resolve(c, ticket_id=ticket.id, by=who, now=world.clock()))
    html = (await browser.get(at)).text
    assert (f'action="{at}/claim"' in html, f'action="{at}/reopen"' in html) == (False, True)
    assert (await submit(browser, at, f"{at}/reopen")).status_code == 303


async def test_pictures_of_a_refused_reply_are_not_kept(world: World) -> None:
    """The same form twice, or a ticket that is none: no file stays behind."""
    ticket = await world.ticket()
    at = f"/desk/t/{ticket.number}"
    browser = await world.signed_in()
    html = (await browser.get(at)).text
    form = {"csrf": field(html, "csrf"), "once": field(html, "once"), "text": "see"}
    for path, status in ((at, 303), (at, 303), ("/desk/t/T-9999", 404)):
        files = {"file": ("shot.png", PNG, "image/png")}
        answer = await browser.post(f"{path}/reply", data=form, files=files, headers={"Origin": ORIGIN})
        assert answer.status_code == status
    assert len(list(world.deps.files.iterdir())) == 1


async def test_a_doubled_press_sends_once(world: World) -> None:
    """The same form twice (impatience, or a repeat after a lost answer) is one reply."""
    ticket = await world.ticket()
    at = f"/desk/t/{ticket.number}"
    browser = await world.signed_in()
    html = (await browser.get(at)).text
    form = {"csrf": field(html, "csrf"), "once": field(html, "once"), "text": "only once"}
    answers = [await browser.post(f"{at}/reply", data=form, headers={"Origin": ORIGIN}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [303, 303, 303]
    assert [message.text for message in await world.said(ticket)].count("only once") == 1


async def test_transfer_level_and_return(world: World) -> None:
    """A colleague gets it and is told; the level changes the clocks; the bot may have it back."""
    ticket = await world.ticket()
    at = f"/desk/t/{ticket.number}"
    lin, tom = await world.signed_in("lin"), await world.signed_in("tom")
    await tom.post(
        "/desk/notices/read", data={"csrf": field((await tom.get("/desk")).text, "csrf")}, headers={"Origin": ORIGIN}
    )
    assert (await submit(lin, at, f"{at}/transfer", to=str(world.people["tom"].id))).status_code == 303
    assert "was transferred to you" in (await tom.get("/desk/notices")).text
    assert "林薇 transferred it to Tom Baker" in (await tom.get(at)).text
    assert (await submit(tom, at, f"{at}/level", level="emergency")).status_code == 303
    assert "changed the level to Emergency" in (await tom.get(at)).text
    assert (await submit(tom, at, f"{at}/return")).status_code == 303
    assert (await world.deps.db.read(lambda conn: board.ticket(conn, ticket.id))).state is TicketState.RETURNED


async def test_opening_a_ticket_reads_its_notices(world: World) -> None:
    """The bell counts what one has not seen."""
    ticket = await world.ticket()
    browser = await world.signed_in()
    assert 'aria-label="Notices: 1"' in (await browser.get("/desk")).text
    await browser.get(f"/desk/t/{ticket.number}")
    assert 'aria-label="Notices: 0"' in (await browser.get("/desk")).text


async def test_a_reply_may_carry_pictures(world: World) -> None:
    """Taken by their bytes; shown to signed-in staff only, never as a page; they go along when tickets merge."""
    ticket = await world.ticket()
    at = f"/desk/t/{ticket.number}"
    browser = await world.signed_in()
    sent = {"file": ("..\\../shot <b>.png", PNG, "text/html")}
    assert (await submit(browser, at, f"{at}/reply", text="see", files=sent)).status_code == 303
    kept = (await world.said(ticket))[-1].attachments[0]
    assert kept.media_type == "image/png"
    assert kept.name == "shot <b>.png"
    answer = await browser.get(f"{at}/files/{kept.id}")
    assert answer.content == PNG
    assert answer.headers["content-type"] == "image/png"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert (await world.browser().get(f"{at}/files/{kept.id}")).status_code == 303
    other = await world.ticket(title="Another")
    assert (await browser.get(f"/desk/t/{other.number}/files/{kept.id}")).status_code == 404
    await submit(browser, at, f"{at}/merge", into=other.number)
    assert (await browser.get(f"/desk/t/{other.number}/files/{kept.id}")).content == PNG
    assert (await browser.get(f"{at}/files/..%2f..%2fconsole.db")).status_code == 404


@pytest.mark.parametrize("number", ["T-9999", "T-1", "x", "T-99999999999999999999999", "'; DROP TABLE ticket--"])
async def test_an_unknown_ticket_is_not_found(world: World, number: str) -> None:
    """Any other number is a page that says so."""
    browser = await world.signed_in()
    assert (await browser.get(f"/desk/t/{number}")).status_code == 404
    csrf = field((await browser.get("/desk")).text, "csrf")
    assert (
        await browser.post(f"/desk/t/{number}/claim", data={"csrf": csrf}, headers={"Origin": ORIGIN})
    ).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/desk",
        "/desk/notices",
        "/desk/people",
        "/desk/manual",
        "/desk/manual/internal/site-down",
        "/desk/t/T-1001",
        "/desk/events",
        "/desk/password",
    ],
)
async def test_nothing_of_the_desk_without_signing_in(world: World, path: str) -> None:
    """Every page leads to the sign-in."""
    await world.ticket()
    assert (await world.browser().get(path)).headers["location"].startswith("/desk/sign-in")


POSTS = [
    "/desk/t/T-1001/claim", "/desk/t/T-1001/reply", "/desk/t/T-1001/note", "/desk/t/T-1001/transfer",
    "/desk/t/T-1001/level", "/desk/t/T-1001/resolve", "/desk/notices/read", "/desk/people", "/desk/people/1/active",
    "/desk/people/1/password", "/desk/password", "/desk/sign-out",
]  # fmt: skip


@pytest.mark.parametrize("path", POSTS)
async def test_every_form_needs_its_token_and_origin(world: World, path: str) -> None:
    """CSRF: a signed-in browser sent here by another page changes nothing."""
    ticket = await world.ticket()
    browser = await world.signed_in("mira")
    csrf = field((await browser.get("/desk")).text, "csrf")
    form = {"text": "x", "level": "bug", "to": "1", "name": "x", "login": "xx", "role": "agent"}
    for forged, headers in (
        ({}, {"Origin": ORIGIN}),
        ({"csrf": "0" * 64}, {}),
        ({"csrf": csrf}, {"Origin": "https://evil.example"}),
    ):
        answer = await browser.post(path, data=form | forged, headers=headers)
        assert answer.status_code == 403
    stranger = await world.browser().post(path, data=form)
    assert stranger.headers["location"].startswith("/desk/sign-in")
    assert len(await world.said(ticket)) == 1
    assert len(await world.deps.db.read(directory.staff)) == 3


async def test_one_persons_token_is_no_use_to_another(world: World) -> None:
    """The token is bound to the session."""
    await world.ticket()
    lin, tom = await world.signed_in("lin"), await world.signed_in("tom")
    csrf = field((await lin.get("/desk")).text, "csrf")
    assert (await tom.post("/desk/t/T-1001/claim", data={"csrf": csrf}, headers={"Origin": ORIGIN})).status_code == 403


async def test_a_second_browser_is_told(world: World) -> None:
    """The stream says which ticket changed and nothing of what it says; a client's chat only to whom it concerns."""
    ticket = await world.ticket()
    tom = await world.signed_in("tom")
    stream = await _open_stream(world, tom.cookies["desk_session"])
    lin = await world.signed_in("lin")
    at = f"/desk/t/{ticket.number}"
    await submit(lin, at, f"{at}/reply", text="secret words")
    news = await asyncio.wait_for(_changed(stream), 5)
    assert news == {"topic": "desk", "ticket": ticket.number}
    await stream.aclose()


async def _open_stream(world: World, session: str):
    """The stream's generator, past its greeting (an ASGI test client cannot read a stream that never ends)."""
    from starlette.requests import Request

    from console.auth import viewer_of

    pages = world.app.state.pages
    viewer = await world.deps.db.read(lambda conn: viewer_of(conn, session, now=world.clock()))
    request = Request(
        {
            "type": "http",
            "method": "GET",
            "path": "/desk/events",
            "headers": [(b"cookie", f"desk_session={session}".encode())],
            "query_string": b"",
        }
    )
    stream = (await events(request, pages, viewer)).body_iterator
    await anext(stream)
    return stream


async def _changed(stream):
    while True:
        event = await anext(stream)
        if event.event == "changed":
            return json.loads(event.data)


async def test_the_desk_speaks_three_languages(world: World) -> None:
    """By the browser's wish, and by hand, kept in a cookie."""
    browser = await world.signed_in()
    assert 'lang="zh-Hant"' in (await browser.get("/desk", headers={"Accept-Language": "zh-TW"})).text
    assert "进行中" in (await browser.get("/desk?lang=zh-Hans")).text
    assert "进行中" in (await browser.get("/desk")).text
    assert not re.search(r'lang="<', (await browser.get('/desk?lang="><script>')).text)
