"""`aftercare numbers`: the desk's figures of a period, as the desk's own page shows them."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from bot.backend import execute
from bot.showing import Json, out, print_json


def numbers(
    first: Annotated[str, typer.Option("--from", help="The first day, such as 2026-03-01 [4 weeks ago].")] = "",
    last: Annotated[str, typer.Option("--to", help="The last day, included [today].")] = "",
    client: Annotated[str, typer.Option("--client", help="One client's alone, by its short name.")] = "",
    language: Annotated[str, typer.Option("--lang", help="en, zh-Hans or zh-Hant")] = "en",
    as_json: Json = False,  # noqa: FBT002 - typer's way
) -> None:
    """Response and resolution times, whole waits, targets kept: with what each figure means."""
    found = execute("numbers", {"from": first, "to": last, "client": client, "language": language})
    print_json(found) if as_json else _show(found)


def _show(found: Mapping[str, Any]) -> None:
    for card in found["cards"]:
        facts = Table("", "", title=Text(f"{card['title']}: {card['value']}"), show_header=False, box=None)
        facts.title_justify, facts.title_style = "left", "bold"
        for name, value in card["facts"]:
            facts.add_row(Text(name, style="dim"), Text(value))
        out.print(facts)
        out.print(Text(f"  {card['definition']}\n", style="dim"))
