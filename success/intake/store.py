"""Interviews as they are kept: begun, answered, held by a colleague, given back, closed; and their briefs.

Transaction bodies. A colleague who writes in the conversation has the interview from then on, until it is given back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select, update

from handoff import directory, messages
from handoff.errors import NotFound
from handoff.kinds import Author
from handoff.tables import message as said
from store.db import insert_into
from store.jobs import enqueue
from store.signals import signal
from success import tasks
from success.intake import brief as briefs
from success.intake import forms_kept, prospects
from success.intake.answers_kept import Told, answers_of, early_files, evidence, files, keep, keep_files
from success.intake.brief import Brief
from success.intake.errors import IntakeRefused
from success.intake.form_model import Form, Holds
from success.intake.interview import LIVE, Pending, Standing, State, Step
from success.intake.resting import REST
from success.intake.tables import asked as asked_messages
from success.intake.tables import interview as interviews
from success.intake.values import from_json, to_json
from success.tasks import TaskKind, TaskState

__all__ = [
    "DUE", "Interview", "Told", "answers_of", "apply", "assign", "brief", "close", "draft", "early", "evidence",
    "expire", "files", "form_of", "give_back", "hold", "lapsed", "listed", "live", "named", "of_message", "one",
    "open_one", "reminded", "tell_asked", "watch",
]  # fmt: skip

DUE: Final = "intake"
"""The queue of looks at interviews that rest: `{"intake": id}`."""
ANSWER_WITHIN: Final = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Interview:
    """One interview. `held` says that a colleague has it, by a press or because they wrote there."""

    id: int
    form_version: str
    conversation_id: int
    person_id: int | None
    by_id: int | None
    client_id: int | None
    language: str
    standing: Standing
    holder_id: int | None
    held_at: datetime | None
    held: bool
    heard_at: datetime
    reminded_at: datetime | None
    assignee_id: int | None
    at: datetime
    ready_at: datetime | None
    closed_at: datetime | None
    closed_by: int | None

    @property
    def state(self) -> State:
        """How far it is."""
        return self.standing.state

    @property
    def link(self) -> str:
        """Its page of the desk."""
        return f"/desk/briefs/{self.id}"


def open_one(
    conn: Connection, *, conversation_id: int, language: str, person_id: int | None, client_id: int | None = None,
    by: int | None = None, state: State = State.OFFERED, form: str = forms_kept.WEBSITE, now: datetime,
) -> Interview:  # fmt: skip
    """Offer or begin an interview by the form of that key. Raises IntakeRefused: ``begun`` where one is under way."""
    client_id = client_id or directory.chat_of(conn, conversation_id).client_id
    if client_id == prospects.prospects(conn).door_id:
        client_id = None  # who comes in by our own front door is no client
    if (there := live(conn, conversation_id)) is not None and there.state is not State.READY:
        if there.state is not State.OFFERED:
            raise IntakeRefused("begun")
        _set(conn, there.id, state=State.DECLINED, closed_at=now)
    asked = forms_kept.in_force(conn, form)
    forms_kept.keep(conn, asked, now=now)
    row = {
        "form_version": asked.version, "conversation_id": conversation_id, "person_id": person_id, "by_id": by,
        "client_id": client_id, "language": language, "state": state, "skipped": [], "named": [],
        "given_back": _last_message(conn, conversation_id), "heard_at": now, "at": now,
    }  # fmt: skip
    made = conn.execute(insert(interviews).values(row).returning(interviews.c.id)).scalar_one()
    if state is State.OFFERED:
        watch(conn, made, now=now)
    signal(conn, "desk", "")
    return one(conn, made)


def one(conn: Connection, interview_id: int, *, lock: bool = False) -> Interview:
    """The interview with this id; locked where it is to be changed. Raises NotFound."""
    query = select(interviews).where(interviews.c.id == interview_id)
    row = conn.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFound("intake", interview_id)
    return _interview(conn, row)


def live(conn: Connection, conversation_id: int) -> Interview | None:
    """The interview of a conversation in which answers may still be given: the newest."""
    mine = (interviews.c.conversation_id == conversation_id, interviews.c.state.in_(LIVE))
    row = conn.execute(select(interviews).where(*mine).order_by(interviews.c.id.desc()).limit(1)).mappings().first()
    return None if row is None else _interview(conn, row)


def lapsed(conn: Connection, conversation_id: int, message_id: int | None) -> Interview | None:
    """The offer that nobody took to which a message of ours belongs, where it was the conversation's last one."""
    found = of_message(conn, message_id)
    newest = select(func.max(interviews.c.id)).where(interviews.c.conversation_id == conversation_id)
    if found is None or found[0] != conn.execute(newest).scalar():
        return None
    there = one(conn, found[0])
    return there if there.state is State.EXPIRED else None


