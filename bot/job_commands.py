"""`aftercare jobs`: the queues of work, and the letters that died: seen, let run again, dropped."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from bot.backend import execute
from bot.errors import BotError
from bot.showing import Json, out, print_json, show_facts

Whole = Annotated[bool, typer.Option("--text", help="Show letters with all their words; the audit log notes it.")]
_HOUR, _MINUTE = 3600, 60


def jobs(
    *,
    retry: Annotated[int | None, typer.Option(help="Let this dead letter run again.")] = None,
    retry_all: Annotated[str | None, typer.Option(help="Let all dead letters of this queue run again.")] = None,
    drop: Annotated[int | None, typer.Option(help="Delete this dead letter for good.")] = None,
    queue: Annotated[str | None, typer.Option(help="Show this queue alone.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many dead letters are shown.")] = 50,
    text: Whole = False,
    as_json: Json = False,
) -> None:
    """The queues of work with their depth and age, and dead letters to retry or drop."""
    if sum(each is not None for each in (retry, retry_all, drop)) > 1:
        raise BotError("one thing at a time: --retry, --retry-all or --drop")
    if retry is not None:
        found = execute("jobs.retry", {"id": retry})
    elif retry_all is not None:
        found = execute("jobs.retry_all", {"queue": retry_all})
    elif drop is not None:
        found = execute("jobs.drop", {"id": drop})
    else:
        found = execute("jobs", {"queue": queue, "limit": limit, "text": text})
        if not as_json:
            _show(found)
            return
    print_json(found) if as_json else show_facts(found)


def _show(found: Mapping[str, Any]) -> None:
    """Names and texts as they are: nothing in them is markup."""
    queues = Table("queue", "ready", "later", "running", "dead", "oldest ready", box=None)
    for row in found["queues"]:
        numbers = (str(row[name]) for name in ("waiting", "scheduled", "running", "dead"))
        queues.add_row(Text(row["queue"]), *numbers, _age(row["oldest_age_s"]) if row["waiting"] else "-")
    out.print(queues if found["queues"] else "No jobs.")
    if not found["dead"]:
        return
    dead = Table("id", "queue", "failed", "tries", "why", "about", box=None)
    for row in found["dead"]:
        about = json.dumps(row["about"], ensure_ascii=False)
        failed = f"{row['failed_at'][:16].replace('T', ' ')}Z"
        cells = (str(row["id"]), row["queue"], failed, str(row["attempts"]), row["error"] or "-", about)
        dead.add_row(*(Text(cell) for cell in cells))
    more = found["dead_in_all"] - len(found["dead"])
    out.print("", dead)
    out.print(
        *([f"… and {more} older ones (--limit)"] if more > 0 else []),
        "--retry ID or --retry-all QUEUE lets them run again, --drop ID deletes one for good.",
        sep="\n",
    )


def _age(seconds: float) -> str:
    if seconds >= _HOUR:
        return f"{seconds / _HOUR:.1f} h"
    return f"{seconds / _MINUTE:.0f} min" if seconds >= _MINUTE else f"{seconds:.0f} s"
