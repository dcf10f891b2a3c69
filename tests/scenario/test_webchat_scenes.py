"""The web chat over HTTP, on the whole application: ratings, new conversations, history, framed visitors, bad input."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sse_starlette import ServerSentEvent

from bot.channels.web.events import changes
from bot.channels.web.translations import LONGEST
from bot.channels.web.visitor import Visitor as Known
from bot.channels.web.visitor import again, visiting
from bot.server import web_app
from console.widgets import save, user_secret, user_signature, widget_of
from handoff import board, directory, messages, typing
from handoff.kinds import Role, Tier
from handoff.model import Client, Ticket
from success import ratings
from tests.house import House, Visitor

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
SITE = "https://www.northwind.example"


async def demo(house: House) -> Client:
    found = await house.app.db.read(lambda conn: directory.client_by_slug(conn, "demo"))
    assert found is not None
    return found


async def allow(house: House, *origins: str) -> Client:
    """Let these sites show the demo client's chat."""
    client = await demo(house)

    def body(conn: Any) -> None:
        save(conn, replace(widget_of(conn, client.id), origins=origins, changed_at=house.clock()))

    await house.app.db.write(body)
    return client


async def handed_over(house: House, visitor: Visitor) -> Ticket:
    await visitor.say("我要找人工客服")
    return await house.open_ticket()


async def resolved(house: House, visitor: Visitor) -> Ticket:
    ticket = await handed_over(house, visitor)
    lin = await house.agent()
    await house.act("claim", ticket_id=ticket.id, by=lin.id)
    await house.act("reply", ticket_id=ticket.id, by=lin.id, text="已经处理好了")
    done: Ticket = await house.act("resolve", ticket_id=ticket.id, by=lin.id)
    await house.idle()
    return done


@asynccontextmanager
async def framed(house: House, client: Client, *, token: str | None = None) -> AsyncIterator[Visitor]:
    """A visitor in a frame of the client's site: no cookie, a token in a header."""
    transport = httpx.ASGITransport(app=web_app(house.app))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as http:
        page = await http.get(f"/embed/{client.web_key}")
        found = re.search(r'data-token="([^"]+)"', page.text)
        assert found is not None
        http.headers["X-Visitor"] = token or found[1]
        assert not http.cookies
        yield Visitor(http, f"/chat/api/{client.web_key}")


async def test_10_rating_in_the_chat(house: House) -> None:
    """After resolving the requester is asked in the chat; a 2 is kept, may be changed, and the admin hears of it once."""
    async with house.visitor() as visitor:
        ticket = await resolved(house, visitor)
        state = await visitor.state()
        assert state["rating"] == {"ticket": ticket.number, "value": None, "comment": ""}
        async with house.visitor() as stranger:
            await stranger.say("在吗")
            refused = await stranger.http.post(f"{stranger.api}/rating", json={"ticket": ticket.number, "value": 1})
            assert refused.status_code == 404
        rate = f"{visitor.api}/rating"
        assert (await visitor.http.post(rate, json={"ticket": ticket.number, "value": 9})).status_code == 422
        assert (await visitor.http.post(rate, json={"ticket": "T-9", "value": 5})).status_code == 404
        given = {"ticket": ticket.number, "value": 2}
        assert (await visitor.http.post(rate, json=given)).status_code == 204
        assert (await visitor.http.post(rate, json=given | {"comment": "等太久"})).status_code == 204
        assert (await visitor.state())["rating"] == given | {"comment": "等太久"}
        house.clock.jump(timedelta(days=1))
        assert (await visitor.state())["rating"] is None
        late = await visitor.http.post(rate, json=given | {"value": 5})
        assert late.status_code == 409
        assert late.json()["error"]
    kept = await house.app.db.read(lambda conn: ratings.of_ticket(conn, ticket.id))
    assert kept is not None
    assert (kept.value, kept.comment, kept.channel) == (2, "等太久", "web")
    admin = await house.app.db.read(lambda conn: directory.staff_by_login(conn, "admin"))
    assert admin is not None
    told = await house.app.db.read(lambda conn: board.notices(conn, person_id=admin.id))
    assert [each.kind for each in told].count("low_rating") == 1


