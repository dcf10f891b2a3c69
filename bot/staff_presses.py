"""A button pressed by a colleague, on a card or on a line of a thread. A transaction body; once for each press."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot import cards as faces
from bot import leaving, staff_reception, suggestions
from bot.arrived import StaffPressed
from bot.checks import MARK
from bot.staff_reception import Staff
from bot.staff_words import StaffWords, plain
from handoff import audit, board, cards, directory, messages, retraction, sources, staff_chats, staff_talk
from handoff.errors import AlreadyClaimed, HandoffError, NotAllowed, NotReplied
from handoff.kinds import Level
from handoff.model import Button, Message, Person
from handoff.rows import number_of

MORNING: Final = time(9)


@dataclass(frozen=True, kw_only=True)
class _Press:
    """One press, its presser known to be a colleague."""

    conn: Connection
    said: Message
    ticket_id: int
    person: Person
    argument: str
    staff: Staff
    words: StaffWords
    now: datetime

    @property
    def verb(self) -> dict[str, object]:
        """What every verb of the desk is given."""
        return {"ticket_id": self.ticket_id, "by": self.person.id, "now": self.now}


def press(conn: Connection, pressed: StaffPressed, *, staff: Staff, now: datetime) -> str:
    """Do what the button says; the sentence for whoever pressed it, "" where there is nothing to say."""
    place = pressed.place
    chat = directory.find_chat(conn, platform=place.platform, external_id=place.chat)
    said = messages.find(conn, pressed.message)
    if chat is None or said is None or said.chat_id != chat.id or not staff_chats.is_ours(conn, chat):
        return StaffWords(texts=staff.texts, desk=staff.desk_texts).say("staff.press.gone")
    words = staff.words(chat)
    author = pressed.author
    person = directory.ensure_person(conn, platform=chat.platform, external_id=author.id, name=author.name, now=now)
    if not staff_reception.is_colleague(person):
        staff_reception.ask_to_link(conn, person, chat=chat, talk_id=None, staff=staff, now=now)
        return staff_reception.how_to_link(words)
    ticket_id = staff_reception.ticket_of(conn, said)
    name, _, argument = pressed.button.partition(":")
    if name not in VERBS or ticket_id is None:
        return words.say("staff.press.gone")
    talk = directory.conversation(conn, said.conversation_id)
    key = f"press:{pressed.query}"
    text = f"[{pressed.button}]"
    if staff_talk.hear(conn, conversation=talk, person=person, external_id=key, text=text, at=now, now=now) is None:
        return ""
    act = _Press(
        conn=conn,
        said=said,
        ticket_id=ticket_id,
        person=person,
        argument=argument,
        staff=staff,
        words=words,
        now=now,
    )
    return _done(act, name)


def _done(act: _Press, name: str) -> str:
    platform = directory.chat(act.conn, act.said.chat_id).platform
    action = audit.Action(
        person_id=act.person.id,
        via=platform,
        name="chat.press",
        kind=audit.TICKET,
        subject=number_of(act.ticket_id),
        facts={"button": name},
    )
    try:
        with act.conn.begin_nested(), audit.acting(act.conn, action, now=act.now):
            told = VERBS[name](act)
    except HandoffError as error:
        audit.keep(act.conn, action, outcome="refused", now=act.now)
        return sentence(error, act.words)
    if name not in faces.MENUS:
        _close_menu(act)
    return told


def sentence(error: HandoffError, words: StaffWords) -> str:
    """Why a verb did not work, short enough for a press's answer."""
    match error:
        case AlreadyClaimed():
            return words.say("staff.press.claimed", name=error.by.name)
        case NotReplied():
            return words.say("staff.press.not_replied")
        case NotAllowed():
            return words.say("staff.press.not_allowed", state=words.named(f"state.{error.state}"))
    return words.say("staff.press.failed")


def snoozed_until(name: str, *, zone: str, now: datetime) -> datetime:
    """Until when a ticket is put aside: hours from now, or nine o'clock of the next day."""
    if name != "morning":
        return now + timedelta(hours=int(name.removesuffix("h")))
    wall = now.astimezone(ZoneInfo(zone))
    return datetime.combine(wall.date() + timedelta(days=1), MORNING, tzinfo=ZoneInfo(zone)).astimezone(now.tzinfo)


def _claim(act: _Press) -> str:
    act.staff.desk.claim(act.conn, **act.verb)  # type: ignore[arg-type]
    if cards.in_chat(act.conn, ticket_id=act.ticket_id, chat_id=act.said.chat_id) is None:
        messages.amend(act.conn, act.said.id, text=act.said.text, now=act.now)  # a direct message: it has done its work
    return ""


def _menu(name: str) -> Callable[[_Press], str]:
    def show(act: _Press) -> str:
        return _turn(act, name)

    return show


def _turn(act: _Press, menu: str | None) -> str:
    card = cards.in_chat(act.conn, ticket_id=act.ticket_id, chat_id=act.said.chat_id)
    if card is not None and card.menu != menu:
        cards.change(act.conn, card.id, menu=menu)
        cards.wake(act.conn, act.ticket_id, now=act.now)
    return ""


def _close_menu(act: _Press) -> None:
    _turn(act, None)


def _back(act: _Press) -> str:
    return _turn(act, None)


def _assign(act: _Press) -> str:
    if not act.argument:
        return _turn(act, "assign")
    act.staff.desk.transfer(act.conn, to=int(act.argument), **act.verb)  # type: ignore[arg-type]
    return _turn(act, None)


def _snooze(act: _Press) -> str:
    if act.argument not in faces.SNOOZES:
        return _turn(act, "snooze")
    until = snoozed_until(act.argument, zone=act.words.zone, now=act.now)
    act.staff.desk.snooze(act.conn, until=until, **act.verb)  # type: ignore[arg-type]
    return _turn(act, None)


