"""The contract in the desk: read, edited with a preview, adopted with a reason, brought back; holidays by notice."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import httpx
import pytest

from handoff import alignment, almanac, board, contracts
from handoff.kinds import Level, TicketState
from handoff.policy import Contract
from tests.unit.console.world import ORIGIN, World, field, submit

PATH = "/desk/service"


async def typed(browser: httpx.AsyncClient, path: str = PATH) -> dict[str, str]:
    """The contract's form as the page has it."""
    html = (await browser.get(path)).text
    form = html[html.index('class="contract"') :]
    found = {name: unescape(value) for name, value in re.findall(r'<input[^>]* name="([^"]+)" value="([^"]*)"', form)}
    found |= {
        name: unescape(text)
        for name, text in re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>([^<]*)</textarea>', form)
    }
    for name, options in re.findall(r'<select[^>]* name="([^"]+)">(.*?)</select>', form, re.DOTALL):
        found[name] = re.findall(r'<option selected value="([^"]+)"', options)[0]
    found.pop("third_party_pauses", None)
    return found


async def send(browser: httpx.AsyncClient, action: str, fields: dict[str, str]) -> httpx.Response:
    return await browser.post(f"{PATH}/{action}", data=fields, headers={"Origin": ORIGIN})


async def in_force(world: World) -> Contract:
    return (await world.deps.db.read(lambda conn: contracts.book(conn).current)) if world else None  # type: ignore[return-value]


async def test_the_form_says_the_contract_and_changes_nothing_by_itself(world: World) -> None:
    """Previewed and adopted untouched, the very same version comes out."""
    mira = await world.signed_in("mira")
    before = (await in_force(world)).version
    fields = await typed(mira)
    assert fields["targets.question.gold.FR"] == "4 h on G"
    answer = await send(mira, "preview", fields)
    assert answer.status_code == 200
    assert "Nothing differs." in answer.text
    assert (await send(mira, "adopt", fields | {"reason": "same"})).status_code == 303
    assert (await in_force(world)).version == before


async def test_an_admin_sees_what_would_have_happened_and_adopts(world: World) -> None:
    """A ticket answered in three hours is in time under 4 h and would be late under 2 h."""
    mira = await world.signed_in("mira")
    ticket = await world.ticket(level=Level.QUESTION)
    open_one = await world.ticket(level=Level.QUESTION, title="Another")
    by = world.people["lin"].id
    world.clock.advance(timedelta(hours=3))
    await world.write(
        lambda conn: world.deps.desk.reply(conn, ticket_id=ticket.id, by=by, text="Done", now=world.clock())
    )
    fields = await typed(mira) | {"targets.question.gold.FR": "2 h on G"}
    answer = await send(mira, "preview", fields)
    assert "This would have breached 2 of 2 tickets in the last 30 days." in answer.text
    assert "Breached under the contracts of their time: 0." in answer.text
    assert "Question · Gold · First response" in answer.text
    assert "<del>4 h on G</del> → <ins>2 h on G</ins>" in answer.text
    assert open_one.number in answer.text
    assert (await in_force(world)).version == fields["version"]
    assert (await send(mira, "adopt", fields)).status_code == 409
    assert (await send(mira, "adopt", fields | {"reason": "Faster <b>answers</b>"})).status_code == 303
    new = await in_force(world)
    assert new.root["targets"]["question"]["gold"]["FR"] == "2 h on G"  # type: ignore[index]
    history = (await mira.get(f"{PATH}/history")).text
    assert "Faster &lt;b&gt;answers&lt;/b&gt;" in history
    assert "Mira Chen" in history
    await world.write(lambda conn: alignment.work(conn, {"after": 0, "client": None}, now=world.clock()))
    seen = await world.deps.db.read(lambda conn: board.clocks(conn, open_one.id, world.clock()))
    assert {clock.target for clock in seen if clock.kind == "FR"} == {"2 h on G"}


