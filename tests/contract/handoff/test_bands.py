"""The queue's bands are the plain order of a view, read from indices alone."""

import random
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import sqlite

from handoff import board
from handoff.bands import BREACHING, VIEWS, View, bands
from handoff.kinds import Level, TicketState
from handoff.tables import ticket as tickets
from handoff.views import Wanted, conditions
from tests.contract.handoff.conftest import MONDAY, World

TICKETS = 40


async def muddle(world: World, seed: int) -> list[dict[str, Any]]:
    """Tickets in all the states, due times, holders and levels that there are; their rows."""
    chance = random.Random(seed)
    for _ in range(TICKETS):
        await world.open()

    def shuffle(conn: Connection) -> list[dict[str, Any]]:
        for ticket_id in range(1, TICKETS + 1):
            due = chance.choice([None, *(MONDAY + timedelta(hours=hours) for hours in (-2, 0.5, 1, 1, 2))])
            state = chance.choice([*TicketState, *[TicketState.OPEN] * 6])
            values = {"state": state, "next_due": due, "level": chance.choice(list(Level))}
            values |= {"urgent": chance.randrange(2), "assignee_id": chance.choice([None, world.ann.id, world.bob.id])}
            values |= {"asked_id": chance.choice([None, world.ann.id, world.bob.id])}
            values |= {"snoozed_until": chance.choice([None, None, MONDAY - timedelta(1), MONDAY + timedelta(1)])}
            values |= {"resolved_at": MONDAY - timedelta(hours=chance.randrange(5))}
            conn.execute(update(tickets).where(tickets.c.id == ticket_id).values(**values))
        return [dict(row) for row in conn.execute(select(tickets)).mappings()]

    return await world.db.write(shuffle)


def expected(rows: list[dict[str, Any]], view: View, viewer_id: int) -> list[int]:
    """The view by a filter and one sort in Python."""
    if view == "resolved":
        done = [row for row in rows if row["state"] == "resolved"]
        return [row["id"] for row in sorted(done, key=lambda row: (row["resolved_at"], row["id"]), reverse=True)]
    holds = {
        "open": lambda row: True,
        "mine": lambda row: row["assignee_id"] == viewer_id or asks(row, viewer_id),
        "unclaimed": lambda row: row["assignee_id"] is None,
        "breaching": lambda row: row["next_due"] is not None and row["next_due"] < MONDAY + BREACHING,
        "late": lambda row: row["next_due"] is not None and row["next_due"] < MONDAY,
        "waiting": lambda row: row["state"] == "waiting",
    }[view]
    found = [row for row in rows if row["state"] in {"new", "open", "waiting"} and holds(row)]
    asked_first = (lambda row: not asks(row, viewer_id)) if view == "mine" else (lambda row: False)
    return [row["id"] for row in sorted(found, key=lambda row: (asleep(row), asked_first(row), *urgency(row)))]


def asks(row: dict[str, Any], person_id: int) -> bool:
    return row["assignee_id"] is None and row["asked_id"] == person_id


def asleep(row: dict[str, Any]) -> bool:
    return row["snoozed_until"] is not None and row["snoozed_until"] > MONDAY


def urgency(row: dict[str, Any]) -> tuple[Any, ...]:
    due = row["next_due"]
    return row["level"] != "emergency", due is None, due or MONDAY, -row["urgent"], row["id"]


@pytest.mark.parametrize("seed", range(2))
async def test_a_view_is_in_the_plain_order_whatever_its_bands(world: World, seed: int) -> None:
    """Emergencies, what is due next, the pressing, the oldest; asleep ones last; the first page is its beginning."""
    rows = await muddle(world, seed)
    counts = await world.ask(board.counts, viewer_id=world.ann.id, now=MONDAY)
    for view in VIEWS:
        order = expected(rows, view, world.ann.id)
        for limit in (3, TICKETS):
            page = await world.ask(board.queue, view=view, viewer_id=world.ann.id, now=MONDAY, limit=limit)
            assert [row.ticket.id for row in page] == order[:limit], view
        assert counts[view] == len(order)


@pytest.mark.parametrize("database_urls", ["sqlite"], indirect=True)  # PostgreSQL's plans follow its statistics
@pytest.mark.parametrize("view", VIEWS)
async def test_no_band_is_sorted_or_read_whole(world: World, view: View) -> None:
    """SQLite, which has no statistics here, walks the index that was made for the band."""

    def plans(conn: Connection) -> list[str]:
        found = []
        for band in bands(view, world.ann.id, now=MONDAY):
            query = select(tickets).where(*band.where).order_by(*band.order).limit(200)
            said = query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
            found += [" ".join(row[3] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}"))]
        return found

    for plan in await world.db.read(plans):
        assert "USING INDEX ticket_" in plan
        assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize("database_urls", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("wanted", "index"), [({"client": "1"}, "ticket_client_open"), ({"team": "web"}, "ticket_team_open")]
)
async def test_a_client_and_a_team_have_their_own_index(world: World, wanted: dict[str, str], index: str) -> None:
    """A view of few among many tickets reads those few."""

    def plan(conn: Connection) -> str:
        where = conditions(conn, Wanted.read(wanted), viewer_id=world.ann.id, now=MONDAY)
        others = list(bands("open", world.ann.id, now=MONDAY))[1]
        query = select(tickets).where(*others.where, *where).order_by(*others.order).limit(200)
        said = query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
        return " ".join(row[3] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}"))

    assert f"USING INDEX {index}" in await world.db.read(plan)
