"""What leaves by e-mail: put here in the transaction that decides on it, sent by a job. Transaction bodies."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, Text, cast, func, literal, select, update

from handoff.rows import clean
from store.db import insert_into
from store.jobs import enqueue
from success.care_tables import mail as mails

SEND: Final = "mail"
"""The queue of letters: `{"mail": id}`."""
LONGEST_ADDRESS: Final = 254
LONGEST_SUBJECT: Final = 200
LONGEST_WHY: Final = 500
QUEUED: Final = "queued"
SENT: Final = "sent"
FAILED: Final = "failed"
ERASED: Final = "erased"
"""Why a letter failed whose reader was erased: there is nothing left to send."""
STATES: Final = (QUEUED, SENT, FAILED)
_ADDRESS: Final = re.compile(
    r"[^\s@<>(),;:\\\"\[\]]{1,64}@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.IGNORECASE
)
File: TypeAlias = tuple[str, str, str]
"""A file's name in the files folder, the name that is shown, its media type."""


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One letter; `state` is queued, sent or failed, then `why` says why: the receiver's words or a name of ours.

    Since `begun_at` its text is being handed over, or nobody knows whether it was; `again`: that happened before, so it
    may be out there already. `leave` is where its reader leaves the list that it went to.
    """

    id: int
    origin: str
    client_id: int | None
    address: str
    subject: str
    text: str
    html: str
    files: tuple[File, ...]
    language: str
    state: str
    at: datetime
    tried_at: datetime | None = None
    sent_at: datetime | None
    why: str
    tries: int = 0
    begun_at: datetime | None = None
    again: bool = False
    leave: str = ""


def is_address(text: str) -> bool:
    """Whether something can be written to: one plain address, with a public domain's form."""
    return len(text) <= LONGEST_ADDRESS and _ADDRESS.fullmatch(text) is not None


def post(
    conn: Connection,
    address: str,
    *,
    origin: str,
    subject: str,
    text: str,
    html: str = "",
    files: Sequence[File] = (),
    language: str,
    client_id: int | None = None,
    leave: str = "",
    now: datetime,
) -> Mail | None:
    """Have a letter sent; None where this origin sent one before. Raises ValueError for what is no address."""
    if not is_address(address):
        raise ValueError("no address")
    title = " ".join(clean(subject).split())[:LONGEST_SUBJECT]
    row = {
        "origin": origin, "client_id": client_id, "address": address, "subject": title, "text": clean(text),
        "html": clean(html), "files": [list(each) for each in files], "language": language, "state": QUEUED,
        "at": now, "why": "", "leave": leave,
    }  # fmt: skip
    statement = insert_into(conn, mails).values(row).on_conflict_do_nothing(index_elements=["origin"])
    made = conn.execute(statement.returning(*mails.c)).mappings().first()
    if made is None:
        return None
    _send(conn, made["id"], now=now)
    return _mail(made)


def begin(conn: Connection, mail_id: int, *, now: datetime) -> Mail:
    """Mark that a letter's text is handed over from now on: after a crash it may have arrived."""
    unsure = mails.c.again | mails.c.begun_at.is_not(None)
    values = {"begun_at": now, "again": unsure, "tried_at": now, "tries": mails.c.tries + 1}
    row = conn.execute(update(mails).where(mails.c.id == mail_id).values(values).returning(*mails.c)).mappings().one()
    return _mail(row)


def put_off(conn: Connection, before: Mail, *, why: str, unsure: bool = False, now: datetime) -> None:
    """Say why a letter waits. Unless `unsure`, this try brought nothing: what is known of it is as `before` the try."""
    values: dict[str, Any] = {"why": clean(why)[:LONGEST_WHY], "tried_at": now}
    if not unsure:
        values |= {"begun_at": before.begun_at, "again": before.again}
    conn.execute(update(mails).where(mails.c.id == before.id, mails.c.state == QUEUED).values(values))


def send_again(conn: Connection, mail_id: int, *, now: datetime) -> bool:
    """Have a letter that failed sent once more; False for any other."""
    values = {"state": QUEUED, "why": "", "begun_at": None, "again": False}
    failed = (mails.c.id == mail_id, mails.c.state == FAILED, mails.c.why != ERASED)
    if not conn.execute(update(mails).where(*failed).values(values)).rowcount:
        return False
    _send(conn, mail_id, now=now)
    return True


def erase(conn: Connection, addresses: Collection[str], *, mark: str) -> None:
    """Leave nothing of the letters to these addresses but when they went; those that wait do not go."""
    mine = mails.c.address.in_(addresses)
    stopped = {"state": FAILED, "why": ERASED, "begun_at": None}
    conn.execute(update(mails).where(mine, mails.c.state != SENT).values(stopped))
    nobody = {"origin": literal("erased:") + cast(mails.c.id, Text), "address": mark, "leave": ""}
    texts = {"subject": mark, "text": mark, "html": "", "files": []}
    conn.execute(update(mails).where(mine).values(nobody | texts))


def mail(conn: Connection, mail_id: int) -> Mail | None:
    """The letter with this id."""
    row = conn.execute(select(mails).where(mails.c.id == mail_id)).mappings().first()
    return None if row is None else _mail(row)


def settle(conn: Connection, mail_id: int, *, state: str, why: str = "", now: datetime) -> None:
    """Say what became of a letter: sent, or failed and why."""
    sent = now if state == SENT else None
    values = {"state": state, "why": clean(why)[:LONGEST_WHY], "tried_at": now, "sent_at": sent, "begun_at": None}
    conn.execute(update(mails).where(mails.c.id == mail_id).values(values))


def latest(
    conn: Connection, *, client_id: int | None = None, state: str | None = None, limit: int = 100
) -> tuple[Mail, ...]:
    """The last letters, of one client and in one state if named."""
    mine = [] if client_id is None else [mails.c.client_id == client_id]
    mine += [] if state is None else [mails.c.state == state]
    query = select(mails).where(*mine).order_by(mails.c.id.desc()).limit(limit)
    return tuple(_mail(row) for row in conn.execute(query).mappings())


def counts(conn: Connection) -> dict[str, int]:
    """How many letters are in each state."""
    found = dict.fromkeys(STATES, 0)
    rows = conn.execute(select(mails.c.state, func.count()).group_by(mails.c.state))
    return found | {row[0]: row[1] for row in rows}


def _send(conn: Connection, mail_id: int, *, now: datetime) -> None:
    """Without a key: a receiver who says "later" must not hold up the letters of others."""
    enqueue(conn, SEND, {"mail": mail_id}, now=now)


def _mail(row: Mapping[Any, Any]) -> Mail:
    values = {name: row[name] for name in Mail.__dataclass_fields__}
    return Mail(**values | {"files": tuple(tuple(each) for each in row["files"])})