async def test_two_admins_at_once(world: World) -> None:
    """The second hears that the version changed, keeps what was typed, and may adopt it knowingly."""
    mira = await world.signed_in("mira")
    first = await typed(mira) | {"reopen_days": "9", "reason": "one"}
    second = first | {"reopen_days": "11", "reason": "two"}
    assert (await send(mira, "adopt", first)).status_code == 303
    refused = await send(mira, "adopt", second | {"once": "another-form"})
    assert refused.status_code == 409
    assert "Somebody else changed it meanwhile" in refused.text
    assert 'name="reopen_days" value="11"' in refused.text
    assert 'value="two"' in refused.text
    assert "<del>9</del> → <ins>11</ins>" in refused.text
    again = second | {"version": field(refused.text, "version"), "once": field(refused.text, "once")}
    assert (await send(mira, "adopt", again)).status_code == 303
    assert (await in_force(world)).root["reopen_days"] == 11


async def test_an_earlier_version_is_brought_back_by_preview(world: World) -> None:
    """Its values fill the form; adopting them is one more line of the history."""
    mira = await world.signed_in("mira")
    first = (await in_force(world)).version
    await send(mira, "adopt", await typed(mira) | {"reopen_days": "9", "reason": "longer"})
    page = (await mira.get(f"{PATH}/history")).text
    assert f"{PATH}?version={first}" in page
    fields = await typed(mira, f"{PATH}?version={first}")
    assert fields["reopen_days"] == "7"
    assert (await send(mira, "adopt", fields | {"reason": "back"})).status_code == 303
    assert (await in_force(world)).version == first
    assert len(await world.deps.db.read(contracts.history)) == 3
    assert (await mira.get(f"{PATH}?version=nonsense")).status_code == 404


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("targets.bug.gold.FR", "-4 h on G", "Bug · Gold · First response"),
        ("targets.bug.gold.FR", "0 h on G", "Bug · Gold · First response"),
        ("targets.bug.gold.FR", "4 h on X", "there is no calendar X"),
        ("calendars.G.windows", "21:00-09:00", "Windows"),
        ("calendars.G.windows", "09:00-12:00, 11:00-13:00", "overlap"),
        ("calendars.G.tz", "Mars/Olympus", "Time zone"),
        ("calendars.S.holidays", "atlantis", "Holidays"),
        ("fees.gold", "-1", "Fees a year · Gold"),
        ("fees.gold", "many", "Fees a year · Gold"),
        ("warnings", "90, 75", "Warnings"),
        ("reopen_days", "0", "re-opens"),
        ("reopen_days", "9" * 30, "re-opens"),
        ("calendars.G.days", "mon-noon", "Days"),
    ],
)
async def test_a_field_that_cannot_be_meant_is_named_and_kept(world: World, path: str, value: str, said: str) -> None:
    """Nothing is adopted, what was typed stays, and the sentence names the field."""
    mira = await world.signed_in("mira")
    before = (await in_force(world)).version
    for action in ("preview", "adopt"):
        answer = await send(mira, action, await typed(mira) | {path: value, "reason": "x"})
        assert answer.status_code == 422
        assert said in unescape(answer.text)
        assert f'value="{value}"' in answer.text
        assert 'aria-invalid="true"' in answer.text
    assert (await in_force(world)).version == before


async def test_a_calendar_is_added_and_an_unused_one_removed(world: World) -> None:
    """A new row with a letter; emptying a row takes the calendar away unless a target needs it."""
    mira = await world.signed_in("mira")
    new = {
        "id": "N",
        "name": "night",
        "tz": "America/New_York",
        "days": "mon-fri",
        "windows": "09:00-12:00 13:00-17:00",
    }
    fields = await typed(mira) | {f"calendars.+.{part}": value for part, value in new.items()} | {"reason": "night"}
    assert (await send(mira, "adopt", fields)).status_code == 303
    made = (await in_force(world)).calendars["N"]
    assert made.weekly[0] == ((540, 720), (780, 1020))
    emptied = {f"calendars.N.{part}": "" for part in ("name", "tz", "days", "windows", "holidays")}
    assert (await send(mira, "adopt", await typed(mira) | emptied | {"reason": "gone"})).status_code == 303
    assert "N" not in (await in_force(world)).calendars
    needed = {f"calendars.W.{part}": "" for part in ("name", "tz", "days", "windows", "holidays")}
    assert (await send(mira, "adopt", await typed(mira) | needed | {"reason": "gone"})).status_code == 422