def of_message(conn: Connection, message_id: int | None) -> tuple[int, str] | None:
    """The interview and the question that a message of ours belongs to."""
    if message_id is None:
        return None
    query = select(asked_messages.c.intake_id, asked_messages.c.question)
    row = conn.execute(query.where(asked_messages.c.message_id == message_id)).first()
    return None if row is None else (row.intake_id, row.question)


def listed(conn: Connection, *, done: bool = False, limit: int = 200) -> tuple[Interview, ...]:
    """Interviews that are begun and not closed, or those that are over; the newest first."""
    over = (State.CLOSED, State.STOPPED)
    states = over if done else (State.OPEN, State.PAUSED, State.READY)
    query = select(interviews).where(interviews.c.state.in_(states)).order_by(interviews.c.id.desc()).limit(limit)
    return tuple(_interview(conn, row) for row in conn.execute(query).mappings().all())


def apply(
    conn: Connection, interview_id: int, step: Step, *, told: Told | None, person_id: int | None = None, now: datetime
) -> Interview:
    """Keep what a step came to: its answers with whose words they are, where the interview stands.

    `person_id`: who is asked from now on, where that was open.
    """
    before = one(conn, interview_id, lock=True)
    if before.state is State.CLOSED:
        return before
    home = _home_of_files(form_of(conn, before), [each.key for each in step.taken], before.standing.asked)
    for each in step.taken:
        keep(conn, before.id, each, told=told, files=each.key == home, now=now)
    if told is not None and told.files and not step.taken:
        keep_files(conn, before.id, told, asked=before.standing.asked)
    after, pending = step.after, step.after.pending
    values: dict[str, Any] = {
        "state": after.state, "asked": after.asked, "skipped": sorted(after.skipped), "named": sorted(after.named),
        "pending": _pending_json(pending) if pending else None,
    }  # fmt: skip
    if told is not None:
        values["heard_at"] = now
    if before.person_id is None and person_id is not None:
        values["person_id"] = person_id
    if after.state is State.READY and before.state is not State.READY:
        values["ready_at"] = now
    if after.state in {State.DECLINED, State.STOPPED}:
        values["closed_at"] = now
    elif before.state is State.EXPIRED and after.state is State.OPEN:
        values["closed_at"] = None
    _set(conn, before.id, **values)
    kept = one(conn, before.id)
    _follow_up(conn, before, kept, now=now)
    return kept


def tell_asked(conn: Connection, interview_id: int, message_id: int, question: str) -> None:
    """Keep which question a message of ours asks."""
    row = {"message_id": message_id, "intake_id": interview_id, "question": question}
    conn.execute(insert_into(conn, asked_messages).values(row).on_conflict_do_nothing(index_elements=["message_id"]))


def brief(conn: Connection, interview_id: int) -> Brief:
    """The brief of an interview as it stands. Raises NotFound."""
    found = one(conn, interview_id)
    form = form_of(conn, found)
    newer = forms_kept.in_force(conn, form.key).version != form.version
    kept = evidence(conn, interview_id)
    return briefs.make(form, kept, interview_id=found.id, language=found.language, form_changed=newer)


def early(conn: Connection, found: Interview) -> tuple[str, ...]:
    """The files that who is asked sent before the first answer."""
    return early_files(conn, conversation_id=found.conversation_id, person_id=found.person_id, since=found.at)


def form_of(conn: Connection, found: Interview) -> Form:
    """The form that an interview was begun with."""
    return forms_kept.of_version(conn, found.form_version)


def hold(conn: Connection, interview_id: int, *, by: int, now: datetime) -> None:
    """A colleague takes an interview over: nothing is asked until it is given back. Raises NotFound."""
    if one(conn, interview_id, lock=True).state not in LIVE:
        raise IntakeRefused("state")
    _set(conn, interview_id, holder_id=by, held_at=now)
    signal(conn, "desk", "")


def give_back(conn: Connection, interview_id: int, *, now: datetime) -> None:
    """Let the program go on. Raises NotFound, IntakeRefused: ``state``."""
    found = one(conn, interview_id, lock=True)
    if found.state not in LIVE:
        raise IntakeRefused("state")
    last = _last_message(conn, found.conversation_id)
    _set(conn, interview_id, holder_id=None, held_at=None, given_back=last, heard_at=now)
    signal(conn, "desk", "")


def assign(conn: Connection, interview_id: int, *, to: int, now: datetime) -> None:
    """Give a brief to a colleague, with its task. Raises NotFound."""
    found, who = one(conn, interview_id, lock=True), directory.colleague(conn, to)
    _set(conn, interview_id, assignee_id=who.id)
    given = tasks.of_origin(conn, f"intake:{found.id}")
    if given is not None and given.state is TaskState.OPEN:
        tasks.hand_over(conn, given.id, to=who.id)
    elif given is None:
        _give_task(conn, one(conn, interview_id), now=now)


