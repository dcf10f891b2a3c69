"""Several tickets at once, and kept views: each ticket its own verdict, nothing done twice."""

import re

import pytest

from handoff import board, views
from handoff.kinds import Level, TicketState
from handoff.model import Ticket
from tests.unit.console.world import ORIGIN, World, field, submit

HOSTILE = "<script>alert(1)</script>\"'"


async def now(world: World, ticket: Ticket) -> Ticket:
    return await world.deps.db.read(lambda conn: board.ticket(conn, ticket.id))


async def both(world: World) -> tuple[Ticket, Ticket]:
    return await world.ticket(title="One"), await world.ticket(title="Two")


async def test_all_are_claimed_assigned_and_set(world: World) -> None:
    """The form returns to its view and says how many it was."""
    one, two = await both(world)
    lin, chosen = await world.signed_in("lin"), {"ticket": (one.number, two.number)}
    done = await submit(lin, "/desk", "/desk/bulk", do="claim", back="queue?view=unclaimed", **chosen)
    assert (done.status_code, done.headers["location"]) == (303, "/desk?view=unclaimed&done=2")
    assert "Done for all 2." in (await lin.get("/desk?done=2")).text
    tom = str(world.people["tom"].id)
    assert (await submit(lin, "/desk", "/desk/bulk", do="assign", to=tom, **chosen)).status_code == 303
    assert (await submit(lin, "/desk", "/desk/bulk", do="level", level="question", **chosen)).status_code == 303
    for ticket in (one, two):
        seen = await now(world, ticket)
        assert (str(seen.assignee_id), seen.level) == (tom, Level.QUESTION)
    assert (await submit(lin, "/desk", "/desk/bulk", do="resolve", **chosen)).status_code == 303
    assert (await now(world, one)).state is TicketState.RESOLVED


async def test_what_did_not_work_is_listed_with_why_and_stays_chosen(world: World) -> None:
    """A colleague has one of them: the other is claimed all the same."""
    one, two = await both(world)
    tom, lin = await world.signed_in("tom"), await world.signed_in("lin")
    await submit(tom, f"/desk/t/{one.number}", f"/desk/t/{one.number}/claim")
    answer = await submit(lin, "/desk", "/desk/bulk", do="claim", ticket=(one.number, two.number, "T-9999", HOSTILE))
    assert answer.status_code == 409
    assert "Done: 1. Not done: 3" in answer.text
    assert f"{one.number}</a>: Tom Baker has already claimed this ticket" in answer.text
    assert answer.text.count("There is no such ticket.") == 2
    assert "<script>alert" not in answer.text
    assert re.search(rf'value="{one.number}" form="bulk" checked', answer.text)
    assert not re.search(rf'value="{two.number}" form="bulk" checked', answer.text)
    assert (await now(world, two)).assignee_id == world.people["lin"].id


async def test_the_same_form_again_does_nothing_again(world: World) -> None:
    """A doubled press; but what failed the first time may be tried again."""
    one, two = await both(world)
    lin = await world.signed_in("lin")
    html = (await lin.get("/desk")).text
    sent = {"csrf": field(html, "csrf"), "once": field(html, "once"), "do": "wait", "ticket": [one.number, two.number]}
    await submit(lin, f"/desk/t/{one.number}", f"/desk/t/{one.number}/reply", text="Which page?")
    first = await lin.post("/desk/bulk", data=sent, headers={"Origin": ORIGIN})
    assert "Done: 1. Not done: 1" in first.text
    assert "public reply first" in first.text
    await submit(lin, f"/desk/t/{two.number}", f"/desk/t/{two.number}/reply", text="And yours?")
    await submit(lin, f"/desk/t/{one.number}", f"/desk/t/{one.number}/reply", text="Found it")
    assert (await lin.post("/desk/bulk", data=sent, headers={"Origin": ORIGIN})).status_code == 303
    kinds = [str(event.kind) for event in await world.deps.db.read(lambda conn: board.events(conn, one.id))]
    assert kinds.count("waited") == 1
    assert (await now(world, two)).state is TicketState.WAITING


async def test_merging_many_into_one(world: World) -> None:
    """The one itself refuses, the others go; Enter in its field is enough; an unknown one refuses them all."""
    one, two = await both(world)
    lin, chosen = await world.signed_in("lin"), {"ticket": (one.number, two.number)}
    assert "no such ticket" in (await submit(lin, "/desk", "/desk/bulk", do="merge", into="T-9", **chosen)).text.lower()
    answer = await submit(lin, "/desk", "/desk/bulk", do="", into=two.number.lower(), **chosen)
    assert "Done: 1. Not done: 1" in answer.text
    assert (await now(world, one)).merged_into == two.id


@pytest.mark.parametrize(
    "given",
    [{"do": "claim"}, {"do": "explode", "ticket": "T-1001"}, {"do": "level", "level": "x", "ticket": "T-1001"}, {}],
)
async def test_a_form_without_sense_says_what_is_missing(world: World, given: dict[str, str]) -> None:
    """No ticket chosen, or nothing to do that there is."""
    await world.ticket()
    answer = await submit(await world.signed_in(), "/desk", "/desk/bulk", **given)
    assert (answer.status_code, "Select tickets first" in answer.text) == (409, True)


@pytest.mark.parametrize("to", ["", "abc", "999999", "9" * 30])
async def test_nobody_to_assign_to(world: World, to: str) -> None:
    """A colleague that is not there is a verdict, not an error."""
    ticket = await world.ticket()
    answer = await submit(await world.signed_in(), "/desk", "/desk/bulk", do="assign", to=to, ticket=ticket.number)
    assert (answer.status_code, "Not done: 1" in answer.text) == (409, True)


