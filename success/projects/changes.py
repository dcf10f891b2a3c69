"""Change requests as they are kept: in scope or quoted, sent, confirmed by an authorised contact, then begun.

Transaction bodies. Each belongs to a ticket, whose clocks move by the desk's verbs alone: the confirmation starts the
plan's, the start of work stops platinum's.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, update

from handoff import accounts, agreements, board, directory, people
from handoff.desk import Desk
from handoff.errors import PolicyError
from handoff.kinds import Level
from handoff.lifecycle import UNSOLVED
from handoff.model import Person, Ticket
from handoff.sites import CHANGED
from store.db import insert_into
from store.jobs import enqueue
from store.signals import signal
from success import proactive, tasks
from success.projects import authority, boards, told
from success.projects.board_rules import now_in
from success.projects.boards import TaskDraft
from success.projects.change_rules import ChangeState, Effort, Scope, cost, digest
from success.projects.change_store import LIVE, Change, change, of_row, of_ticket
from success.projects.errors import NotConfirmed, ProjectRefused
from success.projects.tables import change_request as changes
from success.projects.wish import TEXT_LENGTH, TITLE_LENGTH, calm, plain
from success.tasks import TaskKind

SEND: Final = "change_send"
"""The queue of change requests to be put to their client: `{"change": id}`."""


@dataclass(frozen=True, kw_only=True)
class ChangeDraft:
    """A change request as somebody describes it."""

    title: str
    says: str
    scope: str
    lines: Sequence[Effort] = ()
    currency: str = "CNY"
    allowance: str = ""
    amount: int = 0
    project_id: int | None = None


def make(conn: Connection, draft: ChangeDraft, *, ticket_id: int, desk: Desk, by: int, now: datetime) -> Change:
    """Make a ticket a change request, which its level becomes. Raises NotFound, ProjectRefused: ``ticket``, ``exists``,
    ``title``, ``says``, ``scope``, ``lines``, ``allowance``, ``project``.
    """
    ticket = board.ticket(conn, ticket_id)
    if ticket.client_id is None or ticket.state not in UNSOLVED or ticket.level is Level.EMERGENCY:
        raise ProjectRefused("ticket")
    directory.lock_client(conn, ticket.client_id)
    values = _values(conn, draft, ticket.client_id, now=now)
    row = values | {"client_id": ticket.client_id, "ticket_id": ticket_id, "state": ChangeState.DRAFT, "way": ""}
    statement = insert_into(conn, changes).values(row | {"at": now, "by_id": by}).on_conflict_do_nothing(
        index_elements=["ticket_id"], index_where=changes.c.state.in_([str(each) for each in LIVE])
    )  # fmt: skip
    if of_ticket(conn, ticket_id) is not None:
        raise ProjectRefused("exists")
    made = conn.execute(statement.returning(*changes.c)).mappings().first()
    if made is None:
        raise ProjectRefused("exists")
    if ticket.level is not Level.CHANGE:
        desk.set_level(conn, ticket_id=ticket_id, level=Level.CHANGE, by=by, now=now)
    _told(conn, ticket)
    return of_row(made)


def open_ticket(
    conn: Connection, *, client_id: int, requester_id: int, title: str, says: str, desk: Desk, by: int, now: datetime
) -> Ticket:
    """Open the ticket of a change request that came another way. Raises NotFound, ProjectRefused: nobody, title."""
    person = people.of_client(conn, client_id, requester_id)
    chat = authority.place(conn, client_id, authority.IN_SCOPE)
    if chat is None:
        raise ProjectRefused("nobody")
    if not calm(title):
        raise ProjectRefused("title")
    talk = directory.ensure_conversation(conn, chat_id=chat.id, now=now)
    return desk.open(
        conn, conversation_id=talk.id, client_id=client_id, requester_id=person.id, level=Level.CHANGE,
        title=calm(title)[:TITLE_LENGTH], summary=plain(says)[:TEXT_LENGTH], reason="change_request", since=now, by=by,
        now=now,
    )  # fmt: skip


def revise(
    conn: Connection, change_id: int, draft: ChangeDraft, *, seen: str, outdated: str, by: int, now: datetime
) -> Change:
    """Describe anew one that is not answered: a draft again, to be sent again. `seen` is the hash of what was seen.

    What was put to the client before says `outdated` there, and cannot be confirmed.

    Raises NotFound, ProjectRefused: ``state``, ``changed``, and what `make` does.
    """
    found = change(conn, change_id, lock=True)
    if found.state not in {ChangeState.DRAFT, ChangeState.SENT}:
        raise ProjectRefused("state")
    if seen != found.hash:
        raise ProjectRefused("changed")
    values = _values(conn, draft, found.client_id, now=now)
    if values["hash"] == found.hash and values["project_id"] == found.project_id:
        return found
    told.close(conn, found.message_id, outdated, now=now)
    reset = {"state": ChangeState.DRAFT, "sent_at": None, "message_id": None, "by_id": by}
    return _update(conn, found, **values, **reset)


def send(conn: Connection, change_id: int, *, now: datetime) -> Change:
    """A person lets it go: it is put to the client by day. Raises NotFound, ProjectRefused: ``state``, ``nobody``."""
    found = change(conn, change_id, lock=True)
    if found.state is not ChangeState.DRAFT:
        raise ProjectRefused("state")
    if authority.place(conn, found.client_id, found.powers) is None:
        raise ProjectRefused("nobody")
    run_at = proactive.by_day(directory.client(conn, found.client_id), now)
    enqueue(
        conn,
        SEND,
        {"change": change_id},
        dedup=f"change:{found.hash[:16]}:{change_id}:{now.isoformat()}",
        run_at=run_at,
        now=now,
    )
    return _update(conn, found, state=ChangeState.SENT)


def due(conn: Connection, change_id: int) -> Change | None:
    """The change request to be put to its client now; None where it went or was withdrawn."""
    found = change(conn, change_id, lock=True)
    return found if found.state is ChangeState.SENT and found.sent_at is None else None


def sent(conn: Connection, change_id: int, *, message_id: int, now: datetime) -> None:
    """Keep that it left, in the transaction that sends it."""
    _update(conn, change(conn, change_id), sent_at=now, message_id=message_id)


def answer(
    conn: Connection, change_id: int, *, agreed: bool, shown: str, person: Person, way: str, desk: Desk, now: datetime
) -> Change:
    """An authorised contact confirms or declines, once; a confirmation starts the plan's clock.

    Raises NotFound, ProjectRefused: ``power``, ``confirmed``, ``declined``, ``withdrawn``, ``not_sent``, ``outdated``,
    ``allowance`` (there is not so much left), ``ticket`` (it is over). Where it is refused nothing has changed.
    """
    found = change(conn, change_id, lock=True)
    if not authority.may(conn, person, found.client_id, found.powers):
        raise ProjectRefused("power")
    if found.state is not ChangeState.SENT:
        raise ProjectRefused("not_sent" if found.state is ChangeState.DRAFT else str(found.state))
    if found.sent_at is None:
        raise ProjectRefused("not_sent")
    if shown != found.hash:
        raise ProjectRefused("outdated")
    ticket = board.ticket(conn, found.ticket_id)
    state = ChangeState.CONFIRMED if agreed else ChangeState.DECLINED
    if agreed:
        if ticket.state not in UNSOLVED:
            raise ProjectRefused("ticket")
        _take_allowance(conn, found, now=now)
        desk.confirm(conn, ticket_id=found.ticket_id, by=None, now=now)
    answered = _update(conn, found, state=state, answered_at=now, person_id=person.id, way=way)
    if agreed:
        _on_board(conn, answered, now=now)
    facts = {"text": str(state), "title": found.title, "number": ticket.number, "name": person.name}
    tasks.give(
        conn, TaskKind.PROJECT, origin=f"change:{change_id}:{state}", client_id=found.client_id,
        ticket_id=found.ticket_id, facts=facts, link=f"/desk/changes/{change_id}", due_at=now, now=now,
    )  # fmt: skip
    _told(conn, ticket)
    return answered


def withdraw(conn: Connection, change_id: int, *, line: str, now: datetime) -> Change:
    """Take back one that is not answered; where it was put, `line` says so. Raises NotFound, ProjectRefused."""
    found = change(conn, change_id, lock=True)
    if found.state not in {ChangeState.DRAFT, ChangeState.SENT}:
        raise ProjectRefused("state")
    told.close(conn, found.message_id, line, now=now)
    return _update(conn, found, state=ChangeState.WITHDRAWN, answered_at=now)


def start(conn: Connection, change_id: int, *, desk: Desk, by: int, now: datetime) -> Change:
    """Work starts, once it is confirmed. Raises NotFound, NotConfirmed, NotAllowed; ProjectRefused: ``started``."""
    found = change(conn, change_id, lock=True)
    if found.state is not ChangeState.CONFIRMED:
        raise NotConfirmed
    if found.started_at is not None:
        raise ProjectRefused("started")
    desk.start_work(conn, ticket_id=found.ticket_id, by=by, now=now)
    started = _update(conn, found, started_at=now, started_by=by)
    if found.project_id is not None:
        facts = {"title": found.title}
        boards.note(conn, boards.project(conn, found.project_id), "change_started", facts, by=by, now=now)
    return started


def confirm_by_desk(conn: Connection, *, ticket_id: int, desk: Desk, by: int, now: datetime) -> None:
    """The desk's own verb: not for a ticket with a change request, which its client confirms. Raises NotConfirmed."""
    if of_ticket(conn, ticket_id) is not None:
        raise NotConfirmed
    desk.confirm(conn, ticket_id=ticket_id, by=by, now=now)


