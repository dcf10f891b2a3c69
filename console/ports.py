"""What the console needs of the manual; ``knowledge.service.Manual`` is the real one."""

from typing import Protocol

from knowledge.model import Page, Scope, Search


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
