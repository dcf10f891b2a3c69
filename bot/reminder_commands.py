"""`aftercare reminders`: what ends soon, and whom the desk reminds when."""

from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from bot.backend import execute
from bot.showing import Json, out, print_json

_COLUMNS = ("at", "client", "what", "site", "last_day", "days_ahead", "to")


def reminders(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show; send nothing.")] = False,  # noqa: FBT002 - typer's way
    on: Annotated[str, typer.Option("--on", help="With --dry-run: as it would be at 10:00 of that day.")] = "",
    as_json: Json = False,  # noqa: FBT002 - typer's way
) -> None:
    """What is due and what comes in the next 60 days; without --dry-run, what is due is sent now."""
    found = execute("reminders", {"dry_run": dry_run, "on": on})
    if as_json:
        print_json(found)
        return
    for name, title in (("due", "due" if dry_run else "due, being sent"), ("coming", "to come")):
        out.print(_table(title, found[name]) if found[name] else f"Nothing is {title.partition(',')[0]}.")


def _table(title: str, rows: list[dict[str, Any]]) -> Table:
    table = Table(*_COLUMNS, title=title, box=None, title_justify="left")
    for row in rows:
        table.add_row(*(Text(str(row[name] if row[name] is not None else "-")) for name in _COLUMNS))
    return table
