"""Privacy at the desk: a copy asked for and fetched for a day, an erasure that wants the name typed."""

import io
import json
import re
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.privacy_work import Privacy
from console.texts import Texts
from handoff import directory
from handoff.audit_tables import audit
from handoff.model import Person
from store.worker import Worker
from success.privacy import erasing, keeping, tombstones
from tests.unit.console.world import World, submit

HOME = "/desk/settings/privacy"
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
