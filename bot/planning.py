"""From a situation and what the manual gave to one `Act`: what will be said, opened, joined, and why. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from bot import gate, replies
from bot.answering import Declined, Draft
from bot.model import Act, Opening, Situation
from bot.triage import Reading, Rules
from console.texts import Texts
from handoff.model import Client, Level, MessageKind, Mode, Outcome, Turn
from knowledge.golden import standalone
from knowledge.language import ENGLISH, detect, to_script
from knowledge.model import Passage, Search

_CHOICE = re.compile(r"^\s*第?\s*([1-3])\s*[个号.、)]?\s*$")
_SAME_MATTER = timedelta(hours=2)  # a wish for a person within it is about the answer before
_CHOICES = 3
_WORD = re.compile(r"[a-z][a-z0-9-]+")
_SHARE_OF_BEST = 0.7  # a page this near to the best one is offered as a choice


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The turn as the rules see it, with the words of our own language catalogue."""

    scene: gate.Scene
    text: str
    language: str
    texts: Texts
    may_carry_on: bool

    @property
    def reading(self) -> Reading:
        """How the burst reads."""
        return self.scene.reading


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What may be said: a draft, or why the model declined; with how it came about."""

    result: Draft | Declined
    level: Level | None = None
    trace: Mapping[str, Any] = field(default_factory=dict)


def frame(situation: Situation, *, rules: Rules, pressed: str | None, now: datetime, texts: Texts) -> Frame:
    """Read the burst against what is known."""
    reading = rules.read(situation.text)
    return Frame(
        scene=gate.Scene(
            reading=reading,
            now=now,
            addressed=any(piece.mentioned for piece in situation.pieces),
            mode=situation.chat.mode if situation.chat.mode is not Mode.SHADOW else Mode.MENTION,
            by_client=situation.person.kind == "client",
            pressed=pressed,
            attachments=sum(len(piece.attachments) for piece in situation.pieces),
            open_tickets=situation.open_tickets,
            returned=situation.returned is not None,
            resolved=situation.resolved,
            staff_spoke_at=situation.staff_spoke_at,
            last_turn=situation.last_turn,
        ),
        text=situation.text,
        language=_language(situation),
        texts=texts,
        may_carry_on=gate.may_carry_on(reading, last_turn=_last_asked(situation), now=now),
    )


def question_of(frame: Frame, situation: Situation) -> str:
    """The stand-alone question of a turn: a chosen page, a follow-up with what it follows, or the text itself."""
    last = situation.last_turn
    if last and (chosen := _chosen(frame.text, last)):
        return chosen
    if last and last.outcome is Outcome.CLARIFY and last.reason == "vague":
        return f"{last.question} {frame.text}"
    if gate.carries_on(frame.reading, last_turn=_last_asked(situation), now=frame.scene.now):
        return together(frame, situation)
    return frame.text


def together(frame: Frame, situation: Situation) -> str:
    """The message with the key terms of the question before."""
    asked = _last_asked(situation)
    return standalone(frame.text, asked.question) if asked else frame.text


def about(situation: Situation) -> str:
    """What we know of the client, for the model; never asked of the client."""
    client = situation.client
    if client is None:
        return "-"
    facts = {"site": client.site, "CMS": client.cms, "hosting": client.hosting, "tier": client.tier}
    return ", ".join(f"{name}: {value}" for name, value in facts.items() if value)


def products(client: Client) -> frozenset[str]:
    """The products of a client's record ("WordPress 6.8 + WooCommerce"), as the manual's pages name theirs."""
    return frozenset(_WORD.findall((client.cms or "").lower()))


def without_manual(frame: Frame, situation: Situation, plan: gate.Plan) -> Act:
    """The act of every plan that needs no look at the manual."""
    match plan:
        case gate.Stay(reason):
            return _act(frame, plan, Outcome.SILENT, reason)
        case gate.Join(ticket, kind, reason):
            return _act(frame, plan, Outcome.SILENT, reason, joins=ticket, kind=kind)
        case gate.Chase(ticket):
            return _act(frame, plan, Outcome.SILENT, "chased", joins=ticket, kind=MessageKind.CHASER)
        case gate.StandDown(ticket):
            return _act(frame, plan, Outcome.SILENT, "stood_down", joins=ticket)
        case gate.Say(what):
            names = ("emergency_yes", "emergency_no") if what == "emergency" else ()
            return _act(
                frame,
                plan,
                Outcome.CLARIFY,
                what,
                say=frame.texts.say(f"clarify.{what}", frame.language),
                buttons=replies.buttons(frame.texts, frame.language, *names),
            )
        case gate.HandOff(reason, level):
            return _hand_off(frame, situation, plan, reason=reason, level=level, question=_matter(frame, situation))
        case gate.Look():
            raise AssertionError("the manual must be asked first")


def thin(frame: Frame, situation: Situation, found: Search, *, question: str, category: str | None) -> Act:
    """The manual does not hold it: ask back once if that would settle it, else a person answers. Never invent."""
    if frame.reading.unconfirmed == "partial":
        return without_manual(frame, situation, gate.Say("emergency"))
    facts: dict[str, Any] = {
        "passages": found.passages,
        "evidence": found.evidence,
        "index_version": found.version,
        "category": category,
    }
    plan = gate.Look()
    asked_back = situation.last_turn is not None and situation.last_turn.outcome is Outcome.CLARIFY
    joins = gate.place(frame.reading, category=category, open_tickets=situation.open_tickets)
    if joins:
        return _act(frame, plan, Outcome.SILENT, "joined", joins=joins, question=question, **facts)
    if gate.is_vague(frame.reading) and not asked_back:
        choices = _choices(found, frame.language)
        if choices:
            listed = "\n".join(f"{n}. {to_script(p.title, frame.language)}" for n, p in enumerate(choices, 1))
            return _act(
                frame,
                plan,
                Outcome.CLARIFY,
                "choose",
                question=question,
                **facts,
                say=frame.texts.say("clarify.choose", frame.language, choices=listed),
                trace={"choices": [p.title for p in choices]},
            )
        say = frame.texts.say("clarify.vague", frame.language)
        return _act(frame, plan, Outcome.CLARIFY, "vague", question=question, say=say, **facts)
    reason = "change_request" if frame.reading.level is Level.CHANGE else "not_in_manual"
    return _hand_off(frame, situation, plan, reason=reason, level=frame.reading.level, question=question, **facts)


def with_manual(
    frame: Frame,
    situation: Situation,
    plan: gate.Look,
    found: Search,
    reply: Reply,
    *,
    question: str,
    category: str | None,
) -> Act:
    """The manual has it: the answer, or what the model said instead."""
    facts: dict[str, Any] = {
        "passages": found.passages,
        "evidence": found.evidence,
        "index_version": found.version,
        "category": category,
        "trace": reply.trace,
    }
    level = max((frame.reading.level, reply.level or frame.reading.level), key=lambda one: one.rank)
    confirm = plan.confirm_emergency or level is Level.EMERGENCY  # a model alone pages nobody: the client confirms
    if level is Level.EMERGENCY:
        level = frame.reading.level
    if isinstance(reply.result, Draft):
        names = ("emergency_yes",) if confirm else ()
        return _act(
            frame,
            plan,
            Outcome.ANSWERED,
            reply.result.by,
            question=question,
            draft=reply.result,
            buttons=replies.buttons(frame.texts, frame.language, *names, "solved", "human"),
            **facts | {"level": level},
        )
    asked_back = situation.last_turn is not None and situation.last_turn.outcome is Outcome.CLARIFY
    if reply.result.reason == "clarify" and not asked_back:
        return _act(frame, plan, Outcome.CLARIFY, "vague", question=question, say=reply.result.text, **facts)
    joins = gate.place(frame.reading, category=category, open_tickets=situation.open_tickets)
    if joins:
        return _act(frame, plan, Outcome.SILENT, "joined", joins=joins, question=question, **facts)
    return _hand_off(frame, situation, plan, reason="not_in_manual", level=level, question=question, **facts)


def failed(frame: Frame, situation: Situation, *, error: str) -> Act:
    """Our own fault: said as such, with a ticket, never as "nothing found"."""
    plan = gate.decide(frame.scene)
    if isinstance(plan, gate.HandOff):  # an emergency stays one
        return replace(without_manual(frame, situation, plan), outcome=Outcome.FAILED, trace={"error": error})
    if situation.open_tickets:
        said = frame.texts.say("escalate.failed", frame.language)
        joins = situation.open_tickets[0]
        return _act(frame, plan, Outcome.FAILED, "failed", joins=joins, say=said, trace={"error": error})
    act = _hand_off(
        frame, situation, plan, reason="failed", level=frame.reading.level, question=frame.text, trace={"error": error}
    )
    return replace(act, outcome=Outcome.FAILED)


def _act(frame: Frame, plan: gate.Plan, outcome: Outcome, reason: str, **more: Any) -> Act:
    base: dict[str, Any] = {
        "level": frame.reading.level,
        "language": frame.language,
        "question": frame.text,
        "reading": frame.reading,
        "plan": plan,
    }
    return Act(outcome=outcome, reason=reason, **{**base, **more})


def _hand_off(
    frame: Frame, situation: Situation, plan: gate.Plan, *, reason: str, level: Level, question: str, **more: Any
) -> Act:
    unresolved = _unresolved(situation) if reason in ("asked_for_person", "not_solved") or frame.scene.pressed else None
    tried = [c.title for c in unresolved.citations[:3]] if unresolved else []
    passages: tuple[Passage, ...] = more.get("passages", ())
    opening = Opening(
        reason=reason,
        title=replies.title(question),
        summary=replies.summary(
            question,
            tried=tried,
            passages=passages,
            evidence=more.get("evidence"),
            site=situation.client.site if situation.client else None,
            language=frame.language,
            texts=frame.texts,
        ),
        since=unresolved.at if unresolved else situation.pieces[0].at,
    )
    return _act(frame, plan, Outcome.ESCALATE, reason, opening=opening, question=question, **more | {"level": level})


def _matter(frame: Frame, situation: Situation) -> str:
    """What a hand-off is about: the question before, when the message itself only asks for a person."""
    before = _unresolved(situation)
    only_asks = frame.scene.pressed is not None or not frame.reading.whole
    if before and only_asks and (frame.reading.wants_human or frame.scene.pressed or frame.reading.not_solved):
        return before.question
    return frame.text or frame.texts.say("ticket.untitled", frame.language)


def _unresolved(situation: Situation) -> Turn | None:
    """The turn whose matter is still open when the client asks for more: the last answer or question back."""
    last = _last_asked(situation)
    if last is None or last.outcome not in (Outcome.ANSWERED, Outcome.CLARIFY):
        return None
    solved = situation.turns[0].reason == "solved"
    return None if solved or situation.pieces[-1].at - last.at > _SAME_MATTER else last


def _last_asked(situation: Situation) -> Turn | None:
    """The latest turn that was about something."""
    return next((t for t in situation.turns if t.outcome is not Outcome.SILENT and t.reason != "greeting"), None)


def _language(situation: Situation) -> str:
    """The client's language: of the text, or of the turns before where a short text fits both scripts."""
    before = situation.last_turn.language if situation.last_turn else None
    before = before or (situation.client.language if situation.client else None)
    default = before or "zh-Hans"
    found = detect(situation.text, default=default)
    if found == ENGLISH or before in (None, ENGLISH, found):
        return found
    return default if to_script(situation.text, default) == situation.text else found


def _choices(found: Search, language: str) -> list[Passage]:
    if not found.passages:
        return []
    near = (p for p in found.passages if p.score >= _SHARE_OF_BEST * found.passages[0].score)
    same = (p for p in near if (p.language == ENGLISH) == (language == ENGLISH))
    pages = {p.page: p for p in reversed(list(same))}
    choices = list(reversed(pages.values()))[:_CHOICES]
    return choices if len(choices) > 1 else []


def _chosen(text: str, last: Turn) -> str | None:
    """The page's title that a reply such as "2" picks from the choices of the turn before."""
    choices = last.trace.get("choices")
    found = _CHOICE.match(text)
    if last.reason != "choose" or not found or not isinstance(choices, list):
        return None
    number = int(found[1])
    return str(choices[number - 1]) if number <= len(choices) else None
