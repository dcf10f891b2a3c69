"""Whom a ticket asks, in the order of the queue's bands."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

WHERE = "state IN ('new', 'open', 'waiting') AND assignee_id IS NULL"
ORDER = ["next_due", sa.text("urgent DESC"), "id"]


def upgrade() -> None:
    op.drop_index("ticket_asked", "ticket")
    where = sa.text(WHERE)
    op.create_index("ticket_asked", "ticket", ["asked_id", *ORDER], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_index("ticket_asked", "ticket")
    op.create_index("ticket_asked", "ticket", ["asked_id", "state"])
