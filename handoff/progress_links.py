"""Private links to a client's own page: made, renewed, revoked, and looked up. Transaction bodies.

A link's address is a random nonce, kept, and a signature of it by the installation's secret, not kept. So the same
link can be given again (in chat, in the desk) without storing anything that opens it: a copy of the database alone
opens nothing. The nonce, not the row's id, is signed: an id may come again after a database is restored or begun
anew, a nonce does not, and an old link can never open another client's page.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, insert, select, update

from handoff.errors import NotFound, PastInstant
from handoff.model import Client
from handoff.rows import Row, first, to_client
from handoff.sharing_tables import progress_link as links
from handoff.sites import CHANGED
from handoff.tables import client as clients
from handoff.tables import person as people
from store.signals import signal

PERIODS: Final = (7, 30, 90, 365)
"""For how many days a link may be made or renewed."""
IN_CHAT: Final = timedelta(days=30)
"""A link that the bot gives is good for so long: who has left the group has it no longer."""
FRESH: Final = timedelta(days=7)
"""The bot gives the link it gave before only if that stays good for so long."""
TOUCH_EVERY: Final = timedelta(minutes=1)
_NONCE_BYTES: Final = 12
_NONCE: Final = 16
_LONGEST: Final = 64


class Scope(StrEnum):
    """What a link shows of a client: everything, what its groups may know, or one person's own requests."""

    ALL = "all"
    GROUPS = "groups"
    OWN = "own"


class State(StrEnum):
    """Whether a link opens anything."""

    GOOD = "good"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, kw_only=True)
class Link:
    """A private link, without its signature. `person_id` is for whom it was made; `by_id` None: the bot gave it."""

    id: int
    nonce: str
    client_id: int
    person_id: int | None
    scope: Scope
    by_id: int | None
    at: datetime
    expires_at: datetime
    opened_at: datetime | None
    revoked_at: datetime | None
    revoked_by: int | None

    def state(self, now: datetime) -> State:
        """Whether it opens anything at `now`."""
        if self.revoked_at is not None:
            return State.REVOKED
        return State.GOOD if self.expires_at > now else State.EXPIRED


@dataclass(frozen=True, kw_only=True)
class Held:
    """A link that holds, and whose page it opens."""

    link: Link
    client: Client


def token(link: Link, *, secret: bytes) -> str:
    """What stands in a link's address."""
    return link.nonce + _signature(link.nonce, secret)


def held(conn: Connection, given: str, *, secret: bytes, now: datetime) -> Held | None:
    """The link behind an address; None for one that is forged, expired, revoked, or of an archived client.

    The work is the same for each of these: the signature is computed and the row is asked for, whatever comes.
    """
    nonce, signature = given[:_NONCE], given[_NONCE:_LONGEST]
    right = hmac.compare_digest(_signature(nonce, secret).encode(), signature.encode("utf-8", "replace"))
    joined = links.join(clients, clients.c.id == links.c.client_id)
    query = select(links, clients.c.archived_at).select_from(joined).where(links.c.nonce == _plain(nonce))
    row = conn.execute(query).mappings().first()
    if not right or row is None or row["archived_at"] is not None or len(given) > _LONGEST:
        return None
    link = _link(row)
    if link.state(now) is not State.GOOD:
        return None
    client = first(conn, clients, clients.c.id == link.client_id)
    return Held(link=link, client=to_client(client)) if client is not None else None


def make(
    conn: Connection, *, client_id: int, scope: Scope, person_id: int | None = None, expires_at: datetime,
    by: int | None, now: datetime,
) -> Link:  # fmt: skip
    """Make a link; the person must be one of this client's. Raises NotFound, PastInstant."""
    if expires_at <= now:
        raise PastInstant(expires_at)
    if first(conn, clients, clients.c.id == client_id) is None:
        raise NotFound("client", client_id)
    if person_id is not None and by is not None:
        _refuse_stranger(conn, client_id, person_id)
    if scope is Scope.OWN and person_id is None:
        raise NotFound("person", 0)
    values = {"nonce": secrets.token_urlsafe(_NONCE_BYTES), "client_id": client_id, "person_id": person_id}
    values |= {"scope": scope, "by_id": by, "at": now, "expires_at": expires_at}
    return _link(conn.execute(insert(links).values(values).returning(*links.c)).mappings().one())


