"""`aftercare password`: a way in for a colleague who has none, from the machine itself."""

from typing import Annotated

import typer

from bot.backend import execute
from bot.showing import Json, out, print_json


def password(
    login: Annotated[str, typer.Argument(help="The name they sign in with, such as admin.")],
    as_json: Json = False,  # noqa: FBT002 - typer's way
) -> None:
    """Give somebody a one-time password, good for a week; they are signed out everywhere."""
    found = execute("password", {"login": login})
    if as_json:
        print_json(found)
    else:
        out.print(f"{found['login']} / {found['password']}   (one-time password)")
