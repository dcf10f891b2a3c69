"""Privacy at the desk: a copy asked for and fetched for a day, an erasure that wants the name typed."""

import io
import json
import re
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, update
from sqlalchemy.exc import IntegrityError

from bot.privacy_work import Privacy
from console.texts import Texts
from handoff import directory
from handoff.audit_tables import audit
from handoff.kinds import TicketState
from handoff.model import Person
from handoff.tables import message
from handoff.tables import ticket as tickets
from store.tables import job
from store.worker import Worker
from success.privacy import erasing, keeping, tombstones
from tests.unit.console.world import World, field, submit

HOME = "/desk/settings/privacy"
NO_AGEING = "CREATE TRIGGER no_ageing BEFORE UPDATE ON message BEGIN SELECT RAISE(ABORT, 'not now'); END"
NASTY = "<script>alert(1)</script> Sarah"


async def contact(world: World, name: str = NASTY) -> Person:
    """Somebody with a ticket and words of theirs."""
    ticket = await world.ticket(name=name, text="My site <b>blinks</b>")
    return await world.deps.db.read(lambda conn: directory.person(conn, ticket.requester_id))


async def working(world: World, folder: Path) -> Privacy:
    """What the process does beside the pages."""
    work = Privacy(
        world.deps.db, files=world.deps.files, stones=folder / "erasures.jsonl", texts=Texts.shipped(),
        clock=world.clock,
    )  # fmt: skip
    worker = Worker(world.deps.db, clock=world.clock, owner="test")
    work.register(worker)
    await work.begin()
    await worker.drain()
    return work


async def test_a_copy_is_made_and_can_be_fetched_for_a_day(world: World, tmp_path: Path) -> None:
    """The zip has a page in which nothing runs, and the same as JSON; the log tells of both; then it is gone."""
    who = await contact(world)
    async with await world.signed_in("mira") as browser:
        here = f"/desk/clients/nw/people/{who.id}"
        answer = await submit(browser, "/desk/clients/nw/people", f"{here}/export")
        assert (answer.status_code, answer.headers["location"]) == (303, HOME)
        await working(world, tmp_path)
        found = re.search(r'href="(/desk/settings/privacy/exports/\d+)"', (await browser.get(HOME)).text)
        assert found is not None
        packed = zipfile.ZipFile(io.BytesIO((await browser.get(found[1])).content))
        assert sorted(packed.namelist()) == ["data.json", "index.html"]
        facts, page = json.loads(packed.read("data.json")), packed.read("index.html").decode()
        assert facts["person"]["name"] == NASTY
        assert [each["text"] for each in facts["messages"] if each["mine"]] == ["My site <b>blinks</b>"]
        assert "<script>" not in page
        assert "My site &lt;b&gt;blinks" in page
    world.clock.set(world.clock() + timedelta(hours=25))
    async with await world.signed_in("mira") as browser:
        assert (await browser.get(found[1])).status_code == 404
    await working(world, tmp_path)
    assert list((tmp_path / "exports").iterdir()) == []
    lines = await world.deps.db.read(lambda conn: conn.execute(select(audit.c.action)).scalars().all())
    assert {"privacy_pages.make_copy", "privacy_pages.fetch_copy"} <= set(lines)


async def test_an_erasure_wants_the_name(world: World, tmp_path: Path) -> None:
    """A wrong name does nothing and says so; the right one erases once, and the log names nobody."""
    who = await contact(world)
    async with await world.signed_in("mira") as browser:
        here = f"/desk/clients/nw/people/{who.id}/erase"
        assert "&lt;script&gt;" in (await browser.get(here)).text
        wrong = await submit(browser, here, here, typed="Sarah")
        assert wrong.status_code == 422
        assert "Nothing was erased" in wrong.text
        right = await submit(browser, here, here, typed=f"  {NASTY} ")
        assert right.headers["location"] == HOME
        assert (await browser.get(here)).status_code == 404, "not the client's any more"
        await working(world, tmp_path)
        page = (await browser.get(HOME)).text
        assert f"Person {who.id}" in page
        assert "erased" in page
        assert "Sarah" not in page
        assert "Sarah" not in (await browser.get("/desk/settings/audit")).text
    assert (await world.deps.db.read(lambda conn: directory.person(conn, who.id))).name == "[erased]"
    assert [each.person_id for each in tombstones.read(tmp_path / "erasures.jsonl")] == [who.id]


@pytest.mark.parametrize("login", ["lin", "tom"])
async def test_only_admins(world: World, login: str) -> None:
    """Agents and leads see no button and open no page."""
    who = await contact(world)
    async with await world.signed_in(login) as browser:
        assert (await browser.get(HOME)).status_code == 403
        assert (await browser.get(f"/desk/clients/nw/people/{who.id}/erase")).status_code == 403


