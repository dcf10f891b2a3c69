"""This room's tables, on the project's one metadata: passwords, sessions, forms taken, prompts, checks of the house.

Of a prompt number 0 is the file that comes with the program; each row of `prompt_live` publishes, the last one holds.
"""

from typing import Final

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from handoff.tables import person
from store.db import Instant
from store.tables import BigId, metadata


def _person(*, primary_key: bool = False) -> Column[int]:
    return Column("person_id", BigId, ForeignKey(person.c.id), primary_key=primary_key, nullable=False)


staff_password: Final = Table(
    "staff_password",
    metadata,
    _person(primary_key=True),
    Column("hash", Text, nullable=False),
    Column("one_time", Boolean, nullable=False),
    Column("set_at", Instant, nullable=False),
    Column("expires_at", Instant),
)

staff_session: Final = Table(
    "staff_session",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("person_id", BigId, ForeignKey(person.c.id), nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False, index=True),
    Column("address", Text),
    Column("agent", Text),  # the browser and its system, in two words
)

sign_in_try: Final = Table(
    "sign_in_try",
    metadata,
    Column("name", Text, primary_key=True),  # of an account and an address
    Column("tries", Integer, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("until", Instant),  # nothing is looked at before
)

desk_form: Final = Table(
    "desk_form",
    metadata,
    Column("once", Text, primary_key=True),
    Column("person_id", BigId, ForeignKey(person.c.id), nullable=False),
    Column("at", Instant, nullable=False, index=True),
)

prompt_version: Final = Table(
    "prompt_version",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("by_id", BigId, ForeignKey("person.id"), nullable=False),
    Column("why", Text, nullable=False),
    Column("at", Instant, nullable=False),
    UniqueConstraint("name", "number"),
)

prompt_live: Final = Table(
    "prompt_live",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("by_id", BigId, ForeignKey("person.id"), nullable=False),
    Column("why", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index("prompt_live_name", "name", "id"),
)

prompt_run: Final = Table(
    "prompt_run",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("against", Integer, nullable=False),  # the version that was live when it was asked for
    Column("state", Text, nullable=False),  # waiting, running, done, failed, cancelled
    Column("by_id", BigId, ForeignKey("person.id"), nullable=False),
    Column("questions", JSON, nullable=False),
    Column("done", Integer, nullable=False),
    Column("model", Text, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("error", Text),
    Index("prompt_run_name", "name", "id"),
    sqlite_autoincrement=True,
)

prompt_result: Final = Table(
    "prompt_result",
    metadata,
    Column("run_id", BigId, ForeignKey("prompt_run.id", ondelete="CASCADE"), primary_key=True),
    Column("place", Integer, primary_key=True),  # of the question in the run
    Column("number", Integer, primary_key=True),  # the version that answered
    Column("facts", JSON, nullable=False),
)

health_check: Final = Table(
    "health_check",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("by_id", BigId, ForeignKey("person.id")),
    Column("findings", JSON, nullable=False),
    Column("ms", Integer, nullable=False),
    sqlite_autoincrement=True,
)
