"""From a situation and what the manual gave to one `Act`: what will be said, opened, joined, and why. Pure."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from bot import belonging, gate, replies
from bot.answering import Declined, Draft
from bot.framing import SAME_MATTER, Frame, last_asked
from bot.model import Act, Opening, Situation
from handoff.kinds import Level, MessageKind, Mode, Outcome
from handoff.model import Client, Turn
from knowledge.language import ENGLISH, to_script
from knowledge.model import Passage, Scope, Search

_CHOICES = 3
_WORD = re.compile(r"[a-z][a-z0-9-]+")
_SHARE_OF_BEST = 0.7  # a page this near to the best one is offered as a choice


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What may be said: a draft, or why the model declined; with how it came about."""

    result: Draft | Declined
    level: Level | None = None
    trace: Mapping[str, Any] = field(default_factory=dict)


def about(situation: Situation) -> str:
    """What we know of the client, for the model; never asked of the client."""
    return told_of(situation.client)


def told_of(client: Client | None) -> str:
    """The same of one client."""
    if client is None:
        return "-"
    facts = {"site": client.site, "CMS": client.cms, "hosting": client.hosting, "tier": client.tier}
    return ", ".join(f"{name}: {value}" for name, value in facts.items() if value)


def products(client: Client) -> frozenset[str]:
    """The products of a client's record ("WordPress 6.8 + WooCommerce"), as the manual's pages name theirs."""
    return frozenset(_WORD.findall((client.cms or "").lower()))


def scope(client: Client | None) -> Scope:
    """What is shown of the manual in a client's chat: what everybody may read, where it is nobody's chat."""
    return Scope(client=client.slug, products=products(client)) if client else Scope()


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
            offered = belonging.buttons(situation.several) if what == belonging.WHICH else ()
            return _act(
                frame,
                plan,
                Outcome.CLARIFY,
                what,
                say=frame.texts.say(f"clarify.{what}", frame.language),
                buttons=(*replies.buttons(frame.texts, frame.language, *names), *offered),
            )
        case gate.HandOff(reason, level):
            return _hand_off(frame, situation, plan, reason=reason, level=level, question=_matter(frame, situation))
        case gate.Look() | gate.Shadow():
            raise AssertionError("the manual must be asked first")


def thin(frame: Frame, situation: Situation, found: Search, *, question: str, category: str | None) -> Act:
    """The manual does not hold it: ask back once if that would settle it, else a person answers. Never invent."""
    if frame.scene.mode is Mode.COMMUNITY:
        return without_manual(frame, situation, gate.Say("community"))
    if frame.reading.unconfirmed == "partial":
        return without_manual(frame, situation, gate.Say("emergency"))
    facts: dict[str, Any] = {
        "passages": found.passages,
        "evidence": found.evidence,
        "index_version": found.version,
        "category": category,
        "trace": {"degraded": True} if found.degraded else {},
    }
    plan = gate.Look()
    asked_back = situation.last_turn is not None and situation.last_turn.outcome is Outcome.CLARIFY
    joins = gate.place(frame.reading, category=category, open_tickets=situation.open_tickets)
    if joins:
        return _act(frame, plan, Outcome.SILENT, "joined", joins=joins, question=question, **facts)
    if gate.is_vague(frame.reading) and not asked_back:
        offered = _choices(found, frame.language)
        if offered:
            listed = "\n".join(f"{n}. {to_script(p.title, frame.language)}" for n, p in enumerate(offered, 1))
            return _act(
                frame,
                plan,
                Outcome.CLARIFY,
                "choose",
                question=question,
                say=frame.texts.say("clarify.choose", frame.language, choices=listed),
                **{**facts, "trace": {**facts["trace"], "choices": [p.title for p in offered]}},
            )
        say = frame.texts.say("clarify.vague", frame.language)
        return _act(frame, plan, Outcome.CLARIFY, "vague", question=question, say=say, **facts)
    reason = "model_failed" if found.degraded else "not_in_manual"
    reason = "change_request" if frame.reading.level is Level.CHANGE else reason
    return _hand_off(frame, situation, plan, reason=reason, level=frame.reading.level, question=question, **facts)


