"""The desk's verbs.

Each is a transaction body: it takes a connection and `now`, appends events, and keeps what is derived from them
(state, clocks, timers); it opens no transaction and awaits nothing.

`by` is the id of the person of ours who acts (None: the bot or the client, where that is allowed). All verbs
raise NotFound for an unknown ticket or an inactive colleague, and NotAllowed where the state forbids them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from handoff import (
    accounts,
    asking,
    casefile,
    contracts,
    directory,
    merging,
    messages,
    routing,
    search_index,
    site_alarm,
)
from handoff.casefile import Case, notify, record, tell_client
from handoff.casework import put, take
from handoff.clocks import courses, latest, view
from handoff.errors import AlreadyClaimed, EmptyText, NotFound, PastInstant
from handoff.kinds import ClockKind, ClockState, EventKind, Level, MessageKind, NoticeKind, TicketState, Tier
from handoff.ledger import account
from handoff.lifecycle import UNSOLVED, WITH_PEOPLE, reopens, require, require_reply, worth_telling
from handoff.model import Attachment, Citation, Json, LedgerLine, Message, Person, Promise, Ticket
from handoff.replies import announce, answer, answered
from handoff.rows import add, clean, one, to_ticket
from handoff.tables import ticket as tickets


@dataclass(frozen=True)
class Desk:
    """The verbs, under the contract that is in force when they run."""

    def open(
        self,
        conn: Connection,
        *,
        conversation_id: int,
        client_id: int | None,
        requester_id: int,
        level: Level,
        category: str | None = None,
        title: str,
        summary: str,
        reason: str,
        since: datetime,
        by: int | None = None,
        now: datetime,
        facts: Json | None = None,
    ) -> Ticket:
        """Open a ticket whose clocks start at `since`, the message left unresolved; staff are told."""
        book, terms = contracts.book(conn), accounts.terms(conn, client_id, now=now)
        values: dict[str, object] = {
            "conversation_id": conversation_id,
            "client_id": client_id,
            "requester_id": requester_id,
        }
        values |= {"level": Level(level), "category": category, "title": clean(title), "summary": clean(summary)}
        values |= {"reason": reason, "tier": terms.tier, "state": TicketState.NEW, "since": min(since, now)}
        values |= {"opened_at": now, "urgent": 0, "policy": terms.contract.version}
        made = to_ticket(add(conn, tickets, **values))
        search_index.add_ticket(conn, made)
        site_alarm.sound(conn, made, now=now)
        data: Json = {
            **(facts or {}),
            "level": str(made.level),
            "tier": str(made.tier),
            "policy": made.policy,
            "reason": reason,
        }
        case = casefile.lock(conn, made.id)
        case = record(conn, case, EventKind.OPENED, at=made.since, now=now, by=by, data=data)
        case = announce(conn, book, case, now=now)
        return put(conn, book, replace(case, told_client=True), now=now)

    def claim(self, conn: Connection, *, ticket_id: int, by: int, now: datetime) -> Ticket:
        """Take the ticket; no change if it is one's own. Raises AlreadyClaimed(by) if another has it.

        The client is told once who took over, unless a colleague has answered already.
        """
        case, person = self._take(conn, ticket_id, by, now)
        require(case.was, "claim", *UNSOLVED)
        holder = directory.holder(conn, case.was.assignee_id)
        if holder is not None and holder.id != person.id:
            raise AlreadyClaimed(holder)
        if holder is not None:
            return case.ticket
        if not (case.was.replied or case.has(EventKind.CLAIMED)):
            tell_client(conn, case, "ticket.claimed", now=now)
        return self._put(conn, record(conn, case, EventKind.CLAIMED, now=now, by=by), now)

    def transfer(
        self, conn: Connection, *, ticket_id: int, to: int, by: int, reason: str = "", now: datetime
    ) -> Ticket:
        """Give the ticket to a colleague, who is told."""
        case, _ = self._take(conn, ticket_id, by, now)
        require(case.was, "transfer", *UNSOLVED)
        heir = directory.colleague(conn, to)
        if case.was.assignee_id == heir.id:
            return case.ticket
        reason = clean(reason)
        data: Json = {"to": heir.id, "reason": reason}
        case = record(conn, case, EventKind.TRANSFERRED, now=now, by=by, data=data)
        notify(conn, case, NoticeKind.TRANSFER, to=heir.id, now=now, data={"by": by, "reason": reason})
        return self._put(conn, case, now)

    def reply(
        self,
        conn: Connection,
        *,
        ticket_id: int,
        by: int,
        text: str,
        attachments: Sequence[Attachment] = (),
        citations: Sequence[Citation] = (),
        wait: bool = False,
        now: datetime,
    ) -> Message:
        """Answer the client under the agent's name; claims a ticket that nobody has.

        `wait` then waits for the client; an emoji is no answer to wait with. Raises EmptyText, NotReplied. A reply
        that only says "wait" is recorded as holding.
        """
        case, person = self._take(conn, ticket_id, by, now)
        require(case.was, "reply to", *UNSOLVED, TicketState.RESOLVED)
        book = contracts.book(conn)
        case, said = answer(conn, book, case, person, text, attachments=attachments, citations=citations, now=now)
        if wait and case.was.state is not TicketState.RESOLVED:
            require_reply(case.was, ticket_id)
            case = record(conn, case, EventKind.WAITED, now=now, by=by, data={"on": "client"})
        self._put(conn, case, now)
        return said

    def answered(self, conn: Connection, *, ticket_id: int, by: int, message_id: int, now: datetime) -> Ticket:
        """A colleague has answered in the client's own chat: it counts as a reply. Once for each message."""
        case, person = self._take(conn, ticket_id, by, now)
        require(case.was, "reply to", *UNSOLVED)
        if case.has(EventKind.REPLIED, message=message_id):
            return case.ticket
        messages.join_ticket(conn, [message_id], ticket_id)
        said = messages.message(conn, message_id)
        return self._put(conn, answered(conn, contracts.book(conn), case, person, said, now=now), now)

    def note(
        self,
        conn: Connection,
        *,
        ticket_id: int,
        by: int,
        text: str,
        attachments: Sequence[Attachment] = (),
        now: datetime,
    ) -> Message:
        """Write something down that the client never sees. Raises EmptyText."""
        case, person = self._take(conn, ticket_id, by, now)
        if not (text.strip() or attachments):
            raise EmptyText
        noted = messages.internal(
            conn,
            conversation_id=case.ticket.conversation_id,
            text=text,
            person_id=by,
            name=person.name,
            attachments=attachments,
            ticket_id=ticket_id,
            now=now,
        )
        self._put(conn, record(conn, case, EventKind.NOTED, now=now, by=by, data={"message": noted.id}), now)
        return noted

    def wait(self, conn: Connection, *, ticket_id: int, by: int, third_party: bool = False, now: datetime) -> Ticket:
        """Wait for the client (or a third party). Raises NotReplied before any public reply by a person."""
        case, _ = self._take(conn, ticket_id, by, now)
        require(case.was, "wait with", *WITH_PEOPLE)
        require_reply(case.was, ticket_id)
        if case.was.state is TicketState.WAITING and not third_party:
            return case.ticket
        data = {"on": "third_party" if third_party else "client"}
        return self._put(conn, record(conn, case, EventKind.WAITED, now=now, by=by, data=data), now)

    def resolve(
        self, conn: Connection, *, ticket_id: int, by: int | None, text: str = "", why: str = "", now: datetime
    ) -> Ticket:
        """Resolve the ticket, after a last public reply if there is `text`; the client is told if `by` did it."""
        case = take(conn, contracts.book(conn), ticket_id, now=now)
        require(case.was, "resolve", *UNSOLVED)
        if by is not None:
            person = directory.colleague(conn, by)
            if text.strip():
                case, _ = answer(conn, contracts.book(conn), case, person, text, now=now)
            tell_client(conn, case, "ticket.resolved", now=now)
        case = record(conn, case, EventKind.RESOLVED, now=now, by=by, data={"why": why})
        return self._put(conn, case, now)

    def reopen(self, conn: Connection, *, ticket_id: int, by: int, now: datetime) -> Ticket:
        """Open a resolved ticket again; its resolution clock goes on where it stopped."""
        case, _ = self._take(conn, ticket_id, by, now)
        require(case.was, "re-open", TicketState.RESOLVED)
        case = record(conn, case, EventKind.REOPENED, now=now, by=by)
        return self._put(conn, self._ask(conn, case, "reopened", now), now)

    def return_to_bot(self, conn: Connection, *, ticket_id: int, by: int, now: datetime) -> Ticket:
        """Let the bot answer this matter again."""
        case, _ = self._take(conn, ticket_id, by, now)
        require(case.was, "return", *WITH_PEOPLE)
        return self._put(conn, record(conn, case, EventKind.RETURNED, now=now, by=by), now)

    def hand_off(self, conn: Connection, *, ticket_id: int, message_id: int, now: datetime) -> Ticket:
        """Give a returned ticket to people again, from the message that the bot left unresolved."""
        case = take(conn, contracts.book(conn), ticket_id, now=now)
        require(case.was, "hand off", TicketState.RETURNED)
        at = min(messages.message(conn, message_id).at, now)
        messages.join_ticket(conn, [message_id], ticket_id)
        case = record(conn, case, EventKind.HANDED_OFF, at=at, now=now, data={"message": message_id})
        case = announce(conn, contracts.book(conn), case, now=now)
        return self._put(conn, case, now)

    def snooze(self, conn: Connection, *, ticket_id: int, by: int, until: datetime, now: datetime) -> Ticket:
        """Put the ticket aside until then; no clock changes. Raises PastInstant."""
        case, _ = self._take(conn, ticket_id, by, now)
        require(case.was, "snooze", *WITH_PEOPLE)
        if until <= now:
            raise PastInstant(until)
        data = {"until": until.isoformat()}
        return self._put(conn, record(conn, case, EventKind.SNOOZED, now=now, by=by, data=data), now)

    def set_level(self, conn: Connection, *, ticket_id: int, level: Level, by: int | None, now: datetime) -> Ticket:
        """Change the level; clocks are recomputed from their start, and raising makes none of them later."""
        case = self._take_any(conn, ticket_id, by, now)
        require(case.was, "change the level of", *UNSOLVED)
        if case.was.level is Level(level):
            return case.ticket
        case = record(conn, case, EventKind.LEVEL_SET, now=now, by=by, data={"level": str(Level(level))})
        if casefile.is_emergency(case):
            duty = asking.people_on_duty(conn, contracts.book(conn).of(case.was.policy), case.was, now=now)
            notify(conn, case, NoticeKind.EMERGENCY, now=now, duty=duty)
        ticket = self._put(conn, case, now)
        site_alarm.sound(conn, ticket, now=now)
        return ticket

    def set_tier(self, conn: Connection, *, ticket_id: int, tier: Tier, by: int | None, now: datetime) -> Ticket:
        """Change the tier that the ticket's clocks follow; they are recomputed from their start."""
        case = self._take_any(conn, ticket_id, by, now)
        require(case.was, "change the tier of", *UNSOLVED)
        if case.was.tier is Tier(tier):
            return case.ticket
        data = {"tier": str(Tier(tier))}
        return self._put(conn, record(conn, case, EventKind.TIER_SET, now=now, by=by, data=data), now)

    def reprioritise(self, conn: Connection, *, ticket_id: int, by: int | None, now: datetime) -> Ticket:
        """Move the ticket up within its level (急, a chaser)."""
        case = self._take_any(conn, ticket_id, by, now)
        require(case.was, "raise", *UNSOLVED)
        return self._put(conn, record(conn, case, EventKind.RAISED, now=now, by=by), now)

    def confirm(self, conn: Connection, *, ticket_id: int, by: int | None, now: datetime) -> Ticket:
        """The need of a change request is confirmed: its plan clock starts."""
        case = self._take_any(conn, ticket_id, by, now)
        require(case.was, "confirm", *UNSOLVED)
        return self._put(conn, record(conn, case, EventKind.CONFIRMED, now=now, by=by), now)

    def start_work(self, conn: Connection, *, ticket_id: int, by: int, now: datetime) -> Ticket:
        """Work on a change request has started."""
        case, _ = self._take(conn, ticket_id, by, now)
        require(case.was, "start work on", *WITH_PEOPLE)
        return self._put(conn, record(conn, case, EventKind.WORK_STARTED, now=now, by=by), now)

    def merge(self, conn: Connection, *, ticket_id: int, into: int, by: int, now: datetime) -> Ticket:
        """Let the ticket go on in another of the same client's; see `merging.merge`. Raises NotMergeable."""
        directory.colleague(conn, by)
        return merging.merge(conn, ticket_id=ticket_id, into=into, by=by, now=now)

    def client_message(
        self, conn: Connection, *, ticket_id: int, message_id: int, kind: MessageKind, now: datetime
    ) -> Ticket:
        """The client wrote on this matter. Once for each message; what it does is `sla.md`'s table.

        A resolved ticket is re-opened by content or a chaser within the policy's days; a merged one passes it on.
        """
        ticket_id = merging.survivor(conn, ticket_id)
        case = take(conn, contracts.book(conn), ticket_id, now=now)
        if any(event.data.get("message") == message_id for event in case.events):
            return case.ticket
        messages.join_ticket(conn, [message_id], ticket_id)
        at = min(messages.message(conn, message_id).at, now)
        data: Json = {"message": message_id, "meaning": str(MessageKind(kind))}
        again = reopens(case.was, kind, now=now, within=contracts.book(conn).current.reopen)
        told = again or worth_telling(case.was, kind)
        happened = EventKind.REOPENED if again else EventKind.CLIENT_WROTE
        case = record(conn, case, happened, at=at, now=now, data=data)
        if again:
            case = self._ask(conn, case, "reopened", now)
        if told:
            notify(conn, case, NoticeKind.CLIENT_REPLIED, now=now, data=data)
        return self._put(conn, case, now)

    def route(self, conn: Connection, *, ticket_id: int, now: datetime) -> Ticket:
        """Ask somebody to take a ticket that nobody has, as the roster has changed; else no change."""
        case = take(conn, contracts.book(conn), ticket_id, now=now)
        if directory.holder(conn, case.was.asked_id) is None:
            case = self._ask(conn, case, "roster", now)
        return put(conn, contracts.book(conn), case, now=now)

    def fire(self, conn: Connection, *, ticket_id: int, clock: str, now: datetime) -> None:
        """A timer's job: write what is due, arm what comes next. Doubled, late or early calls change nothing."""
        try:
            case = casefile.lock(conn, ticket_id)
        except NotFound:
            return
        put(conn, contracts.book(conn), case, now=now, fired=clock)

    def promise(self, conn: Connection, ticket_id: int, *, now: datetime) -> Promise:
        """What the client may be told honestly about the next answer by a person. Raises NotFound."""
        events = casefile.load_events(conn, ticket_id)
        ticket = to_ticket(one(conn, tickets, ticket_id))
        book = contracts.book(conn)
        opens = routing.on_duty_at(book.of(ticket.policy), level=ticket.level, tier=ticket.tier, now=now)
        running = {
            seen.kind: seen.due_at
            for course in latest(courses(events, book))
            if (seen := view(course, now=now, fractions=())).state is ClockState.RUNNING
        }
        return Promise(
            opens_at=None if opens == now else opens, by=running.get(ClockKind.FR, running.get(ClockKind.NR))
        )

    def ledger(self, conn: Connection, ticket_id: int, *, now: datetime) -> tuple[LedgerLine, ...]:
        """Line by line, what produced each deadline of the ticket. Raises NotFound."""
        one(conn, tickets, ticket_id)
        return account(casefile.load_events(conn, ticket_id), contracts.book(conn), now=now)

    def _take(self, conn: Connection, ticket_id: int, by: int, now: datetime) -> tuple[Case, Person]:
        person = directory.colleague(conn, by)
        return take(conn, contracts.book(conn), ticket_id, now=now), person

    def _take_any(self, conn: Connection, ticket_id: int, by: int | None, now: datetime) -> Case:
        if by is not None:
            directory.colleague(conn, by)
        return take(conn, contracts.book(conn), ticket_id, now=now)

    def _ask(self, conn: Connection, case: Case, cause: asking.Cause, now: datetime) -> Case:
        return asking.ask(conn, contracts.book(conn).of(case.was.policy), case, cause=cause, now=now)

    def _put(self, conn: Connection, case: Case, now: datetime) -> Ticket:
        return put(conn, contracts.book(conn), replace(case, told_client=True), now=now)
