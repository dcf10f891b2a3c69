"""`aftercare review`: the quarterly review of the manual, as a document."""

from pathlib import Path
from typing import Annotated

import typer

from bot.backend import execute
from bot.errors import BotError
from bot.showing import Json, out, print_json

_KINDS = {".md": "markdown", ".html": "html"}


def review(
    *,
    quarter: Annotated[str, typer.Option(help="Such as 2026Q4 [the present one].")] = "",
    out_file: Annotated[Path | None, typer.Option("--out", help="Write it to this .md or .html file.")] = None,
    language: Annotated[str, typer.Option("--language", "--lang", help="en, zh-Hans or zh-Hant")] = "en",
    as_json: Json = False,
) -> None:
    """What was asked, what the manual lacks, which pages want a look, what changed, and who does what."""
    kind = "markdown" if out_file is None else _KINDS.get(out_file.suffix.lower())
    if kind is None:
        raise BotError("--out wants a file that ends with .md or .html")
    found = execute("review", {"quarter": quarter, "language": language, "as": kind})
    if out_file is not None:
        try:
            out_file.write_text(found["document"], "utf-8")
        except OSError as error:
            raise BotError(f"{out_file} cannot be written: {error.strerror}") from error
        out.print(f"{out_file}", markup=False, highlight=False, soft_wrap=True)
    elif as_json:
        print_json({name: value for name, value in found.items() if name != "document"})
    else:
        out.print(found["document"], markup=False, highlight=False, soft_wrap=True)
