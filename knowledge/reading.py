"""A folder read for indexing: its pages, its golden questions, what is wrong with them, and where it came from."""

from dataclasses import dataclass
from pathlib import Path

from knowledge import checkout, golden, index, loaders
from knowledge.errors import GoldenInvalid
from knowledge.golden import Golden
from knowledge.model import Page, Problem


@dataclass(frozen=True, kw_only=True)
class Source:
    """A folder read for indexing; ``hash`` tells whether indexing it again would change anything.

    ``revision`` is the commit that is checked out there, if it is in a git checkout.
    """

    folder: Path
    pages: tuple[Page, ...]
    golden: tuple[Golden, ...]
    problems: tuple[Problem, ...]
    hash: str
    revision: str | None = None


def read(source: Path, *, embedder: str, kept: Path | None = None) -> Source:
    """Read a folder and its golden questions; a golden file that cannot be read is a problem, no stop.

    ``kept`` is a folder for what was read of documents.

    Raises:
        SourceMissing: there is no such folder.
    """
    folder = loaders.load(source, kept=kept)
    problems = list(folder.problems)
    questions: tuple[Golden, ...] = ()
    path = source / golden.FILE
    try:
        questions = golden.read(path)
    except GoldenInvalid as error:
        problems.append(Problem(file=golden.FILE, line=error.line, message=error.reason))
    pages = loaders.current(folder.pages)
    raw = path.read_bytes() if path.is_file() else b""
    return Source(
        folder=source,
        pages=pages,
        golden=questions,
        problems=(*problems, *_unknown(questions, pages=pages)),
        hash=index.source_hash(folder.hash, golden=raw, embedder=embedder),
        revision=checkout.revision(source),
    )


def _unknown(questions: tuple[Golden, ...], *, pages: tuple[Page, ...]) -> tuple[Problem, ...]:
    known = {page.id for page in pages}
    missing = sorted({name for item in questions for name in item.pages if name not in known})
    return tuple(Problem(file=golden.FILE, line=None, message=f"names an unknown page: {name}") for name in missing)