def for_group(conn: Connection, client_id: int, *, now: datetime) -> Link:
    """The link that the bot gives in a client's group: the one before while it stays good, else a fresh one."""
    return _given(conn, client_id, Scope.GROUPS, None, now=now)


def for_person(conn: Connection, client_id: int, person_id: int, *, now: datetime) -> Link:
    """The link that the bot gives one person: to their own requests, nothing else."""
    return _given(conn, client_id, Scope.OWN, person_id, now=now)


def renew(conn: Connection, *, client_id: int, link_id: int, expires_at: datetime, now: datetime) -> Link:
    """Let a link be good until then, also an expired one; a revoked one stays so. Raises NotFound, PastInstant."""
    if expires_at <= now:
        raise PastInstant(expires_at)
    mine = (links.c.id == link_id, links.c.client_id == client_id, links.c.revoked_at.is_(None))
    row = conn.execute(update(links).where(*mine).values(expires_at=expires_at).returning(*links.c)).mappings().first()
    if row is None:
        raise NotFound("link", link_id)
    signal(conn, CHANGED, str(client_id))
    return _link(row)


def revoke(conn: Connection, *, client_id: int, link_id: int, by: int, now: datetime) -> None:
    """Let a link open nothing any more; pages that are open by it end. Raises NotFound."""
    mine = (links.c.id == link_id, links.c.client_id == client_id)
    if first(conn, links, *mine) is None:
        raise NotFound("link", link_id)
    standing = (*mine, links.c.revoked_at.is_(None))
    conn.execute(update(links).where(*standing).values(revoked_at=now, revoked_by=by))
    signal(conn, CHANGED, str(client_id))


def revoke_all(conn: Connection, client_id: int, *, by: int, now: datetime) -> int:
    """Revoke every link of a client; how many there were."""
    standing = (links.c.client_id == client_id, links.c.revoked_at.is_(None))
    done = conn.execute(update(links).where(*standing).values(revoked_at=now, revoked_by=by)).rowcount
    signal(conn, CHANGED, str(client_id))
    return done


def of_client(conn: Connection, client_id: int, *, limit: int = 60) -> tuple[Link, ...]:
    """A client's newest links; those that one can still use first."""
    query = select(links).where(links.c.client_id == client_id).order_by(links.c.revoked_at.is_not(None))
    return tuple(_link(row) for row in conn.execute(query.order_by(links.c.id.desc()).limit(limit)).mappings())


def touch(conn: Connection, link_id: int, *, now: datetime) -> None:
    """Keep that a link was opened."""
    conn.execute(update(links).where(links.c.id == link_id).values(opened_at=now))


def _given(conn: Connection, client_id: int, scope: Scope, person_id: int | None, *, now: datetime) -> Link:
    whose = links.c.person_id.is_(None) if person_id is None else links.c.person_id == person_id
    mine = (links.c.client_id == client_id, links.c.scope == scope, whose, links.c.by_id.is_(None))
    good = (links.c.revoked_at.is_(None), links.c.expires_at > now + FRESH)
    query = select(links).where(*mine, *good).order_by(links.c.id.desc()).limit(1)
    row = conn.execute(query).mappings().first()
    if row is not None:
        return _link(row)
    return make(conn, client_id=client_id, scope=scope, person_id=person_id, expires_at=now + IN_CHAT, by=None, now=now)


def _refuse_stranger(conn: Connection, client_id: int, person_id: int) -> None:
    theirs = (people.c.id == person_id, people.c.client_id == client_id)
    if first(conn, people, *theirs) is None:
        raise NotFound("person", person_id)


def _plain(nonce: str) -> str:
    return nonce.encode("ascii", "replace").decode().replace("\0", "?")


def _signature(nonce: str, secret: bytes) -> str:
    digest = hmac.new(secret, b"progress-link:" + nonce.encode("utf-8", "replace"), hashlib.sha256).digest()
    return urlsafe_b64encode(digest[:16]).decode().rstrip("=")


def _link(row: Row) -> Link:
    facts = {name: row[name] for name in Link.__dataclass_fields__}
    return Link(**facts | {"scope": Scope(row["scope"])})
