"""The `aftercare` command. Everything that prints JSON prints one object alone on stdout; progress goes to stderr."""

import asyncio
import sys
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.table import Table

from bot import (
    data_commands,
    gap_commands,
    job_commands,
    manual_commands,
    number_commands,
    people_commands,
    privacy_commands,
    recall_commands,
    reminder_commands,
    report_commands,
    review_commands,
    service_commands,
    site_check_commands,
)
from bot.backend import Backend, execute, with_backend
from bot.errors import BotError
from bot.manual_showing import show_indexed
from bot.settings import Settings, load_settings, shipped
from bot.showing import Json, Progress, err, out, print_json, show_facts, show_turn

if TYPE_CHECKING:
    from bot.aftercare import Aftercare

ClientName = Annotated[str | None, typer.Option("--client", help="The client whose contact asks (default: demo).")]

cli = typer.Typer(
    name="aftercare",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="A chat-first support desk for website agencies: the manual answers, people take over, no deadline is missed."
    '\n\nStart with [bold]aftercare run[/bold], or ask at once: [bold]aftercare ask "后台密码忘了怎么办"[/bold].',
)
sla = typer.Typer(help="Deadlines: why they are what they are.", no_args_is_help=True)
cli.add_typer(sla, name="sla")
_ROLES = ("all", "web", "bot", "worker")
_ACCOUNT: Mapping[str, Any] = {"box": None, "title_justify": "left", "title_style": "bold"}


def main() -> None:
    """Run the command line; errors become one sentence and exit code 2."""
    from handoff.errors import HandoffError
    from knowledge.errors import KnowledgeError
    from store.errors import StoreError
    from success.errors import SuccessError

    try:
        cli()
    except (BotError, StoreError, KnowledgeError, HandoffError, SuccessError) as error:
        _stop(str(error) or type(error).__name__)
    except KeyboardInterrupt:
        sys.exit(130)


@cli.command()
def run(
    role: Annotated[str, typer.Option(help="What this process does: all; or web, bot, worker, beside others.")] = "all",
) -> None:
    """Serve the web chat and the desk (PORT, AFTERCARE_HOST, AFTERCARE_DATA change where)."""
    from store.errors import AlreadyOwned

    settings = load_settings()
    if role not in _ROLES:
        raise BotError(f"there is no role {role!r}; there are {', '.join(_ROLES)}")
    if role != "all" and not settings.shared:
        raise BotError(
            f"--role {role} works beside other processes, which share a database server and a Chroma server: "
            "set DATABASE_URL (postgresql://…) and CHROMA_URL, or use --role all (docs/scale.md)"
        )
    try:
        asyncio.run(_serve(settings, role))
    except AlreadyOwned as error:
        since = f" since {error.since:%Y-%m-%d %H:%M} UTC" if error.since else ""
        raise BotError(
            f"process {error.pid} already serves {settings.data}{since}. Use that one, stop it, or set AFTERCARE_DATA."
        ) from None


@cli.command()
def ask(text: str, client: ClientName = None, as_json: Json = False) -> None:
    """Ask one question in a new conversation; a real turn, with a real ticket if a person must answer."""
    answer = execute("ask", {"text": text, "client": client}, progress=Progress())
    if as_json:
        print_json(answer)
    else:
        show_turn(answer)
    if answer["outcome"] == "failed":
        sys.exit(1)


@cli.command()
def chat(client: ClientName = None) -> None:
    """Chat as a client's contact; colleagues who answer in the desk appear here too. Ctrl-D ends it."""
    asyncio.run(with_backend(lambda backend: _chat(backend, client), progress=Progress()))


@cli.command()
def tickets(
    view: Annotated[str, typer.Argument(help="open, unclaimed, late, waiting or resolved")] = "open",
    as_json: Json = False,
) -> None:
    """The queue, most urgent first."""
    rows = execute("tickets", {"view": view})
    if as_json:
        print_json({"view": view, "tickets": rows})
        return
    table = Table("ticket", "level", "state", "title", "client", "assignee", "due", box=None)
    for row in rows:
        due = f"{row['clock']} {row['due'][:16]}Z{' LATE' if row['late'] else ''}" if row["due"] else "-"
        table.add_row(
            row["ticket"],
            row["level"],
            row["state"],
            row["title"],
            f"{row['client'] or '-'} ({row['tier']})",
            row["assignee"] or "-",
            due,
        )
    out.print(table if rows else f"No {view} tickets.")


@cli.command()
def why(message: Annotated[str, typer.Argument(help="A message's number.")], as_json: Json = False) -> None:
    """Why a message was answered, handed over, or met with silence."""
    found = execute("why", {"message": message})
    if as_json:
        print_json(found)
        return
    show_facts(found)
    err.print(f"[dim]in the log, with AFTERCARE_LOG=info: grep '\"message\": {found['message']},'[/]", soft_wrap=True)


