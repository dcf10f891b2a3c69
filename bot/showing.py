"""What a person at a terminal sees of a command: progress and reports on stderr, answers on stdout."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Self

import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object alone on stdout.")]
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


class Progress:
    """A progress bar on stderr for the steps of a command; silent where stderr is no terminal."""

    _STAGES: Mapping[str, str] = {
        "read": "reading",
        "embed": "embedding",
        "store": "storing",
        "check": "golden questions",
        "publish": "publishing",
    }

    def __init__(self) -> None:
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def __call__(self, step: Mapping[str, Any]) -> None:
        if step.get("author") in ("staff", "system"):
            show_message(step)
        if "stage" not in step:
            return
        if self._bar is None:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

            columns = (TextColumn("indexing the manual: {task.description}"), BarColumn(), MofNCompleteColumn())
            self._bar = Progress(*columns, console=err)
            self._bar.start()
            self._task = self._bar.add_task("")
        stage = self._STAGES.get(step["stage"], step["stage"])
        self._bar.update(self._task, description=f"{stage:<16}", completed=step["done"], total=step["total"])


def show_message(line: Mapping[str, Any]) -> None:
    """What a colleague wrote, as text: nothing in it is markup; pictures by their names."""
    said = Text.assemble("\n", (line["name"], "bold"), ": ", line["text"])
    out.print(said, *(Text(f"[{name}]", style="dim") for name in line["files"]), soft_wrap=True)
    err.print("› ", end="")


def show_turn(answer: Mapping[str, Any]) -> None:
    """What one turn came to."""
    if answer["text"]:
        out.print(Markdown(answer["text"]))
    for n, cited in enumerate(answer["citations"], 1):
        where = cited["url"] or f"{cited['page']}{' › ' + cited['heading'] if cited['heading'] else ''}"
        out.print(Text(f"[{n}] {where}", style="dim"), soft_wrap=True)
    if answer["video"]:
        out.print(Text(f"▶ {answer['video']}"), soft_wrap=True)
    ticket = f" · {answer['ticket']}" if answer["ticket"] else ""
    said = f"{answer['outcome']} ({answer['reason']}) · {answer['level']}{ticket} · {answer['ms']} ms"
    out.print(Text(said, style="dim"))


def show_facts(facts: Mapping[str, Any], *, to: Console = out) -> None:
    """Names and values as they are, one a line: nothing in them is markup."""
    table = Table(box=None, show_header=False)
    for name, value in facts.items():
        shown = json.dumps(value, ensure_ascii=False, indent=1) if isinstance(value, dict | list) else value
        table.add_row(Text(name, style="dim"), Text(str(shown)))
    to.print(table)


def print_json(value: object) -> None:
    """One JSON object alone on stdout."""
    print(json.dumps(value, ensure_ascii=False, default=str))  # noqa: T201 - the contract: one object alone on stdout
