"""SQL of what the manual remembers of its versions: golden results, the log, how a page changed."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from knowledge import store
from knowledge.changes import QuestionChange, Result, Turn, Verdict
from knowledge.model import GoldenScore
from knowledge.tables import golden, log, page, version, withdrawal

#: Questions that a refusal names in the log.
NAMED = 5


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line of the log: who changed what may be found, and why."""

    at: datetime
    by: str
    verb: str
    version: int | None
    page: str | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class Withdrawn:
    """Who withdrew a page, and when."""

    page: str
    by: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Edition:
    """A kept version in which a page is not what it was in the one before."""

    version: int
    by: str
    at: datetime


def put_results(conn: Connection, number: int, results: Sequence[Result]) -> None:
    """Keep how a version did on each golden question."""
    if results:
        conn.execute(insert(golden).values(version=number, results=[asdict(each) for each in results]))


def results(conn: Connection, number: int) -> tuple[Result, ...]:
    """Return how a version did on each golden question; nothing for versions of earlier programs."""
    rows = conn.scalar(select(golden.c.results).where(golden.c.version == number)) or []
    return tuple(_result(row) for row in rows)


def of_live(conn: Connection) -> tuple[GoldenScore | None, tuple[Result, ...]]:
    """Return how the live version, whoever's vectors it has, did on the golden questions when it was built."""
    number = store.state(conn).version
    if number is None:
        return None, ()
    score = next((each.golden for each in store.versions(conn) if each.id == number), None)
    return score, results(conn, number)


def _result(row: Mapping[str, Any]) -> Result:
    return Result(**{**row, "pages": tuple(row["pages"]), "verdict": Verdict(row["verdict"])})


def entries(conn: Connection, *, limit: int, page_id: str | None = None) -> tuple[Entry, ...]:
    """Return the latest lines of the log, of one page or of all."""
    wanted = select(log).order_by(log.c.id.desc()).limit(limit)
    if page_id is not None:
        wanted = wanted.where(log.c.page == page_id)
    return tuple(map(_entry, conn.execute(wanted)))


def between(conn: Connection, since: datetime, until: datetime, *, limit: int) -> tuple[Entry, ...]:
    """Return the lines of the log of a period, the oldest first."""
    mine = select(log).where(log.c.at >= since, log.c.at < until).order_by(log.c.id).limit(limit)
    return tuple(map(_entry, conn.execute(mine)))


def _entry(row: Any) -> Entry:
    return Entry(at=row.at, by=row.done_by, verb=row.verb, version=row.version, page=row.page, reason=row.reason)


def withdrawals(conn: Connection) -> tuple[Withdrawn, ...]:
    """Return the withdrawn pages, latest first."""
    rows = conn.execute(select(withdrawal).order_by(withdrawal.c.at.desc(), withdrawal.c.page))
    return tuple(Withdrawn(page=row.page, by=row.withdrawn_by, at=row.at) for row in rows)


def editions(conn: Connection, page_id: str) -> tuple[Edition, ...]:
    """Return the kept versions in which a page came or changed, latest first."""
    rows = conn.execute(
        select(version.c.id, version.c.created_by, version.c.created_at, page.c.hash)
        .join(page, page.c.version == version.c.id)
        .where(page.c.page == page_id, version.c.published_at.is_not(None))
        .order_by(version.c.id)
    )
    found: list[Edition] = []
    last = None
    for row in rows:
        if row.hash != last:
            found.append(Edition(version=row.id, by=row.created_by, at=row.created_at))
        last = row.hash
    return tuple(reversed(found))


def why_refused(turned: Sequence[QuestionChange]) -> str:
    """Return what the log says of a refused version: that it was worse, and the first questions that broke."""
    broken = [each.after.ask for each in turned if each.turn is Turn.BROKEN]
    named = "; ".join(broken[:NAMED]) + ("; …" if len(broken) > NAMED else "")
    return f"worse on the golden questions: {named}" if broken else "worse on the golden questions"
