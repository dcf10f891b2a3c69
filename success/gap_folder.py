"""A drafted page becomes a file of the manual's folder: where it goes, written whole or not at all, never over another.

A git checkout is a folder like any other: the file is simply new in it. Blocking; run in a thread.
"""

import os
import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Final

import yaml

from knowledge import golden
from knowledge.errors import GoldenInvalid
from knowledge.front_matter import read
from knowledge.model import Page
from success.errors import BrokenDraft, NotWritten

_AUDIENCE: Final = re.compile(r"^audience:.*$", re.MULTILINE)
_PLAIN: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_WORD: Final = re.compile(r"[a-z0-9]+")
_MOST_WORDS: Final = 6
_TRIES: Final = 50
_MODE: Final = 0o644


def place(pages: Sequence[Page], *, language: str, category: str | None, title: str, number: int) -> str:
    """The file's path below the manual: beside the pages of its language and category, named by its title.

    A title without two plain words gives the gap's number.
    """
    family = "en" if language == "en" else "zh"
    mine = [page for page in pages if page.language.partition("-")[0] == family and page.audience == "client"]
    beside = Counter(PurePosixPath(page.id).parent.as_posix() for page in mine if page.category == category)
    above = Counter(PurePosixPath(page.id).parts[0] for page in mine if len(PurePosixPath(page.id).parts) > 1)
    root = _most(above) or family
    named = category if category and _PLAIN.fullmatch(category) else "general"
    folder = _most(beside) or f"{root}/{named}"
    words = [word for word in _WORD.findall(title.lower()) if len(word) > 1]
    name = "-".join(words[:_MOST_WORDS]) if len(words) > 1 else "-".join([*words, f"gap-{number}"])
    return f"{folder}/{name}.md"


def _most(counted: Counter[str]) -> str | None:
    return min(counted, key=lambda name: (-counted[name], name), default=None)


def checked(text: str) -> None:
    """Raise BrokenDraft unless the manual can read the text as a page."""
    front = read(text)
    if front.faults:
        raise BrokenDraft(front.faults[0].line, front.faults[0].message)
    if "title" not in front.values:
        raise BrokenDraft(1, "front matter with a title is missing")
    if not front.body.strip():
        raise BrokenDraft(front.first_line, "the page has no text")


def for_audience(text: str, audience: str) -> str:
    """The page for `client` or `internal`."""
    head, fence, body = text.partition("\n---")
    if _AUDIENCE.search(head):
        return _AUDIENCE.sub(f"audience: {audience}", head, count=1) + fence + body
    return f"{head}\naudience: {audience}{fence}{body}"


def put(root: Path, name: str, text: str) -> str:
    """Write a page below the folder under this name, or one with a number behind it; return the name.

    A file that says the same already is this page.

    Raises:
        NotWritten: the folder cannot be written, or the name leads out of it.
    """
    try:
        for number in range(1, _TRIES):
            tried = name if number == 1 else f"{name.removesuffix('.md')}-{number}.md"
            target = _inside(root, tried)
            if _new(target, text) or target.read_text("utf-8") == text:
                return tried
    except (OSError, UnicodeDecodeError) as error:
        raise NotWritten(name, getattr(error, "strerror", None) or "it cannot be read") from error
    raise NotWritten(name, "too many pages of this name")


def take_back(root: Path, name: str, text: str) -> None:
    """Delete a page that was put there in vain, if it still says what was written."""
    target = _inside(root, name)
    if target.is_file() and target.read_text("utf-8") == text:
        target.unlink()


def add_golden(root: Path, questions: Sequence[str], *, page: str) -> int:
    """Append questions with their page to the golden file, its comments kept; how many were new.

    Raises:
        NotWritten: the file is broken already, or cannot be written.
    """
    path = root / golden.FILE
    try:
        known = {one.ask for one in golden.read(path)}
        before = path.read_bytes() if path.is_file() else b""
        fresh = [ask for ask in dict.fromkeys(questions) if ask not in known]
        if not fresh:
            return 0
        lines = "".join(_golden_line(ask, page) for ask in fresh)
        end = b"" if not before or before.endswith(b"\n") else b"\n"
        _replace(path, before + end + lines.encode())
    except GoldenInvalid as error:
        raise NotWritten(golden.FILE, str(error)) from error
    except OSError as error:
        raise NotWritten(golden.FILE, error.strerror or "it cannot be read") from error
    return len(fresh)


def _golden_line(ask: str, page: str) -> str:
    quoted = yaml.safe_dump(ask, allow_unicode=True, default_style='"', width=10_000).strip()
    return f"- {{ask: {quoted}, page: [{page}]}}\n"


def _inside(root: Path, name: str) -> Path:
    target = root / name
    if not target.parent.resolve().is_relative_to(root.resolve()) or target.suffix != ".md":
        raise NotWritten(name, "it leads out of the manual's folder")
    return target


def _new(target: Path, text: str) -> bool:
    """Write a file that is not there; False if it is. It appears whole, under its name, or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = _beside(target, text.encode())
    try:
        os.link(unfinished, target)
    except FileExistsError:
        return False
    finally:
        unfinished.unlink()
    return True


def _replace(path: Path, content: bytes) -> None:
    unfinished = _beside(path, content)
    if path.exists():
        unfinished.chmod(path.stat().st_mode & 0o777)
    unfinished.replace(path)


def _beside(target: Path, content: bytes) -> Path:
    """A file with this content beside the target, on disk; no loader reads a name that begins with a dot."""
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=target.parent)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    unfinished = Path(name)
    unfinished.chmod(_MODE)
    return unfinished
