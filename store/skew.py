"""Machines that share a database must agree on the time: leases and deadlines are told by their own clocks."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, select

from store.clock import Clock

MOST: Final = timedelta(seconds=20)
"""Less than what is left of a lease when it is renewed (store/worker.py), so that nobody takes a living job."""


def ahead(conn: Connection, *, clock: Clock) -> timedelta:
    """How far this machine's clock is ahead of the database server's, negative if behind. A transaction body."""
    if conn.dialect.name == "sqlite":
        return timedelta(0)
    before = clock()
    theirs: datetime = conn.execute(select(func.clock_timestamp())).scalar_one()
    return before + (clock() - before) / 2 - theirs