async def test_a_reopened_ticket_is_not_rated(house: House) -> None:
    """The request goes with the re-opening; a stale tab that still shows it is told so."""
    async with house.visitor() as visitor:
        ticket = await resolved(house, visitor)
        await visitor.say("还是不行，首页又打不开图片了")
        await house.idle()
        assert (await visitor.state())["rating"] is None
        stale = await visitor.http.post(f"{visitor.api}/rating", json={"ticket": ticket.number, "value": 5})
        assert stale.status_code == 409


async def test_a_new_conversation_leaves_the_old_one_resolved(house: House) -> None:
    """Offered once the matter is settled; what is written then re-opens nothing, and the history stays."""
    async with house.visitor() as visitor:
        ticket = await handed_over(house, visitor)
        assert (await visitor.state())["anew"] is False
        assert (await visitor.http.post(f"{visitor.api}/anew")).status_code == 409
        lin = await house.agent()
        await house.act("reply", ticket_id=ticket.id, by=lin.id, text="好了")
        await house.act("resolve", ticket_id=ticket.id, by=lin.id)
        await house.idle()
        before = await visitor.state()
        assert before["anew"] is True
        for _ in range(2):
            assert (await visitor.http.post(f"{visitor.api}/anew")).status_code == 204
        begun = await visitor.state()
        assert begun["talk"] > before["talk"]
        assert begun["anew"] is False
        answer = (await visitor.say("首页标题怎么改"))[-1]
        assert answer["talk"] == begun["talk"]
        visitor.last = 0
        whole = (await visitor.state())["messages"]
        assert {each["talk"] for each in whole} == {before["talk"], begun["talk"]}
        await visitor.press(answer, "solved")
    assert (await house.app.db.read(lambda conn: board.ticket(conn, ticket.id))).state == "resolved"


async def test_old_messages_come_a_page_at_a_time(house: House) -> None:
    """The newest sixty first; each earlier page on demand, without a hole or a double."""
    async with house.visitor() as visitor:
        await visitor.say("在吗")
        client, cookie = await demo(house), visitor.http.cookies["aftercare_visitor"]
        known = house.app.web.visitor(cookie)
        assert known is not None
        visit = await house.app.db.read(lambda conn: visiting(conn, key=client.web_key, visitor=Known(known)))
        assert visit is not None
        talk = visit.conversation
        assert talk is not None

        def write(conn: Any) -> None:
            for n in range(150):
                messages.say(conn, conversation_id=talk.id, text=f"line {n}", author="bot", name="b", now=house.clock())

        await house.app.db.write(write)
        visitor.last = 0
        page = await visitor.state()
        seen = [each["id"] for each in page["messages"]]
        assert len(seen) == 60
        while page["earlier"]:
            page = (await visitor.http.get(f"{visitor.api}/messages", params={"before": seen[0]})).json()
            seen = [each["id"] for each in page["messages"]] + seen
        assert seen == sorted(set(seen))
        assert len(seen) > 150


async def test_a_colleague_who_writes_is_seen_in_that_chat_only(house: House) -> None:
    """The seam for the desk: a signal by chat; the visitor's own typing comes back to nobody but the desk."""
    client = await demo(house)
    async with house.visitor() as visitor:
        await visitor.say("在吗")
        known = house.app.web.visitor(visitor.http.cookies["aftercare_visitor"])
        assert known is not None
        visit = await house.app.db.read(lambda conn: visiting(conn, key=client.web_key, visitor=Known(known)))
        assert visit is not None
        assert visit.chat is not None
        chat_id = visit.chat.id
        assert await house.app.db.read(lambda conn: again(conn, visit)) == visit
        stream = changes(house.app.web, visit)
        first = asyncio.ensure_future(_next_typing(stream))
        async with house.app.db.listen(typing.TOPIC) as desk:
            await asyncio.sleep(0)
            for _ in range(200):
                for other, side in ((chat_id + 1, "staff"), (chat_id, "client")):
                    await house.app.db.write(
                        lambda conn, other=other, side=side: typing.tell(conn, chat_id=other, side=side, name="X")
                    )
                await house.app.db.write(lambda conn: typing.tell(conn, chat_id=chat_id, side="staff", name="林薇"))
                if first.done():
                    break
                await asyncio.sleep(0.01)
            event = await asyncio.wait_for(first, 5)
            assert "X" not in str(event.data)
            while typing.heard((await anext(desk)).payload).side != "staff":
                pass
        async with house.app.db.listen(typing.TOPIC) as desk:
            assert (await visitor.http.post(f"{visitor.api}/typing")).status_code == 204
            heard = typing.heard((await asyncio.wait_for(anext(desk), 5)).payload)
            assert (heard.chat_id, heard.side) == (chat_id, "client")
        await stream.aclose()