def belongs(conn: Connection, interview_id: int, client_id: int) -> None:
    """Say whose interview it is."""
    _set(conn, interview_id, client_id=client_id)


def close(conn: Connection, interview_id: int, *, by: int, now: datetime) -> None:
    """Close an interview for good; its task is done. Raises NotFound."""
    one(conn, interview_id, lock=True)
    _set(conn, interview_id, state=State.CLOSED, asked=None, pending=None, closed_at=now, closed_by=by)
    tasks.close_origin(conn, f"intake:{interview_id}", TaskState.DONE, by=by, now=now)
    signal(conn, "desk", "")


def reminded(conn: Connection, interview_id: int, *, now: datetime) -> None:
    """Keep that who is asked was reminded."""
    _set(conn, interview_id, reminded_at=now)


def draft(conn: Connection, interview_id: int, *, now: datetime) -> None:
    """Nobody went on: the brief lies with a person as it is, with what is missing."""
    before = one(conn, interview_id, lock=True)
    if before.state not in {State.OPEN, State.PAUSED}:
        return
    _set(conn, interview_id, state=State.READY, ready_at=now)
    _follow_up(conn, before, one(conn, interview_id), now=now)


def _follow_up(conn: Connection, before: Interview, kept: Interview, *, now: datetime) -> None:
    """A brief that became ready is somebody's task; one that rests is looked at after days."""
    if kept.state is State.READY and before.state is not State.READY:
        _give_task(conn, kept, now=now)
    if kept.state in {State.OPEN, State.PAUSED} and before.state in {State.OFFERED, State.EXPIRED}:
        watch(conn, kept.id, now=now)
    signal(conn, "desk", "")


def expire(conn: Connection, interview_id: int, *, now: datetime) -> None:
    """Nobody took the offer: it ends, and nothing is said of it."""
    if one(conn, interview_id, lock=True).state is State.OFFERED:
        _set(conn, interview_id, state=State.EXPIRED, closed_at=now)


def watch(conn: Connection, interview_id: int, *, now: datetime) -> None:
    """Look at an interview after it has rested for days."""
    enqueue(conn, DUE, {"intake": interview_id}, dedup=f"intake:{interview_id}", run_at=now + REST, now=now)


def _home_of_files(form: Form, taken: Sequence[str], asked: str | None) -> str | None:
    """Where the files of a message with several answers go: to the look, else to what was asked, else to the first."""
    look = next((each.key for each in form.questions if each.holds is Holds.LOOK), None)
    return next((key for key in (look, asked) if key in taken), next(iter(taken), None))


def _give_task(conn: Connection, kept: Interview, *, now: datetime) -> None:
    person = directory.person(conn, kept.person_id).name if kept.person_id is not None else "?"
    facts: Mapping[str, Any] = {"person": person, "number": str(kept.id)}
    tasks.give(
        conn, TaskKind.BRIEF, origin=f"intake:{kept.id}", client_id=kept.client_id, assignee_id=kept.assignee_id,
        facts=facts, link=kept.link, due_at=now + ANSWER_WITHIN, now=now,
    )  # fmt: skip


def _last_message(conn: Connection, conversation_id: int) -> int:
    return conn.execute(select(func.max(said.c.id)).where(said.c.conversation_id == conversation_id)).scalar() or 0


def _set(conn: Connection, interview_id: int, **values: Any) -> None:
    conn.execute(update(interviews).where(interviews.c.id == interview_id).values(values))


def _pending_json(pending: Pending) -> dict[str, Any]:
    return {
        "key": pending.key, "why": pending.why, "new": to_json(pending.new), "quote": pending.quote,
        "old": to_json(pending.old) if pending.old is not None else None,
    }  # fmt: skip


def _pending(row: Mapping[str, Any] | None) -> Pending | None:
    if not row:
        return None
    old = from_json(row["old"]) if row["old"] is not None else None
    return Pending(key=row["key"], why=row["why"], new=from_json(row["new"]), quote=row["quote"], old=old)


def _interview(conn: Connection, row: Mapping[Any, Any]) -> Interview:
    own = ("standing", "held")
    values = {name: row[name] for name in Interview.__dataclass_fields__ if name not in own}
    spoke = messages.said_since(conn, row["conversation_id"], Author.STAFF, after_id=row["given_back"])
    standing = Standing(
        state=State(row["state"]), answers=answers_of(conn, row["id"]), asked=row["asked"],
        skipped=frozenset(row["skipped"]), named=frozenset(row["named"]), pending=_pending(row["pending"]),
    )  # fmt: skip
    return Interview(**values, standing=standing, held=row["holder_id"] is not None or spoke)


def named(found: Sequence[Interview]) -> set[int]:
    """The people and colleagues that a list of interviews names."""
    return {
        who
        for each in found
        for who in (each.person_id, each.by_id, each.holder_id, each.assignee_id)
        if who is not None
    }
