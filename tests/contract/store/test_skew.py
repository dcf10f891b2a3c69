"""Whether this machine and the database agree on the time."""

from datetime import timedelta

import pytest

from store.clock import utc_now
from store.db import Database
from store.skew import ahead


@pytest.mark.parametrize("off", [timedelta(0), timedelta(minutes=5), timedelta(seconds=-40)])
async def test_how_far_ahead(database: Database, off: timedelta) -> None:
    """A database on this machine has no other time; a server has its own."""
    found = await database.read(lambda conn: ahead(conn, clock=lambda: utc_now() + off))
    expected = timedelta(0) if database.dialect == "sqlite" else off
    assert abs(found - expected) < timedelta(seconds=5)
