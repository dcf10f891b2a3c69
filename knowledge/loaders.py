"""A folder of files → pages. One bad file is named, with its line if it has one, and never stops the rest."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Final

from knowledge import page_checks, remarks, source_files, translations
from knowledge.errors import SourceMissing
from knowledge.front_matter import FrontMatter, merged
from knowledge.front_matter import read as read_front_matter
from knowledge.language import ENGLISH, SIMPLIFIED, TRADITIONAL, clean, detect
from knowledge.model import Audience, Page, Problem
from knowledge.page_checks import current
from knowledge.parsing import model as parsing
from knowledge.parsing.reader import Reader
from knowledge.pictures import illustrated
from knowledge.sidecars import Sidecars
from knowledge.source_files import DOCUMENTS, MARKDOWN, RefusedError

__all__ = ["Folder", "current", "load"]

_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
_SCRIPTS: Final = {
    "zh": SIMPLIFIED, "zh-cn": SIMPLIFIED, "zh-sg": SIMPLIFIED, "zh-hans": SIMPLIFIED, "zh-hans-cn": SIMPLIFIED,
    "zh-tw": TRADITIONAL, "zh-hk": TRADITIONAL, "zh-mo": TRADITIONAL, "zh-hant": TRADITIONAL,
    "zh-hant-tw": TRADITIONAL, "zh-hant-hk": TRADITIONAL, "en": ENGLISH, "en-us": ENGLISH, "en-gb": ENGLISH,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Folder:
    """What a folder of the manual holds: its pages by id, what is wrong, and a hash of it all."""

    pages: tuple[Page, ...]
    problems: tuple[Problem, ...]
    hash: str


@dataclass(frozen=True, kw_only=True)
class _Draft:
    """A file's text, what it says about itself, and what is known only of documents."""

    said: FrontMatter
    digest: str
    title: str | None = None
    weak: FrontMatter = FrontMatter()  # noqa: RUF009 - frozen
    document: bool = False


def load(source: Path, *, kept: Path | None = None) -> Folder:
    """Read every page below ``source``; ``kept`` is a folder for what was read of documents.

    Raises:
        SourceMissing: there is no such folder.
    """
    if not source.is_dir():
        raise SourceMissing(source)
    root = source.resolve()
    sidecars = Sidecars(root)
    pages: dict[str, Page] = {}
    problems = list(sidecars.problems)
    with ExitStack() as stack:
        reader = stack.enter_context(Reader(kept))
        for path in source_files.pages(root):
            name = source_files.shown(path, root=root)
            try:
                page, found = _page(path, root=root, sidecars=sidecars, reader=reader)
            except RefusedError as refusal:
                problems.append(Problem(file=name, line=refusal.line, message=str(refusal)))
                continue
            page, broken = illustrated(page, root=root)
            problems += [*found, *broken]
            if page.id in pages:
                problems.append(Problem(file=name, line=None, message=f"same page as {pages[page.id].path}"))
            else:
                pages[page.id] = page
    ordered = tuple(pages[key] for key in sorted(pages))
    superseded = frozenset(pages) - {page.id for page in current(ordered)}
    linked = translations.linked(ordered, superseded=superseded)
    return Folder(
        pages=linked.pages,
        problems=(*problems, *page_checks.problems(ordered), *linked.problems),
        hash=_digest("\n".join(f"{page.id}\0{page.hash}" for page in ordered)),
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _page(path: Path, *, root: Path, sidecars: Sidecars, reader: Reader) -> tuple[Page, list[Problem]]:
    name = path.relative_to(root).as_posix()
    raw = source_files.raw(path, root=root)
    markdown = path.suffix.lower() in MARKDOWN
    draft, problems = _markdown(raw, name=name) if markdown else _document(raw, name=name, reader=reader)
    outer = [*sidecars.defaults(path), draft.weak, sidecars.beside(path)]
    if not draft.said.body.strip():
        raise RefusedError("the page has no text", line=draft.said.first_line if markdown else None)
    said = merged([*outer, draft.said])
    return _built(draft, values=said, name=name, outer=merged(outer)), problems


def _markdown(raw: bytes, *, name: str) -> tuple[_Draft, list[Problem]]:
    whole, encoding = source_files.text(raw)
    front = read_front_matter(whole)
    shown = remarks.without(front.body)
    text = whole[: len(whole) - len(front.body)] + shown
    front = replace(front, body=shown)
    if not front.readable:
        raise RefusedError(front.faults[0].message, line=front.faults[0].line)
    problems = [Problem(file=name, line=fault.line, message=fault.message) for fault in front.faults]
    if encoding != "utf-8":
        problems.append(_warning(name, f"read as {encoding}: save it as UTF-8"))
    return _Draft(said=front, digest=_digest(text)), problems


def _document(raw: bytes, *, name: str, reader: Reader) -> tuple[_Draft, list[Problem]]:
    """A document names title, language and audience itself at most; its sidecar has the last word."""
    try:
        parsed = reader.read(raw, kind=DOCUMENTS[PurePosixPath(name).suffix.lower()])
    except parsing.RefusedError as refusal:
        raise RefusedError(str(refusal)) from refusal
    problems = [Problem(file=name, line=None, message=message) for message in parsed.cut]
    problems += [_warning(name, message) for message in parsed.notes]
    said, wrong = _of_itself(parsed, name=name)
    draft = _Draft(
        said=FrontMatter(body=parsed.body),
        digest=f"{parsing.VERSION} {hashlib.sha256(raw).hexdigest()}",
        title=parsed.title,
        weak=said,
        document=True,
    )
    return draft, problems + wrong


def _of_itself(parsed: parsing.Parsed, *, name: str) -> tuple[FrontMatter, list[Problem]]:
    values: dict[str, Any] = {}
    if language := _SCRIPTS.get((parsed.language or "").lower()):
        values["language"] = language
    if parsed.audience is None:
        return FrontMatter(values=values), []
    if parsed.audience in set(Audience):
        return FrontMatter(values=values | {"audience": Audience(parsed.audience)}), []
    message = f"audience is client or internal, not {parsed.audience[:40]!r}"
    return FrontMatter(values=values, doubtful=frozenset({"audience"})), [
        Problem(file=name, line=None, message=message)
    ]


def _warning(name: str, message: str) -> Problem:
    return Problem(file=name, line=None, message=message, warning=True)


def _built(draft: _Draft, *, values: dict[str, Any], name: str, outer: dict[str, Any]) -> Page:
    body = draft.said.body
    place = PurePosixPath(unicodedata.normalize("NFC", name))
    heading = None if draft.document else _HEADING.search(body)
    title = values.pop("title", None) or draft.title or (heading.group(1) if heading else place.stem)
    return Page(
        id=place.with_suffix("").as_posix(),
        title=clean(title) or place.stem,
        audience=values.pop("audience", Audience.INTERNAL),
        language=values.pop("language", None) or detect(body),
        category=place.parent.name,
        body=body,
        hash=_marked(draft, outer=outer),
        path=name,
        first_line=draft.said.first_line,
        **values,
    )


def _marked(draft: _Draft, *, outer: dict[str, Any]) -> str:
    if not outer and not draft.document:
        return draft.digest
    return _digest("\n".join([draft.digest, *_spelt(outer.items())]))


def _spelt(items: Iterable[tuple[str, Any]]) -> list[str]:
    return [f"{key}={value!s}" for key, value in sorted(items)]
