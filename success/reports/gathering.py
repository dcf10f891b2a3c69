"""The facts of any report. Transaction bodies that only read."""

from datetime import datetime

from sqlalchemy import Connection

from handoff.model import Client
from handoff.spans import Span
from success.reports import health, ours
from success.reports.joined import JOINED
from success.reports.model import Facts, Kind
from success.reports.sources import Sources


def gather(
    conn: Connection, kind: Kind, client: Client | None, span: Span, *, sources: Sources = JOINED, now: datetime
) -> Facts:
    """All that a report says of a period, as of now: of a client, or (None) of ourselves."""
    if client is not None:
        return health.facts_of_client(conn, kind, client, span, sources=sources, now=now)
    return ours.facts_of_ours(conn, kind, span, sources=sources, now=now)
