"""Who sent whom to us: recorded, followed up, its reward noted. Transaction bodies."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, select, update

from handoff import directory
from handoff.errors import NotFound
from handoff.rows import add, clean
from success import tasks
from success.broadcast_tables import referral as referrals
from success.errors import ReferralRefused
from success.tasks import TaskKind, TaskState

FIRST_CALL: Final = timedelta(days=2)
SHORT: Final = 120
LONG: Final = 2_000


class ReferralState(StrEnum):
    """How far it has come."""

    NEW = "new"
    CONTACTED = "contacted"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, kw_only=True)
class Referral:
    """A company that a client sent to us; `person_id` is who of the client's people did."""

    id: int
    client_id: int
    person_id: int | None
    company: str
    contact: str
    reach: str
    note: str
    state: ReferralState
    reward: str
    rewarded_at: datetime | None
    at: datetime
    changed_at: datetime


def record(
    conn: Connection, *, client_id: int, company: str, contact: str = "", reach: str = "", note: str = "",
    person_id: int | None = None, by: int, now: datetime,
) -> Referral:  # fmt: skip
    """Keep a referral, and give whoever looks after the client a task. Raises ReferralRefused (`company`), NotFound."""
    client = directory.client(conn, client_id)
    if person_id is not None:
        person = directory.find_person_by_id(conn, person_id)
        if person is None or person.client_id != client_id:
            raise NotFound("person", person_id)
    name = _short(company)
    if not name:
        raise ReferralRefused("company")
    facts = {"company": name, "contact": _short(contact), "reach": _short(reach), "note": clean(note).strip()[:LONG]}
    made = _referral(
        add(
            conn,
            referrals,
            client_id=client_id,
            person_id=person_id,
            **facts,
            state=ReferralState.NEW,
            reward="",
            at=now,
            by_id=by,
            changed_at=now,
        )
    )
    named = {"company": name, "client": client.name}
    tasks.give(
        conn, TaskKind.REFERRAL, origin=f"referral:{made.id}", client_id=client_id, facts=named,
        link=f"/desk/referrals#referral-{made.id}", due_at=now + FIRST_CALL, by=by, now=now,
    )  # fmt: skip
    return made


def change(
    conn: Connection, referral_id: int, *, state: str, reward: str, note: str, by: int, now: datetime
) -> Referral:
    """Say how far it has come; a reward is noted with when. Its task is done once somebody was spoken to.

    Raises NotFound, ReferralRefused (`state`).
    """
    if state not in set(ReferralState):
        raise ReferralRefused("state")
    known = one(conn, referral_id)
    given = _short(reward)
    rewarded = (known.rewarded_at or now) if given else None
    values = {"state": state, "reward": given, "rewarded_at": rewarded, "note": clean(note).strip()[:LONG]}
    conn.execute(update(referrals).where(referrals.c.id == referral_id).values(**values, changed_at=now))
    if state != ReferralState.NEW:
        tasks.close_origin(conn, f"referral:{referral_id}", TaskState.DONE, by=by, now=now)
    return one(conn, referral_id)


def one(conn: Connection, referral_id: int) -> Referral:
    """The referral with this id. Raises NotFound."""
    row = conn.execute(select(referrals).where(referrals.c.id == referral_id)).mappings().first()
    if row is None:
        raise NotFound("referral", referral_id)
    return _referral(row)


def every(conn: Connection, *, client_id: int | None = None, limit: int = 300) -> tuple[Referral, ...]:
    """The referrals, of one client if named, the newest first."""
    mine = () if client_id is None else (referrals.c.client_id == client_id,)
    query = select(referrals).where(*mine).order_by(referrals.c.id.desc()).limit(limit)
    return tuple(_referral(row) for row in conn.execute(query).mappings())


def _short(text: str) -> str:
    return " ".join(clean(text).split())[:SHORT]


def _referral(row: Mapping[Any, Any]) -> Referral:
    values = {name: row[name] for name in Referral.__dataclass_fields__}
    return Referral(**values | {"state": ReferralState(row["state"])})
