import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import Connection, select
from starlette.responses import StreamingResponse

from console import auth
from console.api import app as api
from console.auditing import UNTOLD
from console.guard import ViewerDep
from console.route_list import ways
from handoff import audit_list
from handoff.audit_list import Entry, Sieve
from handoff.audit_tables import audit
from handoff.kinds import Role
from tests.unit.console import keeping
from tests.unit.console.api.world import Api
from tests.unit.console.world import ORIGIN, PASSWORD, World, field, submit

LOG = "/desk/settings/audit"


async def lines(world: World) -> list[Entry]:
    """The log, oldest first."""
    found = await world.deps.db.read(lambda conn: audit_list.entries(conn, Sieve(), limit=500))
    return list(reversed(found))


async def kept(world: World) -> int:
    return len(await world.deps.db.read(lambda conn: conn.execute(select(audit.c.id)).all()))


def filled(path: str) -> str:
    """A route's pattern with something in each of its places."""
    return re.sub(r"\{[^}]*\}", "7", path)


async def test_every_form_of_the_desk_leaves_a_line(world: World, tmp_path: Path) -> None:
    """Whatever a route does with it: each change that an admin may ask for is in the log, with who and from where."""
    async with keeping.kept(world, tmp_path) as desk:
        await fill_in_every_form(desk.world)


async def fill_in_every_form(world: World) -> None:
    browser = await world.signed_in("mira")
    csrf = field((await browser.get("/desk/people")).text, "csrf")
    forms = [way for way in ways(world.app) if way.changes and way.roles is not None and way.action not in UNTOLD]
    assert len(forms) > 50
    last = ("sign_in_pages.sign_out", "account_pages.sign_out_everywhere", "people_pages.reset_password")
    for way in sorted(forms, key=lambda each: each.action in last):
        before = await kept(world)
        answer = await browser.request(way.method, filled(way.path), data={"csrf": csrf}, headers={"Origin": ORIGIN})
        assert answer.status_code < 500, (way, answer.text)
        assert await kept(world) > before, way
        if way.action in last:
            browser = await world.signed_in("mira")
            csrf = field((await browser.get("/desk/people")).text, "csrf")
    for entry in await lines(world):
        assert entry.name == "Mira Chen"
        assert (entry.via, bool(entry.session)) == ("desk", True)


async def test_a_stranger_fills_no_log(world: World) -> None:
    """Forms without a session leave nothing, on any route."""
    browser = world.browser()
    for way in ways(world.app):
        if way.changes:
            await browser.request(way.method, filled(way.path), data={"csrf": "x"}, headers={"Origin": ORIGIN})
    assert await kept(world) == 0


async def test_the_line_is_of_the_same_transaction(world: World) -> None:
    """What did not happen is refused in the log, and what happened twice happened once."""
    browser = await world.signed_in("mira")
    await submit(browser, "/desk/people", "/desk/people", name="Yu", login="yu", role="agent")
    await submit(browser, "/desk/people", "/desk/people", name="Yu", login="yu", role="agent")
    html = (await browser.get("/desk/people")).text
    form = {"csrf": field(html, "csrf"), "once": field(html, "once"), "name": "Zoe", "login": "zoe", "role": "lead"}
    for _ in range(2):
        await browser.post("/desk/people", data=form, headers={"Origin": ORIGIN})
    told = [(entry.action, entry.outcome, entry.facts.get("login")) for entry in await lines(world)]
    name = "people_pages.add_person"
    assert told == [(name, "done", "yu"), (name, "refused", "yu"), (name, "done", "zoe"), (name, "repeated", "zoe")]


