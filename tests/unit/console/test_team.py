"""The roster's pages, everybody's presence, and what queue and ticket say of whom they ask."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection

from handoff import board, directory, roster, routes
from handoff.duty import PresenceState
from handoff.kinds import Level
from handoff.model import Ticket
from tests.unit.console.world import World, submit

RULES = routes.load()


async def adopt(world: World) -> None:
    await world.write(lambda conn: roster.adopt(conn, RULES, now=world.clock()))


async def roster_of(world: World, login: str) -> Any:
    who = world.people[login].id
    return (await world.deps.db.read(lambda conn: roster.rosters(conn, [who])))[who]


def page_of(world: World, login: str) -> str:
    return f"/desk/team/{world.people[login].id}"


async def test_a_lead_gives_somebody_shifts_teams_skills_and_a_leave(world: World) -> None:
    """What is typed is kept, shown again, and counts at once."""
    await adopt(world)
    tom, path = await world.signed_in("tom"), page_of(world, "lin")
    vip = (await world.deps.db.read(roster.teams))[0]
    hours = {"mon": "09:00-12:00，13:00-18:00", "tue": "22:00-24:00", "wed": "00:00-06:00"}
    shift = {"zone": "Asia/Shanghai", "first": "2026-11-01", "last": ""}
    assert (await submit(tom, path, f"{path}/shift", **hours, **shift)).status_code == 303
    assert (await submit(tom, path, f"{path}/profile", team=str(vip.id), skills="DNS, 邮箱、mail")).status_code == 303
    leave = {"starts": "2026-11-20T09:00", "ends": "2026-11-22T18:00", "zone": "Asia/Tokyo", "why": "年假 <b>"}
    assert (await submit(tom, path, f"{path}/absence", **leave)).status_code == 303
    kept = await roster_of(world, "lin")
    assert kept.shifts[0].weekly["mon"] == [["09:00", "12:00"], ["13:00", "18:00"]]
    assert kept.absences[0].starts.isoformat() == "2026-11-20T00:00:00+00:00"
    shown = (await tom.get(path)).text
    assert "09:00-12:00, 13:00-18:00" in shown
    assert "dns, mail, 邮箱" in shown
    assert "年假 &lt;b&gt;" in shown
    assert f'value="{vip.id}" checked' in shown
    team = (await tom.get("/desk/team")).text
    assert "until" in team
    assert "vip" in team
    for what, row_id in (("shift", kept.shifts[0].id), ("absence", kept.absences[0].id)):
        for _ in range(2):  # a second press finds it gone
            assert (await submit(tom, path, f"{path}/{what}/{row_id}/remove")).status_code == 303
    emptied = await roster_of(world, "lin")
    assert (emptied.shifts, emptied.absences) == ((), ())


SHIFT = {"mon": "09:00-18:00", "zone": "Asia/Shanghai", "first": "2026-11-01", "last": ""}
LEAVE = {"starts": "2026-11-20T09:00", "ends": "2026-11-22T18:00", "zone": "Asia/Tokyo", "why": ""}


@pytest.mark.parametrize(
    ("form", "values", "said"),
    [
        ("shift", SHIFT | {"mon": "18:00-09:00"}, "Monday: please write hours"),
        ("shift", SHIFT | {"mon": "<b>"}, "Monday: please write hours"),
        ("shift", SHIFT | {"mon": ""}, "hours on at least one day"),
        ("shift", SHIFT | {"zone": "Mars/Olympus"}, "choose a time zone"),
        ("shift", SHIFT | {"first": "soon"}, "give the first day"),
        ("shift", SHIFT | {"last": "2026-10-01"}, "does not lie before the first"),
        ("absence", LEAVE | {"ends": "2026-11-20T09:00"}, "must lie after the start"),
        ("absence", LEAVE | {"starts": ""}, "start as a date and time"),
        ("absence", LEAVE | {"starts": "0001-01-01T00:00"}, "start as a date and time"),
        ("absence", LEAVE | {"zone": "../x"}, "choose a time zone"),
        ("absence", LEAVE | {"why": "x" * 10_000}, "at most 200 characters"),
        ("profile", {"skills": "x" * 10_000}, "At most 30 skills"),
        ("profile", {"team": "999", "skills": "dns"}, "no such team"),
    ],
)
async def test_a_form_that_cannot_be_meant_says_so_and_keeps_what_was_typed(
    world: World, form: str, values: dict[str, str], said: str
) -> None:
    """The field is named in the reader's words; nothing is kept of it in the roster."""
    tom, path = await world.signed_in("tom"), page_of(world, "lin")
    answer = await submit(tom, path, f"{path}/{form}", **values)
    assert answer.status_code == 422
    assert said in answer.text
    typed = [text for text in values.values() if 3 < len(text) < 100 and "<" not in text]
    assert all(f'value="{text}"' in answer.text for text in typed)
    found = await roster_of(world, "lin")
    assert (found.shifts, found.absences) == ((), ())
    assert await world.deps.db.read(roster.skilled) == {}