async def _next_typing(stream: AsyncIterator[ServerSentEvent]) -> ServerSentEvent:
    """The first sign of somebody's typing; the answer to the visitor's own question may arrive before it."""
    async for event in stream:
        if event.event == "typing":
            return event
    raise AssertionError("the stream ended without a sign of typing")


async def test_only_allowed_sites_may_frame_the_chat(house: House) -> None:
    """The policy is made from what is set for the client; every other page stays unframable."""
    client = await allow(house, SITE, "http://localhost:8080")
    transport = httpx.ASGITransport(app=web_app(house.app))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as http:
        page = await http.get(f"/embed/{client.web_key}")
        policy = page.headers["content-security-policy"]
        assert f"frame-ancestors 'self' {SITE} http://localhost:8080" in policy
        assert "default-src 'self'" in policy
        assert "x-frame-options" not in page.headers
        assert page.headers["cache-control"] == "no-store"
        assert "set-cookie" not in page.headers
        for path in ("/", f"/c/{client.web_key}", "/desk/sign-in", "/widget.js"):
            other = await http.get(path)
            assert "frame-ancestors 'none'" in other.headers["content-security-policy"]
            assert other.headers["x-frame-options"] == "DENY"
        by_itself = await http.get(f"/embed/{client.web_key}", headers={"Sec-Fetch-Dest": "document"})
        assert (by_itself.status_code, by_itself.headers["location"]) == (303, f"/c/{client.web_key}")
        assert (await http.get("/embed/nobody")).status_code == 404


async def test_a_framed_visitor_needs_no_cookie(house: House) -> None:
    """Words, pictures and history go by the token alone; a picture's address is good for that picture only."""
    client = await allow(house, SITE)
    async with framed(house, client) as visitor:
        sent = await visitor.post("看这张图", files=[("file", ("<b>x</b>.png", PNG, "image/png"))])
        assert sent.status_code == 202
        await visitor.settled()
        (mine,) = [each for each in visitor.seen if each["mine"] and each["images"]]
        address = mine["images"][0]["url"]
        token = visitor.http.headers.pop("X-Visitor")
        assert (await visitor.http.get(address)).content == PNG
        assert (await visitor.http.get(address.replace("&s=", "&s=0"))).status_code == 404
        assert (await visitor.http.get(address.split("?")[0])).status_code == 401
        assert (await visitor.http.get(f"{visitor.api}/messages")).status_code == 401
    async with framed(house, client, token=token) as back:
        assert [each["id"] for each in (await back.state())["messages"] if each["mine"]] == [mine["id"]]


async def test_forged_and_foreign_tokens_are_refused(house: House) -> None:
    """Changed, empty, of another client's key, or a cookie's value: none of them is anybody."""
    client = await allow(house, SITE)
    other = await house.app.db.write(
        lambda conn: directory.add_client(conn, slug="other", name="Other", tier=Tier.GOLD, now=house.clock())
    )
    async with framed(house, client) as visitor:
        mine = visitor.http.headers["X-Visitor"]
        name, body, signature = mine.split(".")
        theirs = house.app.web.token(other.web_key, Known(name))
        cookie = house.app.web.sign(name)
        for forged in ("", "x", f"{name}.{body}.", f"{name}x.{body}.{signature}", theirs, cookie, "é" * 900, "." * 50):
            answer = await visitor.http.get(f"{visitor.api}/messages", headers={"X-Visitor": forged.encode()})
            assert answer.status_code == 401, forged
        assert (await visitor.http.get(f"/chat/api/{other.web_key}/messages")).status_code == 401
        assert (await visitor.http.get(f"{visitor.api}/messages")).status_code == 200


