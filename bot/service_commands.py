"""`aftercare holidays`: the public holidays that are known, and a year's notice brought in."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

Execute = Callable[[str, Mapping[str, Any]], Any]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object alone on stdout.")]
CHINA = "china"
out = Console(highlight=False)


def holidays_app(execute: Execute) -> typer.Typer:
    """The commands; `execute` runs one in the process that owns the data folder."""
    app = typer.Typer(help="Public holidays: what is known, and a year's notice.", invoke_without_command=True)

    @app.callback()
    def holidays(context: typer.Context) -> None:
        """The years that are known, by country."""
        if context.invoked_subcommand is None:
            for country, years in execute("holidays", {}).items():
                out.print(f"[bold]{country}[/]: {', '.join(map(str, years))}")

    @app.command("show")
    def show(country: str = CHINA, year: int = 0, as_json: Json = False) -> None:  # noqa: FBT002 - typer's way
        """One year's days off and make-up days."""
        _show(execute("holidays.year", {"country": country, "year": year}), as_json=as_json)

    @app.command("import")
    def bring_in(
        file: Annotated[Path, typer.Argument(help="CSV (date,kind,name) or JSON.")],
        year: Annotated[int, typer.Option(help="The year that the notice is of.")],
        country: Annotated[str, typer.Option(help="Such as china or tw.")] = CHINA,
        preview: Annotated[bool, typer.Option("--preview", help="Show what would change; change nothing.")] = False,  # noqa: FBT002 - typer's way
        as_json: Json = False,  # noqa: FBT002 - typer's way
    ) -> None:
        """Bring a year's notice in: a new version of the contract, and open tickets recomputed."""
        where = {"path": str(file.absolute()), "country": country, "year": year, "preview": preview}
        _show(execute("holidays.import", where), as_json=as_json)

    return app


def _show(found: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found, ensure_ascii=False))  # noqa: T201 - the contract: one object alone on stdout
        return
    for name, value in found.items():
        shown = json.dumps(value, ensure_ascii=False, indent=1) if isinstance(value, dict | list) and value else value
        shown = escape(str(shown))
        out.print(f"[dim]{name}[/] {shown}", soft_wrap=True)
