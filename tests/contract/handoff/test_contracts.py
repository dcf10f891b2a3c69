"""The contract in force is a row: an edit counts at once, in every process, and open tickets follow it by batches."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.contract_work import open_contract
from handoff import accounts, alignment, almanac, board, contracts, coverage
from handoff.errors import NotFound, Outdated, PolicyError
from handoff.holiday_library import library_years
from handoff.holidays import Year
from handoff.kinds import ClockState, Level, Tier
from handoff.policy import Contract, parse
from store.db import Database
from tests.contract.handoff.conftest import BOOK, MONDAY, World

ROOT: Any = BOOK.current.root


def edited(contract: Contract, level: Level, tier: Tier, **targets: str) -> Any:
    """The contract's document with one cell of the table changed."""
    table = dict(contract.root["targets"])
    table[level] = {**table[level], tier: targets}
    return {**contract.root, "targets": table}


async def adopt(world: World, document: Any, **facts: Any) -> None:
    """Put a document in force, its holidays those of the contract before it."""
    tables = await world.ask(almanac.known)
    contract = parse(document, holidays=tables or _tables(BOOK.current))
    await world.do(contracts.adopt, contract=contract, **facts)


def _tables(contract: Contract) -> Any:
    from handoff.holiday_library import known_holidays

    assert contract.covered_until == known_holidays()["china"].until
    return known_holidays()


async def seeded(world: World) -> None:
    years = list(library_years(["china"], today=date(2026, 3, 9)))
    await world.do(almanac.seed, found=years)


async def test_an_edit_counts_in_every_process_at_once(world: World) -> None:
    """Another desk on the same database opens its next ticket under the new terms, without a restart."""
    await adopt(world, edited(BOOK.current, Level.QUESTION, Tier.GOLD, FR="2 h on G", RS="2 working days on W"))
    ticket = await world.open()
    assert (await world.clocks(ticket))["FR"].target == "2 h on G"
    adopted = await world.ask(contracts.in_force)
    assert ticket.policy == adopted.version != BOOK.current.version
    assert [row.source for row in await world.ask(contracts.history)] == ["desk", "file"]


async def test_the_second_of_two_admins_hears_that_the_version_changed(world: World) -> None:
    """Both edited the same version: the first is adopted, the second refused, and the history has one line of it."""
    first = edited(BOOK.current, Level.BUG, Tier.GOLD, FR="8 h on A", RS="3 working days on W")
    second = edited(BOOK.current, Level.BUG, Tier.GOLD, FR="9 h on A", RS="3 working days on W")
    await adopt(world, first, instead_of=BOOK.current.version, by=world.lead.id, reason="shorter nights")
    with pytest.raises(Outdated) as refused:
        await adopt(world, second, instead_of=BOOK.current.version)
    newest, *rest = await world.ask(contracts.history)
    assert refused.value.version == newest.version
    assert (newest.by_id, newest.reason, len(rest)) == (world.lead.id, "shorter nights", 1)


async def test_processes_may_start_at_once(database: Database) -> None:
    """An empty database, four starts in the same moment: one adoption, one set of tables, one contract for all."""
    folder = Path("no folder of its own")
    await asyncio.gather(*(open_contract(database, folder, clock=lambda: MONDAY) for _ in range(4)))
    assert [row.source for row in await database.read(contracts.history)] == ["file"]
    assert len(await database.read(almanac.covered)) == 23
    assert (await database.read(lambda conn: contracts.book(conn).current)).version == BOOK.current.version


async def test_of_two_adoptions_at_once_one_is_refused(world: World) -> None:
    """Both were edited from the same version; the database decides."""
    edits = [
        edited(BOOK.current, Level.BUG, Tier.GOLD, FR=f"{hours} h on A", RS="3 working days on W") for hours in (8, 9)
    ]
    done = await asyncio.gather(
        *(adopt(world, edit, instead_of=BOOK.current.version) for edit in edits), return_exceptions=True
    )
    assert sorted(map(type, done), key=str) == sorted([type(None), Outdated], key=str)
    assert len(await world.ask(contracts.history)) == 2