def start_by_desk(conn: Connection, *, ticket_id: int, desk: Desk, by: int, now: datetime) -> None:
    """The desk's own verb, which starts the ticket's change request where there is one. Raises NotConfirmed."""
    found = of_ticket(conn, ticket_id)
    if found is None or found.started_at is not None:
        desk.start_work(conn, ticket_id=ticket_id, by=by, now=now)
        return
    start(conn, found.id, desk=desk, by=by, now=now)


def _values(conn: Connection, draft: ChangeDraft, client_id: int, *, now: datetime) -> dict[str, Any]:
    title, says = calm(draft.title), plain(draft.says)
    if not title or len(title) > TITLE_LENGTH:
        raise ProjectRefused("title")
    if not says or len(says) > TEXT_LENGTH:
        raise ProjectRefused("says")
    if draft.scope not in set(Scope):
        raise ProjectRefused("scope")
    scope = Scope(draft.scope)
    lines = tuple(draft.lines) if scope is Scope.QUOTED else ()
    if scope is Scope.QUOTED and not lines:
        raise ProjectRefused("lines")
    allowance, amount = (draft.allowance, draft.amount) if scope is Scope.IN else ("", 0)
    if allowance and not 0 < amount <= _left(conn, client_id, allowance, now=now):
        raise ProjectRefused("allowance")
    if draft.project_id is not None and boards.project(conn, draft.project_id).client_id != client_id:
        raise ProjectRefused("project")
    amount = amount if allowance else 0
    facts = {"title": title, "says": says, "scope": scope, "lines": lines, "currency": draft.currency}
    hashed = digest(**facts, allowance=allowance, amount=amount)  # type: ignore[arg-type]
    kept = {"lines": [asdict(each) for each in lines], "total": cost(lines), "project_id": draft.project_id}
    return facts | kept | {"allowance": allowance, "amount": amount, "hash": hashed}


