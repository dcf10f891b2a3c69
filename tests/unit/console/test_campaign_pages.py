"""Pages of campaigns: the calendar, one campaign, standby that a lead confirms."""

from datetime import date

import pytest

from success import campaigns, hooks
from success.addresses import PUBLIC
from tests.unit.console.world import World, submit

PAGE = "/desk/campaigns"
FORM = {
    "client": "nw",
    "name": "<b>Double 11</b>",
    "starts_on": "2026-11-18",
    "ends_on": "2026-11-20",
    "hook": "standby",
}


async def test_a_campaign_from_the_calendar_to_standby(world: World) -> None:
    """Added, shown at its client's, changed, stood by for by a lead who types its name, taken off."""
    by, now = world.people["mira"].id, world.clock()
    facts = {"name": "standby", "url": "https://hooks.example.com/s", "policy": PUBLIC, "by": by, "now": now}
    await world.write(lambda conn: hooks.keep(conn, **facts))
    lead = await world.signed_in("tom")
    here = (await submit(lead, PAGE, PAGE, **FORM)).headers["location"]
    for path in (PAGE, here, "/desk/clients/nw"):
        page = await lead.get(path)
        assert "&lt;b&gt;Double 11" in page.text, path
        assert "<b>Double 11" not in page.text
    changed = FORM | {"name": "Double 11", "peak": "20x"}
    assert (await submit(lead, here, here, **changed)).status_code == 303
    assert (await submit(lead, here, f"{here}/standby", confirm="yes")).status_code == 409
    assert (await submit(lead, here, f"{here}/standby", confirm="Double 11")).status_code == 303
    assert len(await world.deps.db.read(hooks.latest)) == 1
    again = await submit(lead, here, f"{here}/standby", confirm="Double 11")
    assert "called already" in again.text
    assert (await submit(lead, here, here, **changed, remove="yes")).headers["location"] == PAGE
    assert (await lead.get(here)).status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""}, {"starts_on": "soon"}, {"ends_on": "2026-11-01"}, {"client": "nobody"}, {"ends_on": ""},
        {"name": "x" * 81},
    ],
)  # fmt: skip
async def test_what_cannot_be_meant(world: World, fields: dict[str, str]) -> None:
    """422 with a sentence; nothing is kept; what was typed is."""
    lead = await world.signed_in("tom")
    answer = await submit(lead, PAGE, PAGE, **FORM | {"hook": ""} | fields)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert await world.deps.db.read(lambda conn: campaigns.ahead(conn, since=date.min)) == ()


async def test_agents_have_no_calendar(world: World) -> None:
    """The pages are for those who look after clients; unknown ones are 404."""
    agent, lead = await world.signed_in("lin"), await world.signed_in("tom")
    assert (await agent.get(PAGE)).status_code == 403
    for path in (f"{PAGE}/99", f"{PAGE}/x"):
        assert (await lead.get(path)).status_code == 404
    assert (await submit(lead, PAGE, f"{PAGE}/99/standby", confirm="x")).status_code == 404
