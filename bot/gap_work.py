"""What `aftercare gaps` does, in the process that owns the data folder. JSON in and out."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from bot.channels import terminal
from bot.control import Emit
from bot.errors import BotError
from bot.gap_writing import ModelPageWriter
from bot.llm import Model
from bot.prompt_shelf import Shelf
from bot.settings import Settings
from console.moments import iso
from handoff.figures import home_zone
from knowledge.asked import Asked
from knowledge.embedders import Embedder
from knowledge.service import Manual
from store.clock import Clock
from store.db import Database
from success import gap_outline, gap_states, gap_store
from success.gap_drafts import Audience, GapDrafts
from success.gap_model import Gap, State
from success.gaps import GapWatch, begin
from success.ports import PageWriter

if TYPE_CHECKING:
    from bot.aftercare import Aftercare

COMMAND_LINE = "command line"


async def open_gaps(
    db: Database,
    settings: Settings,
    *,
    manual: Manual,
    embedder: Embedder,
    model: Model | None,
    shelf: Shelf,
    clock: Clock,
) -> tuple[GapWatch, GapDrafts]:
    """What looks for gaps, planned nightly where the desk is, and what drafts their pages.

    What is asked at the terminal is a test of ours.
    """
    zone = await db.read(home_zone)
    await begin(db, zone=str(zone), clock=clock)
    asked, practice = Asked(db, embedder=embedder), frozenset({terminal.PLATFORM})
    watch = GapWatch(db=db, manual=manual, comparing=asked, clock=clock, practice=practice)
    writer = _page_writer(model, shelf)
    return watch, GapDrafts(db=db, manual=manual, clock=clock, folder=lambda: settings.manual, writer=writer)


def _page_writer(model: Model | None, shelf: Shelf) -> PageWriter | None:
    """What writes drafts: a model, if there is one and its prompt is among the files."""
    prompt = shelf.source("gap_page")
    return ModelPageWriter(model=model, prompt=prompt) if model is not None and prompt is not None else None


async def show(app: "Aftercare", arguments: Mapping[str, Any], emit: Emit) -> Any:
    """The gaps, looked for first where wanted or where nobody ever looked."""
    del emit
    run = await app.db.read(gap_store.last_run)
    if arguments.get("recompute") or run is None:
        run = await app.gaps.recompute(tests=bool(arguments.get("tests")))
    states = tuple(State) if arguments.get("all") else (State.OPEN, State.DRAFTED)
    gaps = await app.db.read(lambda conn: gap_store.gaps(conn, states=states))
    examples = await app.db.read(lambda conn: gap_store.examples(conn, [gap.id for gap in gaps]))
    counts = await app.db.read(gap_store.counts)
    return {
        "at": iso(run.at),
        "version": run.version,
        "questions": run.questions,
        "left_out": run.left_out,
        "ms": run.ms,
        "states": {state.value: n for state, n in counts.items()},
        "gaps": [told(gap) | {"examples": list(examples.get(gap.id, ()))} for gap in gaps],
    }


async def dismiss(app: "Aftercare", arguments: Mapping[str, Any], emit: Emit) -> Any:
    """Say that a gap is none."""
    del emit
    number, reason, now = int(arguments["gap"]), str(arguments.get("reason") or ""), app.clock()
    gap = await app.db.write(lambda conn: gap_states.dismiss(conn, number, by=COMMAND_LINE, reason=reason, now=now))
    return told(gap)


async def draft(app: "Aftercare", arguments: Mapping[str, Any], emit: Emit) -> Any:
    """Draft a gap's page."""
    del emit
    gap = await app.drafts.draft(int(arguments["gap"]), by=COMMAND_LINE)
    return told(gap) | _drafted(gap)


async def show_draft(app: "Aftercare", arguments: Mapping[str, Any], emit: Emit) -> Any:
    """A gap with its questions, its history and its draft."""
    del emit
    number = int(arguments["gap"])
    gap = await app.db.read(lambda conn: gap_store.one(conn, number))
    members = await app.db.read(lambda conn: gap_store.members(conn, number))
    events = await app.db.read(lambda conn: gap_store.events(conn, number))
    asked = [{"asked": m.text, "why": m.why.value, "at": iso(m.at), "answered": m.answered} for m in members]
    history = [{"at": iso(e.at), "by": e.by, "verb": e.verb, "data": e.data} for e in events]
    return told(gap) | {"asked": asked, "history": history} | _drafted(gap)


async def approve(app: "Aftercare", arguments: Mapping[str, Any], emit: Emit) -> Any:
    """Put a gap's page into the manual's folder, edited if `file` names one."""
    del emit
    number, audience = int(arguments["gap"]), str(arguments.get("audience") or "client")
    if audience not in ("client", "internal"):
        raise BotError(f"no such audience: {audience} (there are client, internal)")
    if arguments.get("file"):
        path = Path(str(arguments["file"]))
        try:
            text = await asyncio.to_thread(path.read_text, "utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BotError(f"{path.name} cannot be read: {error}") from error
        await app.drafts.edit(number, text, by=COMMAND_LINE)
    done = await app.drafts.approve(
        number,
        by=COMMAND_LINE,
        audience=cast("Audience", audience),
        golden=bool(arguments.get("golden", True)),
        insist=bool(arguments.get("insist")),
    )
    return {"gap": number, "audience": audience, **asdict(done)}


def _drafted(gap: Gap) -> dict[str, Any]:
    text = gap.draft or ""
    return {"text": gap.draft, "open_points": list(gap_outline.open_points(text))}


def told(gap: Gap) -> dict[str, Any]:
    """A gap as JSON."""
    facts = gap.facts
    return {
        "gap": gap.id,
        "state": gap.state.value,
        "label": gap.label,
        "terms": list(facts.terms),
        "questions": gap.size,
        "clients": facts.clients,
        "people": facts.people,
        "first": iso(gap.first_at),
        "last": iso(gap.last_at),
        "recent": facts.recent,
        "before": facts.before,
        "weeks": list(facts.weeks),
        "advice": facts.advice.value,
        "page": facts.page,
        "page_title": facts.page_title,
        "category": facts.category,
        "language": facts.language,
        "tried": facts.tried,
        "answered": facts.answered,
        "reason": gap.reason,
        "by": gap.changed_by,
        "at": iso(gap.changed_at),
        "draft": gap.draft is not None,
        "written_to": gap.written_to,
        "published_in": gap.published_in,
    }


COMMANDS = {
    "gaps": show,
    "gaps.show": show_draft,
    "gaps.dismiss": dismiss,
    "gaps.draft": draft,
    "gaps.approve": approve,
}
