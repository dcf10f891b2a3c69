"""The manual indexed again on every save: what changed is awaited, done, told; nothing ends it but Ctrl-C."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from watchfiles import DefaultFilter, awatch

from bot.errors import BotError, OwnerError
from knowledge.errors import KnowledgeError
from store.errors import StoreError

#: Saves that come within this belong together: editors write a file in several steps.
DEBOUNCE_MS = 400

Index = Callable[[], Awaitable[Mapping[str, Any]]]


class Pages(DefaultFilter):
    """Files that may be pages; hidden ones and those of editors are none."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root = root

    def __call__(self, change: Any, path: str) -> bool:
        """Whether a change matters."""
        place = Path(path)
        inside = place.relative_to(self._root).parts if place.is_relative_to(self._root) else place.parts[-1:]
        return super().__call__(change, path) and not any(part.startswith(".") for part in inside)


async def saves(root: Path) -> AsyncIterator[frozenset[str]]:
    """The names of files that were saved, made or deleted together, below a resolved folder; ends with Ctrl-C."""
    watching = awatch(root, watch_filter=Pages(root), debounce=DEBOUNCE_MS, step=100, recursive=True)
    async for changed in watching:
        yield frozenset(Path(path).relative_to(root).as_posix() for _, path in changed)


async def watch(
    changes: AsyncIterator[Collection[str]],
    *,
    index: Index,
    begin: Callable[[Collection[str]], None],
    tell: Callable[[Mapping[str, Any]], None],
    fail: Callable[[str], None],
) -> None:
    """Index now, then after each change; a run that fails is told, and the watch goes on."""
    await _once(index, tell=tell, fail=fail)
    async for names in changes:
        begin(names)
        await _once(index, tell=tell, fail=fail)


async def _once(index: Index, *, tell: Callable[[Mapping[str, Any]], None], fail: Callable[[str], None]) -> None:
    try:
        report = await index()
    except (BotError, OwnerError, KnowledgeError, StoreError) as error:
        fail(str(error) or type(error).__name__)
    else:
        tell(report)