async def test_open_tickets_follow_in_batches_that_survive_a_kill(world: World) -> None:
    """Seven tickets in batches of three: each once; a batch whose transaction was lost is done again, no ticket twice."""
    opened = [await world.open() for _ in range(7)]
    await adopt(world, edited(BOOK.current, Level.QUESTION, Tier.GOLD, FR="2 h on G", RS="2 working days on W"))

    class KilledError(Exception):
        pass

    def lost(conn: Any) -> None:
        alignment.work(conn, {"after": 0, "client": None}, now=world.clock(), batch=3)
        raise KilledError

    with pytest.raises(KilledError):
        await world.db.write(lost)
    jobs = await world.worker.drain()
    assert jobs >= 3
    for ticket in opened:
        assert (await world.kinds(ticket)).count("policy_set") == 1
        assert (await world.clocks(ticket))["FR"].target == "2 h on G"
    assert await world.do(alignment.work, body={"after": 0, "client": None}) == 0


async def test_a_resolved_ticket_keeps_the_terms_it_ended_with(world: World) -> None:
    """Only unfinished tickets are brought in line."""
    done = await world.open()
    await world.do(world.desk.resolve, ticket_id=done.id, by=world.ann.id, text="好了")
    await adopt(world, edited(BOOK.current, Level.QUESTION, Tier.GOLD, FR="2 h on G", RS="2 working days on W"))
    await world.worker.drain()
    assert (await world.ask(board.ticket, done.id)).policy == BOOK.current.version
    assert (await world.clocks(done))["FR"].target == "4 h on G"


@pytest.mark.parametrize(
    ("own", "edited_in_desk", "file_changed", "sources"),
    [
        (False, False, False, ["file"]),
        (False, False, True, ["file", "file"]),
        (False, True, True, ["desk", "file"]),
        (False, True, False, ["desk", "file"]),
        (True, True, True, ["file", "desk", "file"]),
        (True, True, False, ["desk", "file"]),
    ],
)
async def test_when_the_file_is_adopted_again(
    world: World, *, own: bool, edited_in_desk: bool, file_changed: bool, sources: list[str]
) -> None:
    """Only if it changed, and a changed default never undoes what was edited in the desk."""
    await seeded(world)
    await world.do(contracts.start, document=ROOT, own=own)
    before = len(await world.ask(contracts.history))
    if edited_in_desk:
        await adopt(world, edited(BOOK.current, Level.BUG, Tier.GOLD, FR="8 h on A", RS="3 working days on W"))
    again = {**ROOT, "reopen_days": 9} if file_changed else ROOT
    for _ in range(2):
        await world.do(contracts.start, document=again, own=own)
    rows = await world.ask(contracts.history)
    assert [row.source for row in rows[: len(rows) - before + 1]] == sources


async def test_a_year_of_holidays_is_adopted_with_the_tables(world: World) -> None:
    """A new year brought in makes a new version; open tickets move, those ended keep theirs."""
    await seeded(world)
    world.clock.set(datetime(2026, 12, 30, 2, 0, tzinfo=UTC))
    ticket = await world.open(Level.CHANGE, tier=Tier.STANDARD)  # 5 working days on W
    late = (await world.clocks(ticket))["FR"].due_at
    seen = await world.ask(coverage.look, now=world.clock())
    assert (seen.until, seen.short, seen.last_due) == (date(2026, 12, 31), True, late)
    year = Year(country="china", year=2027, off={date(2027, 1, 1): "元旦", date(2027, 1, 4): "元旦"}, makeup={})
    await world.do(almanac.save, found=year, source="import")
    await world.do(contracts.observe, by=world.lead.id, reason="notice of 2027")
    await world.worker.drain()
    moved = (await world.clocks(ticket))["FR"].due_at
    assert late == datetime(2027, 1, 6, 10, 0, tzinfo=UTC)
    assert moved == datetime(2027, 1, 8, 10, 0, tzinfo=UTC)
    seen = await world.ask(coverage.look, now=world.clock())
    assert (seen.until, seen.short) == (date(2027, 12, 31), False)
    newest = (await world.ask(contracts.history))[0]
    assert (newest.source, newest.by_id, newest.reason) == ("holidays", world.lead.id, "notice of 2027")


