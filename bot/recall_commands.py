"""`aftercare recall`: who was told what the manual no longer says, and the corrections."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.text import Text

from bot.backend import execute
from bot.showing import Json, out, print_json, show_facts

By = Annotated[str, typer.Option("--by", help="Who decides: the name a colleague signs in with.")]
_BARRIERS = {
    "off": "the bot is switched off in that chat",
    "lost": "nothing gets through to that chat",
    "left": "the chat is not this client's any more",
}

recall = typer.Typer(
    help="Who was told what the manual no longer says; corrections are sent once, and only by people.",
    invoke_without_command=True,
)


@recall.callback()
def waiting(
    context: typer.Context,
    since: Annotated[int, typer.Option("--since", help="Only answers of the last DAYS.", metavar="DAYS")] = 0,
    everything: Annotated[bool, typer.Option("--all", help="Also where only the wording changed.")] = False,  # noqa: FBT002 - typer's way
    as_json: Json = False,  # noqa: FBT002 - typer's way
) -> None:
    """What waits for a decision, the newest answer first."""
    if context.invoked_subcommand is not None:
        return
    found = execute("recall", {"since": since, "all": everything})
    if as_json:
        print_json(found)
        return
    for each in found["corrections"]:
        _show(each)
    if not found["corrections"]:
        out.print(f"Nothing to correct in the answers of the last {found['days']} days.")


@recall.command()
def send(
    number: int,
    by: By,
    text: Annotated[str, typer.Option("--text", help="Other words than the draft's.")] = "",
    as_json: Json = False,  # noqa: FBT002 - typer's way
) -> None:
    """Send a correction to the chat where the answer was given; once."""
    found = execute("recall.send", {"number": number, "by": by, "text": text})
    print_json(found) if as_json else show_facts(found)


@recall.command()
def dismiss(
    number: int,
    by: By,
    reason: Annotated[str, typer.Option("--reason", help="Why the client need not hear of it.")],
    as_json: Json = False,  # noqa: FBT002 - typer's way
) -> None:
    """Decide that a client need not hear of a change."""
    found = execute("recall.dismiss", {"number": number, "by": by, "reason": reason})
    print_json(found) if as_json else show_facts(found)


def _show(known: Mapping[str, Any]) -> None:
    where = " · ".join(filter(None, (known["client"] or "no client", known["chat"], known["platform"])))
    out.print(Text(f"{known['number']}  {where}  {known['at']}  {known['kind']} ({known['grade']})", style="bold"))
    place = known["title"] + (f" › {known['heading']}" if known["heading"] else "")
    facts = {"asked": known["question"], "page": f"{place} ({known['page']})"}
    if known["answers"] > 1:
        facts["answers"] = str(known["answers"])
    for each in known["changes"]:
        out.print(Text(f"  - {each['old'] or '(nothing)'}", style="red"))
        out.print(Text(f"  + {each['new'] or '(nothing)'}", style="green"))
    if known["ticket"]:
        facts["with"] = f"{known['ticket']['assignee']} ({known['ticket']['number']}), who sends it"
    if known["barrier"]:
        facts["cannot be sent"] = _BARRIERS[known["barrier"]]
    show_facts(facts | {"draft": known["draft"]})
