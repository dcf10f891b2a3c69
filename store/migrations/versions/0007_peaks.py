"""Indices in the order of the queue's bands, so that a page costs the same with a million tickets; and by time."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

UNSOLVED = "state IN ('new', 'open', 'waiting')"
ORDER = ["next_due", sa.text("urgent DESC"), "id"]


def upgrade() -> None:
    op.drop_index("ticket_queue", "ticket")
    _partial("ticket_open", ORDER, where=f"{UNSOLVED} AND level <> 'emergency'")
    _partial("ticket_pressing", [*ORDER, "assignee_id", "state"], where=f"{UNSOLVED} AND level = 'emergency'")
    _partial("ticket_waiting", ORDER, where="state = 'waiting' AND level <> 'emergency'")
    _partial("ticket_assigned", ["assignee_id", *ORDER], where=f"{UNSOLVED} AND level <> 'emergency'")
    _partial("ticket_resolved", ["resolved_at", "id"], where="state = 'resolved'")
    _partial("ticket_event_heard", ["at"], where="kind = 'client_wrote'", table="ticket_event")
    op.create_index("clock_started", "clock", ["started_at"])
    op.create_index("message_at", "message", ["at"])


def _partial(name: str, columns: list[object], *, where: str, table: str = "ticket") -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    op.drop_index("message_at", "message")
    op.drop_index("clock_started", "clock")
    op.drop_index("ticket_event_heard", "ticket_event")
    for name in ("ticket_resolved", "ticket_assigned", "ticket_waiting", "ticket_pressing", "ticket_open"):
        op.drop_index(name, "ticket")
    op.create_index("ticket_queue", "ticket", ["state", "next_due"])
