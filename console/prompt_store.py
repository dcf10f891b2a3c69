"""Versions of what the model is told, and which one is published. Transaction bodies.

Number 0 is the file that comes with the program. Nothing is changed or taken away: publishing adds a row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, select

from console.errors import NoVersion
from console.tables import prompt_live, prompt_version

SHIPPED: Final = 0
_KEPT_SHOWN: Final = 100


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version that somebody wrote."""

    name: str
    number: int
    text: str
    by_id: int
    why: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Publication:
    """Since when which version holds, by whom and why."""

    name: str
    number: int
    by_id: int
    why: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Live:
    """What holds now: the version's number, and its text where it is not the file."""

    number: int
    text: str | None


def live(conn: Connection, name: str) -> Live:
    """The published version of a prompt; the file where none was ever published."""
    latest = select(prompt_live.c.number).where(prompt_live.c.name == name).order_by(prompt_live.c.id.desc()).limit(1)
    number = conn.execute(latest).scalar_one_or_none() or SHIPPED
    return Live(number=number, text=text_of(conn, name, number) if number else None)


def text_of(conn: Connection, name: str, number: int) -> str | None:
    """The text of a version; None if there is no such."""
    wanted = (prompt_version.c.name == name, prompt_version.c.number == number)
    return conn.execute(select(prompt_version.c.text).where(*wanted)).scalar_one_or_none()


def add(conn: Connection, name: str, *, text: str, by: int, why: str, now: datetime) -> int:
    """Keep a version that was found to be sound; returns its number. The last one's text is not kept again."""
    last = (
        conn.execute(
            select(prompt_version)
            .where(prompt_version.c.name == name)
            .order_by(prompt_version.c.number.desc())
            .limit(1)
        )
        .mappings()
        .first()
    )
    if last is not None and last["text"] == text:
        return int(last["number"])
    number = int(last["number"]) + 1 if last is not None else 1
    row = {"name": name, "number": number, "text": text, "by_id": by, "why": why, "at": now}
    conn.execute(prompt_version.insert().values(row))
    return number


def publish(conn: Connection, name: str, number: int, *, by: int, why: str, now: datetime) -> None:
    """Let a version hold from now on, in every process. Raises NoVersion."""
    if number != SHIPPED and text_of(conn, name, number) is None:
        raise NoVersion(name, number)
    row = {"name": name, "number": number, "by_id": by, "why": why, "at": now}
    conn.execute(prompt_live.insert().values(row))


def versions(conn: Connection, name: str) -> tuple[Version, ...]:
    """What was written, the latest first."""
    wanted = select(prompt_version).where(prompt_version.c.name == name).order_by(prompt_version.c.number.desc())
    return tuple(Version(**_without_id(row)) for row in conn.execute(wanted.limit(_KEPT_SHOWN)).mappings())


def publications(conn: Connection, name: str) -> tuple[Publication, ...]:
    """What held when, the latest first."""
    wanted = select(prompt_live).where(prompt_live.c.name == name).order_by(prompt_live.c.id.desc())
    return tuple(Publication(**_without_id(row)) for row in conn.execute(wanted.limit(_KEPT_SHOWN)).mappings())


def counts(conn: Connection) -> Mapping[str, int]:
    """How many versions of each prompt were written."""
    counted = select(prompt_version.c.name, func.count()).group_by(prompt_version.c.name)
    return {row[0]: row[1] for row in conn.execute(counted)}


def _without_id(row: Any) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "id"}
