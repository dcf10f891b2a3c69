"""Clients are reminded of their last days: in their group and by e-mail, once a step. Transaction bodies.

A step is taken in the transaction that says it: whoever comes second finds it taken and says nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Protocol

from sqlalchemy import Connection, select, update

from handoff import directory, messages
from handoff.kinds import PersonKind
from handoff.model import Button, Citation, Client, Message, Person
from store.db import insert_into
from store.jobs import enqueue, unfinished
from store.signals import signal
from success import mail_contacts, mails, proactive, reminder_ground, tasks
from success.care_tables import task as task_table
from success.reminder_ground import ACKNOWLEDGED, Ground
from success.reminder_rules import EVENING, HOUR, OVER, Lapse, Step, at_ten, in_one, snoozed_until
from success.reminder_tables import reminder as reminders
from success.reminder_tables import reminder_notice as notices
from success.tasks import TaskKind, TaskState

SWEEP: Final = "reminders"
"""The queue of the schedule's job: look whom to remind."""
REMIND: Final = "reminder"
"""The queue of one client's: `{"client": id}`, with `step` (subject, day, step) and `by` to send one early."""
ANSWERED: Final = "reminder_answered"
"""The queue of what a reminder says once somebody has pressed: `{"notice": id}`."""
LATER: Final = "later"
SENT: Final = "sent"
SKIPPED: Final = "skipped"
ACKNOWLEDGE_BUTTON: Final = "reminder:acknowledged"
LATER_BUTTON: Final = "reminder:later"
ANSWERS: Final = {ACKNOWLEDGE_BUTTON: ACKNOWLEDGED, LATER_BUTTON: LATER}
_OPEN_FOR: Final = timedelta(days=60)
_PAUSE: Final = timedelta(days=1)
"""After a reminder of a client was given up."""


@dataclass(frozen=True, kw_only=True)
class Worded:
    """What is said: in the chat, and as a letter. `citations` are what the chat's [n] stand for."""

    text: str
    name: str
    subject: str
    letter: str
    html: str
    buttons: tuple[Button, ...] = ()
    citations: tuple[Citation, ...] = ()


class Compose(Protocol):
    """Puts a reminder into words."""

    def __call__(self, client: Client, steps: Sequence[Step], *, today: date, language: str) -> Worded:
        """What the client is told of these."""