@sla.command("why")
def sla_why(
    ticket: Annotated[str, typer.Argument(help="Such as T-1001.")],
    language: Annotated[str, typer.Option("--lang", help="en, zh-Hans or zh-Hant")] = "en",
    as_json: Json = False,
) -> None:
    """Line by line, what produced each deadline of a ticket; the desk says the same."""
    found = execute("sla.why", {"ticket": ticket, "language": language})
    if as_json:
        print_json(found)
        return
    for account in found["accounts"]:
        lines = Table("", "", title=f"{account['title']}\n{account['calendar']}", show_header=False, **_ACCOUNT)
        for row in account["rows"]:
            lines.add_row(row["when"], row["words"])
        lines.add_row("", f"[bold]{account['verdict']}[/]")
        out.print(lines, "")


@cli.command()
def doctor(as_json: Json = False) -> None:
    """Look at everything this installation needs, and say how to mend what is wrong."""
    findings = execute("doctor", {})
    if as_json:
        print_json({"findings": findings})
    else:
        marks = {"ok": "[green]ok[/]", "warning": "[yellow]look[/]", "bad": "[red]bad[/]"}
        for row in findings:
            out.print(f"{marks[row['state']]}\t{row['what']}: {row['found']}")
            if row["mend"]:
                out.print(f"\t→ {row['mend']}")
    if any(row["state"] == "bad" for row in findings):
        sys.exit(1)


@cli.command("eval")
def evaluate(
    pack: Annotated[str, typer.Argument(help="A pack's folder, or its name under ../shared/eval.")],
    train: Annotated[str | None, typer.Option(help="The pack that a triage pack's classifier is trained on.")] = None,
    as_json: Json = False,
) -> None:
    """Measure retrieval, abstention or triage on an evaluation pack, by the code that answers clients."""
    from bot.evaluation import run_pack

    result = asyncio.run(run_pack(load_settings(), pack=_pack(pack), train=_pack(train) if train else None))
    print_json(result) if as_json else show_facts(result)


def _pack(name: str) -> Path:
    for folder in (Path(name), shipped("manual").parent.parent / "shared" / "eval" / name):
        if (folder / "queries.jsonl").is_file():
            return folder
    raise BotError(f"no evaluation pack {name!r}: give a folder with corpus.jsonl and queries.jsonl")


cli.add_typer(service_commands.holidays, name="holidays")
cli.add_typer(recall_commands.recall, name="recall")
cli.add_typer(privacy_commands.privacy, name="privacy")
cli.command()(number_commands.numbers)
cli.command()(people_commands.password)
cli.command()(gap_commands.gaps)
cli.command()(review_commands.review)
cli.add_typer(report_commands.visits, name="visits")
cli.command()(reminder_commands.reminders)
cli.command()(report_commands.report)
cli.command()(site_check_commands.check)
cli.command()(job_commands.jobs)
cli.command()(data_commands.backup)
cli.command()(data_commands.restore)
cli.command()(data_commands.transfer)
cli.command()(manual_commands.index)
cli.command()(manual_commands.rollback)
cli.add_typer(manual_commands.manual, name="manual")


async def _serve(settings: Settings, role: str) -> None:
    from bot import logs, server
    from bot.app import open_app
    from bot.first_start import prepare_folder
    from bot.roles import Role
    from store.lock import own, sit

    logs.configure(settings)
    prepare_folder(settings.data)
    with (sit if settings.shared else own)(settings.data) as seat:
        listening = server.reserve(settings.host, settings.port)
        async with open_app(settings, seat=seat, role=Role(role)) as app:
            if app.manual.version is None and app.role.indexes:
                await _index_first(app)

            def ready(address: str) -> None:
                if app.role.serves:
                    places = f"\n  web chat  {address}/\n  desk      {address}/desk"
                else:
                    places = f"\n  {role}  {address}/readyz"
                out.print(f"\n[bold]Aftercare is ready.[/]{places}", soft_wrap=True)
                if app.one_time_password:
                    out.print(f"  sign in   admin / {app.one_time_password}   (one-time password)", soft_wrap=True)
                out.print("Ctrl-C stops it; nothing is lost.")

            await server.serve(app, listening, ready=ready)


async def _index_first(app: "Aftercare") -> None:
    from bot import commands
    from knowledge.errors import AlreadyIndexing

    with Progress() as progress, suppress(AlreadyIndexing):  # another process of ours does it
        show_indexed(await commands.index(app, {"by": "first start"}, progress))


async def _chat(backend: Backend, client: str | None) -> None:
    session = uuid.uuid4().hex
    where = {"client": client, "session": session}
    out.print("[dim]You write as a client's contact. An empty line does nothing, Ctrl-D ends the chat.[/]")
    colleagues = asyncio.create_task(backend("chat.follow", where))
    try:
        while typed := await asyncio.to_thread(_line):
            if typed.strip():
                show_turn(await backend("chat.say", {**where, "text": typed}))
    finally:
        colleagues.cancel()


def _line() -> str:
    """A line from the keyboard with its end; "" when there will be no more."""
    err.print("› ", end="")
    return sys.stdin.readline()


def _stop(sentence: str) -> NoReturn:
    err.print(f"[red]aftercare:[/] {sentence}", soft_wrap=True, markup=True)
    sys.exit(2)
