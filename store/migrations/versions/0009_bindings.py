"""One-time codes that bind a chat to a client or a platform's account to a colleague; what is known of a chat."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "binding_code",
        sa.Column("code_hash", sa.Text, primary_key=True),
        sa.Column("client_id", BIG_ID, sa.ForeignKey("client.id")),
        sa.Column("person_id", BIG_ID, sa.ForeignKey("person.id")),
        sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT),
    )
    with op.batch_alter_table("chat") as chat:
        chat.add_column(sa.Column("title", sa.Text))
        chat.add_column(sa.Column("invited_at", INSTANT))
        chat.add_column(sa.Column("lost_at", INSTANT))


def downgrade() -> None:
    with op.batch_alter_table("chat") as chat:
        for column in ("title", "invited_at", "lost_at"):
            chat.drop_column(column)
    op.drop_table("binding_code")
