"""Tables of what a client is shown by a private link: the links, shared documents, and who fetched them."""

from typing import Final

from sqlalchemy import Column, Index, Integer, Table, Text

from handoff.columns import at, key, ref
from store.db import Instant
from store.tables import metadata

progress_link: Final = Table(
    "progress_link",
    metadata,
    key(),
    Column("nonce", Text, nullable=False, unique=True),  # the public half of the address; the other is a signature
    ref("client_id", "client", required=True),
    ref("person_id", "person"),  # for whom it was made
    Column("scope", Text, nullable=False),  # a Scope
    ref("by_id", "person"),  # NULL: the bot, for somebody who asked
    at(),
    Column("expires_at", Instant, nullable=False),
    Column("opened_at", Instant),  # the last time
    Column("revoked_at", Instant),
    ref("revoked_by", "person"),
    Index("progress_link_client", "client_id", "id"),
)

shared_document: Final = Table(
    "shared_document",
    metadata,
    key(),
    Column("file_id", Text, nullable=False, unique=True),  # its bytes' name in the attachments folder
    ref("client_id", "client", required=True),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("note", Text, nullable=False),
    ref("by_id", "person", required=True),
    at(),
    Column("removed_at", Instant),
    ref("removed_by", "person"),
    Index("shared_document_client", "client_id", "id"),
)

document_download: Final = Table(
    "document_download",
    metadata,
    key(),
    ref("document_id", "shared_document", required=True),
    ref("link_id", "progress_link"),  # by which link, or
    ref("person_id", "person"),  # by which colleague
    at(),
    Index("document_download_document", "document_id", "id"),
)
