"""Where a command runs: in the process that owns the data folder, or here, as its owner."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from bot.errors import OwnerAwayError
from bot.settings import Settings, load_settings
from bot.showing import Progress

if TYPE_CHECKING:
    from bot.roles import Role

T = TypeVar("T")
_OWNER_TRIES, _OWNER_WAIT_S = 40, 0.5

Backend = Callable[[str, Mapping[str, Any]], Coroutine[Any, Any, Any]]


def execute(command: str, arguments: Mapping[str, Any], *, progress: Progress | None = None) -> Any:
    """Run one command to its end and return its answer."""
    shown = progress or Progress()
    return asyncio.run(with_backend(lambda backend: backend(command, arguments), progress=shown))


async def with_backend(work: Callable[[Backend], Awaitable[T]], *, progress: Progress) -> T:
    """Let `work` run commands: in the process that owns the data folder, or here as its owner.

    Where processes share a database server nobody owns it: there they run here, beside the others.
    """
    from bot import control, logs
    from bot.first_start import prepare_folder
    from bot.roles import Role
    from store.errors import AlreadyOwned
    from store.lock import own, sit

    settings = load_settings()
    logs.configure(settings)
    prepare_folder(settings.data)
    if settings.shared:
        with sit(settings.data) as seat, progress:
            return await _here(settings, seat, work, progress, role=Role.COMMAND)
    for _ in range(_OWNER_TRIES):
        try:
            with own(settings.data) as seat, progress:
                return await _here(settings, seat, work, progress, role=Role.ALL)
        except AlreadyOwned:
            if await control.answers(settings.data):
                break
        await asyncio.sleep(_OWNER_WAIT_S)
    else:
        raise OwnerAwayError(
            f"another process owns {settings.data} but does not answer; is it stopped or still starting?"
        )
    with progress:
        return await work(lambda name, given: control.ask(settings.data, name, given, progress))


async def _here(
    settings: Settings, seat: str, work: Callable[[Backend], Awaitable[T]], progress: Progress, *, role: "Role"
) -> T:
    from bot import commands
    from bot.app import open_app

    async with open_app(settings, seat=seat, role=role) as app:

        async def backend(name: str, given: Mapping[str, Any]) -> Any:
            return await commands.execute(app, name, given, progress)

        return await work(backend)
