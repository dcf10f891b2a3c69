"""SQL of runs: previews and publishings asked for in the desk, done as a durable job, one at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, delete, insert, select, update

from knowledge.model import Progress
from knowledge.tables import run
from store import jobs
from store.signals import signal

QUEUE: Final = "manual.run"
TOPIC: Final = "manual"  # signalled with the run's number when it gets on
KEPT: Final = 50
_KEY: Final = "manual"
_OPEN: Final = ("waiting", "running")
Kind = Literal["preview", "publish"]


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run: who asked for it, how far it is, and what came of it.

    ``force`` publishes what does worse; a preview it lets ask an embedder that is paid for.
    """

    id: int
    kind: Kind
    state: str
    by: str
    reason: str
    force: bool
    expects: str | None
    stage: str
    done: int
    total: int
    asked_at: datetime
    ended_at: datetime | None
    report: Mapping[str, Any] | None
    error: str | None

    @property
    def open(self) -> bool:
        """Whether it is still going on."""
        return self.state in _OPEN


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The run that goes on now; ``fresh`` unless somebody had asked before."""

    run: Run
    fresh: bool


def ask(
    conn: Connection,
    kind: Kind,
    *,
    by: str,
    now: datetime,
    reason: str = "",
    force: bool = False,
    expects: str | None = None,
) -> Asked:
    """Start a run, with the job that does it, unless one goes on already."""
    jobs.lock_key(conn, QUEUE, _KEY)
    going = open_run(conn)
    if going is not None:
        return Asked(run=going, fresh=False)
    made = conn.execute(
        insert(run).values(
            kind=kind, state="waiting", asked_by=by, reason=reason, force=force, expects=expects,
            stage="read", done=0, total=0, asked_at=now,
        )
    )  # fmt: skip
    key = made.inserted_primary_key
    assert key is not None
    number = int(key[0])
    conn.execute(delete(run).where(run.c.id <= number - KEPT))
    jobs.enqueue(conn, QUEUE, {"run": number}, key=_KEY, now=now)
    signal(conn, TOPIC, str(number))
    return Asked(run=_the(conn, number), fresh=True)


def find(conn: Connection, number: int) -> Run | None:
    """Return a run, None if there is none of that number (any more)."""
    row = conn.execute(select(run).where(run.c.id == number)).mappings().first()
    return _run(row) if row else None


def open_run(conn: Connection) -> Run | None:
    """Return the run that goes on, None if there is none."""
    row = conn.execute(select(run).where(run.c.state.in_(_OPEN)).order_by(run.c.id).limit(1)).mappings().first()
    return _run(row) if row else None


def latest(conn: Connection) -> Run | None:
    """Return the run that was asked for last."""
    row = conn.execute(select(run).order_by(run.c.id.desc()).limit(1)).mappings().first()
    return _run(row) if row else None


def told(conn: Connection, number: int, progress: Progress) -> None:
    """Note how far a run is."""
    values = {"state": "running", "stage": progress.stage, "done": progress.done, "total": progress.total}
    conn.execute(update(run).where(run.c.id == number, run.c.state.in_(_OPEN)).values(**values))
    signal(conn, TOPIC, str(number))


def ended(
    conn: Connection, number: int, *, now: datetime, report: Mapping[str, Any] | None = None, error: str | None = None
) -> None:
    """Note what came of a run: its report, or why it failed."""
    state = "failed" if error is not None else "done"
    open_still = run.c.state.in_(_OPEN)
    conn.execute(
        update(run)
        .where(run.c.id == number, open_still)
        .values(state=state, report=dict(report) if report is not None else None, error=error, ended_at=now)
    )
    signal(conn, TOPIC, str(number))


def _the(conn: Connection, number: int) -> Run:
    found = find(conn, number)
    assert found is not None, "it was just written"
    return found


def _run(row: Any) -> Run:
    return Run(**{("by" if name == "asked_by" else name): value for name, value in row.items()})
