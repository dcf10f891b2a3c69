"""Pages of rules: written, told what is wrong by line, tried on what happened without doing anything, published."""

import pytest

from success import rule_book, rules, tasks
from success.rule_actions import Acting
from success.rule_engine import look, of_rule
from tests.unit.console.world import ORIGIN, World, submit

PAGE, EDIT = "/desk/rules", "/desk/rules/edit"
SOURCE = """rules:
  - key: low
    name: "<script>alert(1)</script>"
    on: rating_low
    when:
      - {field: value, op: "<", value: 3}
    then:
      - give_task: {text: "{client_name} {says}"}
"""


async def rated(world: World, n: int, value: int) -> None:
    facts = {"client_id": world.client.id, "value": value, "says": "<script>alert(2)</script>"}
    await world.write(lambda conn: rules.happened(conn, "rating_low", facts, world.clock(), origin=f"rating:{n}"))


async def test_rules_are_written_tried_and_published(world: World) -> None:
    """Trying does nothing; saving neither; published, the next event is acted on, once, with why."""
    admin = await world.signed_in("mira")
    for n, value in enumerate((1, 2, 5)):
        await rated(world, n, value)
    tried = await submit(admin, EDIT, f"{PAGE}/try", source=SOURCE, days="7")
    assert "3 events were looked at" in tried.text
    assert "1 firing." in tried.text
    assert "and 1 more, folded" in tried.text
    assert "<script>alert" not in tried.text
    assert await world.deps.db.read(tasks.open_of) == ()
    assert (await submit(admin, EDIT, EDIT, source=SOURCE)).status_code == 303
    [version] = await world.deps.db.read(rule_book.versions)
    assert (await world.deps.db.read(rule_book.in_force))[0].id == 0
    assert (await submit(admin, EDIT, f"{PAGE}/versions/{version.id}/publish")).status_code == 303
    acting = Acting(desk=world.deps.desk, name="Aftercare")
    await world.write(lambda conn: look(conn, 1, acting=acting, now=world.clock()))
    [(firing, _)] = await world.deps.db.read(of_rule)
    assert firing.results["0"]["state"] == "done"
    page = (await (await world.signed_in("tom")).get(PAGE)).text
    assert "value &lt; 3" in page
    assert "<script>alert" not in page
    [task] = await world.deps.db.read(tasks.open_of)
    assert task.facts["what"].startswith("Northwind")


@pytest.mark.parametrize("verb", ["edit", "try"])
async def test_what_is_wrong_is_told_by_line_and_kept(world: World, verb: str) -> None:
    """422; nothing is kept; the text is still there."""
    admin = await world.signed_in("mira")
    broken = SOURCE.replace("rating_low", "moon_full")
    answer = await submit(admin, EDIT, f"{PAGE}/{verb}", source=broken)
    assert answer.status_code == 422
    assert "Line 4" in answer.text
    assert "moon_full" in answer.text
    assert await world.deps.db.read(rule_book.versions) == ()


async def test_a_stopped_rule_is_seen_and_runs_again(world: World) -> None:
    """With why; only an admin lets it."""
    await world.write(lambda conn: rule_book.stop(conn, "cpu-high", "limit", now=world.clock()))
    lead = await world.signed_in("tom")
    assert "it fired too often" in (await lead.get(PAGE)).text
    assert (await submit(lead, PAGE, f"{PAGE}/cpu-high/resume")).status_code == 403
    admin = await world.signed_in("mira")
    assert (await submit(admin, PAGE, f"{PAGE}/cpu-high/resume")).status_code == 303
    assert (await submit(admin, EDIT, f"{PAGE}/cpu-high/resume")).status_code == 404


async def test_only_admins_write(world: World) -> None:
    """Leads read; agents do not even that."""
    agent, lead = await world.signed_in("lin"), await world.signed_in("tom")
    assert (await agent.get(PAGE)).status_code == 403
    assert (await lead.get(PAGE)).status_code == 200
    for browser in (agent, lead):
        assert (await browser.get(EDIT)).status_code == 403
        for path in (EDIT, f"{PAGE}/try", f"{PAGE}/versions/1/publish"):
            assert (await browser.post(path, headers={"Origin": ORIGIN})).status_code == 403


async def test_what_is_not_there(world: World) -> None:
    """Unknown versions are 404; the one that comes with the program can be read."""
    admin = await world.signed_in("mira")
    assert (await admin.get(f"{EDIT}?version=99")).status_code == 404
    assert (await admin.get(f"{EDIT}?version=0")).status_code == 200
    for path in (f"{PAGE}/versions/99/publish", f"{PAGE}/versions/x/publish"):
        assert (await submit(admin, EDIT, path)).status_code == 404
