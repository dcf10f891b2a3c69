"""A folder of Markdown → pages. One bad file is named with file and line and never stops the rest."""

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from knowledge.errors import SourceMissing
from knowledge.front_matter import FrontMatter, read
from knowledge.language import clean, detect
from knowledge.model import Audience, Page, Problem
from knowledge.pictures import illustrated

MAX_BYTES = 2_000_000
_MARKDOWN = frozenset({".md", ".markdown"})
_LATER = frozenset({".docx", ".pdf", ".html", ".htm", ".xlsx", ".pptx"})
_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t#]*$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Folder:
    """What a folder of the manual holds: its pages by id, what is wrong, and a hash of it all."""

    pages: tuple[Page, ...]
    problems: tuple[Problem, ...]
    hash: str


class _RefusedError(Exception):
    def __init__(self, message: str, *, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def load(source: Path) -> Folder:
    """Read every page below ``source``.

    Raises:
        SourceMissing: there is no such folder.
    """
    if not source.is_dir():
        raise SourceMissing(source)
    root = source.resolve()
    pages: dict[str, Page] = {}
    problems: list[Problem] = []
    for path in _files(root):
        name = path.relative_to(root).as_posix()
        try:
            page, found = _page(path, root=root, name=name)
        except _RefusedError as refusal:
            problems.append(Problem(file=name, line=refusal.line, message=str(refusal)))
            continue
        page, broken = illustrated(page, root=root)
        problems += [*found, *broken]
        if page.id in pages:
            problems.append(Problem(file=name, line=None, message=f"same page as {pages[page.id].path}"))
        else:
            pages[page.id] = page
    ordered = tuple(pages[key] for key in sorted(pages))
    return Folder(
        pages=ordered,
        problems=(*problems, *_duplicates(ordered), *_dangling(ordered)),
        hash=_digest(f"{page.id}\0{page.hash}" for page in ordered),
    )


def _digest(lines: Iterator[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode("utf-8", "replace")).hexdigest()


def _files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
        for name in folders:
            if (Path(folder) / name).is_symlink():
                yield Path(folder) / name
        for name in sorted(names):
            if not name.startswith((".", "_")) and Path(name).suffix.lower() in _MARKDOWN | _LATER:
                yield Path(folder) / name


def _page(path: Path, *, root: Path, name: str) -> tuple[Page, list[Problem]]:
    text = _text(path, root=root)
    front = read(text)
    problems = [Problem(file=name, line=fault.line, message=fault.message) for fault in front.faults]
    if not front.readable:
        raise _RefusedError(front.faults[0].message, line=front.faults[0].line)
    if not front.body.strip():
        raise _RefusedError("the page has no text", line=front.first_line)
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    return _built(front, name=name, digest=digest), problems


def _built(front: FrontMatter, *, name: str, digest: str) -> Page:
    place = PurePosixPath(name)
    values = dict(front.values)
    heading = _HEADING.search(front.body)
    title = values.pop("title", None) or (heading.group(1) if heading else place.stem)
    return Page(
        id=place.with_suffix("").as_posix(),
        title=clean(title),
        audience=values.pop("audience", Audience.INTERNAL),
        language=values.pop("language", None) or detect(front.body),
        category=place.parent.name,
        body=front.body,
        hash=digest,
        path=name,
        first_line=front.first_line,
        **values,
    )


def _text(path: Path, *, root: Path) -> str:
    if not path.resolve().is_relative_to(root):
        raise _RefusedError("a link out of the folder is not followed")
    if path.is_dir():
        raise _RefusedError("a linked folder is not followed")
    if path.suffix.lower() in _LATER:
        raise _RefusedError(f"{path.suffix.lower()[1:]} files are not read yet")
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise _RefusedError(f"cannot be read: {error.strerror}") from error
    if len(raw) > MAX_BYTES:
        raise _RefusedError(f"larger than {MAX_BYTES // 1_000_000} MB")
    if not raw.strip():
        raise _RefusedError("the file is empty")
    return _decoded(raw)


def _decoded(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise _RefusedError("not UTF-8 text", line=line) from error
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _duplicates(pages: tuple[Page, ...]) -> Iterator[Problem]:
    first: dict[str, Page] = {}
    for page in pages:
        earlier = first.setdefault(page.title.casefold(), page)
        if earlier is not page:
            yield Problem(file=page.path, line=None, message=f"same title as {earlier.path}: {page.title}")


def _dangling(pages: tuple[Page, ...]) -> Iterator[Problem]:
    known = {page.id for page in pages}
    for page in pages:
        for other in page.supersedes:
            if other not in known:
                yield Problem(file=page.path, line=None, message=f"supersedes an unknown page: {other}")


def current(pages: tuple[Page, ...]) -> tuple[Page, ...]:
    """Return the pages that no other page supersedes."""
    replaced = {other for page in pages for other in page.supersedes if other != page.id}
    return tuple(page for page in pages if page.id not in replaced)
