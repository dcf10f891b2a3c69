"""Reports as they are kept: drafted once a period, edited, approved, sent once, withdrawn. Transaction bodies."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, select, update

from handoff import directory
from handoff.errors import NotFound
from handoff.model import Client
from handoff.rows import clean, first
from handoff.sites import CHANGED
from handoff.spans import Span
from store.db import insert_into
from store.jobs import enqueue
from store.signals import signal
from success import proactive, tasks
from success.errors import WrongReport
from success.report_tables import report as reports
from success.reports.model import CLIENTS, WEEKLY, Facts, Kind, Report, State
from success.tasks import TaskKind, TaskState

SEND: Final = "report_send"
"""The queue of approved reports: `{"report": id}`."""
PATIENCE: Final = timedelta(days=3)
"""So long a person has for a draft."""
WORDS: Final = ("summary", "advice")
LONGEST: Final = 6_000


def subject(client_id: int | None) -> str:
    """Of whom a report is: of a period there is one."""
    return "agency" if client_id is None else f"client:{client_id}"


def draft(
    conn: Connection, kind: Kind, *, client_id: int | None, span: Span, language: str, facts: Facts,
    by: int | None = None, now: datetime,
) -> Report | None:  # fmt: skip
    """Keep a draft and have somebody look at it; None where there is one of this period.

    An older weekly draft that nobody approved is withdrawn: last week's news is not sent after this week's.
    """
    row = {
        "kind": kind, "subject": subject(client_id), "client_id": client_id, "first_on": span.first,
        "last_on": span.last, "language": language, "zone": span.zone.key, "state": State.DRAFT, "facts": facts,
        "words": {}, "edits": 0, "at": now, "by_id": by, "sent": {}, "why": "",
    }  # fmt: skip
    statement = insert_into(conn, reports).values(row).on_conflict_do_nothing(
        index_elements=["subject", "kind", "first_on"], index_where=reports.c.state != State.WITHDRAWN
    )  # fmt: skip
    made = conn.execute(statement.returning(*reports.c)).mappings().first()
    if made is None:
        return None
    found = _report(made)
    if kind in WEEKLY:
        _supersede(conn, found, now=now)
    _task(conn, found, now=now)
    signal(conn, "desk", "")
    return found


def edit(conn: Connection, report_id: int, words: Mapping[str, str], *, edits: int, now: datetime) -> Report:
    """Put a person's words in place of ours; an empty text is ours again.

    Raises NotFound, WrongReport: it is no draft any more, or somebody else edited it since (`edits`).
    """
    del now
    found = hold(conn, report_id)
    _want(found, State.DRAFT)
    if edits != found.edits:
        raise WrongReport("changed")
    kept = {name: clean(words[name]).strip()[:LONGEST] for name in WORDS if words.get(name, "").strip()}
    return _change(conn, report_id, words=kept, edits=found.edits + 1)


def approve(conn: Connection, report_id: int, *, edits: int, by: int, now: datetime) -> Report:
    """Let a report go: to its client by day, as it stands now. One of ours is only kept as read.

    Raises NotFound, WrongReport: it is no draft, it was edited since, or its client is archived.
    """
    found = hold(conn, report_id)
    _want(found, State.DRAFT)
    if edits != found.edits:
        raise WrongReport("changed")
    approved = {"approved_at": now, "approved_by": by}
    tasks.close_origin(conn, _origin(found), TaskState.DONE, by=by, now=now)
    if found.client_id is None:
        return _change(conn, report_id, **approved, state=State.SENT, sent_at=now)
    client = directory.client(conn, found.client_id)
    if client.archived_at is not None:
        raise WrongReport("archived")
    due = _post(conn, found, client, dedup=f"report:{report_id}", now=now)
    return _change(conn, report_id, **approved, state=State.APPROVED, sent={"due": due})


def sent(conn: Connection, report_id: int, *, told: Mapping[str, Any], now: datetime) -> Report | None:
    """Keep that an approved report left, in the transaction that sends it; None where it is not approved (any more)."""
    mine = (reports.c.id == report_id, reports.c.state == State.APPROVED)
    values = {"state": State.SENT, "sent_at": now, "sent": dict(told)}
    row = conn.execute(update(reports).where(*mine).values(values).returning(*reports.c)).mappings().first()
    if row is None:
        return None
    found = _report(row)
    if found.client_id is not None:
        signal(conn, CHANGED, str(found.client_id))
    signal(conn, "desk", "")
    return found


def note(conn: Connection, report_id: int, told: Mapping[str, Any]) -> None:
    """Add to where a report went."""
    found = report(conn, report_id)
    _change(conn, report_id, sent={**found.sent, **told})


def resend(conn: Connection, report_id: int, *, now: datetime) -> Report:
    """Try again, by day, to send an approved report that did not leave. Raises NotFound, WrongReport."""
    found = hold(conn, report_id)
    _want(found, State.APPROVED)
    if "failed" not in found.sent or found.client_id is None:
        raise WrongReport(str(found.state))
    tries = int(found.sent.get("tries", 0)) + 1
    client = directory.client(conn, found.client_id)
    due = _post(conn, found, client, dedup=f"report:{report_id}:{tries}", now=now)
    left = {name: value for name, value in found.sent.items() if name != "failed"}
    return _change(conn, report_id, sent=left | {"tries": tries, "due": due})


def withdraw(conn: Connection, report_id: int, *, by: int | None, why: str = "", now: datetime) -> Report:
    """Take back a report that has not left; its period may then have another. Raises NotFound, WrongReport."""
    found = hold(conn, report_id)
    if found.state not in {State.DRAFT, State.APPROVED}:
        raise WrongReport(str(found.state))
    values = {"state": State.WITHDRAWN, "withdrawn_at": now, "withdrawn_by": by, "why": clean(why)[:500]}
    tasks.close_origin(conn, _origin(found), TaskState.DROPPED, by=by, now=now)
    return _change(conn, report_id, **values)


def report(conn: Connection, report_id: int) -> Report:
    """The report with this id. Raises NotFound."""
    row = first(conn, reports, reports.c.id == report_id)
    if row is None:
        raise NotFound("report", report_id)
    return _report(row)


def hold(conn: Connection, report_id: int) -> Report:
    """The same, changed by no other transaction until this one ends."""
    row = conn.execute(select(reports).where(reports.c.id == report_id).with_for_update()).mappings().first()
    if row is None:
        raise NotFound("report", report_id)
    return _report(row)


def standing(conn: Connection, kind: Kind, *, client_id: int | None, first_on: date) -> Report | None:
    """The report of a period that is not withdrawn."""
    mine = (reports.c.subject == subject(client_id), reports.c.kind == kind, reports.c.first_on == first_on)
    row = first(conn, reports, *mine, reports.c.state != State.WITHDRAWN)
    return None if row is None else _report(row)


def latest(
    conn: Connection, *, client_id: int | None = None, states: Sequence[State] = (), kinds: Sequence[Kind] = (),
    limit: int = 100,
) -> tuple[Report, ...]:  # fmt: skip
    """The newest reports; of a client, in these states, of these kinds."""
    where: list[ColumnElement[bool]] = [] if client_id is None else [reports.c.client_id == client_id]
    where += [reports.c.state.in_(states)] if states else []
    where += [reports.c.kind.in_(kinds)] if kinds else []
    query = select(reports).where(*where).order_by(reports.c.id.desc()).limit(limit)
    return tuple(_report(row) for row in conn.execute(query).mappings())


def shown_to(conn: Connection, client_id: int, *, limit: int = 60) -> tuple[Report, ...]:
    """The reports that a client got, the newest first."""
    return latest(conn, client_id=client_id, states=(State.SENT,), kinds=CLIENTS, limit=limit)


def of_client(conn: Connection, client_id: int, report_id: int) -> Report | None:
    """A report that this client got."""
    mine = (reports.c.id == report_id, reports.c.client_id == client_id, reports.c.state == State.SENT)
    row = first(conn, reports, *mine)
    return None if row is None else _report(row)


def _post(conn: Connection, found: Report, client: Client, *, dedup: str, now: datetime) -> str:
    """Have it sent, not at night; when."""
    run_at = proactive.by_day(client, now)
    enqueue(conn, SEND, {"report": found.id}, dedup=dedup, run_at=run_at, now=now)
    return _iso(run_at)


def _supersede(conn: Connection, new: Report, *, now: datetime) -> None:
    old = (
        reports.c.subject == subject(new.client_id), reports.c.kind == new.kind, reports.c.state == State.DRAFT,
        reports.c.first_on < new.first_on,
    )  # fmt: skip
    for report_id in conn.execute(select(reports.c.id).where(*old)).scalars().all():
        withdraw(conn, report_id, by=None, why="superseded", now=now)


def _task(conn: Connection, found: Report, *, now: datetime) -> None:
    facts = {"kind": str(found.kind), "first": str(found.first_on), "last": str(found.last_on)}
    client = directory.client(conn, found.client_id).name if found.client_id is not None else ""
    tasks.give(
        conn, TaskKind.REPORT, origin=_origin(found), client_id=found.client_id, facts=facts | {"client": client},
        link=f"/desk/reports/{found.id}", due_at=now + PATIENCE, now=now,
    )  # fmt: skip


def _origin(found: Report) -> str:
    return f"report:{found.id}"


def _want(found: Report, state: State) -> None:
    if found.state is not state:
        raise WrongReport(str(found.state))


def _change(conn: Connection, report_id: int, **values: Any) -> Report:
    changed = update(reports).where(reports.c.id == report_id).values(values).returning(*reports.c)
    signal(conn, "desk", "")
    return _report(conn.execute(changed).mappings().one())


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="minutes")


def _report(row: Mapping[Any, Any]) -> Report:
    values = {name: row[name] for name in Report.__dataclass_fields__}
    return Report(**values | {"kind": Kind(row["kind"]), "state": State(row["state"])})
