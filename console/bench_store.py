"""Runs of the prompts' test bench: which version, on which golden questions, how far, and what each answered.

Transaction bodies. Of a run the answers that were given stay, whatever ends it; resuming it asks only for the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, select, update

from console.tables import prompt_result, prompt_run
from store import jobs
from store.db import insert_into
from store.signals import signal

QUEUE: Final = "prompt.bench"
TOPIC: Final = "bench"
_KEY: Final = "bench"
_OPEN: Final = ("waiting", "running")
_SHOWN: Final = 30


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run; ``questions`` are ``{ask, after, pages}``, ``number`` is tried against the version ``against``."""

    id: int
    name: str
    number: int
    against: int
    state: str
    by_id: int
    questions: tuple[Mapping[str, Any], ...]
    done: int
    model: str
    asked_at: datetime
    ended_at: datetime | None
    error: str | None

    @property
    def open(self) -> bool:
        """Whether it goes on."""
        return self.state in _OPEN

    @property
    def sides(self) -> tuple[int, ...]:
        """The versions that answer: the live one first."""
        return (self.against,) if self.number == self.against else (self.against, self.number)

    @property
    def resumable(self) -> bool:
        """Whether what is left of it can be asked for."""
        return self.state in ("failed", "cancelled") and self.done < len(self.questions)


def ask(
    conn: Connection,
    name: str,
    *,
    number: int,
    against: int,
    questions: tuple[Mapping[str, Any], ...],
    model: str,
    by: int,
    now: datetime,
) -> int:
    """Start a run with the job that does it; returns its number. Runs follow each other, one at a time."""
    row = {
        "name": name, "number": number, "against": against, "state": "waiting", "by_id": by, "done": 0, "model": model,
        "questions": [dict(each) for each in questions], "asked_at": now,
    }  # fmt: skip
    made = conn.execute(insert(prompt_run).values(row).returning(prompt_run.c.id)).scalar_one()
    _start(conn, int(made), now=now)
    return int(made)


def resume(conn: Connection, run_id: int, *, now: datetime) -> bool:
    """Let a run that failed or was cancelled go on; False where it is not such a run (any more)."""
    ended = (prompt_run.c.id == run_id, prompt_run.c.state.in_(("failed", "cancelled")))
    changed = update(prompt_run).where(*ended).values(state="waiting", error=None, ended_at=None)
    if not conn.execute(changed).rowcount:
        return False
    _start(conn, run_id, now=now)
    return True


def cancel(conn: Connection, run_id: int, *, now: datetime) -> bool:
    """Let a run end before its next question; False where it does not go on."""
    return _end(conn, run_id, "cancelled", now=now)


def began(conn: Connection, run_id: int) -> None:
    """A worker has it."""
    conn.execute(update(prompt_run).where(_going(run_id)).values(state="running"))
    signal(conn, TOPIC, str(run_id))


def answered(conn: Connection, run_id: int, place: int, facts: Mapping[int, Mapping[str, Any]]) -> bool:
    """Keep what each version answered to one question; False where the run was cancelled meanwhile."""
    for number, each in facts.items():
        row = {"run_id": run_id, "place": place, "number": number, "facts": dict(each)}
        conn.execute(insert_into(conn, prompt_result).values(row).on_conflict_do_nothing())
    done = select(func.count(func.distinct(prompt_result.c.place))).where(prompt_result.c.run_id == run_id)
    conn.execute(update(prompt_run).where(prompt_run.c.id == run_id).values(done=done.scalar_subquery()))
    signal(conn, TOPIC, str(run_id))
    found = find(conn, run_id)
    return found is not None and found.open


def ended(conn: Connection, run_id: int, *, error: str | None = None, now: datetime) -> None:
    """It came to its end, or broke off."""
    _end(conn, run_id, "failed" if error else "done", error=error, now=now)


def find(conn: Connection, run_id: int) -> Run | None:
    """A run by its number."""
    row = conn.execute(select(prompt_run).where(prompt_run.c.id == run_id)).one_or_none()
    return _run(row) if row is not None else None


def runs(conn: Connection, name: str) -> tuple[Run, ...]:
    """A prompt's latest runs."""
    wanted = select(prompt_run).where(prompt_run.c.name == name).order_by(prompt_run.c.id.desc()).limit(_SHOWN)
    return tuple(_run(row) for row in conn.execute(wanted))


def results(conn: Connection, run_id: int) -> dict[int, dict[int, Mapping[str, Any]]]:
    """What was answered: by the question's place, by version."""
    found: dict[int, dict[int, Mapping[str, Any]]] = {}
    wanted = select(prompt_result).where(prompt_result.c.run_id == run_id).order_by(prompt_result.c.place)
    for row in conn.execute(wanted):
        found.setdefault(row.place, {})[row.number] = row.facts
    return found


def _start(conn: Connection, run_id: int, *, now: datetime) -> None:
    jobs.enqueue(conn, QUEUE, {"run": run_id}, key=_KEY, now=now)
    signal(conn, TOPIC, str(run_id))


def _end(conn: Connection, run_id: int, state: str, *, error: str | None = None, now: datetime) -> bool:
    changed = update(prompt_run).where(_going(run_id)).values(state=state, error=error, ended_at=now)
    signal(conn, TOPIC, str(run_id))
    return conn.execute(changed).rowcount > 0


def _going(run_id: int) -> Any:
    return (prompt_run.c.id == run_id) & prompt_run.c.state.in_(_OPEN)


def _run(row: Row[Any]) -> Run:
    values = dict(row._mapping)  # noqa: SLF001 - the row's documented mapping
    return Run(**{**values, "questions": tuple(values["questions"])})
