"""`aftercare report`, `aftercare visits`: a report as a file, and visits imported from the command line."""

from pathlib import Path
from typing import Annotated

import typer

from bot.backend import execute
from bot.errors import BotError
from bot.showing import Json, out, print_json

visits = typer.Typer(help="Visits of clients' sites, from GA4, Matomo or server logs.", no_args_is_help=True)


def report(
    client: Annotated[str, typer.Argument(help="The client's short name; `agency` for a report of our own.")],
    kind: Annotated[str, typer.Argument(help="health, brief or quarter; of the agency: review or week.")],
    *,
    month: Annotated[str, typer.Option(help="The month (2026-10) or a day (2026-10-19) of the period.")] = "",
    target: Annotated[Path | None, typer.Option("--out", help="A .pdf or .html file [by its name].")] = None,
    language: Annotated[str, typer.Option("--lang", help="en, zh-Hans or zh-Hant (default: the client's).")] = "",
    as_json: Json = False,
) -> None:
    """Write a report into a file, of the latest period unless another is named. Nothing is kept or sent."""
    path = (target or Path()).expanduser().absolute() if target else None
    wanted = {"client": client, "kind": kind, "month": month, "language": language}
    found = execute("report", wanted | {"out": str(path) if path else None, "folder": str(Path.cwd())})
    print_json(found) if as_json else out.print(f"{found['title']}\n  {found['out']}", soft_wrap=True)


@visits.command("import")
def visits_import(
    site: Annotated[str, typer.Argument(help="The site's address, or its number.")],
    file: Annotated[Path, typer.Argument(help="A file of GA4, of Matomo, or an access log; also gzipped.")],
    *,
    kind: Annotated[str, typer.Option(help="ga4, matomo or logs, where it is not told by the content.")] = "",
    as_json: Json = False,
) -> None:
    """Import visits. The same days imported again replace what was there."""
    path = file.expanduser().absolute()
    if not path.is_file():
        raise BotError(f"there is no file {file}")
    found = execute("visits.import", {"site": site, "file": str(path), "kind": kind})
    if as_json:
        print_json(found)
        return
    out.print(
        f"{found['first']} to {found['last']}: {found['lines']} lines of {found['kind']}, {found['broken']} broken, "
        f"{found['bots']} of bots, {found['outside']} of days that cannot be or lie far from the others."
    )
