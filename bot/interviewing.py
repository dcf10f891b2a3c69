"""What of a turn is the needs questionnaire's: whose words are taken as answers, and what is said next. Pure.

An emergency, and a wish for a person, are never the questionnaire's. The person who is asked is heard, where what they
say fits; anybody else of the chat only by a reply to our question or a press of a button. A question in between is
answered as always, and nothing begins that nobody asked for.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from bot import gate
from bot.framing import Frame
from bot.model import Act, Offer, Situation, Stepped
from console import intake_words
from console.texts import Texts
from handoff.kinds import ChatKind, Level, Mode, Outcome, PersonKind, TicketState
from knowledge.language import fold
from store.zones import find_zone
from success.intake import interview as rules
from success.intake.form_model import QuestionKind
from success.intake.interview import Press, Standing, State, Step, Taken
from success.intake.store import Interview
from success.intake.surroundings import Around
from success.intake.understanding import Understood, Wish, asked_for, understand
from success.intake.values import Chosen, Words
from success.intake.wishes import asks_back

REASON: Final = "intake"
_HERE: Final = "Asia/Shanghai"
_FRESH: Final = timedelta(days=14)  # so long what is put right of a brief that is ready needs no reply to us
_ADDS: Final = timedelta(minutes=30)  # so long what is said when all is answered, and asks for nothing, is of it too
_SPOKEN: Final = (Mode.MENTION, Mode.AUTO)
_TAKEN: Final = (TicketState.OPEN, TicketState.WAITING)


def act(frame: Frame, situation: Situation, *, pressed: str | None, texts: Texts) -> Act | None:
    """The act of a turn that is the questionnaire's; None where it is not."""
    around, scene = situation.intake, frame.scene
    if around is None or scene.mode not in _SPOKEN or situation.person.kind is not PersonKind.CLIENT:
        return None
    reading = frame.reading
    if reading.emergency or (reading.wants_human and not pressed):
        return None
    there = around.interview
    if there is None or (
        there.state in {State.OFFERED, State.EXPIRED, State.READY} and asked_for(around.forms, frame.text)
    ):
        return _offered(frame, situation, around, pressed=pressed, texts=texts)
    if there.held or any(ticket.state in _TAKEN for ticket in situation.open_tickets):
        return None
    step = _pressed(around, there, pressed) if pressed else _heard(frame, situation, around, there)
    if step is None:
        return None
    said = intake_words.spoken(step, around.form, language=there.language, texts=texts)
    stepped = Stepped(interview=there.id, step=step, asks=said.asks)
    return replace(_said(frame, said, there.language), intake=stepped)


def _offered(frame: Frame, situation: Situation, around: Around, *, pressed: str | None, texts: Texts) -> Act | None:
    """An offer to begin, to who said that they want it and speaks to us."""
    group = situation.chat.kind is ChatKind.GROUP
    spoken_to = frame.scene.called_us if group else True
    form = asked_for(around.forms, frame.text)
    if pressed or form is None or not (around.may_begin and spoken_to):
        return None
    said = intake_words.offer(form, language=frame.language, texts=texts)
    return replace(_said(frame, said, frame.language), intake=Offer(language=frame.language, form=form.key))


def _pressed(around: Around, there: Interview, pressed: str) -> Step | None:
    press = Press.read(pressed)
    if press is None or not around.replied:
        return None
    quote = ""
    if (
        press.option
        and (question := around.form.question(press.question))
        and (option := question.option(press.option))
    ):
        quote = option.name[there.language]
    return rules.press(around.form, there.standing, press, quote=quote)


