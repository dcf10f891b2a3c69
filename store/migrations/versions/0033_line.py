"""Which programs can work on this schema: two releases may run side by side while one takes over from the other.

From here on a revision only adds. One that takes away, renames or forbids something says `contracts = "00NN"`: the
revision whose programs, and all later ones, do without it already. `store.migrate` writes that down here.
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    line = op.create_table(
        "schema_line",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("oldest", sa.Integer, nullable=False),
    )
    op.bulk_insert(line, [{"id": 1, "oldest": int(revision)}])


def downgrade() -> None:
    op.drop_table("schema_line")
