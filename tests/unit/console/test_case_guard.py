"""Two at one ticket: nothing is sent or closed on a state that has passed, and nothing typed is lost."""

import re
from datetime import timedelta

import pytest

from handoff import attendance, board, directory, messages
from handoff.attendance import Doing
from handoff.kinds import Audience, MessageKind, TicketState
from handoff.model import Ticket
from tests.unit.console.world import ORIGIN, World, field, submit

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40
HOSTILE = "<img src=x onerror=alert(1)>\"'"


async def client_writes(world: World, ticket: Ticket, text: str) -> None:
    def body(conn):
        talk = directory.conversation(conn, ticket.conversation_id)
        who = directory.person(conn, ticket.requester_id)
        now = world.clock()
        said = messages.accept(conn, conversation=talk, person=who, external_id=f"x{text}", text=text, at=now, now=now)
        world.deps.desk.client_message(conn, ticket_id=ticket.id, message_id=said.id, kind=MessageKind.CONTENT, now=now)

    await world.write(body)


async def opened(world: World, login: str, ticket: Ticket):
    """A browser with the ticket's page open, and what its forms carry."""
    browser = await world.signed_in(login)
    html = (await browser.get(f"/desk/t/{ticket.number}")).text
    return browser, {name: field(html, name) for name in ("csrf", "once", "seen")}


async def to_client(world: World, ticket: Ticket) -> list[str]:
    seen = await world.deps.db.read(
        lambda conn: messages.transcript(conn, ticket.conversation_id, audience=Audience.CLIENT)
    )
    return [message.text for message in seen]


async def test_a_reply_that_a_colleagues_overtook_is_not_sent(world: World) -> None:
    """A clear sentence, what the colleague said, the text kept; the button carries the new state, and then it goes."""
    ticket = await world.ticket()
    at = f"/desk/t/{ticket.number}"
    tom, form = await opened(world, "tom", ticket)
    await submit(await world.signed_in("lin"), at, f"{at}/reply", text="Lin was first")
    answer = await tom.post(f"{at}/reply", data=form | {"text": "My careful text"}, headers={"Origin": ORIGIN})
    assert answer.status_code == 409
    assert "林薇 has answered the client meanwhile" in answer.text
    assert "Lin was first" in answer.text.split('id="overtaken"')[1].split("</section>")[0]
    assert ">My careful text</textarea>" in answer.text
    assert await to_client(world, ticket) == ["No mails since yesterday", "Lin was first"]
    anyway = re.search(r'name="anyway" value="([^"]+)"', answer.text)[1]
    again = form | {"text": "My careful text", "anyway": anyway, "again": "wait"}
    assert (await tom.post(f"{at}/reply", data=again, headers={"Origin": ORIGIN})).status_code == 303
    assert (await to_client(world, ticket))[-1] == "My careful text"
    assert (await world.deps.db.read(lambda conn: board.ticket(conn, ticket.id))).state is TicketState.WAITING


async def test_what_comes_after_the_question_is_asked_again(world: World) -> None:
    """Send anyway covers what was shown, no more."""
    ticket = await world.ticket()
    at = f"/desk/t/{ticket.number}"
    tom, form = await opened(world, "tom", ticket)
    await client_writes(world, ticket, "one thing more")
    first = await tom.post(f"{at}/reply", data=form | {"text": "x"}, headers={"Origin": ORIGIN})
    assert "Sarah has written something new" in first.text
    anyway = re.search(r'name="anyway" value="([^"]+)"', first.text)[1]
    await client_writes(world, ticket, "and another")
    second = await tom.post(f"{at}/reply", data=form | {"text": "x", "anyway": anyway}, headers={"Origin": ORIGIN})
    assert second.status_code == 409
    said = second.text.split('id="overtaken"')[1].split("</section>")[0]
    assert "and another" in said
    assert "one thing more" not in said


