"""The bot's sentences about tickets, put together from the phrase catalogue in the client's language. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.when import say_when
from console.texts import Texts
from handoff.kinds import ClockState, Level, TicketState
from handoff.model import Button, ClockView, Promise, Ticket
from knowledge.model import Passage

_TITLE = 60
_PREPARE = {Level.EMERGENCY: "ticket.prepare.emergency", Level.BUG: "ticket.prepare.bug"}


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far a ticket is at `now`; `zone` is the client's wall clock, `assignee` a name."""

    ticket: Ticket
    clocks: Sequence[ClockView]
    promise: Promise
    assignee: str | None
    zone: str
    now: datetime


def buttons(texts: Texts, language: str, *names: str) -> tuple[Button, ...]:
    """Buttons by name, labelled in the client's language."""
    return tuple(Button(id=name, label=texts.say(f"button.{name}", language)) for name in names)


def handed_off(
    ticket: Ticket, promise: Promise, *, reason: str, zone: str, language: str, texts: Texts, now: datetime
) -> str:
    """What the client hears at once: what happened, the number, who answers by when, what to prepare."""
    key = f"escalate.{reason}"
    sentences = [texts.say(key if texts.has(key) else "escalate.not_in_manual", language)]
    sentences.append(texts.say("ticket.number", language, number=ticket.number))
    sentences.append(promised(promise, zone=zone, language=language, texts=texts, now=now))
    lines = [_join(sentences, language)]
    if reason != "cannot_read" and (prepare := _PREPARE.get(ticket.level)):
        lines.append(texts.say(prepare, language))
    return "\n".join(lines)


def promised(promise: Promise, *, zone: str, language: str, texts: Texts, now: datetime) -> str:
    """An honest time, on the client's wall clock; nothing where the contract promises nothing."""
    if promise.by is None or promise.by < now:
        return ""
    by = say_when(promise.by, now=now, zone=zone, language=language)
    if promise.opens_at is None:
        return texts.say("ticket.promise.on_duty", language, by=by)
    opens = say_when(promise.opens_at, now=now, zone=zone, language=language)
    return texts.say("ticket.promise.off_duty", language, opens=opens, by=by)


def status(standing: Standing, *, language: str, texts: Texts) -> str:
    """One true sentence on how far a ticket is, for a client who asks."""
    stage, values = _stage(standing, language=language)
    return texts.say(f"ticket.status.{stage}", language, number=standing.ticket.number, **values)


def progress(standing: Standing, *, language: str, texts: Texts) -> str:
    """The same in a few words, to stand beside the ticket's number."""
    stage, values = _stage(standing, language=language)
    return texts.say(f"ticket.progress.{stage}", language, **({} if stage == "waiting" else values))


def _stage(standing: Standing, *, language: str) -> tuple[str, dict[str, str]]:
    now = standing.now
    if any(clock.breached and clock.state is ClockState.RUNNING for clock in standing.clocks):
        return "late", {}
    if standing.assignee:
        return ("waiting" if standing.ticket.state is TicketState.WAITING else "open"), {"name": standing.assignee}
    return "new", {"by": say_when(standing.promise.by or now, now=now, zone=standing.zone, language=language)}


def title(text: str) -> str:
    """A ticket's title: the first words of the question."""
    line = " ".join(text.split())
    return line if len(line) <= _TITLE else line[: _TITLE - 1] + "…"


def summary(
    question: str,
    *,
    tried: Sequence[str],
    passages: Sequence[Passage],
    evidence: float | None,
    site: str | None,
    language: str,
    texts: Texts,
) -> str:
    """At most four short lines for the colleague: what is asked, what the bot tried, what lies near, which site."""
    lines = [texts.say("desk.summary.asked", language, question=_cut(" ".join(question.split()), 300))]
    if tried:
        lines.append(texts.say("desk.summary.answered", language, pages=_titles(tried)))
    elif passages and evidence is not None:
        near = list(dict.fromkeys(p.title for p in passages))[:3]
        lines.append(texts.say("desk.summary.nearest", language, evidence=f"{evidence:.0%}", pages=_titles(near)))
    if site:
        lines.append(texts.say("desk.summary.site", language, site=site))
    return "\n".join(lines)


def _titles(titles: Sequence[str]) -> str:
    return "、".join(f"《{title}》" for title in titles)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _join(sentences: Sequence[str], language: str) -> str:
    return (" " if language == "en" else "").join(filter(None, sentences))