@pytest.mark.parametrize("begun", [True, False])
async def test_what_breaks_once_the_answer_has_begun_was_done(world: World, *, begun: bool) -> None:
    """A deed whose answer breaks off is no failed one; one that breaks before it has an answer is."""

    async def parts() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError("broken off")

    async def half(viewer: ViewerDep) -> StreamingResponse:
        if not begun:
            raise RuntimeError("broken")
        return StreamingResponse(parts())

    world.app.add_api_route("/desk/half", half, methods=["POST"])
    with pytest.raises(RuntimeError, match="broken"):
        await (await world.signed_in("mira")).post("/desk/half", headers={"Origin": ORIGIN})
    assert [entry.outcome for entry in await lines(world)] == ["done" if begun else "failed"]


async def test_what_is_written_to_a_client_is_not_in_the_log(world: World) -> None:
    """A reply is told by the ticket's event, with from where it came; its words are not."""
    ticket = await world.ticket()
    browser = await world.signed_in("lin")
    at = f"/desk/t/{ticket.number}"
    await submit(browser, at, f"{at}/claim")
    world.clock.advance(timedelta(seconds=1))
    await submit(browser, at, f"{at}/reply", text="the password is swordfish", then="wait")
    world.clock.advance(timedelta(seconds=1))
    await submit(browser, at, f"{at}/reply", text="")
    told = await lines(world)
    assert [(entry.action, entry.subject, entry.outcome) for entry in told] == [
        ("claimed", ticket.number, "done"),
        ("replied", ticket.number, "done"),
        ("waited", ticket.number, "done"),
        ("ticket_pages.reply", ticket.number, "refused"),
    ]
    assert {entry.via for entry in told} == {"desk"}
    rows = await world.deps.db.read(lambda conn: conn.execute(select(audit)).all())
    assert "swordfish" not in str(rows)


async def test_sign_ins_are_told_without_what_was_typed(world: World) -> None:
    """The right one, a wrong one of a known account, and somebody's password in the wrong field."""
    for login, password in (("lin", PASSWORD), ("lin", "guess-guess"), ("my secret word", "")):
        await submit(world.browser(), "/desk/sign-in", "/desk/sign-in", login=login, password=password)
    told = [(entry.action, entry.subject, entry.name) for entry in await lines(world)]
    assert told == [("sign_in.done", "lin", "林薇"), ("sign_in.failed", "lin", "林薇"), ("sign_in.failed", "", None)]
    rows = await world.deps.db.read(lambda conn: conn.execute(select(audit)).all())
    assert "secret" not in str(rows)
    assert "guess" not in str(rows)


async def test_a_password_and_a_role_change_are_told(world: World) -> None:
    """Whose role, from which to which; of a password only that it was changed, or why it was refused."""
    browser, lin = await world.signed_in("mira"), world.people["lin"].id
    await submit(browser, "/desk/people", f"/desk/people/{lin}/role", role="lead")
    await submit(browser, "/desk/people", f"/desk/people/{world.people['mira'].id}/role", role="agent")
    words = {"new": "a new harbour", "again": "a new harbour"}
    await submit(browser, "/desk/password", "/desk/password", current="wrong", **words)
    await submit(browser, "/desk/password", "/desk/password", current=PASSWORD, **words)
    told = [(entry.action, entry.outcome) for entry in await lines(world)]
    assert told == [
        ("people_pages.set_role", "done"),
        ("people_pages.set_role", "refused"),
        ("sign_in_pages.change_password", "refused"),
        ("sign_in_pages.change_password", "done"),
    ]
    first = (await lines(world))[0]
    assert (first.facts["was"], first.facts["role"], first.facts["name"]) == ("agent", "lead", "林薇")
    html = (await browser.get(LOG)).text
    assert "role: Lead" in html
    assert "before: Agent" in html
    assert "harbour" not in html