async def test_teams_are_added_once(world: World) -> None:
    """A team needs a short name of its own."""
    tom = await world.signed_in("tom")
    assert (await submit(tom, "/desk/team", "/desk/team", slug="dns", name="域名组")).status_code == 303
    answer = await submit(tom, "/desk/team", "/desk/team", slug="dns", name="again")
    assert answer.status_code == 422
    assert "is taken" in answer.text
    assert "small letters" in (await submit(tom, "/desk/team", "/desk/team", slug="D N S", name="x")).text


async def test_agents_see_no_roster_and_clients_are_on_none(world: World) -> None:
    """Only leads and admins; only colleagues who are there."""
    lin, mira = await world.signed_in("lin"), await world.signed_in("mira")
    path = page_of(world, "tom")
    assert (await lin.get("/desk/team")).status_code == 403
    assert (await lin.get(path)).status_code == 403
    for action in ("shift", "absence", "profile", "shift/1/remove"):
        assert (await submit(lin, "/desk", f"{path}/{action}", **SHIFT)).status_code == 403
    assert (await mira.get(path)).status_code == 200
    assert (await mira.get("/desk/team/9999999")).status_code == 404
    assert (await submit(mira, path, f"{path}/mood/1/remove")).status_code == 404
    ticket = await world.ticket()
    assert (await mira.get(f"/desk/team/{ticket.requester_id}")).status_code == 404


@pytest.mark.parametrize(
    ("values", "state", "minutes"),
    [
        ({"state": "busy"}, PresenceState.BUSY, None),
        ({"state": "away", "minutes": "60"}, PresenceState.AWAY, 60),
        ({"state": "available"}, PresenceState.AVAILABLE, None),
    ],
)
async def test_everybody_says_whether_they_are_there(
    world: World, values: dict[str, str], state: PresenceState, minutes: int | None
) -> None:
    """From any page of the desk, back to that page."""
    lin = await world.signed_in("lin")
    answer = await submit(lin, "/desk/notices", "/desk/presence", back="/desk/notices", **values)
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/notices")
    found = (await roster_of(world, "lin")).presence
    assert found.state is state
    assert found.until == (world.clock() + timedelta(minutes=minutes) if minutes else None)
    assert f'presence {state}"' in (await lin.get("/desk")).text


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/elsewhere", "/desk\\@evil.example", ""])
async def test_presence_leads_back_into_the_desk_only(world: World, back: str) -> None:
    """A forged way back leads to the queue."""
    lin = await world.signed_in("lin")
    answer = await submit(lin, "/desk", "/desk/presence", state="busy", back=back)
    assert answer.headers["location"] == "/desk"
    assert (await submit(lin, "/desk", "/desk/presence", state="gone")).status_code == 404
    assert (await submit(lin, "/desk", "/desk/presence", state="away", minutes="9999999999")).status_code == 404


async def routed(world: World, **facts: Any) -> Ticket:
    """A ticket that asks lin, the only agent."""
    await adopt(world)
    return await world.ticket(**facts)