def _heard(frame: Frame, situation: Situation, around: Around, there: Interview) -> Step | None:
    reading, standing = frame.reading, there.standing
    asked_one = there.person_id in {None, situation.person.id}
    stale = standing.state is State.READY and frame.scene.now - there.heard_at > _FRESH  # about something else by now
    if not (around.replied or (asked_one and frame.scene.called is None and not stale)):
        return None
    spoken = situation.chat.kind is ChatKind.DIRECT or around.replied or around.near or frame.scene.called_us
    if standing.state in {State.OFFERED, State.EXPIRED}:
        begins = spoken and (reading.assent or frame.text.strip().casefold() in _BEGIN)
        return rules.begin(around.form, standing) if begins else None
    questions = (reading.question or reading.how_to) and asks_back(fold(frame.text))
    asks = questions and not around.replied
    adds = not questions and _adds(frame, situation, around, there)
    ordered = reading.level is not Level.QUESTION and not around.replied  # a change or a fault of the site they have
    said = understand(
        frame.text, around.form, asked=standing.asked, held=standing.answers,
        today=today_at(situation, frame.scene.now),
        words=spoken and not asks and not ordered and standing.state is State.OPEN and not reading.small_talk,
    )  # fmt: skip
    if adds and not said.found and said.wish is None and frame.text.strip():
        return rules.add(around.form, standing, frame.text)
    if not (said.found or said.wish or said.left_open or said.unread):
        again = _wants_again(frame, around, standing) if spoken else None
        return again or _without_words(frame, situation, around, standing, assent=reading.assent and spoken)
    if not (_fits(said, standing, spoken=spoken, asks=asks, replied=around.replied) or (adds and said.found)):
        return None
    return rules.hear(around.form, standing, said, assent=reading.assent, today=today_at(situation, frame.scene.now))


def _adds(frame: Frame, situation: Situation, around: Around, there: Interview) -> bool:
    """Whether a prospect, who has no site yet to speak of, is still at their brief that has just become ready."""
    here = situation.chat.kind is ChatKind.DIRECT or around.replied
    fresh = there.standing.state is State.READY and frame.scene.now - there.heard_at <= _ADDS
    calm = frame.reading.level in {Level.QUESTION, Level.CHANGE} and not frame.reading.small_talk
    return there.client_id is None and here and fresh and calm


_BEGIN: Final = frozenset({"开始", "開始", "开始吧", "開始吧", "begin", "start", "yes", "let's go"})


def _fits(said: Understood, standing: Standing, *, spoken: bool, asks: bool, replied: bool) -> bool:
    """Whether what was understood is meant for us."""
    if standing.state is State.READY and not replied:
        return spoken and said.changes and bool(said.found or said.about)
    shaped = any(each.shape and (each.asked or each.key in said.about) for each in said.found)
    if asks:
        return shaped or (spoken and said.wish is Wish.SKIP)
    if said.found:
        chosen = any(each.asked and isinstance(each.value, Chosen) and each.value.keys for each in said.found)
        return spoken or shaped or chosen
    return spoken and not (said.wish is Wish.CHANGE and not said.about)


def _wants_again(frame: Frame, around: Around, standing: Standing) -> Step | None:
    """Who says again that they want it is asked what they were asked last."""
    if standing.state not in {State.OPEN, State.PAUSED} or not asked_for(around.forms, frame.text):
        return None
    if standing.state is State.OPEN and standing.asked is not None:
        return Step(after=standing, lines=(rules.Ask(key=standing.asked),))
    return rules.begin(around.form, standing)


def _without_words(
    frame: Frame, situation: Situation, around: Around, standing: Standing, *, assent: bool
) -> Step | None:
    """A picture for the question that was asked; a yes to what was named back."""
    if assent and standing.pending is not None:
        nothing = Understood()
        return rules.hear(around.form, standing, nothing, assent=True, today=today_at(situation, frame.scene.now))
    sent = any(piece.attachments for piece in situation.pieces)
    direct = situation.chat.kind is ChatKind.DIRECT
    if not sent or not (direct or around.replied or around.near) or standing.state is not State.OPEN:
        return None
    question = around.form.question(standing.asked or "")
    in_words = question is not None and question.kind is QuestionKind.TEXT and question.key not in standing.answers
    if question is None or not in_words:
        return Step(after=standing, lines=(rules.Ask(key=standing.asked),) if standing.asked else ())
    taken = Taken(key=question.key, value=Words(text=frame.text if frame.text.strip() else ""), quote=frame.text)
    after = replace(standing, answers={**standing.answers, question.key: taken.value})
    following = rules.hear(around.form, after, Understood(), assent=False, today=today_at(situation, frame.scene.now))
    return replace(following, taken=(taken, *following.taken))


def today_at(situation: Situation, now: datetime) -> date:
    """The day it is where the client is; of who is no client, here."""
    zone = find_zone(situation.client.timezone if situation.client else _HERE)
    return now.astimezone(zone).date()


def _said(frame: Frame, said: intake_words.Spoken, language: str) -> Act:
    return Act(
        outcome=Outcome.CLARIFY if said.text else Outcome.SILENT,
        reason=REASON,
        level=frame.reading.level,
        language=language,
        question=frame.text,
        reading=frame.reading,
        plan=gate.Stay(REASON),
        say=said.text or None,
        buttons=said.buttons,
    )
