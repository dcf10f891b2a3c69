"""What comes of reading a document. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

#: Grows when the same document would be read differently; what was read by another version is read again.
VERSION = 1
#: Longest Markdown that is taken from one document, in characters.
LONGEST = 2_000_000


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """A document as Markdown, what it says about itself, and what somebody should know about the reading.

    ``language`` and ``audience`` are as the document spells them; ``cut`` are notes on what was left out, ``notes``
    the others.
    """

    body: str
    title: str | None = None
    language: str | None = None
    audience: str | None = None
    cut: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return what :meth:`from_json` takes."""
        return asdict(self)

    @classmethod
    def from_json(cls, held: Mapping[str, Any]) -> "Parsed":
        """Return what :meth:`as_json` gave."""
        return cls(**{**held, "cut": tuple(held["cut"]), "notes": tuple(held["notes"])})


class RefusedError(Exception):
    """A document that is not read; the text says why, and what to do.

    ``lasting`` is False where reading the same bytes again might end otherwise.
    """

    def __init__(self, message: str, *, lasting: bool = True) -> None:
        super().__init__(message)
        self.lasting = lasting
