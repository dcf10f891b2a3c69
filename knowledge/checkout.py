"""Which commit of a git checkout a folder shows. Reads git's own files; runs nothing."""

import re
from pathlib import Path
from typing import Final

_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_REF: Final = re.compile(r"ref: (refs/[^\s~^:?*\[\\]+)\Z")
_MOST: Final = 16_000_000


def revision(folder: Path) -> str | None:
    """Return the commit that is checked out where ``folder`` lies; None outside of a checkout or before a commit."""
    for above in (folder.resolve(), *folder.resolve().parents):
        git = above / ".git"
        if git.is_dir():
            return _head(git, common=git)
        if git.is_file():
            return _linked(git)
    return None


def _linked(pointer: Path) -> str | None:
    """Follow the file that a worktree or a submodule has in place of the folder."""
    said = _text(pointer)
    if not said.startswith("gitdir: "):
        return None
    git = (pointer.parent / said.removeprefix("gitdir: ")).resolve()
    shared = _text(git / "commondir")
    return _head(git, common=(git / shared).resolve() if shared else git)


def _head(git: Path, *, common: Path) -> str | None:
    head = _text(git / "HEAD")
    if _COMMIT.match(head):
        return head
    ref = _REF.match(head)
    if not ref or ".." in ref.group(1):
        return None
    loose = _text(git / ref.group(1)) or _text(common / ref.group(1))
    return loose if _COMMIT.match(loose) else _packed(common, ref.group(1))


def _packed(common: Path, ref: str) -> str | None:
    for line in _text(common / "packed-refs").splitlines():
        commit, _, name = line.partition(" ")
        if name == ref and _COMMIT.match(commit):
            return commit
    return None


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST:
            return ""
        return path.read_text("utf-8", errors="replace").strip()
    except OSError:
        return ""
