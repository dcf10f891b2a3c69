"""`aftercare numbers`: the desk's figures of a period, as the desk's own page shows them."""

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

Execute = Callable[[str, Mapping[str, Any]], Any]
out = Console(highlight=False)


def register(cli: typer.Typer, execute: Execute) -> None:
    """Add the command; `execute` runs it in the process that owns the data folder."""

    @cli.command()
    def numbers(
        first: Annotated[str, typer.Option("--from", help="The first day, such as 2026-03-01 [4 weeks ago].")] = "",
        last: Annotated[str, typer.Option("--to", help="The last day, included [today].")] = "",
        client: Annotated[str, typer.Option("--client", help="One client's alone, by its short name.")] = "",
        language: Annotated[str, typer.Option("--lang", help="en, zh-Hans or zh-Hant")] = "en",
        as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object alone on stdout.")] = False,  # noqa: FBT002 - typer's way
    ) -> None:
        """Response and resolution times, whole waits, targets kept: with what each figure means."""
        given = {"from": first, "to": last, "client": client, "language": language}
        found = execute("numbers", given)
        if as_json:
            print(json.dumps(found, ensure_ascii=False))  # noqa: T201 - the contract: one object alone on stdout
        else:
            _show(found)


def _show(found: Mapping[str, Any]) -> None:
    for card in found["cards"]:
        facts = Table("", "", title=f"{card['title']}: {card['value']}", show_header=False, box=None)
        facts.title_justify, facts.title_style = "left", "bold"
        for name, value in card["facts"]:
            facts.add_row(f"[dim]{name}[/]", value)
        out.print(facts)
        out.print(f"  [dim]{card['definition']}[/]\n")
