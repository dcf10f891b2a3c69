"""The versions of the price list; the newest is in force, without any the sample's. Transaction bodies."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select

from handoff.rows import add, clean
from store.signals import signal
from success.projects.price_reading import read_prices
from success.projects.price_rules import PriceList
from success.projects.tables import price_list

SHIPPED: Final = Path(__file__).parent / "prices.yaml"


@dataclass(frozen=True, kw_only=True)
class Version:
    """A price list as it was written; 0 is the sample that comes with the program."""

    id: int
    source: str
    at: datetime | None = None
    by_id: int | None = None


@lru_cache(maxsize=8)
def _read(source: str) -> PriceList:
    return read_prices(source)


@lru_cache(maxsize=1)
def shipped() -> str:
    """The sample."""
    return SHIPPED.read_text("utf-8")


def in_force(conn: Connection) -> tuple[Version, PriceList]:
    """The prices that hold now."""
    row = conn.execute(select(price_list).order_by(price_list.c.id.desc()).limit(1)).mappings().first()
    version = Version(id=0, source=shipped()) if row is None else Version(**row)
    return version, _read(version.source)


def publish(conn: Connection, source: str, *, by: int, now: datetime) -> Version:
    """Put prices in force; drafts keep theirs. Raises PricesBroken."""
    source = clean(source).replace("\r\n", "\n")
    _read(source)
    made = Version(**add(conn, price_list, source=source, at=now, by_id=by))
    signal(conn, "desk", "")
    return made


def versions(conn: Connection, *, limit: int = 50) -> tuple[Version, ...]:
    """The versions, the newest first."""
    query = select(price_list).order_by(price_list.c.id.desc()).limit(limit)
    return tuple(Version(**row) for row in conn.execute(query).mappings())
