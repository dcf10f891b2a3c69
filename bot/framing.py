"""What a turn is about: the burst read against what was said before. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot import belonging, choices, followups, gate, waiting
from bot.model import Situation
from bot.triage import Reading, Rules
from console.texts import Texts
from handoff.kinds import ChatKind, Level, Outcome
from handoff.model import Turn
from knowledge.golden import standalone
from knowledge.language import ENGLISH, detect, to_script

_SAID = 300  # characters of a picture's text that stand for what its sender says
SAME_MATTER = timedelta(hours=2)  # a wish for a person within it is about the answer before


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The turn as the rules see it, with the words of our own language catalogue."""

    scene: gate.Scene
    text: str
    language: str
    texts: Texts
    may_carry_on: bool
    about: Turn | None = None  # the turn before whose question this one takes up again

    @property
    def reading(self) -> Reading:
        """How the burst reads."""
        return self.scene.reading


def frame(situation: Situation, *, rules: Rules, pressed: str | None, now: datetime, texts: Texts) -> Frame:
    """Read the burst against what is known. Where it only denies an emergency, the question that it is about is read.

    An outage is asked about once: a message after that is no reason to ask again.
    """
    reading = _read(situation, rules)
    doubted = _doubted(situation, now=now)
    about = doubted if pressed == "emergency_no" or (reading.denial and not pressed) else None
    if situation.client is not None and _only_names_client(situation, pressed):
        about = belonging.asked(situation.turns, now=now)
    text = about.question if about else situation.text or situation.pictured[:_SAID]
    if about:
        reading, pressed = rules.read(text), None
    if doubted and reading.unconfirmed:
        reading = replace(reading, unconfirmed=None)
    answers_us = about is not None or _chosen(text, last_asked(situation)) is not None
    return Frame(
        scene=gate.Scene(
            reading=reading,
            now=now,
            addressed=answers_us or any(piece.mentioned for piece in situation.pieces),
            called_us=situation.chat.kind is ChatKind.GROUP and any(piece.mentioned for piece in situation.pieces),
            mode=situation.chat.mode,
            by_client=situation.person.kind == "client",
            bound=situation.client is not None,
            called=waiting.called(text, colleagues=situation.colleagues),
            in_talk=_in_talk(situation, now=now),
            which_client=situation.client is None and bool(situation.several),
            pressed=pressed,
            attachments=sum(len(piece.attachments) for piece in situation.pieces),
            open_tickets=situation.open_tickets,
            returned=situation.returned is not None,
            resolved=situation.resolved,
            staff_spoke_at=situation.staff_spoke_at,
            last_turn=situation.last_turn,
        ),
        text=text,
        language=_language(situation),
        texts=texts,
        may_carry_on=about is None and followups.may_carry_on(reading, last_turn=last_asked(situation), now=now),
        about=about,
    )


def with_picture(question: str, situation: Situation) -> str:
    """The question together with what stands in the pictures that came with it."""
    return question if situation.pictured in question else f"{question}\n{situation.pictured[:_SAID]}"


def question_of(frame: Frame, situation: Situation) -> str:
    """The stand-alone question of a turn: a chosen page, a follow-up with what it follows, or the text itself."""
    last = situation.last_turn
    if frame.about:
        return frame.text
    if title := _chosen(frame.text, last_asked(situation)):
        return title
    if last and last.outcome is Outcome.CLARIFY and last.reason == "vague":
        return f"{last.question} {frame.text}"
    if followups.carries_on(frame.reading, last_turn=last_asked(situation), now=frame.scene.now):
        return together(frame, situation)
    return frame.text


def together(frame: Frame, situation: Situation) -> str:
    """The message with the key terms of the question before."""
    asked = last_asked(situation)
    return standalone(frame.text, asked.question) if asked else frame.text


def last_asked(situation: Situation) -> Turn | None:
    """The latest turn that was about something."""
    return next((t for t in situation.turns if t.outcome is not Outcome.SILENT and t.reason != "greeting"), None)


def _read(situation: Situation, rules: Rules) -> Reading:
    """The burst as its words read; a picture raises no alarm by itself, but makes us ask whether it is one.

    Of a picture without a word, only what is wrong is taken from its text, none of the wishes that stand in it.
    """
    said = rules.read(situation.text)
    if not situation.pictured:
        return said
    seen = rules.read(situation.pictured)
    level = max(said.level, Level.BUG if seen.level is Level.EMERGENCY else seen.level, key=lambda one: one.rank)
    if not said.empty:
        doubt = "partial" if seen.emergency and not said.emergency else None
        return replace(said, level=level, unconfirmed=said.unconfirmed or doubt)
    doubt = "forwarded" if seen.emergency else None
    return Reading(text=seen.text, level=level, unconfirmed=doubt, whole=True)


def _only_names_client(situation: Situation, pressed: str | None) -> bool:
    return belonging.is_choice(pressed) or belonging.is_name(situation.text, situation.several)


def _in_talk(situation: Situation, *, now: datetime) -> bool:
    """Whether we answered this very person a moment ago."""
    last = last_asked(situation)
    mine = last is not None and last.person_id == situation.person.id and last.outcome is Outcome.ANSWERED
    return mine and last is not None and now - last.at <= SAME_MATTER


def _language(situation: Situation) -> str:
    """The client's language: of the text, or of the turns before where a short text fits both scripts."""
    before = situation.last_turn.language if situation.last_turn else None
    before = before or (situation.client.language if situation.client else None)
    default = before or "zh-Hans"
    found = detect(situation.text, default=default)
    if found == ENGLISH or before in (None, ENGLISH, found):
        return found
    return default if to_script(situation.text, default) == situation.text else found


def _chosen(text: str, last: Turn | None) -> str | None:
    """The page's title that a reply such as "2" picks from the choices of the turn before."""
    offered = last.trace.get("choices") if last and last.reason == "choose" else None
    if not isinstance(offered, list):
        return None
    place = choices.chosen(text, among=len(offered))
    return None if place is None else str(offered[place])


def _doubted(situation: Situation, *, now: datetime) -> Turn | None:
    """The turn that asked whether it is an emergency, if nothing was asked since."""
    last = last_asked(situation)
    if last is None or (last.outcome, last.reason) != (Outcome.CLARIFY, "emergency"):
        return None
    return last if now - last.at <= SAME_MATTER else None
