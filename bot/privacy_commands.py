"""`aftercare privacy`: one person's data, copied out or erased."""

from pathlib import Path
from typing import Annotated

import typer

from bot.backend import execute
from bot.showing import Json, print_json, show_facts

privacy = typer.Typer(help="One person's data: copied out for them, or erased.", no_args_is_help=True)
Who = Annotated[str, typer.Argument(help="A contact: its number, or PLATFORM:ACCOUNT such as telegram:123456.")]


@privacy.command()
def export(
    person: Who,
    to: Annotated[Path | None, typer.Option(help="The file to write [person-NUMBER.zip here].")] = None,
    as_json: Json = False,  # noqa: FBT002 - typer's way
) -> None:
    """Write everything that is kept of one person into a zip: a page to read, JSON, their files."""
    found = execute(
        "privacy.export", {"person": person, "to": str(to.absolute()) if to else None, "at": str(Path.cwd())}
    )
    print_json(found) if as_json else show_facts(found)


@privacy.command()
def erase(
    person: Who,
    confirm: Annotated[str, typer.Option(help="The person's name, to have it done; without it, what would go.")] = "",
    as_json: Json = False,  # noqa: FBT002 - typer's way
) -> None:
    """Show what would go with one person; with the name, erase it all. It cannot be undone."""
    found = execute("privacy.erase", {"person": person, "confirm": confirm})
    print_json(found) if as_json else show_facts(found)