async def test_what_clients_and_colleagues_typed_is_escaped(world: World) -> None:
    """A name of a colleague, a subject in a path and a filter are shown, and do nothing."""
    browser = await world.signed_in("mira")
    nasty = "<img src=x onerror=alert(1)>"
    await submit(browser, "/desk/people", "/desk/people", name=nasty, login="eve", role="agent")
    csrf = field((await browser.get("/desk/people")).text, "csrf")
    await browser.post(f"/desk/t/{quote(nasty)}/claim", data={"csrf": csrf}, headers={"Origin": ORIGIN})
    html = (await browser.get(LOG, params={"subject": nasty})).text
    assert "&lt;img src=x" in html
    assert nasty not in html
    assert nasty not in (await browser.get(LOG)).text


async def test_the_log_is_filtered_and_leafed_through(world: World) -> None:
    """By person, action, subject and day; a page goes on exactly where the last one ended."""
    mira, lin = await world.signed_in("mira"), await world.signed_in("lin")
    for number in range(120):
        state = "busy" if number % 2 else "away"
        await submit(lin if number % 3 else mira, "/desk", "/desk/presence", state=state)
    seen: list[str] = []
    at = LOG
    while at:
        html = (await mira.get(at)).text
        seen += re.findall(r'<time datetime="([^"]*)" data-show="date"', html)
        found = re.search(r'rel="next" href="([^"]*)"', html)
        at = found[1].replace("&amp;", "&") if found else ""
    assert len(seen) == 120
    lins = (await mira.get(LOG, params={"person": world.people["lin"].id})).text
    assert lins.count('<td class="num nowrap">') == 50
    assert "Mira Chen</b></span></td>" not in lins
    assert "Nothing in the log" in (await mira.get(LOG, params={"to": "2026-11-15"})).text
    assert "Nothing in the log" not in (await mira.get(LOG, params={"from": "2026-11-16"})).text
    assert (await mira.get(LOG, params={"from": "yesterday"})).status_code == 422
    assert (await mira.get(LOG, params={"before": "x_y_z", "person": "9" * 40})).status_code == 200


