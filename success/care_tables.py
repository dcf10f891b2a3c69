"""Tables of what our people are to do for clients and of what leaves by e-mail, on the project's one metadata.

`origin` says what a row came from, so that the same cause makes it once.
"""

from typing import Final

from sqlalchemy import JSON, Boolean, Column, Index, Integer, Table, Text, false, text

from handoff.columns import at, key, only, ref
from store.db import Instant
from store.tables import metadata

task: Final = Table(
    "task",
    metadata,
    key(),
    Column("origin", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    ref("client_id", "client"),
    ref("ticket_id", "ticket"),
    ref("assignee_id", "person"),
    Column("facts", JSON, nullable=False),  # what its sentence names
    Column("link", Text, nullable=False),  # a page of the desk, "" for none
    Column("due_at", Instant, nullable=False),
    Column("state", Text, nullable=False),  # a TaskState
    at(),
    ref("by_id", "person"),  # who gave it; NULL: the program
    Column("closed_at", Instant),
    ref("closed_by", "person"),
    Column("note", Text, nullable=False),  # what came of it
    Index("task_open", "assignee_id", "due_at", **only("state = 'open'")),
    Index("task_client", "client_id", "at"),
    sqlite_autoincrement=True,
)

mail: Final = Table(
    "mail",
    metadata,
    key(),
    Column("origin", Text, nullable=False, unique=True),
    ref("client_id", "client"),
    Column("address", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text, nullable=False),  # "" for none
    Column("files", JSON, nullable=False),  # [[name in the files folder, name shown, media type]]
    Column("language", Text, nullable=False),
    Column("state", Text, nullable=False),  # queued, sent, failed
    at(),
    Column("tried_at", Instant),
    Column("sent_at", Instant),
    Column("why", Text, nullable=False),  # the receiver's words or our reason, where it failed or waits
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("begun_at", Instant),  # the text is being handed over, or nobody knows whether it was
    Column("again", Boolean, nullable=False, server_default=false()),  # it may be out there already
    Column("leave", Text, nullable=False, server_default=text("''")),  # where its reader leaves the list
    Index("mail_state", "state", "id"),
    Index("mail_client", "client_id", "at"),
    sqlite_autoincrement=True,
)
