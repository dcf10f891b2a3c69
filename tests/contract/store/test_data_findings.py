"""What doctor says of the database, backups and files, on either database."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bot import backup, data_findings
from bot.data_findings import examine
from bot.findings import Finding
from store.clock import ManualClock, utc_now
from store.db import Database

PG: Mapping[str, Any] = {
    "version": "16.4", "number": 160_004, "left": 80, "at": datetime(2026, 11, 24, tzinfo=UTC), "copy": False,
    "copies": 0, "behind": None,
}  # fmt: skip


def states(found: list[Finding]) -> dict[str, str]:
    return {each.what: each.state for each in found}


async def test_a_healthy_database_with_a_fresh_backup(database: Database, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    found = await examine(database, data=tmp_path, clock=utc_now)
    assert states(found)["backup"] == "warning", "none was ever made"
    now = utc_now()
    facts = {"rows": 1, "files": 0, "bytes": 1, "revision": "0036"}
    await database.write(lambda conn: backup.note(conn, backup.MADE, facts, kind="backup", subject="a", now=now))
    found = await examine(database, data=tmp_path, clock=utc_now)
    assert {each.state for each in found} == {"ok"}, found
    assert ("database's clock" in states(found)) == (database.dialect == "postgresql")
    late = await examine(database, data=tmp_path, clock=ManualClock(now + timedelta(days=3)))
    [old] = [each for each in late if each.what == "backup"]
    assert (old.state, "3 days ago" in old.found, "every night" in old.mend) == ("warning", True, True)
    if database.dialect == "postgresql":
        assert states(late)["database's clock"] == "warning"


async def test_a_schema_of_a_later_release_and_a_folder_that_is_gone(database: Database, tmp_path: Path) -> None:
    await database.write(lambda conn: conn.execute(text("UPDATE alembic_version SET version_num = '9001'")).close())
    found = states(await examine(database, data=tmp_path / "nowhere", clock=utc_now))
    assert (found["schema"], found["files folder"]) == ("warning", "bad")
    await database.write(lambda conn: conn.execute(text("UPDATE alembic_version SET version_num = '0031'")).close())
    assert states(await examine(database, data=tmp_path, clock=utc_now))["schema"] == "bad"


async def test_a_database_that_is_gone(database: Database, tmp_path: Path) -> None:
    await database.close()
    assert [(each.what, each.state) for each in await examine(database, data=tmp_path, clock=utc_now)] == [
        ("database", "bad")
    ]


def test_what_is_said_of_postgresql() -> None:
    """Too old, too few connections, another clock, copies that are behind, a copy that cannot be written to."""
    now = PG["at"]

    def told(**facts: Any) -> dict[str, str]:
        return states(data_findings._postgres({**PG, **facts}, now=now))

    assert told() == {"database": "ok", "database's clock": "ok"}
    assert told(number=130_010)["database"] == "warning"
    assert told(left=3)["database"] == "warning"
    assert told(copy=True) == {"database": "bad"}
    assert told(at=now + timedelta(seconds=4))["database's clock"] == "ok"
    assert told(at=now - timedelta(seconds=6))["database's clock"] == "warning"
    assert told(copies=1, behind=None)["copies"] == "ok"
    assert told(copies=2, behind=61.0)["copies"] == "warning"
