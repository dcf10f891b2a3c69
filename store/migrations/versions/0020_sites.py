"""Sites of a client, private links to its page, shared documents; clients that are archived, names kept by hand."""

from urllib.parse import urlsplit, urlunsplit

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _sites()
    _sharing()
    with op.batch_alter_table("client") as client:
        client.add_column(sa.Column("archived_at", INSTANT))
    with op.batch_alter_table("person") as person:
        person.add_column(sa.Column("name_kept", sa.Boolean, nullable=False, server_default=sa.false()))
    _first_sites()


def downgrade() -> None:
    with op.batch_alter_table("person") as person:
        person.drop_column("name_kept")
    with op.batch_alter_table("client") as client:
        client.drop_column("archived_at")
    for table in ("document_download", "shared_document", "progress_link", "site"):
        op.drop_table(table)


def _key() -> sa.Column[int]:
    return sa.Column("id", BIG_ID, primary_key=True, autoincrement=True)


def _ref(name: str, parent: str, *, required: bool = False) -> sa.Column[int]:
    return sa.Column(name, BIG_ID, sa.ForeignKey(f"{parent}.id"), nullable=not required)


def _at(name: str = "at", *, required: bool = True) -> sa.Column[object]:
    return sa.Column(name, INSTANT, nullable=not required)


def _sites() -> None:
    op.create_table(
        "site",
        _key(),
        _ref("client_id", "client", required=True),
        sa.Column("main", sa.Boolean, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("cms", sa.Text),
        sa.Column("hosting", sa.Text),
        sa.Column("server", sa.Text),
        sa.Column("notes", sa.Text, nullable=False),
        sa.Column("icp", sa.Text),
        *(sa.Column(f"{what}_on", sa.Date) for what in ("domain", "tls", "hosting", "icp", "contract")),
        _ref("by_id", "person"),
        _at(),
        _at("changed_at"),
        _at("removed_at", required=False),
        sqlite_autoincrement=True,
    )
    standing = sa.text("removed_at IS NULL")
    op.create_index("site_client", "site", ["client_id"], sqlite_where=standing, postgresql_where=standing)


def _sharing() -> None:
    op.create_table(
        "progress_link",
        _key(),
        sa.Column("nonce", sa.Text, nullable=False, unique=True),
        _ref("client_id", "client", required=True),
        _ref("person_id", "person"),
        sa.Column("scope", sa.Text, nullable=False),
        _ref("by_id", "person"),
        _at(),
        _at("expires_at"),
        _at("opened_at", required=False),
        _at("revoked_at", required=False),
        _ref("revoked_by", "person"),
    )
    op.create_index("progress_link_client", "progress_link", ["client_id", "id"])
    op.create_table(
        "shared_document",
        _key(),
        sa.Column("file_id", sa.Text, nullable=False, unique=True),
        _ref("client_id", "client", required=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        _ref("by_id", "person", required=True),
        _at(),
        _at("removed_at", required=False),
        _ref("removed_by", "person"),
    )
    op.create_index("shared_document_client", "shared_document", ["client_id", "id"])
    op.create_table(
        "document_download",
        _key(),
        _ref("document_id", "shared_document", required=True),
        _ref("link_id", "progress_link"),
        _ref("person_id", "person"),
        _at(),
    )
    op.create_index("document_download_document", "document_download", ["document_id", "id"])


def _first_sites() -> None:
    """What was kept of a client's one site becomes its first; what cannot be an address becomes its name."""
    client = sa.table("client", *(sa.column(name) for name in ("id", "site", "cms", "hosting", "created_at")))
    site = sa.table(
        "site",
        *(sa.column(name) for name in ("client_id", "name", "address", "cms", "hosting", "notes", "at", "changed_at")),
        sa.column("main", sa.Boolean),
    )
    known = sa.or_(client.c.site.is_not(None), client.c.cms.is_not(None), client.c.hosting.is_not(None))
    for row in op.get_bind().execute(sa.select(client).where(known)).mappings().all():
        address = _address(row["site"] or "")
        facts = {name: row[name] for name in ("cms", "hosting")}
        facts |= {"name": "" if address else row["site"] or "", "address": address, "notes": "", "main": True}
        facts |= {"at": row["created_at"], "changed_at": row["created_at"]}
        op.get_bind().execute(site.insert().values(client_id=row["id"], **facts))
        op.get_bind().execute(client.update().where(client.c.id == row["id"]).values(site=address or None))


def _address(text: str) -> str:
    """A URL with an ASCII host and without credentials; "" for what is none."""
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host = (parts.hostname or "").encode("idna").decode()
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    if " " in text.strip() or "." not in host or parts.scheme not in ("http", "https"):
        return ""
    return urlunsplit((parts.scheme, host + port, "" if parts.path == "/" else parts.path, parts.query, ""))