async def test_nobody_elses_people(world: World) -> None:
    """Another client's person, a colleague and nonsense are 404 at this client."""
    await contact(world)
    async with await world.signed_in("mira") as browser:
        for each in (str(world.people["lin"].id), "999999", "x", "9" * 40):
            assert (await browser.get(f"/desk/clients/nw/people/{each}/erase")).status_code == 404


async def test_a_killed_erasure_goes_on(world: World, tmp_path: Path) -> None:
    """A process that died in the middle left the rest to the next one."""
    who = await contact(world)
    asked = await world.write(lambda conn: erasing.ask(conn, who.id, by=None, now=world.clock()))
    await world.write(lambda conn: erasing.step(conn, asked.id, now=world.clock(), batch=1))
    await working(world, tmp_path)
    found = await world.deps.db.read(lambda conn: erasing.find(conn, asked.id))
    assert found is not None
    assert found.state == "done"


async def test_the_second_who_asks_is_told(world: World) -> None:
    """Whose page was open before the first asked hears that it is under way, not that there is nobody."""
    who = await contact(world)
    here = f"/desk/clients/nw/people/{who.id}/erase"
    async with await world.signed_in("mira") as browser:
        html = (await browser.get(here)).text
        once = {name: field(html, name) for name in ("csrf", "once")}
        first = await browser.post(here, data=once | {"typed": NASTY})
        assert (first.status_code, first.headers["location"]) == (303, HOME)
        again = await browser.post(here, data=once | {"typed": NASTY})
        assert (again.status_code, again.headers["location"]) == (303, HOME), "the same press, twice"
        second = await browser.post(here, data=once | {"typed": NASTY, "once": "another"})
    assert second.status_code == 409
    assert "already asked for" in second.text
    assert len(await world.deps.db.read(erasing.listed)) == 1


async def test_an_erasure_that_was_given_up_goes_on_at_the_next_start(world: World, tmp_path: Path) -> None:
    """A dead letter of an erasure is not the end of it."""
    who = await contact(world)
    asked = await world.write(lambda conn: erasing.ask(conn, who.id, by=None, now=world.clock()))
    given_up = update(job).where(job.c.queue == erasing.ERASE).values(state="dead", due=None, closed_at=world.clock())
    await world.write(lambda conn: conn.execute(given_up))
    await working(world, tmp_path)
    found = await world.deps.db.read(lambda conn: erasing.find(conn, asked.id))
    assert found is not None
    assert found.state == "done"


async def test_what_is_too_old_goes_from_the_rows_first(world: World, tmp_path: Path) -> None:
    """A night that cannot be written takes no file; once it is, the files go, by a job that a crash leaves waiting."""
    ticket = await world.ticket()
    picture = world.deps.files / "pic-1"
    world.deps.files.mkdir(parents=True, exist_ok=True)
    picture.write_bytes(b"x")
    named = [{"id": "pic-1", "name": "a.png", "media_type": "image/png", "size": 1}]
    resolved = {"state": TicketState.RESOLVED, "resolved_at": world.clock()}

    def old(conn: Connection) -> None:
        conn.execute(update(tickets).where(tickets.c.id == ticket.id).values(resolved))
        conn.execute(update(message).values(attachments=named))
        keeping.keep_for(conn, "messages", 1, by=world.people["mira"].id, now=world.clock())

    await world.write(old)
    world.clock.set(world.clock() + timedelta(days=100))
    work = await working(world, tmp_path)
    await world.write(lambda conn: conn.exec_driver_sql(NO_AGEING))
    with pytest.raises(IntegrityError):
        await work.age(None)  # type: ignore[arg-type]
    assert picture.exists()
    await world.write(lambda conn: conn.exec_driver_sql("DROP TRIGGER no_ageing"))
    await work.age(None)  # type: ignore[arg-type]
    assert picture.exists(), "the process died here"
    await working(world, tmp_path)
    assert not picture.exists()


async def test_rules_are_tried_before_they_are_set(world: World) -> None:
    """A preview changes nothing, nonsense is refused with a sentence, a number is kept."""
    await contact(world)
    async with await world.signed_in("mira") as browser:
        tried = await submit(browser, HOME, f"{HOME}/keep", audit="3", preview="1")
        assert "Nothing was changed yet" in tried.text
        for wrong in ("0", "-1", "x", "121", "1.5"):
            refused = await submit(browser, HOME, f"{HOME}/keep", messages=wrong)
            assert refused.status_code == 422
        assert await world.deps.db.read(keeping.rules) == {}
        await submit(browser, HOME, f"{HOME}/keep", audit="3", backups="6")
    held = await world.deps.db.read(keeping.rules)
    assert {name: months for name, months in held.items() if months} == {"audit": 3, "backups": 6}


async def test_a_notice_is_only_text(world: World) -> None:
    """What an admin writes is escaped where it is shown again."""
    async with await world.signed_in("mira") as browser:
        await submit(browser, HOME, f"{HOME}/notice", **{"text.en": "</textarea><script>x</script>"})
        page = (await browser.get(HOME)).text
    assert "<script>x" not in page
    assert "version 1" in page
