"""Narrowed views, and those that people keep."""

from dataclasses import replace
from datetime import timedelta

import pytest

from handoff import board, views
from handoff.errors import BadView, NotFound
from handoff.kinds import Level, Role, Tier
from handoff.views import SavedView, Wanted
from tests.contract.handoff.conftest import World


async def numbers(world: World, viewer: int | None = None, **given: str) -> list[str]:
    wanted, who = Wanted.read(given), viewer or world.ann.id

    def body(conn):  # type: ignore[no-untyped-def]
        where = views.conditions(conn, wanted, viewer_id=who, now=world.clock())
        rows = board.queue(conn, view=wanted.view, viewer_id=who, now=world.clock(), where=where)
        size = board.count(conn, view=wanted.view, viewer_id=who, now=world.clock(), where=where)
        assert size == len(rows)
        return [row.ticket.number for row in rows]

    return await world.db.read(body)


async def keep(world: World, name: str, *, by: int, role: Role = Role.AGENT, shared: bool = False) -> SavedView:
    return await world.do(views.save, person_id=by, role=role, name=name, wanted=Wanted(level="bug"), shared=shared)


async def test_each_field_narrows(world: World) -> None:
    """By level, tier, client, assignee, state and words; fields add up."""
    bug = await world.open(Level.BUG)
    gold = await world.open(tier=Tier.STANDARD)
    await world.hear("证书过期了", tier=Tier.STANDARD)
    await world.do(world.desk.claim, ticket_id=bug.id, by=world.bob.id)
    assert await numbers(world, level="bug") == [bug.number]
    assert await numbers(world, tier="standard") == [gold.number]
    assert await numbers(world, client=str(bug.client_id)) == [bug.number]
    assert await numbers(world, assignee=str(world.bob.id)) == [bug.number]
    assert await numbers(world, assignee="me", viewer=world.bob.id) == [bug.number]
    assert await numbers(world, assignee="me") == []
    assert await numbers(world, assignee="nobody") == [gold.number]
    assert await numbers(world, state="open") == [bug.number]
    assert await numbers(world, text="證書") == [gold.number]
    assert await numbers(world, level="bug", state="new") == []
    await world.do(world.desk.resolve, ticket_id=bug.id, by=world.bob.id)
    assert await numbers(world, state="resolved", level="bug") == [bug.number]


async def test_breaching_is_late_or_due_within_the_hour(world: World) -> None:
    """An emergency of a gold client is due in an hour; a question is not."""
    emergency = await world.open(Level.EMERGENCY)
    await world.open(tier=Tier.STANDARD)
    assert await numbers(world, view="breaching") == []
    world.clock.advance(timedelta(minutes=1))
    assert await numbers(world, view="breaching") == [emergency.number]
    world.clock.advance(timedelta(minutes=60))
    assert await numbers(world, view="breaching") == [emergency.number]


@pytest.mark.parametrize(
    "given",
    [
        {"view": "x", "level": "x", "tier": "x", "client": "x", "assignee": "x", "state": "merged"},
        {"client": "9" * 40, "assignee": "-1"},
        {"client": "１", "assignee": "me ' OR 1=1", "view": ""},
        {"level": None, "client": ["1"]},
    ],
)
def test_what_cannot_be_meant_narrows_nothing(given: dict[str, object]) -> None:
    """Forged addresses and old rows are read without trust."""
    assert Wanted.read(given) == Wanted()


async def test_a_view_is_its_owners_or_shared_by_a_lead(world: World) -> None:
    """Only a lead's reach others; whose it is not, and who does not lead, cannot delete it."""
    own = await keep(world, " 我的  故障 ", by=world.ann.id, shared=True)
    shared = await keep(world, "Bugs", by=world.lead.id, role=Role.LEAD, shared=True)
    assert (own.name, own.shared, own.wanted) == ("我的 故障", False, Wanted(level="bug"))
    assert await world.ask(views.seen_by, world.ann.id) == (own, shared)
    assert await world.ask(views.seen_by, world.bob.id) == (shared,)
    for view in (own, shared):
        with pytest.raises(NotFound):
            await world.db.write(
                lambda conn, view=view: views.forget(conn, view.id, person_id=world.bob.id, role=Role.AGENT)
            )
    with pytest.raises(NotFound):  # a lead does not delete what is private
        await world.db.write(lambda conn: views.forget(conn, own.id, person_id=world.lead.id, role=Role.LEAD))
    await world.db.write(lambda conn: views.forget(conn, shared.id, person_id=world.bob.id, role=Role.ADMIN))
    assert await world.ask(views.seen_by, world.ann.id) == (own,)


async def test_the_same_name_again_replaces_it(world: World) -> None:
    """One's own only; and there is an end to how many one may have."""
    first = await keep(world, "x", by=world.ann.id)
    await keep(world, "x", by=world.bob.id)
    second = await keep(world, "x", by=world.ann.id)
    assert await world.ask(views.seen_by, world.ann.id) == (replace(first, id=second.id),)
    for n in range(views.MOST_VIEWS - 1):
        await keep(world, f"n{n}", by=world.ann.id)
    for name, why in (("one more", "many"), (" ", "name"), ("長" * 41, "name")):
        with pytest.raises(BadView) as caught:
            await keep(world, name, by=world.ann.id)
        assert caught.value.why == why