def _left(conn: Connection, client_id: int, name: str, *, now: datetime) -> int:
    """How much is left of an entitlement this year; 0 of one that there is not."""
    client = directory.client(conn, client_id)
    agreement = accounts.covering(conn, client, now=now).agreement
    if agreement is None:
        return 0
    found = agreements.balances(agreement, accounts.uses(conn, client_id), accounts.today(client, now))
    return next((each.left for each in found if each.entitlement.name == name), 0)


def _take_allowance(conn: Connection, found: Change, *, now: datetime) -> None:
    if not found.allowance:
        return
    directory.lock_client(conn, found.client_id)
    if _left(conn, found.client_id, found.allowance, now=now) < found.amount:
        raise ProjectRefused("allowance")
    client = directory.client(conn, found.client_id)
    facts = {"name": found.allowance, "amount": found.amount, "note": found.title, "ticket_id": found.ticket_id}
    try:
        accounts.use(conn, client=client, **facts, by=None, now=now)  # type: ignore[arg-type]
    except PolicyError as error:
        raise ProjectRefused("allowance") from error


def _on_board(conn: Connection, found: Change, *, now: datetime) -> None:
    """What is confirmed becomes a task of its project, in the stage that it is in."""
    if found.project_id is None:
        return
    project = boards.project(conn, found.project_id, lock=True)
    stage = now_in(boards.stages(conn, project.id))
    if project.state != boards.OPEN or stage is None:
        return
    halves = sum(each.halves for each in found.lines)
    draft = TaskDraft(title=found.title, stage=str(stage.stage), halves=halves)
    boards.put_task(conn, project.id, draft, origin=f"change:{found.id}", by=None, now=now)
    boards.note(conn, project, "change_confirmed", {"title": found.title}, now=now)


def _update(conn: Connection, found: Change, **values: Any) -> Change:
    changed = update(changes).where(changes.c.id == found.id).values(values).returning(*changes.c)
    row = conn.execute(changed).mappings().one()
    signal(conn, CHANGED, str(found.client_id))
    signal(conn, "desk", board.ticket(conn, found.ticket_id).number)
    return of_row(row)


def _told(conn: Connection, ticket: Ticket) -> None:
    signal(conn, CHANGED, str(ticket.client_id))
    signal(conn, "desk", ticket.number)