@pytest.mark.parametrize(("login", "status"), [("lin", 403), ("tom", 200), ("mira", 200)])
async def test_leads_read_and_only_admins_edit(world: World, login: str, status: int) -> None:
    """Agents see neither page; a lead's form is closed, and posting it is refused."""
    browser = await world.signed_in(login)
    for path in (PATH, f"{PATH}/history", f"{PATH}/holidays", "/desk/clients", "/desk/clients/nw"):
        assert (await browser.get(path)).status_code == status
    if login != "mira":
        for path in (f"{PATH}/adopt", f"{PATH}/preview", f"{PATH}/holidays/apply", "/desk/clients"):
            assert (await submit(browser, "/desk", path)).status_code == 403


NOTICE = "date,kind,name\n2027-01-01,off,元旦\n2027-01-04,off,元旦\n2027-01-09,makeup,元旦\n"


async def test_a_year_is_brought_in_by_preview_and_apply(world: World) -> None:
    """GBK and a BOM are read; the preview says which deadlines move; applying makes a version and a history line."""
    world.clock.advance(timedelta(days=44))  # 30 December
    mira = await world.signed_in("mira")
    ticket = await world.ticket(level=Level.BUG)  # 3 working days on W: the fifth of January
    page = (await mira.get("/desk")).text
    assert "Public holidays are known until 2026-12-31 only." in page
    html = (await mira.get(f"{PATH}/holidays")).text
    data = {"csrf": field(html, "csrf"), "country": "china", "year": "2027"}
    files = {"file": ("n.csv", NOTICE.encode("gbk"), "text/csv")}
    seen = await mira.post(f"{PATH}/holidays/preview", data=data, files=files, headers={"Origin": ORIGIN})
    assert seen.status_code == 200
    for said in ("New days off (2)", "New make-up days (1)", "2027-01-04", ticket.number, "元旦"):
        assert said in seen.text
    assert await world.deps.db.read(lambda conn: almanac.year(conn, "china", 2027)) is None
    apply = data | {"once": field(seen.text, "once"), "notice": unescape(field(seen.text, "notice"))}
    answer = await mira.post(f"{PATH}/holidays/apply", data=apply, headers={"Origin": ORIGIN})
    assert answer.status_code == 303
    assert (await in_force(world)).covered_until.year == 2027  # type: ignore[union-attr]
    assert "Public holidays are known until" not in (await mira.get("/desk")).text
    assert "make-up working day" in (await mira.get(answer.headers["location"])).text
    newest = (await world.deps.db.read(contracts.history))[0]
    assert (newest.source, newest.by_id) == ("holidays", world.people["mira"].id)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"pasted": ""}, "no days"),
        ({"pasted": "2027-01-01,maybe,x"}, "Line 1, kind"),
        ({"pasted": "2026-01-01,off,x"}, "is not in 2027"),
        ({"pasted": "2027-01-01,off,x", "year": "27"}, "is no year"),
        ({"pasted": "2027-01-01,off,x", "country": "../x"}, "is no country"),
        ({"pasted": "x" * 200_000}, "larger than 128 KB"),
    ],
)
async def test_a_notice_that_cannot_be_meant_says_where(world: World, values: dict[str, str], said: str) -> None:
    """The line and the field; nothing changes."""
    mira = await world.signed_in("mira")
    answer = await submit(
        mira, f"{PATH}/holidays", f"{PATH}/holidays/preview", **({"country": "china", "year": "2027"} | values)
    )
    assert answer.status_code == 422
    assert said in unescape(answer.text)


async def test_a_ticket_is_merged_from_its_page(world: World) -> None:
    """By number; a wrong number says what is wrong, and the merged one leads to the other."""
    lin = await world.signed_in("lin")
    one, two = await world.ticket(), await world.ticket(title="Twice")
    path = f"/desk/t/{two.number}"
    for wrong, said in (("T-9999", "no such ticket"), (two.number, "into itself"), ("nonsense", "no such ticket")):
        answer = await submit(lin, path, f"{path}/merge", into=wrong)
        assert answer.status_code == 409
        assert said in answer.text
    assert (await submit(lin, path, f"{path}/merge", into=one.number)).status_code == 303
    page = (await lin.get(path)).text
    assert f"merged it into {one.number}" in page
    assert f'href="/desk/t/{one.number}"' in page
    other = (await lin.get(f"/desk/t/{one.number}")).text
    assert f"merged {two.number} into this one" in other
    merged: Any = await world.deps.db.read(lambda conn: board.ticket(conn, two.id))
    assert (merged.state, merged.merged_into) == (TicketState.MERGED, one.id)
