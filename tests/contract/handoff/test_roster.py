"""The roster in the database: what is written reads back, what cannot be meant is refused, on both databases."""

from datetime import date, timedelta
from typing import Any

import pytest

from handoff import roster, routes
from handoff.duty import PresenceState
from handoff.errors import Duplicate, NotFound, RosterError
from tests.contract.handoff.conftest import MONDAY, World

HOURS = {"mon": "09:00-18:00", "tue": "22:00-24:00", "wed": "00:00-06:00"}


async def test_what_is_written_reads_back(world: World) -> None:
    """Shifts with their zone and dates, absences, presence, teams and skills."""
    who = world.ann.id
    kept = await world.do(
        roster.add_shift, person_id=who, zone="Europe/Berlin", weekly=HOURS, first="2026-01-01", last="2026-12-31"
    )
    leave = await world.do(
        roster.add_absence, person_id=who, starts=MONDAY, ends=MONDAY + timedelta(days=3), why=" 年假 "
    )
    await world.do(roster.set_presence, person_id=who, state="busy", until=MONDAY + timedelta(hours=1))
    team = await world.do(roster.add_team, slug_="dns", name="域名组")
    await world.do(roster.set_teams, person_id=who, team_ids=[team.id])
    assert await world.do(roster.set_skills, person_id=who, skills=["DNS", " dns ", "Mail", ""]) == ("dns", "mail")
    found = (await world.ask(roster.rosters, [who, world.bob.id]))[who]
    assert found.shifts == (kept,)
    assert (kept.first, kept.last, kept.calendar.zone.key) == (date(2026, 1, 1), date(2026, 12, 31), "Europe/Berlin")
    assert found.absences == (leave,)
    assert leave.why == "年假"
    assert found.presence.at(MONDAY) is PresenceState.BUSY
    assert await world.ask(roster.members) == {who: frozenset({"dns"})}
    assert await world.ask(roster.skilled) == {who: frozenset({"dns", "mail"})}
    await world.do(roster.remove_shift, person_id=who, shift_id=kept.id)
    await world.do(roster.remove_absence, person_id=who, absence_id=leave.id)
    await world.do(roster.set_teams, person_id=who, team_ids=[])
    emptied = (await world.ask(roster.rosters, [who]))[who]
    assert (emptied.shifts, emptied.absences) == ((), ())
    assert await world.ask(roster.members) == {}


@pytest.mark.parametrize(
    ("verb", "facts", "where"),
    [
        ("add_shift", {"zone": "Asia/Shanghai", "weekly": {"mon": "18:00-09:00"}, "first": "2026-01-01"}, "weekly.mon"),
        ("add_shift", {"zone": "Nowhere", "weekly": HOURS, "first": "2026-01-01"}, "zone"),
        (
            "add_shift",
            {"zone": "Asia\0/Shanghai", "weekly": HOURS, "first": "2026-01-02", "last": "2026-01-01"},
            "last",
        ),
        ("add_absence", {"starts": MONDAY, "ends": MONDAY}, "ends"),
        ("add_absence", {"starts": MONDAY, "ends": MONDAY - timedelta(days=1)}, "ends"),
        ("add_absence", {"starts": MONDAY, "ends": MONDAY.replace(year=2040)}, "ends"),
        ("add_absence", {"starts": MONDAY.replace(year=1960), "ends": MONDAY}, "starts"),
        ("add_absence", {"starts": MONDAY, "ends": MONDAY + timedelta(days=1), "why": "x" * 10_000}, "why"),
        ("set_presence", {"state": "away", "until": MONDAY}, "until"),
        ("set_skills", {"skills": ["x" * 10_000]}, "skills"),
        ("set_skills", {"skills": [f"s{n}" for n in range(100)]}, "skills"),
        ("set_teams", {"team_ids": [999]}, "teams"),
    ],
)
async def test_what_cannot_be_meant_is_refused_by_its_field(
    world: World, verb: str, facts: dict[str, Any], where: str
) -> None:
    """Inverted windows and absences, unknown zones and teams, words without end; nothing is kept."""
    with pytest.raises(RosterError) as refused:
        await world.do(getattr(roster, verb), person_id=world.ann.id, **facts)
    assert refused.value.where == where
    found = (await world.ask(roster.rosters, [world.ann.id]))[world.ann.id]
    assert (found.shifts, found.absences) == ((), ())


@pytest.mark.parametrize(
    ("slug", "name"), [("V I P", "x"), ("", "x"), ("x" * 41, "x"), ("vip", " "), ("vip", "n" * 41)]
)
async def test_a_team_needs_a_short_name(world: World, slug: str, name: str) -> None:
    """Small letters, digits and hyphens; a name that fits a chip."""
    with pytest.raises(RosterError):
        await world.do(roster.add_team, slug_=slug, name=name)
    await world.do(roster.add_team, slug_="vip", name="VIP")
    with pytest.raises(Duplicate):
        await world.do(roster.add_team, slug_="vip", name="again")


async def test_only_colleagues_are_rostered_and_only_their_own_rows_go(world: World) -> None:
    """Clients have no shifts; one person's shift is not another's to remove."""
    client = next(iter(world.contacts.values()))
    with pytest.raises(NotFound):
        await world.do(roster.set_presence, person_id=client.id, state="away")
    kept = await world.do(roster.add_shift, person_id=world.ann.id, zone="Asia/Tokyo", weekly=HOURS, first="2026-01-01")
    with pytest.raises(NotFound):
        await world.do(roster.remove_shift, person_id=world.bob.id, shift_id=kept.id)


async def test_rules_are_in_force_for_every_process_and_may_change(world: World) -> None:
    """Adopting keeps one set of rules, makes the teams they name, and does neither twice."""
    assert await world.ask(roster.routes_in_force) is None
    for _ in range(2):
        await world.do(roster.adopt, routes=routes.load())
    assert await world.ask(roster.routes_in_force) == routes.load()
    assert [team.slug for team in await world.ask(roster.teams)] == ["vip"]
    changed = routes.parse({**routes.load().document, "teams": {}, "silent_percent": 0})
    await world.do(roster.adopt, routes=changed)
    assert await world.ask(roster.routes_in_force) == changed
