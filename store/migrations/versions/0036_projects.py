"""Prices, proposals with their versions, change requests, projects."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)


def _id() -> sa.Column:
    return sa.Column("id", BIG_ID, primary_key=True, autoincrement=True)


def _ref(name: str, parent: str, *, required: bool = False, primary_key: bool = False) -> sa.Column:
    key = sa.ForeignKey(f"{parent}.id")
    return sa.Column(name, BIG_ID, key, nullable=not (required or primary_key), primary_key=primary_key)


def _text(name: str, *, required: bool = True) -> sa.Column:
    return sa.Column(name, sa.Text, nullable=not required)


def _number(name: str) -> sa.Column:
    return sa.Column(name, sa.Integer, nullable=False)


def _json(name: str) -> sa.Column:
    return sa.Column(name, sa.JSON, nullable=False)


def _at(name: str = "at", *, required: bool = True) -> sa.Column:
    return sa.Column(name, INSTANT, nullable=not required)


def _day(name: str, *, required: bool = True) -> sa.Column:
    return sa.Column(name, sa.Date, nullable=not required)


def _only(condition: str) -> dict[str, object]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    op.create_table("price_list", _id(), _text("source"), _at(), _ref("by_id", "person"), sqlite_autoincrement=True)
    _proposals()
    _projects()
    _changes()


def _proposals() -> None:
    op.create_table(
        "proposal", _id(), _ref("client_id", "client"), _text("title"), _json("wish"), _text("state"), _number("head"),
        _at(), _ref("by_id", "person"), _at("closed_at", required=False), _ref("closed_by", "person"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("proposal_client", "proposal", ["client_id", "id"])
    op.create_index("proposal_state", "proposal", ["state", "id"])
    op.create_table(
        "proposal_version", _id(), _ref("proposal_id", "proposal", required=True), _number("n"), _json("content"),
        _text("hash"), _text("made_by"), _number("prices"), _at(), _ref("by_id", "person"),
        _at("approved_at", required=False), _ref("approved_by", "person"), _at("sent_at", required=False),
        _ref("message_id", "message"), _json("sent"), sa.UniqueConstraint("proposal_id", "n"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    named = _only("message_id IS NOT NULL")
    op.create_index("proposal_version_message", "proposal_version", ["message_id"], **named)
    op.create_table(
        "proposal_acceptance", _ref("proposal_id", "proposal", primary_key=True), _number("n"), _text("hash"),
        _ref("person_id", "person", required=True), _text("way"), _at(),
    )  # fmt: skip


def _projects() -> None:
    op.create_table(
        "project", _id(), sa.Column("origin", sa.Text, nullable=False, unique=True),
        _ref("client_id", "client", required=True), _text("title"), _ref("person_id", "person"),
        _ref("business_id", "person"), _ref("technical_id", "person"), _text("state"), _at(), _ref("by_id", "person"),
        _at("closed_at", required=False), sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("project_client", "project", ["client_id", "id"])
    op.create_index("project_open", "project", ["id"], **_only("state = 'open'"))
    op.create_table(
        "project_stage", _id(), _ref("project_id", "project", required=True), _text("stage"), _day("starts_on"),
        _day("due_on"), _at("done_at", required=False), _ref("done_by", "person"), _ref("survey_id", "survey"),
        sa.UniqueConstraint("project_id", "stage"), sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_table(
        "project_task", _id(), _ref("project_id", "project", required=True),
        sa.Column("origin", sa.Text, unique=True), _text("stage"), _text("title"), _ref("owner_id", "person"),
        _day("due_on", required=False), _number("halves"), _at(), _ref("by_id", "person"),
        _at("done_at", required=False), _ref("done_by", "person"), _at("removed_at", required=False),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("project_task_project", "project_task", ["project_id", "id"])
    op.create_table(
        "project_event", _id(), _ref("project_id", "project", required=True), _text("kind"), _json("facts"), _at(),
        _ref("by_id", "person"), sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("project_event_project", "project_event", ["project_id", "at"])
    op.create_table(
        "project_brief", _id(), _ref("project_id", "project", required=True),
        _ref("client_id", "client", required=True), _day("first_on"), _day("last_on"), _text("language"),
        _text("text"), _number("edits"), _text("state"), _at(), _at("approved_at", required=False),
        _ref("approved_by", "person"), _at("sent_at", required=False), _ref("message_id", "message"), _text("why"),
        sa.UniqueConstraint("project_id", "first_on"), sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("project_brief_state", "project_brief", ["state", "id"])


def _changes() -> None:
    op.create_table(
        "change_request", _id(), _ref("client_id", "client", required=True), _ref("ticket_id", "ticket", required=True),
        _ref("project_id", "project"), _text("title"), _text("says"), _text("scope"), _text("allowance"),
        _number("amount"), _json("lines"), _text("currency"), _number("total"), _text("state"), _text("hash"), _at(),
        _ref("by_id", "person"), _at("sent_at", required=False), _ref("message_id", "message"),
        _at("answered_at", required=False), _ref("person_id", "person"), _text("way"),
        _at("started_at", required=False), _ref("started_by", "person"), sqlite_autoincrement=True,
    )  # fmt: skip
    live = _only("state IN ('draft', 'sent', 'confirmed')")
    op.create_index("change_request_ticket", "change_request", ["ticket_id"], unique=True, **live)
    op.create_index("change_request_client", "change_request", ["client_id", "id"])
    op.create_index("change_request_message", "change_request", ["message_id"], **_only("message_id IS NOT NULL"))


def downgrade() -> None:
    for name in (
        "change_request", "project_brief", "project_event", "project_task", "project_stage", "project",
        "proposal_acceptance", "proposal_version", "proposal", "price_list",
    ):  # fmt: skip
        op.drop_table(name)
