"""`aftercare holidays`: the public holidays that are known, and a year's notice brought in."""

from pathlib import Path
from typing import Annotated

import typer

from bot.backend import execute
from bot.showing import Json, print_json, show_facts

CHINA = "china"
holidays = typer.Typer(help="Public holidays: what is known, and a year's notice.", invoke_without_command=True)


@holidays.callback()
def known(context: typer.Context) -> None:
    """The years that are known, by country."""
    if context.invoked_subcommand is None:
        years = execute("holidays", {})
        show_facts({country: ", ".join(map(str, each)) for country, each in years.items()})


@holidays.command()
def show(country: str = CHINA, year: int = 0, as_json: Json = False) -> None:  # noqa: FBT002 - typer's way
    """One year's days off and make-up days."""
    found = execute("holidays.year", {"country": country, "year": year})
    print_json(found) if as_json else show_facts(found)


@holidays.command("import")
def bring_in(
    file: Annotated[Path, typer.Argument(help="CSV (date,kind,name) or JSON.")],
    year: Annotated[int, typer.Option(help="The year that the notice is of.")],
    country: Annotated[str, typer.Option(help="Such as china or tw.")] = CHINA,
    preview: Annotated[bool, typer.Option("--preview", help="Show what would change; change nothing.")] = False,  # noqa: FBT002 - typer's way
    as_json: Json = False,  # noqa: FBT002 - typer's way
) -> None:
    """Bring a year's notice in: a new version of the contract, and open tickets recomputed."""
    where = {"path": str(file.absolute()), "country": country, "year": year, "preview": preview}
    found = execute("holidays.import", where)
    print_json(found) if as_json else show_facts(found)
