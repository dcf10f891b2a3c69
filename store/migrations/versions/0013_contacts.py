"""Where a person wrote, found without reading everybody's messages."""

from alembic import op

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("message_person", "message", ["person_id", "at", "chat_id"])


def downgrade() -> None:
    op.drop_index("message_person", "message")