@pytest.mark.parametrize("path", ["messages", "press", "rating", "anew", "typing", "identify"])
async def test_another_site_cannot_post(house: House, path: str) -> None:
    """With a good token too: posts come from our own page, framed or not."""
    client = await allow(house, SITE)
    async with framed(house, client) as visitor:
        for header in ({"Origin": SITE}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = await visitor.http.post(f"{visitor.api}/{path}", json={}, headers=header)
            assert answer.status_code == 403, header


async def test_a_signed_user_is_known_wherever_they_sign_in(house: House) -> None:
    """The site's signature makes one person of two browsers, with a name; a forged one makes nobody."""
    client = await allow(house, SITE)
    widget = await house.app.db.read(lambda conn: widget_of(conn, client.id))
    secret = user_secret(house.app.web.secret, widget)
    user = {"user": "u-1042", "name": "王芳 <b>", "signature": user_signature(secret, "u-1042", "王芳 <b>")}
    async with framed(house, client) as first:
        good = await first.http.post(f"{first.api}/identify", json=user)
        assert good.status_code == 200
        for change in ({"user": "u-1"}, {"name": "Admin"}, {"signature": "0" * 64}, {"signature": ""}):
            assert (await first.http.post(f"{first.api}/identify", json=user | change)).status_code == 403
        first.http.headers["X-Visitor"] = good.json()["token"]
        await first.say("我要找人工客服")
    ticket = await house.open_ticket()
    requester = await house.app.db.read(lambda conn: directory.person(conn, ticket.requester_id))
    assert requester.name == "王芳 <b>"
    async with framed(house, client) as second:
        again_token = (await second.http.post(f"{second.api}/identify", json=user)).json()["token"]
        second.http.headers["X-Visitor"] = again_token
        assert len((await second.state())["messages"]) >= 2
        await house.app.db.write(lambda conn: save(conn, replace(widget, secret_no=2, changed_at=house.clock())))
        assert (await second.http.post(f"{second.api}/identify", json=user)).status_code == 403


async def test_a_flood_is_slowed_politely(house: House) -> None:
    """Twenty at once from one visitor, then a sentence and when to come again; another visitor is not held up."""
    async with house.visitor() as visitor, house.visitor() as other:
        codes = [(await visitor.post("嗯")).status_code for _ in range(24)]
        assert codes[:20] == [202] * 20
        assert 429 in codes[20:]
        refused = await visitor.post("嗯")
        assert refused.status_code == 429
        assert refused.json()["error"]
        assert int(refused.headers["retry-after"]) >= 1
        assert (await other.post("在吗")).status_code == 202


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("a\u202egnp.exe\u200b\u2066b", "agnp.exeb"),
        ("\u202eمرحبا\u202c", "مرحبا"),
    ],
)
async def test_tricks_in_a_message_stay_text(house: House, text: str, shown: str) -> None:
    """Markup is escaped, direction and zero-width marks are gone."""
    async with house.visitor() as visitor:
        assert (await visitor.post(text)).status_code == 202
        (mine,) = [each for each in (await visitor.state())["messages"] if each["mine"]]
        assert mine["html"] == f"<p>{shown}</p>"


async def test_what_is_too_long_or_no_picture_is_refused_in_words(house: House) -> None:
    """A hundred thousand characters, nothing but marks, a program called a picture."""
    async with house.visitor() as visitor:
        long = await visitor.post("字" * 100_000)
        assert long.status_code == 422
        assert str(LONGEST) in long.json()["error"]
        fake = await visitor.post("x", files=[("file", ("cute.png", b"MZ\x90", "image/png"))])
        assert fake.status_code == 415
        assert "cute.png" in fake.json()["error"]
        many = [("file", (f"{n}.png", PNG, "image/png")) for n in range(7)]
        assert (await visitor.post("x", files=many)).status_code == 422
        assert (await visitor.state())["messages"] == []


async def test_admins_hear_nothing_of_a_good_rating(house: House) -> None:
    """A 5 is kept and counted, and tells nobody."""
    async with house.visitor() as visitor:
        ticket = await resolved(house, visitor)
        lead = await house.agent("lee", role=Role.LEAD)
        answer = await visitor.http.post(f"{visitor.api}/rating", json={"ticket": ticket.number, "value": 5})
        assert answer.status_code == 204
    assert await house.app.db.read(lambda conn: board.notices(conn, person_id=lead.id)) == ()
    summary = await house.app.db.read(ratings.summary)
    assert (summary.asked, summary.answered, summary.csat) == (1, 1, 1.0)