async def test_the_queue_marks_what_one_is_asked_to_take(world: World) -> None:
    """On top of mine for the asked, with a mark; others read whom it asks and may claim it all the same."""
    first = await world.ticket(title="Mine already")
    lin, tom = await world.signed_in("lin"), await world.signed_in("tom")
    await submit(lin, "/desk", f"/desk/t/{first.number}/claim", back="queue")
    asked = await routed(world, title="Asked for")
    mine = (await lin.get("/desk?view=mine")).text
    assert mine.index(asked.number) < mine.index(first.number)
    assert mine.count("asked of you") == 1
    theirs = (await tom.get("/desk?view=unclaimed")).text
    assert "asked: 林薇" in theirs
    assert "asked of you" not in theirs
    assert asked.number not in (await tom.get("/desk?view=mine")).text
    answer = await submit(tom, "/desk", f"/desk/t/{asked.number}/claim")
    assert answer.status_code == 303
    assert "asked of you" not in (await lin.get("/desk?view=mine")).text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Asked to take it", "why: on duty until", "load 0", "林薇 was asked to take it")),
        ("zh-Hans", ("已请处理", "依据: 值班至", "在手工单 0", "已请 林薇 处理")),
        ("zh-Hant", ("已請處理", "依據: 值班至", "在手工單 0", "已請 林薇 處理")),
    ],
)
async def test_a_ticket_says_whom_it_asks_and_why(world: World, language: str, words: tuple[str, ...]) -> None:
    """In the reader's language; once somebody has it, the panel is gone and the history stays."""
    ticket = await routed(world)
    tom = await world.signed_in("tom")
    page = (await tom.get(f"/desk/t/{ticket.number}?lang={language}")).text
    for said in words:
        assert said in page
    await submit(tom, "/desk", f"/desk/t/{ticket.number}/claim")
    page = (await tom.get(f"/desk/t/{ticket.number}")).text
    assert words[0] not in page
    assert words[3] in page


async def test_a_ticket_without_anybody_on_duty_says_so(world: World) -> None:
    """The leads are told; the page names the next try."""
    await world.write(
        lambda conn: roster.add_shift(
            conn, person_id=world.people["lin"].id, zone="Asia/Shanghai", weekly={"tue": "09:00-10:00"},
            first="2026-01-01", now=world.clock(),
        )
    )  # fmt: skip
    ticket = await routed(world)
    tom = await world.signed_in("tom")
    page = (await tom.get(f"/desk/t/{ticket.number}")).text
    assert "Nobody is on duty" in page
    assert "next try" in page
    assert f"Nobody is on duty for {ticket.number}" in (await tom.get("/desk/notices")).text


async def test_every_event_of_routing_has_its_sentence(world: World) -> None:
    """Passed over, paged in three steps, untaken: the history reads as it happened."""
    ticket = await routed(world, level=Level.EMERGENCY)
    for minute in (3, 4, 6, 9, 12):
        world.clock.set(ticket.opened_at + timedelta(minutes=minute))
        await world.write(lambda conn: world.deps.desk.fire(conn, ticket_id=ticket.id, clock="ACK", now=world.clock()))
    lin = await world.signed_in("lin")
    page = (await lin.get(f"/desk/t/{ticket.number}")).text
    for said in ("everybody on duty was told again", "somebody is being phoned", "the leads were told"):
        assert said in page


async def test_who_is_deactivated_is_asked_no_more(world: World) -> None:
    """The admin's press lets tickets be routed again: the job is there."""
    ticket = await routed(world)
    mira = await world.signed_in("mira")
    who = world.people["lin"].id
    await submit(mira, "/desk/people", f"/desk/people/{who}/active", active="")

    def again(conn: Connection) -> Ticket:
        return world.deps.desk.route(conn, ticket_id=ticket.id, now=world.clock())

    assert (await world.write(again)).asked_id is None
    assert (await world.deps.db.read(lambda conn: board.ticket(conn, ticket.id))).asked_id is None
    assert not (await world.deps.db.read(lambda conn: directory.person(conn, who))).active


async def test_the_bell_carries_what_presses(world: World) -> None:
    """The browser may show it outside the page: the newest pressing notice, in the reader's words."""
    ticket = await routed(world)
    lin: httpx.AsyncClient = await world.signed_in("lin")
    page = (await lin.get("/desk")).text
    assert f'data-words="You are asked to take {ticket.number}"' in page
    await submit(lin, "/desk/notices", "/desk/notices/read")
    assert "data-pressing" not in (await lin.get("/desk")).text