async def test_forged_forms_do_nothing(world: World) -> None:
    """Without the token, from elsewhere, or by nobody."""
    ticket = await world.ticket()
    lin = await world.signed_in()
    data = {"do": "claim", "ticket": ticket.number}
    assert (await lin.post("/desk/bulk", data=data, headers={"Origin": ORIGIN})).status_code == 403
    assert (await lin.post("/desk/views", data={"name": "x"}, headers={"Origin": ORIGIN})).status_code == 403
    assert (await world.browser().post("/desk/bulk", data=data)).headers["location"].startswith("/desk/sign-in")
    assert (await now(world, ticket)).assignee_id is None


async def test_a_kept_view_is_in_the_side_with_its_count(world: World) -> None:
    """Made from a filter, opened, deleted; its name is only text."""
    await world.ticket(title="One", level=Level.BUG)
    await world.ticket(title="Two", level=Level.QUESTION)
    lin = await world.signed_in("lin")
    at = "/desk?level=bug&client=1"
    made = await submit(lin, at, "/desk/views", name=HOSTILE, level="bug", client="1", shared="1")
    path = made.headers["location"]
    html = (await lin.get(path)).text
    assert "<script>alert" not in html
    assert re.search(r"&lt;script&gt;.{1,60}</span><span class=\"count num\">1</span>", html)
    assert ("One" in html, ">Two<" in html) == (True, False)
    assert "Delete view" in html
    tom = await world.signed_in("tom")
    assert (await tom.get(path)).status_code == 404  # an agent's stays their own
    assert (await submit(tom, "/desk", f"/desk/views/{path.partition('=')[2]}/delete")).status_code == 404
    assert (await submit(lin, path, f"/desk/views/{path.partition('=')[2]}/delete")).status_code == 303
    assert (await lin.get(path)).status_code == 404


async def test_a_lead_shares_a_view(world: World) -> None:
    """Everybody sees it; a name that is missing is said, and what was typed is still there."""
    tom, lin = await world.signed_in("tom"), await world.signed_in("lin")
    made = await submit(tom, "/desk?level=bug", "/desk/views", name="Bugs of all", level="bug", shared="1")
    assert "Bugs of all" in (await lin.get("/desk")).text
    assert (await lin.get(made.headers["location"])).status_code == 200
    bad = await submit(tom, "/desk?level=bug", "/desk/views", name="长" * 50, level="bug", back="queue?level=bug")
    assert (bad.status_code, "1 to 40 characters" in bad.text) == (409, True)
    assert len(await world.deps.db.read(lambda conn: views.seen_by(conn, world.people["tom"].id))) == 1


async def test_the_tab_counts_what_nobody_has(world: World) -> None:
    """In the title, and by the icon."""
    lin = await world.signed_in()
    quiet = (await lin.get("/desk/notices")).text
    ticket = await world.ticket()
    counted = (await lin.get("/desk/notices")).text
    assert ("<title>(1) " in counted, "<title>(" in quiet) == (True, False)
    assert re.search(r'rel="icon" href="/static/[^"]*icon-badge', counted)
    await submit(lin, "/desk", f"/desk/t/{ticket.number}/claim", back="queue?view=unclaimed")
    assert "<title>(" not in (await lin.get("/desk/notices")).text


async def test_a_claim_returns_to_its_view(world: World) -> None:
    """Whichever it was; an address of elsewhere is not followed."""
    for back, place in (
        ("queue", "/desk"),
        ("queue?view=unclaimed", "/desk?view=unclaimed"),
        ("queue?saved=9", "/desk?saved=9"),
    ):
        ticket = await world.ticket(title=back)
        answer = await submit(await world.signed_in(), "/desk", f"/desk/t/{ticket.number}/claim", back=back)
        assert answer.headers["location"] == place
    other = await submit(
        await world.signed_in(), "/desk", "/desk/bulk", do="claim", ticket="T-1001", back="//evil.example?x=1"
    )
    assert other.headers["location"] == "/desk?done=1"


async def test_paused_and_snoozed_rows_say_so(world: World) -> None:
    """A waiting ticket's clock is paused with what is left; a snoozed one says until when."""
    ticket = await world.ticket(title="Waits", level=Level.EMERGENCY)
    lin = await world.signed_in("lin")
    await submit(
        lin, f"/desk/t/{ticket.number}", f"/desk/t/{ticket.number}/reply", text="A screenshot, please?", then="wait"
    )
    html = (await lin.get("/desk?view=waiting")).text
    assert re.search(r"Resolution</span><span class=\"due paused\">.*Paused · 4 h left", html)
    assert "Waiting for client" in html
    asleep = await world.ticket(title="Sleeps")
    until = world.clock().replace(hour=23)
    claimed = await submit(lin, "/desk", f"/desk/t/{asleep.number}/claim")
    assert claimed.status_code == 303
    await world.write(
        lambda conn: world.deps.desk.snooze(
            conn, ticket_id=asleep.id, by=world.people["lin"].id, until=until, now=world.clock()
        )
    )
    assert re.search(r"Snoozed until <time datetime=\"2026-11-16T23:00", (await lin.get("/desk")).text)


async def test_a_form_that_chooses_too_much_is_bounded(world: World) -> None:
    """Five hundred numbers: as many as a view shows are looked at."""
    ticket = await world.ticket()
    numbers = [ticket.number, *(f"T-{n}" for n in range(5000, 5500))]
    answer = await submit(await world.signed_in(), "/desk", "/desk/bulk", do="claim", ticket=numbers)
    assert "Done: 1. Not done: 199" in answer.text
    assert (await now(world, ticket)).assignee_id == world.people["lin"].id
