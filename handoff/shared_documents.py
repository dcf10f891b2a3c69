"""Documents that we share with a client: its bytes are the caller's, under `file_id`. Transaction bodies."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, insert, select, update

from handoff.errors import DocumentError, NotFound
from handoff.model import Attachment
from handoff.rows import Row, add, clean, first
from handoff.sharing_tables import document_download as downloads
from handoff.sharing_tables import shared_document as documents
from handoff.sites import CHANGED
from handoff.tables import client as clients
from store.signals import signal

MOST: Final = 500
LONGEST_NOTE: Final = 300


@dataclass(frozen=True, kw_only=True)
class Document:
    """A shared document; `fetched` is how often, `fetched_at` when last."""

    id: int
    file_id: str
    client_id: int
    name: str
    media_type: str
    size: int
    note: str
    by_id: int
    at: datetime
    fetched: int = 0
    fetched_at: datetime | None = None


def share(conn: Connection, *, client_id: int, file: Attachment, note: str = "", by: int, now: datetime) -> Document:
    """Share a file with a client; raises NotFound, DocumentError."""
    if first(conn, clients, clients.c.id == client_id) is None:
        raise NotFound("client", client_id)
    standing = (documents.c.client_id == client_id, documents.c.removed_at.is_(None))
    if conn.execute(select(func.count()).select_from(documents).where(*standing)).scalar_one() >= MOST:
        raise DocumentError("many")
    facts = {"file_id": file.id, "name": clean(file.name), "media_type": file.media_type, "size": file.size}
    said = " ".join(clean(note).split())[:LONGEST_NOTE]
    row = conn.execute(
        insert(documents).values(**facts, client_id=client_id, note=said, by_id=by, at=now).returning(*documents.c)
    )
    signal(conn, CHANGED, str(client_id))
    return _document(row.mappings().one())


def of_client(conn: Connection, client_id: int) -> tuple[Document, ...]:
    """What is shared with a client now, newest first, with how often each was fetched."""
    times = select(
        downloads.c.document_id, func.count().label("fetched"), func.max(downloads.c.at).label("fetched_at")
    ).group_by(downloads.c.document_id).subquery()  # fmt: skip
    joined = documents.outerjoin(times, times.c.document_id == documents.c.id)
    query = select(documents, times.c.fetched, times.c.fetched_at).select_from(joined)
    mine = (documents.c.client_id == client_id, documents.c.removed_at.is_(None))
    rows = conn.execute(query.where(*mine).order_by(documents.c.id.desc())).mappings()
    return tuple(_document(row, fetched=row["fetched"] or 0, fetched_at=row["fetched_at"]) for row in rows)


def find(conn: Connection, *, client_id: int, file_id: str) -> Document | None:
    """A document that is shared with this client now."""
    mine = (documents.c.client_id == client_id, documents.c.file_id == clean(file_id))
    row = first(conn, documents, *mine, documents.c.removed_at.is_(None))
    return None if row is None else _document(row)


def fetched(
    conn: Connection, document_id: int, *, link_id: int | None = None, person_id: int | None = None, now: datetime
) -> None:
    """Keep who fetched a document: somebody with a link, or a colleague."""
    add(conn, downloads, document_id=document_id, link_id=link_id, person_id=person_id, at=now)


def remove(conn: Connection, *, client_id: int, document_id: int, by: int, now: datetime) -> Document:
    """Share a document no longer; the caller drops its bytes once this is committed. Raises NotFound."""
    mine = (documents.c.id == document_id, documents.c.client_id == client_id, documents.c.removed_at.is_(None))
    gone = update(documents).where(*mine).values(removed_at=now, removed_by=by).returning(*documents.c)
    row = conn.execute(gone).mappings().first()
    if row is None:
        raise NotFound("document", document_id)
    signal(conn, CHANGED, str(client_id))
    return _document(row)


def _document(row: Row, *, fetched: int = 0, fetched_at: datetime | None = None) -> Document:
    own = [name for name in Document.__dataclass_fields__ if name not in {"fetched", "fetched_at"}]
    return Document(**{name: row[name] for name in own}, fetched=fetched, fetched_at=fetched_at)