def unsure(frame: Frame, plan: gate.Look, found: Search, *, question: str, category: str | None, **more: Any) -> Act:
    """Nobody asked us, and it is not sure: nothing is said, opened or joined."""
    facts = {"passages": found.passages, "evidence": found.evidence, "index_version": found.version}
    return _act(frame, plan, Outcome.SILENT, "unsure", question=question, category=category, **facts, **more)


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
    if frame.scene.mode is Mode.COMMUNITY:
        return _in_community(frame, situation, plan, reply, question=question, **facts)
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
    if plan.unasked:
        return unsure(frame, plan, found, question=question, category=category, trace=reply.trace)
    asked_back = situation.last_turn is not None and situation.last_turn.outcome is Outcome.CLARIFY
    if reply.result.reason == "clarify" and not asked_back:
        return _act(frame, plan, Outcome.CLARIFY, "vague", question=question, say=reply.result.text, **facts)
    joins = gate.place(frame.reading, category=category, open_tickets=situation.open_tickets)
    if joins:
        return _act(frame, plan, Outcome.SILENT, "joined", joins=joins, question=question, **facts)
    return _hand_off(frame, situation, plan, reason="not_in_manual", level=level, question=question, **facts)


def _in_community(
    frame: Frame, situation: Situation, plan: gate.Look, reply: Reply, *, question: str, **facts: Any
) -> Act:
    """An answer that anybody may read, without a button for a person; else where to ask."""
    if not isinstance(reply.result, Draft):
        return without_manual(frame, situation, gate.Say("community"))
    solved = replies.buttons(frame.texts, frame.language, "solved")
    by = reply.result.by
    return _act(frame, plan, Outcome.ANSWERED, by, question=question, draft=reply.result, buttons=solved, **facts)


def failed(frame: Frame, situation: Situation, *, error: str) -> Act:
    """Our own fault: said as such, with a ticket, never as "nothing found"."""
    plan = gate.decide(frame.scene)
    if frame.scene.mode is Mode.COMMUNITY:
        pointed = without_manual(frame, situation, gate.Say("community"))
        return replace(pointed, outcome=Outcome.FAILED, reason="failed", trace={"error": error})
    if isinstance(plan, gate.Shadow):  # nobody asked us
        return _act(frame, plan, Outcome.SILENT, "shadow", trace={"error": error})
    if isinstance(plan, gate.Look) and plan.unasked:
        return _act(frame, plan, Outcome.SILENT, "unsure", trace={"error": error})
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


def hushed(act: Act) -> Act:
    """The same turn in silence: what would have been said and done stands in its trace."""
    draft = act.draft
    would = {
        "outcome": act.outcome.value,
        "reason": act.reason,
        "text": draft.text if draft else act.say,
        "citations": [asdict(cited) for cited in draft.citations] if draft else [],
    }
    said_and_done: dict[str, Any] = {"draft": None, "say": None, "buttons": (), "opening": None, "joins": None}
    trace = {**act.trace, "shadow": would}
    return replace(act, outcome=Outcome.SILENT, reason="shadow", trace=trace, **said_and_done)


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
    asks_for_more = reason in ("asked_for_person", "not_solved") or frame.scene.pressed
    unresolved = frame.about or (_unresolved(situation) if asks_for_more else None)
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
        before=unresolved.message_ids if unresolved else (),
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
    last = last_asked(situation)
    if last is None or last.outcome not in (Outcome.ANSWERED, Outcome.CLARIFY):
        return None
    solved = situation.turns[0].reason == "solved"
    return None if solved or situation.pieces[-1].at - last.at > SAME_MATTER else last


def _choices(found: Search, language: str) -> list[Passage]:
    if not found.passages:
        return []
    near = (p for p in found.passages if p.score >= _SHARE_OF_BEST * found.passages[0].score)
    same = (p for p in near if (p.language == ENGLISH) == (language == ENGLISH))
    pages = {p.page: p for p in reversed(list(same))}
    near_ones = list(reversed(pages.values()))[:_CHOICES]
    return near_ones if len(near_ones) > 1 else []