async def test_a_closure_gives_one_client_other_hours(world: World) -> None:
    """Closed days count for that client's tickets only, open ones too; 24x7 goes on; removing it takes it back."""
    gold, standard = await world.open(), await world.open(tier=Tier.STANDARD)
    emergency = await world.open(Level.EMERGENCY)
    before = {t.id: await world.clocks(t) for t in (gold, standard, emergency)}
    kept = await world.do(
        accounts.add_closure, client_id=world.clients[Tier.GOLD].id, first="2026-03-09", last="2026-03-10",
        why="office move", by=world.lead.id,
    )  # fmt: skip
    await world.worker.drain()
    assert (await world.clocks(gold))["FR"].due_at == MONDAY.replace(day=11, hour=1) + timedelta(hours=4)
    assert (await world.clocks(gold))["FR"].elapsed_s == 0
    for same in (standard, emergency):
        assert (await world.clocks(same))["FR"] == before[same.id]["FR"]
    fresh = await world.open()
    assert fresh.policy == (await world.ask(board.ticket, gold.id)).policy != standard.policy
    lines = await world.ask(world.desk.ledger, gold.id, now=world.clock())
    assert {line.data["why"] for line in lines if line.kind == "closed" and line.clock == "RS"} == {"closure"}
    await world.do(accounts.remove_closure, client_id=world.clients[Tier.GOLD].id, closure_id=kept.id)
    await world.worker.drain()
    assert (await world.clocks(gold))["FR"].due_at == before[gold.id]["FR"].due_at
    with pytest.raises(NotFound):
        await world.do(accounts.remove_closure, client_id=world.clients[Tier.GOLD].id, closure_id=kept.id)


async def test_a_closure_around_the_clock_stops_even_emergencies(world: World) -> None:
    """If the closure says so."""
    await world.do(
        accounts.add_closure, client_id=world.clients[Tier.GOLD].id, first="2026-03-09", last="2026-03-09",
        around_the_clock=True, why="site taken down", by=None,
    )  # fmt: skip
    emergency = await world.open(Level.EMERGENCY)
    midnight = datetime(2026, 3, 9, 16, 0, tzinfo=UTC)
    assert (await world.clocks(emergency))["FR"].due_at == midnight + timedelta(hours=1)


@pytest.mark.parametrize(
    ("first", "last", "where"),
    [
        ("2026-03-10", "2026-03-09", "closure"),
        ("1969-12-31", "1970-01-01", "closure.first"),
        ("2100-12-31", "2101-01-01", "closure.last"),
        ("2026-01-01", "2027-01-02", "closure.last"),
        ("soon", "2026-01-02", "closure.first"),
        ("2026-02-29", "2026-03-01", "closure.first"),
    ],
)
async def test_a_closure_that_cannot_be_meant_says_where(world: World, first: str, last: str, where: str) -> None:
    """Inverted, out of range, too long, no date."""
    with pytest.raises(PolicyError) as refused:
        await world.do(
            accounts.add_closure, client_id=world.clients[Tier.GOLD].id, first=first, last=last, why="", by=None
        )
    assert refused.value.where == where


async def test_terms_of_a_client_that_is_not_there(world: World) -> None:
    """An unknown client has no terms, no closures and no agreement."""
    with pytest.raises(NotFound):
        await world.do(accounts.terms, client_id=999)
    with pytest.raises(NotFound):
        await world.do(accounts.add_closure, client_id=999, first="2026-03-09", last="2026-03-09", why="", by=None)


async def test_without_a_contract_there_is_nothing_to_open_a_ticket_under(database: Any) -> None:
    """A fresh database says so instead of inventing terms."""
    with pytest.raises(NotFound):
        await database.read(contracts.book)
    assert (await database.read(lambda conn: coverage.look(conn, now=MONDAY))).until is None


async def test_paused_clocks_move_too(world: World) -> None:
    """A ticket that waits for its client is brought in line with the rest."""
    ticket = await world.open()
    await world.do(world.desk.reply, ticket_id=ticket.id, by=world.ann.id, text="请发截图", wait=True)
    await adopt(world, edited(BOOK.current, Level.QUESTION, Tier.GOLD, FR="2 h on G", RS="9 working days on W"))
    await world.worker.drain()
    clocks = await world.clocks(ticket)
    assert (clocks["RS"].state, clocks["RS"].target) == (ClockState.PAUSED, "9 working days on W")
