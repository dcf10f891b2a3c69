"""`aftercare gaps`: what the manual lacks, and what is done about it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from bot.backend import execute
from bot.errors import BotError
from bot.showing import Json, Progress, err, out, print_json

_ADVICE = {
    "write": "write a new page",
    "extend": "add it to {page}",
    "clarify": "{page} answers it, but is not understood",
}


def gaps(
    *,
    show: Annotated[int | None, typer.Option(help="One gap: its questions, its history, its draft.")] = None,
    draft: Annotated[int | None, typer.Option(help="Draft this gap's page from what colleagues answered.")] = None,
    approve: Annotated[int | None, typer.Option(help="Put this gap's page into the manual's folder.")] = None,
    file: Annotated[Path | None, typer.Option(help="With --approve: the edited page.")] = None,
    audience: Annotated[str, typer.Option(help="With --approve: client or internal.")] = "client",
    golden: Annotated[bool, typer.Option(help="With --approve: add golden questions.")] = True,
    insist: Annotated[bool, typer.Option("--insist", help="With --approve: although marks are left in it.")] = False,
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
    if sum(number is not None for number in (show, draft, approve, dismiss)) > 1:
        raise BotError("one of --show, --draft, --approve and --dismiss at a time")
    if approve is not None:
        told: dict[str, Any] = {"gap": approve, "audience": audience, "golden": golden, "insist": insist}
        told |= {"file": str(file.absolute()) if file else None}
        _did(execute("gaps.approve", told, progress=Progress()), as_json=as_json, tell=_approved)
    elif draft is not None:
        _did(execute("gaps.draft", {"gap": draft}, progress=Progress()), as_json=as_json, tell=_drafted)
    elif show is not None:
        _did(execute("gaps.show", {"gap": show}), as_json=as_json, tell=_one)
    elif dismiss is not None:
        _did(execute("gaps.dismiss", {"gap": dismiss, "reason": reason}), as_json=as_json, tell=_dismissed)
    else:
        arguments = {"recompute": recompute, "tests": tests, "all": everything}
        _did(execute("gaps", arguments, progress=Progress()), as_json=as_json, tell=_show)


def _did(found: Mapping[str, Any], *, as_json: bool, tell: Callable[[Mapping[str, Any]], None]) -> None:
    print_json(found) if as_json else tell(found)


def _say(*lines: str) -> None:
    for line in lines:
        out.print(line, markup=False, highlight=False, soft_wrap=True)


def _approved(found: Mapping[str, Any]) -> None:
    _say(f"{found['path']} is in the manual's folder, for {found['audience']}; {found['golden']} golden questions.")
    if found["golden_problem"]:
        _say(found["golden_problem"])
    _say("See what it changes with `aftercare index --preview`, publish it with `aftercare index`.")


def _drafted(found: Mapping[str, Any]) -> None:
    _say(found["text"] or "no draft yet")
    if found["open_points"]:
        err.print(f"{len(found['open_points'])} points are to be filled in before it is approved.", markup=False)


def _one(found: Mapping[str, Any]) -> None:
    _say(f"{found['label']} · {found['state']}", *(f"- {one['asked']} ({one['why']})" for one in found["asked"]))
    _say(*(f"  {one['at'][:16]}Z {one['verb']} by {one['by']}" for one in found["history"]))
    if found["text"]:
        _drafted(found)


def _dismissed(found: Mapping[str, Any]) -> None:
    _say(f"Gap {found['gap']} is dismissed: {found['reason']}")


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
