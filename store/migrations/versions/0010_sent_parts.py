"""What a message became on its platform: the ids of all its parts, so that they can be changed later."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("message") as message:
        message.add_column(sa.Column("sent", sa.JSON))


def downgrade() -> None:
    with op.batch_alter_table("message") as message:
        message.drop_column("sent")
