"""Where a client's chat may be shown, on the project's one metadata.

The secret that signs a site's users is made from the installation's own and `secret_no`, so none is kept here.
"""

from typing import Final

from sqlalchemy import JSON, Column, ForeignKey, Integer, Table

from store.db import Instant
from store.tables import BigId, metadata

widget: Final = Table(
    "widget",
    metadata,
    Column("client_id", BigId, ForeignKey("client.id"), primary_key=True, autoincrement=False),
    Column("origins", JSON, nullable=False),
    Column("secret_no", Integer, nullable=False, server_default="1"),
    Column("changed_by", BigId, ForeignKey("person.id")),
    Column("changed_at", Instant, nullable=False),
)
