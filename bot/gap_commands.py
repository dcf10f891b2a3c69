"""`aftercare gaps`: what the manual lacks, and what is done about it."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from bot.backend import execute
from bot.errors import BotError
from bot.showing import Json, Progress, out, print_json

_ADVICE = {
    "write": "write a new page",
    "extend": "add it to {page}",
    "clarify": "{page} answers it, but is not understood",
}


def gaps(
    *,
    dismiss: Annotated[int | None, typer.Option(help="This gap is none; wants --reason.")] = None,
    reason: Annotated[str, typer.Option(help="Why it is none (kept).")] = "",
    recompute: Annotated[bool, typer.Option("--recompute", help="Look through all questions now.")] = False,
    tests: Annotated[bool, typer.Option("--tests", help="With --recompute: count questions asked here, too.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Closed and dismissed ones, too.")] = False,
    as_json: Json = False,
) -> None:
    """What clients asked and the manual could not answer, put together by what is meant."""
    if tests and not recompute:
        raise BotError("--tests is for --recompute")
    if dismiss is not None:
        found = execute("gaps.dismiss", {"gap": dismiss, "reason": reason})
        print_json(found) if as_json else out.print(f"Gap {found['gap']} is dismissed: {found['reason']}", markup=False)
        return
    arguments = {"recompute": recompute, "tests": tests, "all": everything}
    found = execute("gaps", arguments, progress=Progress())
    print_json(found) if as_json else _show(found)


def _show(found: Mapping[str, Any]) -> None:
    table = Table("gap", "state", "questions", "clients", "4 weeks", "asked", "advice", box=None)
    for gap in found["gaps"]:
        page = gap["page_title"] or gap["page"] or ""
        trend = f"{gap['recent']} (before {gap['before']})"
        advice = _ADVICE[gap["advice"]].format(page=f"“{page}”")
        asked = Text(gap["label"][:60]) + Text(f"\n{' · '.join(gap['terms'])}", style="dim")
        table.add_row(
            str(gap["gap"]), gap["state"], str(gap["questions"]), str(gap["clients"]), trend, asked, Text(advice)
        )
    out.print(table)
    out.print(
        f"{len(found['gaps'])} gaps of {found['questions']} questions, looked for {found['at'][:16]}Z", markup=False
    )
    if found["left_out"]:
        out.print(f"{found['left_out']} asked on the command line are left out (--recompute --tests counts them)")
