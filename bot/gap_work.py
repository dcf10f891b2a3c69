"""What `aftercare gaps` does, in the process that owns the data folder. JSON in and out."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bot.channels import terminal
from bot.control import Emit
from console.moments import iso
from handoff.figures import home_zone
from knowledge.asked import Asked
from knowledge.service import Manual
from store.clock import Clock
from store.db import Database
from success import gap_states, gap_store
from success.gap_model import Gap, State
from success.gaps import GapWatch, begin

if TYPE_CHECKING:
    from bot.app import Aftercare

COMMAND_LINE = "command line"


async def open_gaps(db: Database, *, manual: Manual, asked: Asked, clock: Clock) -> GapWatch:
    """What looks for gaps, planned nightly where the desk is; what is asked at the terminal is a test of ours."""
    zone = await db.read(home_zone)
    await begin(db, zone=str(zone), clock=clock)
    practice = frozenset({terminal.PLATFORM})
    return GapWatch(db=db, manual=manual, comparing=asked, clock=clock, practice=practice)


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


COMMANDS = {"gaps": show, "gaps.dismiss": dismiss}
