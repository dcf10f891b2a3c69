"""What lies with people, counted for those who watch, on both databases."""

from datetime import timedelta

from sqlalchemy import Connection

from handoff import board
from handoff import load as loads
from handoff.kinds import Level
from tests.contract.handoff.conftest import World


async def counted(world: World) -> loads.Load:
    return await world.db.read(lambda conn: loads.load(conn, now=world.clock()))


async def test_nothing_is_counted_as_nothing(world: World) -> None:
    """Each combination is there, so that an alert can tell 0 from nobody looking."""
    load = await counted(world)
    assert set(load.tickets.values()) == set(load.clocks.values()) == {0}
    assert len(load.tickets) == len(Level) * 2
    assert {standing for _, standing in load.clocks} == {"running", "soon", "late"}


async def test_tickets_and_clocks_are_counted_where_they_stand(world: World) -> None:
    """An emergency that nobody has, a question that somebody took; clocks come near, then are late; solved ones go."""
    emergency, question = await world.open(level=Level.EMERGENCY), await world.open(level=Level.QUESTION)
    await world.do(world.desk.claim, ticket_id=question.id, by=world.ann.id)
    load = await counted(world)
    assert {key: n for key, n in load.tickets.items() if n} == {("emergency", False): 1, ("question", True): 1}
    running = sum(load.clocks.values())
    assert running >= 3
    world.clock.advance(timedelta(days=30))
    load = await counted(world)
    assert sum(n for (_, standing), n in load.clocks.items() if standing == "late") == running
    for ticket in (emergency, question):
        await world.do(world.desk.resolve, ticket_id=ticket.id, by=world.ann.id, why="solved")
    load = await counted(world)
    assert set(load.tickets.values()) == set(load.clocks.values()) == {0}


async def test_what_is_due_within_half_an_hour_is_soon(world: World) -> None:
    """A clock comes near before it is late."""
    ticket = await world.open(level=Level.EMERGENCY)
    clocks = await world.ask(board.clocks, ticket.id, world.clock())
    first = min((each for each in clocks if each.due_at), key=lambda each: each.due_at)
    world.clock.advance(first.due_at - world.clock() - timedelta(minutes=10))
    assert (await counted(world)).clocks[first.kind.value, "soon"] == 1
    world.clock.advance(timedelta(minutes=10))
    assert (await counted(world)).clocks[first.kind.value, "late"] == 1


async def test_the_indexes_are_used(world: World) -> None:
    """A desk of years is not read to count what is open."""
    if world.db.dialect != "sqlite":
        return
    said: list[str] = []

    def explained(conn: Connection) -> None:
        counts = conn.exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT kind, count(*) FROM clock WHERE state = 'running' GROUP BY kind"
        )
        said.extend(row[3] for row in counts)

    await world.db.read(explained)
    assert any("clock_running" in line for line in said), said