Happened = Callable[[Connection, Client, Step, datetime], object]
"""Told of each step that is taken, in its transaction: where rules hear of `expiry_near`."""


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One message about last days, and what came back to it."""

    id: int
    client_id: int
    ours: bool
    chat_id: int | None
    message_id: int | None
    letters: int
    at: datetime
    answer: str | None
    person_id: int | None
    answered_at: datetime | None
    again_at: datetime | None


def concerned(conn: Connection, *, now: datetime) -> tuple[int, ...]:
    """The clients of whom something is due, or has to be put right."""
    grounds = reminder_ground.every(conn, now=now, ahead=_OPEN_FOR)
    found = {each.client.id for each in grounds if each.due(now)}
    waiting = select(notices.c.client_id).where(notices.c.again_at <= now)
    standing = {_origin(lapse) for each in grounds for lapse in each.lapses}
    given = conn.execute(select(task_table.c.client_id, task_table.c.origin).where(*_EXPIRIES)).all()
    moved = {row.client_id for row in given if row.origin.removesuffix(_AFTER) not in standing}
    return tuple(sorted(found | moved | set(conn.execute(waiting).scalars())))


def ask(conn: Connection, client_ids: Iterable[int], *, now: datetime) -> int:
    """Have these clients reminded, each by a job of its own; how many.

    Not where that waits already; where it was given up, again after a day, or once its dead letter is gone.
    """
    known = unfinished(conn, REMIND, since=now - _PAUSE)
    asked = {each.body.get("client") for each in known if each.body.get("step") is None}
    fresh = [each for each in client_ids if each not in asked]
    for client_id in fresh:
        enqueue(conn, REMIND, {"client": client_id}, key=f"client:{client_id}", now=now)
    return len(fresh)


def remind(
    conn: Connection, client_id: int, *, compose: Compose, happened: Happened | None = None, now: datetime
) -> tuple[Notice, ...]:
    """Say what is due of one client, in one message; close the tasks of what was renewed. May be run again."""
    directory.lock_client(conn, client_id)
    client = directory.client(conn, client_id)
    ground = reminder_ground.of_client(conn, client)
    _close_renewed(conn, ground, now=now)
    taken = _take(conn, client, ground.due(now), now=now)
    again = _said_again(conn, ground, [each.lapse for each in taken], now=now)
    theirs, ours = in_one([*taken, *again])
    for step in taken:
        if happened is not None:
            happened(conn, client, step, now)
    told = [_tell(conn, ground, theirs, compose=compose, now=now)] if theirs else []
    return (*told, *([_tell_ours(conn, ground, ours, now=now)] if ours else []))


def send_early(
    conn: Connection, client_id: int, key: tuple[str, date, int], *, compose: Compose, by: int | None, now: datetime
) -> Notice | None:
    """Say one step that is to come now; None where it was taken, or its date moved on."""
    directory.lock_client(conn, client_id)
    client = directory.client(conn, client_id)
    ground = reminder_ground.of_client(conn, client)
    until = ground.today(now) + _OPEN_FOR * 2
    wanted = [each for each in ground.coming(until=until) if each.key == key and each.step != OVER]
    taken = _take(conn, client, wanted, by=by, now=now)
    return _tell(conn, ground, taken, compose=compose, now=now) if taken else None


def skip(conn: Connection, client_id: int, key: tuple[str, date, int], *, by: int, now: datetime) -> bool:
    """Say one step that is to come not at all; False where it was taken, or its date moved on."""
    directory.lock_client(conn, client_id)
    ground = reminder_ground.of_client(conn, directory.client(conn, client_id))
    until = ground.today(now) + _OPEN_FOR * 2
    wanted = [each for each in ground.coming(until=until) if each.key == key]
    return bool(_take(conn, ground.client, wanted, state=SKIPPED, by=by, now=now))


def of_message(conn: Connection, message_id: int) -> Notice | None:
    """The reminder that a message is."""
    row = conn.execute(select(notices).where(notices.c.message_id == message_id)).mappings().first()
    return None if row is None else to_notice(row)


def answer(conn: Connection, notice: Notice, button: str, *, person: Person, now: datetime) -> Notice | None:
    """One of the client's people pressed; None where somebody was first, or it is not theirs to press.

    "Later" is at 10:00 in three days, on the last day at the latest; on that day itself it is nothing.
    """
    ours = person.kind is PersonKind.CLIENT and button in ANSWERS
    if not ours:
        return None
    said, again_at = ANSWERS[button], None
    if said == LATER:
        ground = reminder_ground.of_client(conn, directory.client(conn, notice.client_id))
        lasts = [lapse.last_on for lapse in _lapses_of(conn, ground, notice.id)]
        again_at = snoozed_until(lasts, zone=ground.zone, is_off=ground.is_off, now=now) if lasts else None
        if again_at is None:
            return None
    values = {"answer": said, "person_id": person.id, "answered_at": now, "again_at": again_at}
    first = (notices.c.id == notice.id, notices.c.answer.is_(None))
    row = conn.execute(update(notices).where(*first).values(values).returning(*notices.c)).mappings().first()
    if row is None:
        return None
    signal(conn, "desk", "")
    enqueue(conn, ANSWERED, {"notice": notice.id}, now=now)
    return to_notice(row)


def one(conn: Connection, notice_id: int) -> Notice | None:
    """The message with this id."""
    row = conn.execute(select(notices).where(notices.c.id == notice_id)).mappings().first()
    return None if row is None else to_notice(row)


def _take(
    conn: Connection, client: Client, steps: Iterable[Step], *, state: str = SENT, by: int | None = None, now: datetime
) -> tuple[Step, ...]:
    """Of these steps, those that nobody took before."""
    return tuple(each for each in steps if _is_first(conn, client, each, state=state, by=by, now=now))


def _is_first(conn: Connection, client: Client, step: Step, *, state: str, by: int | None, now: datetime) -> bool:
    lapse = step.lapse
    row = {
        "client_id": client.id, "subject": lapse.subject, "site_id": lapse.site_id, "what": lapse.what,
        "title": lapse.title, "last_on": lapse.last_on, "step": step.step, "state": state, "at": now, "by_id": by,
    }  # fmt: skip
    statement = insert_into(conn, reminders).values(row)
    once = statement.on_conflict_do_nothing(index_elements=["subject", "last_on", "step"]).returning(reminders.c.id)
    return conn.execute(once).first() is not None


def _said_again(conn: Connection, ground: Ground, but: Sequence[Lapse], *, now: datetime) -> tuple[Step, ...]:
    """What was put off until now and still holds; it is put off no longer."""
    mine = (notices.c.client_id == ground.client.id, notices.c.again_at <= now)
    local = now.astimezone(ground.zone)
    if not HOUR <= local.time() < EVENING:
        return ()
    rows = conn.execute(update(notices).where(*mine).values(again_at=None).returning(notices.c.id)).scalars().all()
    found = [lapse for number in rows for lapse in _lapses_of(conn, ground, number)]
    fresh = [each for each in found if each not in but and local.date() <= each.last_on]
    return tuple(Step(lapse=each, step=(each.last_on - local.date()).days, at=now) for each in fresh)


def _lapses_of(conn: Connection, ground: Ground, notice_id: int) -> list[Lapse]:
    """What a message was about and still stands, unless something newer was said of it."""
    query = select(reminders.c.subject, reminders.c.last_on).where(reminders.c.notice_id == notice_id)
    named = {(row.subject, row.last_on) for row in conn.execute(query)}
    standing = [each for each in ground.lapses if (each.subject, each.last_on) in named]
    return [each for each in standing if reminder_ground.latest_notice(conn, each) == notice_id]


def _tell(conn: Connection, ground: Ground, steps: Sequence[Step], *, compose: Compose, now: datetime) -> Notice:
    """One message: in the group, by e-mail, and a task for whoever looks after the client."""
    client, today = ground.client, ground.today(now)
    chat = proactive.group_of(conn, client.id)
    said: Message | None = None
    language = proactive.language_of(client)
    if chat is not None:
        worded = compose(client, steps, today=today, language=language)
        talk = directory.ensure_conversation(conn, chat_id=chat.id, now=now)
        said = messages.say(
            conn, conversation_id=talk.id, text=worded.text, author="system", name=worded.name,
            citations=worded.citations, buttons=worded.buttons, now=now,
        )  # fmt: skip
    notice = _keep(conn, ground, steps, ours=False, message=said, now=now)
    letters = 0
    for contact in mail_contacts.of_client(conn, client.id, mail_contacts.REMINDERS):
        tongue = contact.language or language
        worded = compose(client, steps, today=today, language=tongue)
        posted = mails.post(
            conn, contact.address, origin=f"reminder:{notice.id}:{contact.address}", subject=worded.subject,
            text=worded.letter, html=worded.html, language=tongue, client_id=client.id, now=now,
        )  # fmt: skip
        letters += posted is not None
    conn.execute(update(notices).where(notices.c.id == notice.id).values(letters=letters))
    told = "chat_and_mail" if said and letters else "chat" if said else "mail" if letters else "nobody"
    for step in steps:
        _give(conn, ground, step, told=told, now=now)
    return notice


def _tell_ours(conn: Connection, ground: Ground, steps: Sequence[Step], *, now: datetime) -> Notice:
    """It is over: nothing to the client, a task for us."""
    for step in steps:
        _give(conn, ground, step, told="nobody", now=now)
    return _keep(conn, ground, steps, ours=True, message=None, now=now)


def _keep(
    conn: Connection, ground: Ground, steps: Sequence[Step], *, ours: bool, message: Message | None, now: datetime
) -> Notice:
    row = {"client_id": ground.client.id, "ours": ours, "letters": 0, "at": now}
    row |= {"chat_id": message.chat_id, "message_id": message.id} if message else {}
    made = conn.execute(insert_into(conn, notices).values(row).returning(*notices.c)).mappings().one()
    for step in steps:
        lapse = step.lapse
        mine = (reminders.c.subject == lapse.subject, reminders.c.last_on == lapse.last_on, reminders.c.state == SENT)
        nearest = select(reminders.c.id).where(*mine).order_by(reminders.c.step).limit(1).scalar_subquery()
        conn.execute(update(reminders).where(reminders.c.id == nearest).values(notice_id=made["id"]))
    signal(conn, "desk", "")
    return to_notice(made)


def _give(conn: Connection, ground: Ground, step: Step, *, told: str, now: datetime) -> None:
    """A task once for each last day, and another when it is over."""
    lapse, over = step.lapse, step.step == OVER
    facts = {"what": lapse.what, "title": lapse.title or ground.client.name, "on": lapse.last_on.isoformat()}
    facts |= {"told": told, "text": "expiry_over" if over else "expiry"}
    tasks.give(
        conn, TaskKind.EXPIRY, origin=_origin(lapse) + (_AFTER if over else ""), client_id=ground.client.id,
        facts=facts, link=_link(ground.client, lapse), due_at=now if over else at_ten(lapse.last_on, ground.zone),
        now=now,
    )  # fmt: skip


def _link(client: Client, lapse: Lapse) -> str:
    return f"/desk/clients/{client.slug}/sites" if lapse.site_id else f"/desk/clients/{client.slug}"


def _close_renewed(conn: Connection, ground: Ground, *, now: datetime) -> None:
    """The date moved on: done. It is gone, or nobody wants to hear of it: there is nothing to do."""
    standing = {_origin(lapse): lapse for lapse in ground.lapses}
    subjects = {lapse.subject: lapse.last_on for lapse in ground.lapses}
    mine = (*_EXPIRIES, task_table.c.client_id == ground.client.id)
    for origin in conn.execute(select(task_table.c.origin).where(*mine)).scalars().all():
        named = origin.removesuffix(_AFTER)
        if named in standing:
            continue
        subject, _, day = named.removeprefix(_EXPIRY).rpartition(":")
        renewed = subject in subjects and subjects[subject].isoformat() > day
        tasks.close_origin(conn, origin, TaskState.DONE if renewed else TaskState.DROPPED, by=None, now=now)


def _origin(lapse: Lapse) -> str:
    return f"{_EXPIRY}{lapse.subject}:{lapse.last_on.isoformat()}"


_EXPIRY: Final = "expiry:"
_AFTER: Final = ":over"
_EXPIRIES: Final = (task_table.c.kind == TaskKind.EXPIRY, task_table.c.state == TaskState.OPEN)


def to_notice(row: Mapping[Any, Any]) -> Notice:
    """A row as a value."""
    return Notice(**{name: row[name] for name in Notice.__dataclass_fields__})
