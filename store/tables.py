"""This room's tables, on the project's one metadata.

`job` holds what waits, runs, or is dead; a closed job with a dedup key stays as an empty tombstone until
the dedup window has passed, any other closed job is deleted. Of each (queue, key) only the head has `due`:
the run-at while it waits, the end of its lease while it runs.
"""

from typing import Final

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, MetaData, Table, Text, text
from sqlmodel import SQLModel

from store.instant import Instant

metadata: Final[MetaData] = SQLModel.metadata
BigId: Final = BigInteger().with_variant(Integer, "sqlite")

job: Final = Table(
    "job",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("queue", Text, nullable=False),
    Column("key", Text),
    Column("dedup", Text),
    Column("body", JSON, nullable=False),
    Column("state", Text, nullable=False),  # waiting, running, done (tombstone), dead
    Column("run_at", Instant, nullable=False),
    Column("due", Instant),
    Column("claims", Integer, nullable=False),  # times claimed; only ever grows: with the owner it is the fence
    Column("attempts", Integer, nullable=False),  # claims that count towards the retry limit
    Column("owner", Text),
    Column("error", Text),
    Column("created_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Index(
        "job_dedup",
        "queue",
        "dedup",
        unique=True,
        sqlite_where=text("dedup IS NOT NULL"),
        postgresql_where=text("dedup IS NOT NULL"),
    ),
    Index("job_due", "due", "id", sqlite_where=text("due IS NOT NULL"), postgresql_where=text("due IS NOT NULL")),
    Index(
        "job_open",
        "queue",
        "key",
        "id",
        sqlite_where=text("closed_at IS NULL"),
        postgresql_where=text("closed_at IS NULL"),
    ),
    Index(
        "job_closed",
        "closed_at",
        sqlite_where=text("closed_at IS NOT NULL"),
        postgresql_where=text("closed_at IS NOT NULL"),
    ),
    Index("job_dead", "closed_at", sqlite_where=text("state = 'dead'"), postgresql_where=text("state = 'dead'")),
    sqlite_autoincrement=True,
)

job_step: Final = Table(
    "job_step",
    metadata,
    Column("job_id", BigId, ForeignKey("job.id", ondelete="CASCADE", name="job_step_job"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("result", JSON, nullable=False),
)

rate: Final = Table(
    "rate",
    metadata,
    Column("bucket", Text, primary_key=True),
    Column("full_at", Instant, nullable=False),  # GCRA's theoretical arrival time: when the bucket is whole again
)

schedule: Final = Table(
    "schedule",
    metadata,
    Column("name", Text, primary_key=True),
    Column("cron", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("body", JSON, nullable=False),
    Column("next_at", Instant, nullable=False),
    Index("schedule_next", "next_at"),
)

schema_line: Final = Table(
    "schema_line",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # 1
    Column("oldest", Integer, nullable=False),  # programs that know this revision, or a later one, can work here
)
