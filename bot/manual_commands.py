"""`aftercare index`, `rollback` and `manual`: the manual published, watched, gone back, withdrawn."""

import asyncio
import getpass
import sys
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from bot.backend import execute, with_backend
from bot.errors import BotError
from bot.manual_showing import show_indexed, show_manual, show_preview
from bot.settings import load_settings
from bot.showing import Json, Progress, err, out, print_json

# ruff: noqa: FBT002, PLR0917 - typer reads an option from a parameter and its default

Reason = Annotated[str, typer.Option(help="Why (kept in the log).")]
By = Annotated[str, typer.Option("--by", help="Who does it, for the log (default: the system's user).")]
manual = typer.Typer(help="The manual: its versions and log; pages withdrawn.", invoke_without_command=True)


def index(
    path: Annotated[Path | None, typer.Argument(help="The manual's folder (default: AFTERCARE_MANUAL).")] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Show what would change; publish nothing.")] = False,
    spend: Annotated[
        bool, typer.Option("--spend", help="With --preview: ask the golden questions even if the embedder is paid for.")
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Index again on every save, until Ctrl-C.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Publish although golden questions got worse.")] = False,
    reason: Annotated[str, typer.Option(help="Why it is published nevertheless (kept in the log).")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Read the manual and publish it as a new index version, if it answers the golden questions no worse."""
    if force and not reason.strip():
        raise BotError("--force wants --reason: it is kept in the log")
    if watch and (preview or force or as_json):
        raise BotError("--watch publishes what passes, on every save; it goes with no other option but --reason")
    where = {"path": str(path.absolute()) if path else None, "by": _who(by), "reason": reason}
    if watch:
        _watch(path or load_settings().manual, where)
        return
    report = execute("index", where | {"preview": preview, "spend": spend, "force": force}, progress=Progress())
    if as_json:
        print_json(report)
    elif preview:
        show_preview(report)
    else:
        show_indexed(report)
    if not preview and not report["published"] and not report["unchanged"]:
        sys.exit(1)


def _watch(folder: Path, where: Mapping[str, Any]) -> None:
    from bot import watching

    if not folder.is_dir():
        raise BotError(f"no folder {folder}")

    async def once() -> Mapping[str, Any]:
        report: Mapping[str, Any] = await with_backend(lambda ask: ask("index", where), progress=Progress())
        return report

    def begin(names: Collection[str]) -> None:
        some = sorted(names)
        more = f" and {len(some) - 5} more" if len(some) > 5 else ""  # noqa: PLR2004 - a line's worth
        err.print(Text(f"\nsaved: {', '.join(some[:5])}{more}", style="bold"))

    err.print(Text(f"Watching {folder}. Ctrl-C ends it.", style="dim"))
    said = {"tell": show_indexed, "fail": lambda why: err.print(Text(f"not indexed: {why}", style="red"))}
    with suppress(KeyboardInterrupt):
        asyncio.run(watching.watch(watching.saves(folder.resolve()), index=once, begin=begin, **said))
    err.print("Stopped watching.")


def rollback(
    version: Annotated[int | None, typer.Argument(help="The version to go back to (default: the one before).")] = None,
    reason: Reason = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Make an earlier version of the index the live one, at once."""
    done = execute("rollback", {"version": version, "reason": reason, "by": _who(by)})
    print_json(done) if as_json else out.print(f"Version {done['version']} is live.")


@manual.callback()
def known(context: typer.Context, as_json: Json = False) -> None:
    """The kept versions, the withdrawn pages, and the log."""
    if context.invoked_subcommand is None:
        found = execute("manual", {})
        print_json(found) if as_json else show_manual(found)


@manual.command()
def withdraw(page: str, reason: Reason = "", by: By = "", as_json: Json = False) -> None:
    """Take a page out of every answer at once, in every version, until it is restored."""
    done = execute("manual.withdraw", {"page": page, "reason": reason, "by": _who(by)})
    print_json(done) if as_json else out.print(Text(f"{page} is withdrawn."))


@manual.command()
def restore(page: str, reason: Reason = "", by: By = "", as_json: Json = False) -> None:
    """Let a withdrawn page be found again."""
    done = execute("manual.restore", {"page": page, "reason": reason, "by": _who(by)})
    print_json(done) if as_json else out.print(Text(f"{page} is restored."))


def _who(by: str) -> str:
    try:
        return by.strip() or f"command line ({getpass.getuser()})"
    except (OSError, KeyError):  # a user without a name
        return "command line"
