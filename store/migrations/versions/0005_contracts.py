"""Contracts in force, holidays, agreements, closures; a client's managers; where a merged ticket went."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)
COLUMNS = (("client", "success_id", ""), ("client", "technical_id", ""), ("ticket", "merged_into", "ticket"))


def key() -> sa.Column:
    return sa.Column("id", BIG_ID, primary_key=True, autoincrement=True)


def client() -> sa.Column:
    return sa.Column("client_id", BIG_ID, sa.ForeignKey("client.id"), nullable=False)


def by() -> sa.Column:
    return sa.Column("by_id", BIG_ID, sa.ForeignKey("person.id"))


def at() -> sa.Column:
    return sa.Column("at", INSTANT, nullable=False)


def upgrade() -> None:
    _contracts()
    _agreements()
    kind = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    for table, column, parent in COLUMNS:
        reference = f" REFERENCES {parent} (id)" if parent else ""
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}{reference}")  # rebuilds no table
    merged = {f"{dialect}_where": sa.text("merged_into IS NOT NULL") for dialect in ("sqlite", "postgresql")}
    op.create_index("ticket_merged", "ticket", ["merged_into"], **merged)


def _contracts() -> None:
    op.create_table(
        "contract_adoption",
        key(),
        sa.Column("version", sa.Text, sa.ForeignKey("contract_version.version"), nullable=False),
        at(),
        by(),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("digest", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "holiday_year",
        sa.Column("country", sa.Text, primary_key=True),
        sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("source", sa.Text, nullable=False),
        at(),
        by(),
    )
    op.create_table(
        "holiday",
        sa.Column("country", sa.Text, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
    )
    op.create_table(
        "closure",
        key(),
        client(),
        sa.Column("first", sa.Date, nullable=False),
        sa.Column("last", sa.Date, nullable=False),
        sa.Column("around_the_clock", sa.Boolean, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        by(),
        at(),
        sa.Column("removed_at", INSTANT),
    )
    op.create_index("closure_client", "closure", ["client_id"])


def _agreements() -> None:
    op.create_table(
        "agreement",
        key(),
        client(),
        sa.Column("tier", sa.Text, nullable=False),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("ends_on", sa.Date),
        sa.Column("fee", sa.Integer),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("entitlements", sa.JSON, nullable=False),
        at(),
        by(),
        sa.Column("replaced_at", INSTANT),
    )
    op.create_index("agreement_client", "agreement", ["client_id", "starts_on"])
    op.create_table(
        "entitlement_use",
        key(),
        client(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("amount", sa.Integer, nullable=False),
        sa.Column("used_on", sa.Date, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("ticket_id", BIG_ID, sa.ForeignKey("ticket.id")),
        at(),
        by(),
    )
    op.create_index("entitlement_use_client", "entitlement_use", ["client_id", "used_on"])
    op.create_table(
        "authorised_contact",
        sa.Column("client_id", BIG_ID, sa.ForeignKey("client.id"), primary_key=True),
        sa.Column("person_id", BIG_ID, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("powers", sa.JSON, nullable=False),
        at(),
        by(),
    )
    op.create_index("authorised_contact_person", "authorised_contact", ["person_id"])


def downgrade() -> None:
    op.drop_index("ticket_merged", "ticket")
    for table, column, _ in COLUMNS:
        with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": table == "ticket"}) as batch:
            batch.drop_column(column)
    for table in ("authorised_contact", "entitlement_use", "agreement", "closure", "holiday", "holiday_year"):
        op.drop_table(table)
    op.drop_table("contract_adoption")
