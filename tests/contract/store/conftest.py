"""A clock that stands still, and a second handle on the same database."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from store.clock import ManualClock
from store.db import Database


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 3, 2, 9, tzinfo=UTC))


@pytest.fixture
async def other_database(database: Database, database_url: str) -> AsyncIterator[Database]:
    """What a second process would hold."""
    opened = await Database.open(database_url)
    yield opened
    await opened.close()