async def test_the_export_is_a_file_and_leaves_a_line_itself(world: World) -> None:
    """Nothing in it is a formula, and whoever takes it is in the log."""
    browser = await world.signed_in("mira")
    await submit(browser, "/desk/people", "/desk/people", name="=cmd()", login="eve", role="agent")
    person = world.people["mira"].id
    await world.write(lambda conn: rename(conn, person, "=1+1"))
    answer = await browser.get(f"{LOG}/export.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "'=1+1" in answer.text
    assert "\n=1" not in answer.text
    assert (await lines(world))[-1].action == "audit_pages.audit_export"


def rename(conn: Connection, person_id: int, name: str) -> None:
    conn.exec_driver_sql(f"UPDATE person SET name = '{name}' WHERE id = {person_id}")


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant", "en"])
async def test_the_log_speaks_every_language(world: World, language: str) -> None:
    """Each action of today's routes has a sentence, none shows its route's name."""
    texts = world.app.state.pages.texts
    without = [way.action for way in ways(world.app) if way.changes and not texts.has(f"act.{way.action}")]
    assert [name for name in without if name not in ("sign_in_pages.sign_in", "rating_pages.rate")] == []
    programs = ways(api.create(world.app.state.pages))
    assert [
        way.action for way in programs if way.method not in {"GET", "HEAD"} and not texts.has(f"act.{way.action}")
    ] == []
    rooms = {way.action.partition(".")[0] for way in ways(world.app) if way.roles is not None}
    assert [room for room in sorted(rooms) if not texts.has(f"room.{room}")] == []
    browser = await world.signed_in("mira")
    await submit(browser, "/desk", "/desk/presence", state="busy")
    html = (await browser.get(LOG, params={"lang": language})).text
    assert "set_presence" not in re.sub(r'value="[^"]*"', "", html)


@pytest.mark.parametrize(("login", "status"), [("lin", 403), ("tom", 403), ("mira", 200)])
async def test_only_admins_read_the_log(world: World, login: str, status: int) -> None:
    """Neither the page nor the file is for others."""
    browser = await world.signed_in(login)
    assert (await browser.get(LOG)).status_code == status
    assert (await browser.get(f"{LOG}/export.csv")).status_code == status


async def test_what_roles_may_is_what_the_guards_say(world: World) -> None:
    """The matrix is made from the routes: an agent may claim, only admins may add a colleague."""
    browser = await world.signed_in("tom")
    html = (await browser.get("/desk/settings/roles")).text
    claim = html.split("claimed a ticket</th>")[1].split("</tr>")[0]
    add = html.split("added a colleague</th>")[1].split("</tr>")[0]
    assert (claim.count('class="may"'), add.count('class="may"')) == (4, 1)
    assert (await (await world.signed_in("lin")).get("/desk/settings/roles")).status_code == 403
    may = {way.action: way.roles for way in ways(world.app) if way.changes}
    assert may["manual_pages.withdraw"] == {Role.LEAD, Role.ADMIN}


async def test_sessions_are_listed_and_ended(world: World) -> None:
    """One's own only: another browser's is ended from here; a name that is nobody's ends nothing."""
    here, there = world.browser(**{"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537"}), None
    await submit(here, "/desk/sign-in", "/desk/sign-in", login="lin", password=PASSWORD)
    there, other = await world.signed_in("lin"), await world.signed_in("tom")
    html = (await here.get("/desk/account")).text
    assert "Chrome · Windows" in html
    keys = re.findall(r'name="session" value="([0-9a-f]{16})"', html)
    assert len(keys) == 2
    await submit(other, "/desk/account", "/desk/account/sessions/end", session=keys[1])
    assert (await there.get("/desk")).status_code == 200
    for nonsense in ("", "%", "0" * 16, "z" * 16):
        await submit(here, "/desk/account", "/desk/account/sessions/end", session=nonsense)
    assert (await there.get("/desk")).status_code == 200
    await submit(here, "/desk/account", "/desk/account/sessions/end", session=keys[1])
    assert (await there.get("/desk")).status_code == 303
    assert (await here.get("/desk")).status_code == 200


async def test_signing_out_everywhere(world: World) -> None:
    """All of one's sessions end, nobody else's."""
    here, there, other = [await world.signed_in(login) for login in ("lin", "lin", "tom")]
    await submit(here, "/desk/account", "/desk/account/sign-out-everywhere")
    assert [(await each.get("/desk")).status_code for each in (here, there, other)] == [303, 303, 200]


async def test_signing_in_again_ends_the_session_before(world: World) -> None:
    """The token that a browser had opens nothing once it has another."""
    browser = world.browser()
    await submit(browser, "/desk/sign-in", "/desk/sign-in", login="lin", password=PASSWORD)
    first = browser.cookies["desk_session"]
    await submit(browser, "/desk/sign-in", "/desk/sign-in", login="lin", password=PASSWORD)
    assert browser.cookies["desk_session"] != first
    assert await world.deps.db.read(lambda conn: auth.viewer_of(conn, first, now=world.clock())) is None


async def test_what_a_program_does_is_told_with_its_token(world: World) -> None:
    """Who the token acts for, through which token; a page that only says it is open leaves nothing."""
    ticket = await world.ticket()
    program = await Api(world).caller("tickets:write", login="lin")
    assert (await program.post(f"/tickets/{ticket.number}/merge", json={"into": "T-9999"})).status_code == 422
    assert (await program.post("/nothing-like-it", json={})).status_code == 404
    browser = await world.signed_in("lin")
    csrf = field((await browser.get(f"/desk/t/{ticket.number}")).text, "csrf")
    open_page = {"csrf": csrf, "tab": "a1", "doing": "looking"}
    told = await browser.post(f"/desk/t/{ticket.number}/attending", data=open_page, headers={"Origin": ORIGIN})
    assert told.status_code == 204
    assert [(line.action, line.via, line.name, line.outcome, line.facts["token"]) for line in await lines(world)] == [
        ("verbs.merge", "api", "林薇", "refused", "Mirror")
    ]