def _level(act: _Press) -> str:
    act.staff.desk.set_level(act.conn, level=Level(act.argument), **act.verb)  # type: ignore[arg-type]
    return ""


def _simple(name: str) -> Callable[[_Press], str]:
    def do(act: _Press) -> str:
        getattr(act.staff.desk, name)(act.conn, **act.verb)
        return ""

    return do


def _send(act: _Press) -> str:
    """The line offers to send the message that it replies to; only its author does."""
    source = messages.find(act.conn, act.said.reply_to) if act.said.reply_to is not None else None
    if source is None:
        return act.words.say("staff.press.gone")
    if source.person_id != act.person.id:
        return act.words.say("staff.press.author")
    text = leaving.without_prefix(source.text)
    staff_reception.send(act.conn, source, by=act.person, text=text, staff=act.staff, now=act.now)
    messages.amend(act.conn, act.said.id, text=act.words.say("staff.sending"), now=act.now)
    for each in cards.of_copy(act.conn, source.id):  # the line that offered becomes the line that says it was sent
        if each.mark_id is None:
            cards.mark(act.conn, each.id, mark_id=act.said.id)
    return ""


def _keep(act: _Press) -> str:
    messages.amend(act.conn, act.said.id, text=plain(act.words.say("staff.kept")), now=act.now)
    return ""


def _send_draft(act: _Press) -> str:
    """By whoever has the ticket, or if nobody has; by somebody else once they confirm."""
    ticket = board.ticket(act.conn, act.ticket_id)
    holder = directory.holder(act.conn, ticket.assignee_id)
    if holder is None or holder.id == act.person.id:
        return _sent_draft(act, act.said)
    question = plain(act.words.say("staff.confirm", name=holder.name))
    anyway = Button(id=f"draft:{act.said.id}", label=act.words.say("staff.button.anyway"))
    keep = Button(id="keep", label=act.words.say("staff.button.keep"))
    staff_reception.say(act.conn, act.said, question, act.words, buttons=(anyway, keep), now=act.now)
    return ""


def _draft(act: _Press) -> str:
    draft = messages.find(act.conn, int(act.argument)) if act.argument.isdecimal() else None
    if draft is None or draft.chat_id != act.said.chat_id:
        return act.words.say("staff.press.gone")
    told = _sent_draft(act, draft)
    messages.amend(act.conn, act.said.id, text=plain(told or act.words.say("staff.sent_anyway")), now=act.now)
    return told


def _sent_draft(act: _Press, draft: Message) -> str:
    """Send a draft under the presser's name, once; a line then says what became of it."""
    card = cards.in_chat(act.conn, ticket_id=act.ticket_id, chat_id=draft.chat_id)
    offered = any(button.id == "send_draft" for button in draft.buttons)
    if card is None or not offered:
        return act.words.say("staff.press.gone")
    if not suggestions.holds(act.conn, draft, ticket_id=act.ticket_id):
        return act.words.say("staff.draft.stale")
    verb: dict[str, Any] = act.verb
    sent = act.staff.desk.reply(act.conn, text=draft.text, citations=draft.citations, **verb)
    sources.hand_on(act.conn, draft.id, to=sent.id, at=act.now)
    relayed = cards.relay(act.conn, card_id=card.id, message_id=sent.id, copy_id=draft.id)
    text = plain(act.words.say("staff.draft.sent", name=act.person.name))
    messages.amend(act.conn, draft.id, text=text, now=act.now)
    if relayed is not None:
        line = staff_reception.say(act.conn, draft, plain(act.words.say("staff.sending")), act.words, now=act.now)
        cards.mark(act.conn, relayed.id, mark_id=line.id)
    return ""


def _edit_draft(act: _Press) -> str:
    if not suggestions.holds(act.conn, act.said, ticket_id=act.ticket_id):
        return act.words.say("staff.draft.stale")
    asked = plain(act.words.guide("staff.draft.edit", name=act.person.name))
    drop = Button(id=staff_reception.DROP, label=act.words.say("staff.button.drop"))
    text = f"{asked}\n\n```\n{unmarked(act.said.text)}\n```"
    staff_reception.say(act.conn, act.said, text, act.words, buttons=(drop,), now=act.now)
    return ""


def _drop(act: _Press) -> str:
    text = plain(act.words.say("staff.draft.dropped", name=act.person.name))
    messages.amend(act.conn, act.said.id, text=text, now=act.now)
    return ""


def unmarked(text: str) -> str:
    """A draft to be copied: without marks that would lead nowhere, and no end of the quotation in it."""
    return MARK.sub("", text).replace("```", "")


def _retract(act: _Press) -> str:
    answers = [each.message_id for each in cards.of_copy(act.conn, act.said.id)]
    if not answers:
        return act.words.say("staff.press.gone")
    retraction.retract(act.conn, message_id=answers[0], **act.verb)  # type: ignore[arg-type]
    told = act.words.say("staff.retracted")
    messages.amend(act.conn, act.said.id, text=plain(told), now=act.now)
    return told


VERBS: Final[dict[str, Callable[[_Press], str]]] = {
    "claim": _claim,
    "assign": _assign,
    "snooze": _snooze,
    "raise": _menu("raise"),
    "level": _level,
    "wait": _simple("wait"),
    "resolve": _simple("resolve"),
    "return": _simple("return_to_bot"),
    "reopen": _simple("reopen"),
    "back": _back,
    "send": _send,
    "keep": _keep,
    "retract": _retract,
    "send_draft": _send_draft,
    "draft": _draft,
    "edit_draft": _edit_draft,
    "drop": _drop,
}
