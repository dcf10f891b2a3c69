"""`aftercare backup`, `restore` and `transfer`: each in its own process, beside a server that runs or without one."""

from pathlib import Path
from typing import Annotated, Any

import typer

from bot import logs
from bot.errors import BotError, SettingsError
from bot.settings import Settings, load_settings
from bot.showing import Json, err, print_json, show_facts

Mend = Annotated[
    bool, typer.Option("--mend", help="Leave out of texts what PostgreSQL does not keep (NUL, broken UTF-8).")
]
File = Annotated[Path | None, typer.Argument(help="The file to write [a dated one in the data folder's backups].")]


def backup(
    file: File = None,
    verify: Annotated[
        Path | None, typer.Option(help="Write nothing: see that this backup is whole, by restoring it for a test.")
    ] = None,
    as_json: Json = False,  # noqa: FBT002 - typer's way
) -> None:
    """Write everything into one file, while the desk runs or not; or look at such a file (--verify)."""
    from bot import backup as work
    from store.clock import utc_now

    if verify is not None:
        if file is not None:
            raise BotError("give a file to write, or one to verify, not both")
        _show(work.verify(verify), as_json=as_json)
        return
    settings, now = _settings(), utc_now()
    path = (file or work.default_path(settings, now=now)).expanduser().absolute()
    _show(work.make(settings, path, now=now), as_json=as_json)


def restore(
    file: Annotated[Path, typer.Argument(help="What `aftercare backup` wrote.")],
    into: Annotated[
        Path | None, typer.Option(help="Another data folder than AFTERCARE_DATA; it must be empty.")
    ] = None,
    as_json: Json = False,  # noqa: FBT002 - typer's way
) -> None:
    """Put a backup into an empty data folder, and into DATABASE_URL's empty database if one is set."""
    from bot import restoring
    from store.clock import utc_now

    settings = _settings()
    where = restoring.Where.of(settings, into)
    found = restoring.restore(file.expanduser().absolute(), where, now=utc_now())
    _show(found, as_json=as_json)
    if not found["erasures"]:
        err.print(
            f"No list of who was erased lies at {where.erasures}: whoever was erased after {found['made_at']} is there "
            "again. If you have the list (erasures.jsonl), put it there before you start.",
            soft_wrap=True,
        )
    if found["own_manual"]:
        err.print(f"Your manual's pages are in {found['own_manual']}: set AFTERCARE_MANUAL to it.", soft_wrap=True)
    err.print(
        "What was waiting to be sent when the backup was made is sent once you start: for a rehearsal, start without "
        "the tokens of Telegram, Slack, mail and the pager.",
        soft_wrap=True,
    )


def transfer(
    to: Annotated[
        str | None, typer.Option(help="postgresql://user:password@host/name, an empty database [DATABASE_URL].")
    ] = None,
    mend: Mend = False,  # noqa: FBT002 - typer's way
    as_json: Json = False,  # noqa: FBT002 - typer's way
) -> None:
    """Carry the SQLite database of the data folder over into an empty PostgreSQL, and compare the two row by row."""
    from bot import transferring
    from store.clock import utc_now

    settings = _settings()
    _show(transferring.carry(settings, _target(settings, to), mend=mend, now=utc_now()), as_json=as_json)


def _target(settings: Settings, to: str | None) -> str:
    """The database that is named, or that the settings name."""
    set_one = settings.database_url.get_secret_value() if settings.database_url else None
    target = to or set_one
    if not target:
        raise SettingsError("--to", "name the PostgreSQL database, such as postgresql://user:password@host/name")
    return target


def _settings() -> Settings:
    settings = load_settings()
    logs.configure(settings)
    return settings


def _show(found: Any, *, as_json: bool) -> None:
    print_json(found) if as_json else show_facts(found)
