"""Webhooks out: which addresses hear of what, and the secrets that sign it. Transaction bodies.

Secrets are as Standard Webhooks says: `whsec_` and the base64 of 32 bytes. A new secret signs beside the former one for
a day, so that the receiver can change over without losing anything.
"""

import base64
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, select, update

from handoff import directory
from handoff.api_tables import webhook_endpoint as endpoints
from handoff.errors import NotFound
from handoff.kinds import EventKind
from handoff.rows import Row, add, clean

MESSAGE: Final = "message.created"
TYPES: Final = {
    EventKind.OPENED: "ticket.opened",
    EventKind.CLAIMED: "ticket.claimed",
    EventKind.TRANSFERRED: "ticket.transferred",
    EventKind.REPLIED: "ticket.replied",
    EventKind.NOTED: "ticket.noted",
    EventKind.CLIENT_WROTE: "ticket.client_wrote",
    EventKind.WAITED: "ticket.waiting",
    EventKind.SNOOZED: "ticket.snoozed",
    EventKind.RESOLVED: "ticket.resolved",
    EventKind.REOPENED: "ticket.reopened",
    EventKind.RETURNED: "ticket.returned",
    EventKind.HANDED_OFF: "ticket.handed_off",
    EventKind.LEVEL_SET: "ticket.level_set",
    EventKind.TIER_SET: "ticket.tier_set",
    EventKind.MERGED: "ticket.merged",
    EventKind.WARNED: "ticket.warned",
    EventKind.BREACHED: "ticket.breached",
}
"""What endpoints may hear of a ticket, by what happened to it."""
ALL: Final = (*TYPES.values(), MESSAGE)
PREFIX: Final = "whsec_"
OVERLAP: Final = timedelta(days=1)
NAME_LENGTH: Final = 60
URL_LENGTH: Final = 500
MOST: Final = 50
"""Endpoints in all: each event looks at every one."""
_BYTES: Final = 32


class OffReason(StrEnum):
    """Why nothing is sent to an endpoint."""

    PERSON = "person"
    FAILURES = "failures"
    GONE = "gone"


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """An address that hears of things. `texts`: also what people wrote. `failing_since`: nothing got through since."""

    id: int
    name: str
    url: str
    types: frozenset[str]
    client_id: int | None
    texts: bool
    active: bool
    secret: str
    former_secret: str | None
    former_until: datetime | None
    failing_since: datetime | None
    off_why: OffReason | None
    by_id: int
    at: datetime

    def wants(self, type_: str, client_id: int | None) -> bool:
        """Whether it hears of this, about a matter of this client."""
        return self.active and type_ in self.types and self.client_id in {None, client_id}

    def signing(self, now: datetime) -> tuple[str, ...]:
        """The secrets that sign what is sent now, the present one first."""
        both = self.former_secret is not None and self.former_until is not None and now < self.former_until
        return (self.secret, str(self.former_secret)) if both else (self.secret,)


def make(
    conn: Connection,
    *,
    name: str,
    url: str,
    types: Collection[str],
    client_id: int | None,
    texts: bool,
    by: int,
    now: datetime,
) -> Endpoint:
    """Add an endpoint whose address somebody has checked. Raises NotFound: a type or a client that there is not."""
    _check(types)
    if client_id is not None:
        directory.client(conn, client_id)
    values: dict[str, object] = {"name": clean(name), "url": clean(url), "types": sorted(types), "texts": texts}
    values |= {"client_id": client_id, "active": True, "secret": fresh_secret(), "by_id": by, "at": now}
    return _endpoint(add(conn, endpoints, **values))


def every(conn: Connection) -> tuple[Endpoint, ...]:
    """The endpoints, the oldest first."""
    rows = conn.execute(select(endpoints).where(endpoints.c.removed_at.is_(None)).order_by(endpoints.c.id))
    return tuple(_endpoint(row) for row in rows.mappings())


def active(conn: Connection) -> tuple[Endpoint, ...]:
    """Those that hear of anything."""
    return tuple(endpoint for endpoint in every(conn) if endpoint.active)


def endpoint(conn: Connection, endpoint_id: int) -> Endpoint:
    """The endpoint with this id; raises NotFound, also for one that was removed."""
    mine = (endpoints.c.id == endpoint_id, endpoints.c.removed_at.is_(None))
    row = conn.execute(select(endpoints).where(*mine)).mappings().first()
    if row is None:
        raise NotFound("webhook", endpoint_id)
    return _endpoint(row)


def change(
    conn: Connection,
    endpoint_id: int,
    *,
    name: str,
    url: str,
    types: Collection[str],
    client_id: int | None,
    texts: bool,
) -> Endpoint:
    """Change what an endpoint hears of, and where. Raises NotFound."""
    _check(types)
    if client_id is not None:
        directory.client(conn, client_id)
    values: dict[str, object] = {"name": clean(name), "url": clean(url), "types": sorted(types)}
    return _update(conn, endpoint_id, **values, client_id=client_id, texts=texts)


def switch(conn: Connection, endpoint_id: int, *, on: bool, why: OffReason = OffReason.PERSON) -> Endpoint:
    """Let an endpoint hear of things, or not. Raises NotFound."""
    return _update(conn, endpoint_id, active=on, off_why=None if on else why, failing_since=None)


def rotate(conn: Connection, endpoint_id: int, *, now: datetime) -> Endpoint:
    """Give an endpoint a new secret; the former one signs too for `OVERLAP`. Raises NotFound."""
    former = endpoint(conn, endpoint_id).secret
    return _update(conn, endpoint_id, secret=fresh_secret(), former_secret=former, former_until=now + OVERLAP)


def remove(conn: Connection, endpoint_id: int, *, now: datetime) -> None:
    """Take an endpoint away; what was sent to it stays in the log's tables. Raises NotFound."""
    _update(conn, endpoint_id, active=False, removed_at=now)


def reached(conn: Connection, endpoint_id: int) -> None:
    """Something got through."""
    failing = (endpoints.c.id == endpoint_id, endpoints.c.failing_since.is_not(None))
    conn.execute(update(endpoints).where(*failing).values(failing_since=None))


def unreached(conn: Connection, endpoint_id: int, *, now: datetime) -> None:
    """Something did not get through."""
    fine = (endpoints.c.id == endpoint_id, endpoints.c.failing_since.is_(None))
    conn.execute(update(endpoints).where(*fine).values(failing_since=now))


def fresh_secret() -> str:
    """A secret that nobody had before."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def _check(types: Collection[str]) -> None:
    unknown = sorted(set(types) - set(ALL))
    if unknown:
        raise NotFound("type", unknown[0])


def _update(conn: Connection, endpoint_id: int, **values: object) -> Endpoint:
    mine = (endpoints.c.id == endpoint_id, endpoints.c.removed_at.is_(None))
    row = conn.execute(update(endpoints).where(*mine).values(**values).returning(*endpoints.c)).mappings().first()
    if row is None:
        raise NotFound("webhook", endpoint_id)
    return _endpoint(row)


def _endpoint(row: Row) -> Endpoint:
    return Endpoint(
        id=row["id"],
        name=row["name"],
        url=row["url"],
        types=frozenset(row["types"]),
        client_id=row["client_id"],
        texts=row["texts"],
        active=row["active"],
        secret=row["secret"],
        former_secret=row["former_secret"],
        former_until=row["former_until"],
        failing_since=row["failing_since"],
        off_why=OffReason(row["off_why"]) if row["off_why"] else None,
        by_id=row["by_id"],
        at=row["at"],
    )
