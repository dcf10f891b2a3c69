"""What `aftercare password` does, in the process that owns the data folder or beside others."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from bot.aftercare import Aftercare
from bot.control import Emit
from bot.errors import BotError
from console.auth import issue_one_time_password
from handoff import audit, directory

_VIA = "command line"


async def password(app: Aftercare, arguments: Mapping[str, Any], emit: Emit) -> Any:
    """A one-time password for whoever signs in with `login`; raises BotError where nobody does."""
    del emit
    login, now = str(arguments["login"]), app.clock()

    def body(conn: Connection) -> dict[str, str] | None:
        who = directory.staff_by_login(conn, login)
        if who is None or not who.active:
            return None
        action = audit.Action(
            person_id=None, via=_VIA, name="people_pages.reset_password", kind="person", subject=str(who.id),
            facts={"name": who.name},
        )  # fmt: skip
        with audit.acting(conn, action, now=now):
            return {"login": who.login or login, "password": issue_one_time_password(conn, who.id, now=now)}

    made = await app.db.write(body)
    if made is None:
        raise BotError(f"nobody active signs in as {login!r}; see Settings › People in the desk")
    return made


COMMANDS = {"password": password}