@pytest.mark.parametrize(("verb", "fields"), [("resolve", {}), ("snooze", {"choice": "hour"}), ("return", {})])
async def test_a_stale_tab_is_asked_before_it_closes_anything(world: World, verb: str, fields: dict[str, str]) -> None:
    """The client has written since: the verb is asked about, and done when pressed again with what was shown."""
    ticket = await world.ticket()
    at = f"/desk/t/{ticket.number}"
    tom, form = await opened(world, "tom", ticket)
    await client_writes(world, ticket, "still broken")
    answer = await tom.post(f"{at}/{verb}", data=form | fields, headers={"Origin": ORIGIN})
    assert answer.status_code == 409
    assert "still broken" in answer.text.split('id="asks"')[1].split("</section>")[0]
    state = (await world.deps.db.read(lambda conn: board.ticket(conn, ticket.id))).state
    assert state is TicketState.NEW
    anyway = re.search(r'name="anyway" value="([^"]+)"', answer.text)[1]
    data = {"csrf": form["csrf"], "once": "again", "anyway": anyway} | fields
    assert (await tom.post(f"{at}/{verb}", data=data, headers={"Origin": ORIGIN})).status_code == 303


async def test_changing_hands_does_not_ask_about_the_clients_words(world: World) -> None:
    """A transfer on a page that has not shown the client's last message does what it says."""
    ticket = await world.ticket()
    at = f"/desk/t/{ticket.number}"
    tom, form = await opened(world, "tom", ticket)
    await client_writes(world, ticket, "hello?")
    data = form | {"to": str(world.people["mira"].id)}
    assert (await tom.post(f"{at}/transfer", data=data, headers={"Origin": ORIGIN})).status_code == 303


async def test_pictures_that_a_browser_cannot_keep_are_named(world: World) -> None:
    """Without a script the page comes back without them, and says so; a script's form still holds them."""
    ticket = await world.ticket()
    at = f"/desk/t/{ticket.number}"
    tom, form = await opened(world, "tom", ticket)
    await client_writes(world, ticket, "news")
    files = [("file", ("a.png", PNG, "image/png"))]
    plain = await tom.post(f"{at}/reply", data=form | {"text": "x"}, files=files, headers={"Origin": ORIGIN})
    live = await tom.post(
        f"{at}/reply", data=form | {"text": "x"}, files=files, headers={"Origin": ORIGIN, "X-Live": "1"}
    )
    assert "choose them again before you send" in plain.text
    assert "choose them again before you send" not in live.text
    assert list(world.deps.files.iterdir()) == []


async def test_what_overtook_is_only_text(world: World) -> None:
    """The client's words and name in the question run nowhere."""
    ticket = await world.ticket(name=HOSTILE)
    at = f"/desk/t/{ticket.number}"
    tom, form = await opened(world, "tom", ticket)
    await client_writes(world, ticket, HOSTILE)
    answer = await tom.post(f"{at}/reply", data=form | {"text": HOSTILE}, headers={"Origin": ORIGIN})
    assert answer.status_code == 409
    assert "<img src=x" not in answer.text


async def test_who_is_here_is_told_as_a_piece_of_the_page(world: World) -> None:
    """Tom writes, Lin sees it; Tom does not see himself; a page that was closed is gone; nonsense is refused."""
    ticket = await world.ticket()
    at = f"/desk/t/{ticket.number}/attending"
    tom, form = await opened(world, "tom", ticket)
    lin = await world.signed_in("lin")
    here = {"csrf": form["csrf"], "tab": "abc1", "doing": "writing", "upto": form["seen"].split(".")[0]}
    assert (await tom.post(at, data=here, headers={"Origin": ORIGIN})).status_code == 204
    assert "Tom Baker is writing a reply" in (await lin.get(at)).text
    assert "Tom Baker is writing a reply" in (await lin.get(f"/desk/t/{ticket.number}")).text
    assert "Tom Baker" not in (await tom.get(at)).text
    for wrong in ({"tab": "<b>"}, {"tab": "a" * 40}, {"doing": "dancing"}):
        assert (await tom.post(at, data=here | wrong, headers={"Origin": ORIGIN})).status_code == 400
    assert (await tom.post("/desk/t/T-9999/attending", data=here, headers={"Origin": ORIGIN})).status_code == 404
    assert (await tom.post(at, data=here | {"csrf": "x"}, headers={"Origin": ORIGIN})).status_code == 403
    await tom.post(at, data=here | {"doing": "left"}, headers={"Origin": ORIGIN})
    assert "Tom Baker" not in (await lin.get(at)).text
    found = await world.deps.db.read(lambda conn: attendance.attending(conn, ticket.id, now=world.clock()))
    assert found == ()
    assert Doing.WRITING.rank > Doing.LOOKING.rank


