"""Imported visits on both databases: kept by day, replaced by the same days, added up honestly, through real files."""

from datetime import UTC, date, datetime, timedelta
from gzip import compress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from handoff import sites
from handoff.errors import NotFound
from handoff.kinds import Tier
from handoff.site_rules import read_site
from success.traffic import store
from success.traffic.importing import Importing
from success.traffic.model import Refused
from tests.contract.handoff.conftest import World, world

__all__ = ["world"]
LINE = (
    '1.2.3.4 - - [{}/Oct/2026:10:00:00 +0800] "GET /{} HTTP/1.1" 200 1 "https://www.baidu.com/" "Mozilla/5.0 Chrome"\n'
)


async def site(world: World, address: str = "https://shop.example") -> int:
    client = world.clients[Tier.GOLD].id
    return (await world.do(sites.add, client_id=client, draft=read_site({"address": address}))).id


def found(*rows: dict[str, Any], kind: str = "ga4") -> dict[str, Any]:
    blank = {"visits": None, "views": None, "bounces": None, "sources": None, "pages": None}
    return {
        "kind": kind,
        "lines": len(rows),
        "broken": 0,
        "bots": 0,
        "outside": 0,
        "rows": [blank | row for row in rows],
    }


def day(n: int, **parts: Any) -> dict[str, Any]:
    return {"first": f"2026-10-{n:02}", "last": f"2026-10-{n:02}", **parts}


async def kept(world: World, site_id: int, *rows: dict[str, Any], kind: str = "ga4") -> None:
    await world.do(store.keep, site_id=site_id, name="f", found=found(*rows, kind=kind), by=None)


async def october(world: World, site_id: int) -> store.Traffic | None:
    return await world.ask(store.of_period, site_id, date(2026, 10, 1), date(2026, 10, 31))


async def test_the_same_days_replace_what_was_there(world: World) -> None:
    """Part by part: a file that says nothing of pages leaves those that are known."""
    one = await site(world)
    await kept(
        world, one, day(1, visits=10, views=20, bounces=5, pages=[["/", 20]]), day(2, visits=20, views=30, bounces=5)
    )
    await kept(world, one, day(1, visits=7, views=14, sources={"search": 7}), kind="matomo")
    seen = await october(world, one)
    assert seen is not None
    assert (seen.visits, seen.views, seen.days, seen.kinds) == (27, 44, 2, ("ga4", "matomo"))
    assert (seen.sources, seen.pages) == ((("search", 7),), (("/", 20),))
    assert seen.daily == ((date(2026, 10, 1), 7), (date(2026, 10, 2), 20))
    assert len(await world.ask(store.imports, [one])) == 2


async def test_days_and_a_whole_month_are_not_counted_twice(world: World) -> None:
    """Visits by day beat those of a span that holds them; what only the span says is taken from it."""
    one = await site(world)
    month = {"first": "2026-10-01", "last": "2026-10-31"}
    await kept(world, one, month | {"visits": 900, "bounces": 450, "sources": {"direct": 600, "search": 300}})
    seen = await october(world, one)
    assert seen is not None
    assert (seen.visits, seen.days, seen.bounce, seen.daily) == (900, 31, 0.5, ())
    await kept(world, one, day(1, visits=10, bounces=2), day(2, visits=30, bounces=8))
    seen = await october(world, one)
    assert seen is not None
    assert (seen.visits, seen.days, seen.bounce) == (40, 2, 0.25)
    assert dict(seen.sources) == {"direct": 600, "search": 300}


async def test_a_month_without_data_has_none(world: World) -> None:
    """None at all, not zero; a span that reaches beyond the month says nothing of it; other sites' visits neither."""
    one, other = await site(world), await site(world, "https://other.example")
    assert await october(world, one) is None
    await kept(world, one, {"first": "2026-09-15", "last": "2026-10-14", "visits": 9})
    await kept(world, other, day(3, visits=5))
    assert await october(world, one) is None
    assert await world.ask(store.covered, [one, other]) == {
        one: (date(2026, 9, 15), date(2026, 10, 14)), other: (date(2026, 10, 3), date(2026, 10, 3)),
    }  # fmt: skip


async def test_a_file_is_read_by_a_process_of_its_own(world: World, tmp_path: Path) -> None:
    """A log becomes days at the client's place; a removed site, another kind, a file that never ends in time are refused."""
    one, path = await site(world), tmp_path / "access.log"
    world.clock.set(datetime(2026, 11, 1, tzinfo=UTC))
    path.write_text(LINE.format("01", "") + LINE.format("02", "a") + LINE.format("02", "b") + "rubbish\n")
    importing, now = Importing(), world.clock()
    done = await importing.take(world.db, path, site_id=one, name="access.log\0", now=now)
    assert (done.kind, done.lines, done.broken, str(done.first_on), str(done.last_on)) == (
        "logs",
        4,
        1,
        "2026-10-01",
        "2026-10-02",
    )
    seen = await october(world, one)
    assert seen is not None
    assert (seen.visits, seen.views, seen.bounce, dict(seen.sources)) == (2, 3, 0.5, {"search": 2})
    path.write_text("no log at all\n")
    with pytest.raises(Refused, match="kind"):
        await importing.take(world.db, path, site_id=one, name="x", now=now)
    with pytest.raises(Refused, match="broke"):
        await Importing(within_s=0.01).take(world.db, path, site_id=one, name="x", now=now)
    with pytest.raises(Refused, match="kind"):
        await importing.take(world.db, path, site_id=one, name="x", kind="excel", now=now)
    await world.do(sites.remove, client_id=world.clients[Tier.GOLD].id, site_id=one, by=world.ann.id)
    with pytest.raises(NotFound):
        await importing.take(world.db, path, site_id=one, name="x", now=now)


async def test_a_year_of_days_is_written_at_once(world: World) -> None:
    """With as many statements as of one day; files that say other parts of some days keep what the others said."""
    one = await site(world)
    rows = [
        {"first": str(day), "last": str(day), "visits": n, **({"views": n} if n % 2 else {})}
        for n, day in enumerate(date(2025, 11, 1) + timedelta(days=n) for n in range(365))
    ]

    def count(conn: Connection) -> int:
        said: list[str] = []

        def heard(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
            said.append(statement)

        event.listen(conn, "before_cursor_execute", heard)
        store.keep(conn, site_id=one, name="f", found=found(*rows), by=None, now=world.clock())
        event.remove(conn, "before_cursor_execute", heard)
        return len(said)

    assert await world.db.write(count) <= 6
    seen = await world.ask(store.of_period, one, date(2025, 11, 1), date(2026, 10, 31))
    assert seen is not None
    assert (seen.days, seen.visits, seen.views) == (365, 364 * 365 // 2, 182 * 182)


async def test_what_is_cut_off_or_wrong_is_told(world: World, tmp_path: Path) -> None:
    """A packed file that ends too early is not imported at all; lines of wrong days are counted apart."""
    one, path = await site(world), tmp_path / "access.log.gz"
    importing, now = Importing(), datetime(2026, 11, 1, tzinfo=UTC)
    log = "".join(LINE.format(f"{day:02}", "") for day in range(1, 20)).encode()
    path.write_bytes(compress(log)[:-9])
    with pytest.raises(Refused, match="cut"):
        await importing.take(world.db, path, site_id=one, name="x", now=now)
    assert await world.ask(store.imports, [one]) == ()
    path.write_bytes(compress(log + LINE.format("01", "").replace("2026", "2004").encode()))
    done = await importing.take(world.db, path, site_id=one, name="x", now=now)
    assert (done.lines, done.outside, str(done.first_on)) == (20, 1, "2026-10-01")
