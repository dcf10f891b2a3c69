"""Addresses of other systems that rules and people may call (scale out, standby), and each call: once. Transactions.

A call's `origin` says what it came from, so that one cause calls once whoever runs it again; its outcome stands on the
incident that it belongs to.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from handoff.errors import NotFound
from handoff.rows import clean
from handoff.webhooks import fresh_secret
from store.db import insert_into
from store.jobs import JsonValue, enqueue
from store.signals import signal
from success import incidents
from success.addresses import AddressError, Policy
from success.incident_errors import HookRefused
from success.incident_rules import Happening
from success.incident_tables import hook as hooks
from success.incident_tables import hook_call as calls

CALL: Final = "hook_call"
ANSWER_LENGTH: Final = 500
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class CallState(StrEnum):
    """`UNSET`: there is no such address, so nothing was called."""

    WAITING = "waiting"
    TAKEN = "taken"
    FAILED = "failed"
    UNSET = "unset"


@dataclass(frozen=True, kw_only=True)
class Hook:
    """An address that may be called; `secret` signs what is sent."""

    id: int
    name: str
    url: str
    secret: str
    at: datetime
    by_id: int


@dataclass(frozen=True, kw_only=True)
class HookCall:
    """One call and what came of it."""

    id: int
    origin: str
    hook: str
    body: Mapping[str, Any]
    state: CallState
    at: datetime
    tries: int
    status: int | None
    answer: str
    ended_at: datetime | None
    incident_id: int | None
    by_id: int | None


def is_name(text: str) -> bool:
    """Whether an address can have this name."""
    return _NAME.fullmatch(text) is not None


def keep(conn: Connection, *, name: str, url: str, policy: Policy, by: int, now: datetime) -> Hook:
    """Keep an address under a name, or change the one that has it. Raises HookRefused: `name`, `url`."""
    name, url = clean(name).strip().casefold(), clean(url).strip()
    if not is_name(name):
        raise HookRefused("name")
    try:
        policy.check(url)
    except AddressError as error:
        raise HookRefused("url") from error
    values = {"name": name, "url": url, "secret": fresh_secret(), "at": now, "by_id": by}
    statement = insert_into(conn, hooks).values(values)
    changed = statement.on_conflict_do_update(index_elements=["name"], set_={"url": url, "by_id": by, "at": now})
    return _hook(conn.execute(changed.returning(*hooks.c)).mappings().one())


def remove(conn: Connection, hook_id: int) -> None:
    """Forget an address. Raises NotFound."""
    if not conn.execute(delete(hooks).where(hooks.c.id == hook_id)).rowcount:
        raise NotFound("hook", hook_id)


def every(conn: Connection) -> tuple[Hook, ...]:
    """All addresses, by name."""
    return tuple(_hook(row) for row in conn.execute(select(hooks).order_by(hooks.c.name)).mappings())


def named(conn: Connection, name: str) -> Hook | None:
    """The address under a name."""
    row = conn.execute(select(hooks).where(hooks.c.name == name)).mappings().first()
    return None if row is None else _hook(row)


def call(
    conn: Connection, name: str, *, origin: str, body: Mapping[str, JsonValue],
    incident_id: int | None = None, by: int | None = None, now: datetime,
) -> HookCall | None:  # fmt: skip
    """Have an address called; None where this origin had one called before. Without the address it says so."""
    there = named(conn, name) is not None
    row = {
        "origin": origin, "hook": name, "body": dict(body), "at": now, "tries": 0, "answer": "", "by_id": by,
        "state": CallState.WAITING if there else CallState.UNSET, "incident_id": incident_id,
        "ended_at": None if there else now,
    }  # fmt: skip
    statement = insert_into(conn, calls).values(row).on_conflict_do_nothing(index_elements=["origin"])
    made = conn.execute(statement.returning(*calls.c)).mappings().first()
    if made is None:
        return None
    if there:
        enqueue(conn, CALL, {"call": made["id"]}, dedup=f"call:{made['id']}", now=now)
    else:
        _tell(conn, _call(made), now=now)
    return _call(made)


def tried(conn: Connection, call_id: int, *, status: int | None, answer: str) -> HookCall:
    """Note one attempt. Raises NotFound."""
    values = {"tries": calls.c.tries + 1, "status": status, "answer": clean(answer)[:ANSWER_LENGTH]}
    conn.execute(update(calls).where(calls.c.id == call_id).values(values))
    return one(conn, call_id)


def end(conn: Connection, call_id: int, state: CallState, *, now: datetime) -> None:
    """Say what came of it, on its incident too. Raises NotFound."""
    standing = (calls.c.id == call_id, calls.c.state == CallState.WAITING)
    if conn.execute(update(calls).where(*standing).values(state=state, ended_at=now)).rowcount:
        _tell(conn, one(conn, call_id), now=now)


def one(conn: Connection, call_id: int) -> HookCall:
    """The call with this id. Raises NotFound."""
    row = conn.execute(select(calls).where(calls.c.id == call_id)).mappings().first()
    if row is None:
        raise NotFound("hook_call", call_id)
    return _call(row)


def of_origins(conn: Connection, start: str) -> tuple[HookCall, ...]:
    """The calls whose origins begin so, in order."""
    mine = select(calls).where(calls.c.origin.startswith(start, autoescape=True)).order_by(calls.c.id)
    return tuple(_call(row) for row in conn.execute(mine).mappings())


def latest(conn: Connection, *, limit: int = 30) -> tuple[HookCall, ...]:
    """The last calls."""
    query = select(calls).order_by(calls.c.id.desc()).limit(limit)
    return tuple(_call(row) for row in conn.execute(query).mappings())


def _tell(conn: Connection, ended: HookCall, *, now: datetime) -> None:
    signal(conn, "desk", "")
    if ended.incident_id is not None:
        facts: dict[str, Any] = {"hook": ended.hook, "outcome": str(ended.state), "status": ended.status}
        facts["answer"] = ended.answer
        incidents.record(conn, ended.incident_id, Happening.CALLED, by=ended.by_id, now=now, **facts)


def _hook(row: Mapping[Any, Any]) -> Hook:
    return Hook(**{name: row[name] for name in Hook.__dataclass_fields__})


def _call(row: Mapping[Any, Any]) -> HookCall:
    values = {name: row[name] for name in HookCall.__dataclass_fields__}
    return HookCall(**values | {"state": CallState(row["state"])})
