"""What the console needs of the manual; ``knowledge.service.Manual`` is the real one."""

from typing import Protocol

from knowledge.model import Page, Scope, Search, Version


class ManualReader(Protocol):
    """The manual, read only."""

    @property
    def version(self) -> int | None:
        """The live index version, None where nothing is indexed."""

    async def search(self, text: str, *, scope: Scope, limit: int = 6) -> Search:
        """Passages for a question; raises knowledge's errors."""

    async def pages(self) -> tuple[Page, ...]:
        """Every page of the live version."""

    async def page(self, page_id: str) -> Page | None:
        """One page of the live version."""

    async def picture(self, name: str) -> bytes | None:
        """A picture of a page by its hash; None if there is none."""


class ManualKeeper(ManualReader, Protocol):
    """The manual, with what an admin does to it at once; building a version is a run (``knowledge.runs``)."""

    async def every_page(self) -> tuple[Page, ...]:
        """Every page of the live version, withdrawn ones too; raises NothingIndexed."""

    async def withdrawn(self) -> frozenset[str]:
        """The ids of withdrawn pages."""

    async def versions(self) -> tuple[Version, ...]:
        """All kept versions, latest first."""

    async def withdraw(self, page: str, *, by: str, reason: str = "") -> None:
        """Hide a page at once; raises UnknownPage."""

    async def restore(self, page: str, *, by: str, reason: str = "") -> None:
        """Undo a withdrawal; raises UnknownPage."""

    async def rollback(self, version: int | None = None, *, by: str, reason: str = "") -> int:
        """Make an earlier version live; raises UnknownVersion or NothingIndexed."""
