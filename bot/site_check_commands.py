"""`aftercare check`: look at a client's sites now."""

import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.text import Text

from bot.backend import execute
from bot.showing import Json, out, print_json

_SIGNS: Mapping[str, str] = {"ok": "green", "degraded": "yellow", "down": "red", "unknown": "dim"}


def check(
    what: Annotated[str, typer.Argument(help="A site's number or address, or a client's short name.")],
    quick: Annotated[bool, typer.Option("--quick", help="Only whether it answers.")] = False,  # noqa: FBT002 - typer's way
    language: Annotated[str, typer.Option("--lang", help="en, zh-Hans or zh-Hant")] = "en",
    as_json: Json = False,  # noqa: FBT002 - typer's way
) -> None:
    """Look at sites from outside: name, certificate, answer, speed, security, with advice. Exit code 1 if one fails."""
    found = execute("check", {"what": what, "quick": quick, "language": language})
    if as_json:
        print_json(found)
    else:
        for site in found["sites"]:
            _show(site)
    if any(site.get("verdict") == "down" or not site["ended"] for site in found["sites"]):
        sys.exit(1)


def _show(site: Mapping[str, Any]) -> None:
    said = site.get("verdict", "unknown") if site["ended"] else "unknown"
    out.print(Text.assemble((site["name"], "bold"), "  ", site["address"], "  ", (said, _SIGNS[said])))
    if not site["ended"]:
        out.print(Text("  the check has not ended; see `aftercare jobs`"))
        return
    times = ", ".join(f"{name.removesuffix('_ms')} {ms} ms" for name, ms in site["timing"].items() if ms is not None)
    out.print(Text(f"  HTTP {site['status'] or '–'} · {times}", style="dim"))
    for each in site["findings"]:
        out.print(Text.assemble("  ", (each["severity"], "bold"), f": {each['matter']}"))
        out.print(Text(f"    → {each['advice']}", style="dim"))
