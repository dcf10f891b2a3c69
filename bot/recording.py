"""A turn's one transaction: the record, the ticket's events and clocks, and what goes out. A transaction body."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot import gate, grounds, interview_ground, replies, unanswered
from bot.answering import Draft
from bot.masking import MASK
from bot.model import Act, Situation
from console.texts import Texts
from handoff import board, messages, modes, turn_records
from handoff.desk import Desk
from handoff.kinds import Author, Level, MessageKind, Mode, Outcome, TicketState
from handoff.model import Ticket, Turn
from store.clock import Clock
from store.jobs import FIRST
from store.signals import signal

TURNED = "turn"  # the signal that a message has had its turn; its payload is the message's id
CHASE_QUIET = timedelta(minutes=30)  # between two status lines to a client who chases
_TAKEN = (TicketState.OPEN, TicketState.WAITING)


def record(
    conn: Connection,
    *,
    act: Act,
    situation: Situation,
    desk: Desk,
    texts: Texts,
    started: datetime,
    clock: Clock,
) -> Turn:
    """Write everything that a turn came to. Safe to run again; what changed since the decision is looked at anew."""
    now = clock()
    if (done := turn_records.turn_of_message(conn, situation.pieces[-1].id)) is not None:
        return done  # another attempt was first
    act = _unless_spoken(conn, _unless_taken(conn, act, situation), situation)
    act = interview_ground.still(conn, act)
    pieces = situation.pieces
    ticket = _ticket(conn, act, situation, desk=desk, now=now)
    draft = act.draft
    turn = turn_records.record_turn(
        conn,
        conversation_id=pieces[-1].conversation_id,
        person_id=situation.person.id,
        message_ids=[piece.id for piece in pieces],
        outcome=act.outcome,
        reason=act.reason,
        level=act.level,
        category=act.category,
        language=act.language,
        question=act.question,
        ticket_id=ticket.id if ticket else None,
        index_version=_version(act),
        evidence=act.evidence,
        citations=draft.citations if draft else (),
        at=now,
        ms=max(0, round((now - started).total_seconds() * 1000)),
        trace={
            **act.trace,
            "found": [{"page": p.page, "heading": p.heading, "score": round(p.score, 3)} for p in act.passages],
        },
    )
    unanswered.watch(conn, turn, act=act, situation=situation, now=now)
    if ticket is not None and situation.chat.mode is Mode.AUTO and act.opening is not None:
        modes.reconsider(conn, situation.chat.id, ticket_id=ticket.id, now=now)
    name = texts.say("bot.name", act.language)
    text = _said(conn, act, situation, ticket=ticket, desk=desk, texts=texts, now=now)
    _speak(conn, text, turn, act=act, ticket=ticket, texts=texts, now=now)
    if act.intake is not None:
        spoken = turn_records.turn(conn, turn.id)
        interview_ground.keep(conn, act, spoken, person=situation.person, pieces=pieces, now=now)
    if any(MASK in piece.text for piece in pieces):
        secret = texts.say("secret.masked", act.language)
        messages.say(conn, conversation_id=turn.conversation_id, text=secret, name=name, author="system", now=now)
    signal(conn, "chat", str(situation.chat.id))  # also a silent turn ends the typing sign
    for piece in pieces:
        signal(conn, TURNED, str(piece.id))
    return turn_records.turn(conn, turn.id)


def _speak(
    conn: Connection, text: str | None, turn: Turn, *, act: Act, ticket: Ticket | None, texts: Texts, now: datetime
) -> None:
    """Say what the turn came to; where the answer was begun already, that message says it now."""
    draft, ticket_id = act.draft, ticket.id if ticket else None
    sources = draft.citations if draft else ()
    said: dict[str, Any] = {"citations": sources, "video": draft.video if draft else None, "buttons": act.buttons}
    name, talk = texts.say("bot.name", act.language), turn.conversation_id
    lead = FIRST if act.level is Level.EMERGENCY else None
    begun = messages.begun(conn, turn.conversation_id, turn.message_ids)
    if begun is not None:
        text = text or texts.say("answer.left", act.language)
        messages.complete(conn, begun.id, turn_id=turn.id, ticket_id=ticket_id)
        messages.amend(conn, begun.id, text=text, **said, now=now)
        _keep_ground(conn, draft, begun.id, now=now)
    elif text:
        spoken = messages.say(
            conn,
            conversation_id=talk,
            text=text,
            name=name,
            turn_id=turn.id,
            ticket_id=ticket_id,
            lead=lead,
            **said,
            now=now,
        )
        _keep_ground(conn, draft, spoken.id, now=now)
    if draft is not None and act.pictures:  # a message of their own: one that cannot be sent holds up no answer
        messages.say(conn, conversation_id=talk, text="", name=name, attachments=act.pictures, now=now)


def _keep_ground(conn: Connection, draft: Draft | None, message_id: int, *, now: datetime) -> None:
    if draft is not None:
        grounds.keep(conn, draft, message_id=message_id, now=now)


def _version(act: Act) -> str | None:
    """Of the index that the draft came from, else of the one that was searched."""
    version = act.draft.version if act.draft and act.draft.version is not None else act.index_version
    return None if version is None else str(version)


def _unless_taken(conn: Connection, act: Act, situation: Situation) -> Act:
    """A colleague may have claimed a ticket of this conversation while the model wrote: then the bot steps aside."""
    known = {ticket.id: ticket.state for ticket in situation.open_tickets}
    if act.outcome is Outcome.SILENT or act.level is Level.EMERGENCY:
        return act
    for ticket in board.open_tickets(conn, situation.pieces[-1].conversation_id):
        if ticket.state in _TAKEN and known.get(ticket.id) not in _TAKEN:
            return replace(
                act,
                outcome=Outcome.SILENT,
                reason="person_handles",
                draft=None,
                say=None,
                buttons=(),
                opening=None,
                joins=ticket,
                kind=MessageKind.CONTENT,
            )
    return act


def _unless_spoken(conn: Connection, act: Act, situation: Situation) -> Act:
    """What nobody asked us for is not said after all where a colleague has spoken meanwhile."""
    unasked = isinstance(act.plan, gate.Look) and act.plan.unasked and act.outcome is not Outcome.SILENT
    last = situation.pieces[-1]
    if not unasked or not messages.said_since(conn, last.conversation_id, Author.STAFF, after_id=last.id):
        return act
    return replace(act, outcome=Outcome.SILENT, reason="person_handles", draft=None, say=None, buttons=())


def _ticket(conn: Connection, act: Act, situation: Situation, *, desk: Desk, now: datetime) -> Ticket | None:
    if act.opening is not None:
        opening = act.opening
        if situation.returned is not None and act.level is not Level.EMERGENCY:
            returned = situation.returned
            return desk.hand_off(conn, ticket_id=returned.id, message_id=situation.pieces[-1].id, now=now)
        client = situation.client
        ticket = desk.open(
            conn,
            conversation_id=situation.pieces[-1].conversation_id,
            client_id=client.id if client else None,
            requester_id=situation.person.id,
            level=act.level,
            category=act.category,
            title=opening.title,
            summary=opening.summary,
            reason=opening.reason,
            since=min(opening.since, now),
            now=now,
        )
        messages.join_ticket(conn, opening.before, ticket.id)
        return desk.reprioritise(conn, ticket_id=ticket.id, by=None, now=now) if act.reading.urgent else ticket
    if act.joins is None:
        return None
    ticket = act.joins
    for piece in situation.pieces:
        ticket = desk.client_message(conn, ticket_id=act.joins.id, message_id=piece.id, kind=act.kind, now=now)
    if isinstance(act.plan, gate.StandDown):
        return desk.set_level(conn, ticket_id=ticket.id, level=Level.BUG, by=None, now=now)
    if isinstance(act.plan, gate.Chase) or act.reading.urgent:
        return desk.reprioritise(conn, ticket_id=ticket.id, by=None, now=now)
    return ticket


def _said(
    conn: Connection, act: Act, situation: Situation, *, ticket: Ticket | None, desk: Desk, texts: Texts, now: datetime
) -> str | None:
    zone = situation.client.timezone if situation.client else "Asia/Shanghai"
    if act.opening is not None and ticket is not None:
        told = replies.handed_off(
            ticket,
            desk.promise(conn, ticket.id, now=now),
            reason=act.opening.reason,
            zone=zone,
            language=act.language,
            texts=texts,
            now=now,
        )
        return (
            told
            if act.draft is None
            else f"{told}\n\n{texts.say('ticket.first_aid', act.language)}\n\n{act.draft.text}"
        )
    if isinstance(act.plan, gate.Chase) and ticket is not None:
        return _status_line(conn, ticket, act, situation, desk=desk, texts=texts, zone=zone, now=now)
    if isinstance(act.plan, gate.StandDown) and ticket is not None:
        return texts.say("ticket.stand_down", act.language, number=ticket.number)
    if (
        act.reason == "joined"
        and ticket is not None
        and not turn_records.last_replied(conn, ticket.id, reason="joined")
    ):
        return texts.say("ticket.joined", act.language, number=ticket.number)
    return act.draft.text if act.draft else act.say


def _status_line(
    conn: Connection,
    ticket: Ticket,
    act: Act,
    situation: Situation,
    *,
    desk: Desk,
    texts: Texts,
    zone: str,
    now: datetime,
) -> str | None:
    """One true line, at most every half hour: a chaser is passed on to the assignee each time, answered rarely."""
    last = turn_records.last_replied(conn, ticket.id, reason="chased")
    if last and abs(now - last.at) < CHASE_QUIET:
        return None
    standing = replies.Standing(
        ticket=ticket,
        clocks=board.clocks(conn, ticket.id, now),
        promise=desk.promise(conn, ticket.id, now=now),
        assignee=situation.names.get(ticket.assignee_id or 0),
        zone=zone,
        now=now,
    )
    return replies.status(standing, language=act.language, texts=texts)
