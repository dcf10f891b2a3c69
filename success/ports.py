"""What this floor needs from outside."""

from collections.abc import Sequence
from typing import Protocol


class PageWriter(Protocol):
    """Writes the body of a page from what colleagues told clients."""

    async def write(self, *, title: str, questions: Sequence[str], replies: Sequence[str], language: str) -> str | None:
        """Markdown that says nothing which the replies do not say; None where that did not succeed."""