async def test_take_over_raise_and_snooze(world: World) -> None:
    """The verbs that the page had not; the snooze is in the viewer's zone."""
    ticket = await world.ticket()
    at = f"/desk/t/{ticket.number}"
    lin, tom = await world.signed_in("lin"), await world.signed_in("tom")
    await submit(lin, at, f"{at}/claim")
    assert "Take over" in (await tom.get(at)).text
    assert (await submit(tom, at, f"{at}/mine")).status_code == 303
    assert (await submit(tom, at, f"{at}/raise")).status_code == 303
    tom.cookies.set("zone", "Asia%2FShanghai", domain="desk.test", path="/")
    assert (await submit(tom, at, f"{at}/snooze", choice="tomorrow")).status_code == 303
    now = await world.deps.db.read(lambda conn: board.ticket(conn, ticket.id))
    assert (now.assignee_id, now.urgent) == (world.people["tom"].id, 1)
    assert now.snoozed_until.isoformat() == "2026-11-17T01:00:00+00:00"  # 09:00 in Shanghai
    assert "Snoozed until" in (await tom.get(at)).text


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"choice": "date", "date": "2026-11-15T09:00"}, "has passed already"),
        ({"choice": "date", "date": "2030-11-15T09:00"}, "at most a year ahead"),
        ({"choice": "date", "date": "tomorrow"}, "at most a year ahead"),
        ({"choice": "date", "date": ""}, "at most a year ahead"),
        ({"choice": "never"}, "at most a year ahead"),
    ],
)
async def test_a_snooze_that_cannot_be_meant_is_a_sentence(world: World, values: dict[str, str], said: str) -> None:
    """Past, too far, unreadable: the ticket stays where it is."""
    ticket = await world.ticket()
    at = f"/desk/t/{ticket.number}"
    answer = await submit(await world.signed_in(), at, f"{at}/snooze", **values)
    assert answer.status_code == 409
    assert said in answer.text


async def test_a_long_talk_shows_its_end_and_leads_back(world: World) -> None:
    """The newest hundred at first, earlier ones on demand; one message's address shows it however old it is."""
    ticket = await world.ticket()
    at = f"/desk/t/{ticket.number}"
    for number in range(130):
        world.clock.advance(timedelta(seconds=30))
        await client_writes(world, ticket, f"line {number:03}")
    lin = await world.signed_in()
    html = (await lin.get(at)).text
    assert "line 129" in html
    assert "line 029<" not in html
    earlier = re.search(r'href="([^"]+)" data-earlier', html)[1]
    assert "line 000" in (await lin.get(earlier)).text
    first = (await world.said(ticket))[0]
    found = await lin.get(f"{at}/m/{first.id}")
    assert found.headers["location"].endswith(f"?shown=151#m{first.id}")
    assert "No mails since yesterday" in (await lin.get(found.headers["location"])).text
    for wrong in ("0", "99999", "x"):
        assert (await lin.get(f"{at}/m/{wrong}")).status_code == 404


async def test_what_came_since_the_last_visit_is_marked(world: World) -> None:
    """Not on a first visit; from the next on, where the first unread message stands."""
    ticket = await world.ticket()
    at = f"/desk/t/{ticket.number}"
    lin = await world.signed_in()
    assert "New since your last visit" not in (await lin.get(at)).text
    await client_writes(world, ticket, "the new one")
    html = (await lin.get(at)).text
    assert html.index("New since your last visit") < html.index("the new one")
    assert "New since your last visit" in (await lin.get(at, headers={"X-Live": "1"})).text
    assert "New since your last visit" not in (await lin.get(at)).text


async def test_a_quoted_message_stands_above_its_answer(world: World) -> None:
    """What the client replied to is shown, shortened, with its author."""
    ticket = await world.ticket()
    first = (await world.said(ticket))[0]

    def body(conn):
        talk = directory.conversation(conn, ticket.conversation_id)
        who, now = directory.person(conn, ticket.requester_id), world.clock()
        messages.accept(
            conn, conversation=talk, person=who, external_id="q", text="this one", reply_to=first.id, at=now, now=now
        )

    await world.write(body)
    html = (await (await world.signed_in()).get(f"/desk/t/{ticket.number}")).text
    assert re.search(r'class="quoted"[^>]*><b>Sarah</b> No mails since yesterday', html)
