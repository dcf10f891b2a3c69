"""The commit of a checkout is told from git's own files, in each of the shapes that git gives them."""

from pathlib import Path

import pytest

from knowledge.checkout import revision
from knowledge.loaders import load
from tests.unit.knowledge.pages import write

COMMIT, OTHER = "0123456789abcdef0123456789abcdef01234567", "f" * 40
HEAD = "ref: refs/heads/main\n"


@pytest.mark.parametrize(
    "files",
    [
        {".git/HEAD": f"{COMMIT}\n"},
        {".git/HEAD": HEAD, ".git/refs/heads/main": f"{COMMIT}\n"},
        {
            ".git/HEAD": HEAD,
            ".git/packed-refs": f"# pack-refs\n{OTHER} refs/heads/other\n{COMMIT} refs/heads/main\n^{OTHER}\n",
        },
        {".git/HEAD": HEAD, ".git/refs/heads/main": f"{COMMIT}\n", ".git/packed-refs": f"{OTHER} refs/heads/main\n"},
        {".git": "gitdir: trees/a\n", "trees/a/HEAD": HEAD, "trees/a/commondir": "../..\n", "refs/heads/main": COMMIT},
        {".git": "gitdir: module\n", "module/HEAD": HEAD, "module/refs/heads/main": COMMIT},
    ],
    ids=["detached", "branch", "packed", "moved since packed", "worktree", "submodule"],
)
def test_the_commit_of_a_folder(tmp_path: Path, files: dict[str, str]) -> None:
    """The manual may lie anywhere inside the checkout."""
    for name, text in files.items():
        write(tmp_path, name, text)
    (tmp_path / "docs" / "manual").mkdir(parents=True)
    assert revision(tmp_path / "docs" / "manual") == COMMIT


@pytest.mark.parametrize(
    "files",
    [
        {},
        {".git/HEAD": HEAD},
        {".git/HEAD": "ref: refs/heads/../../../secret\n", "secret": COMMIT},
        {".git/HEAD": "rubbish"},
        {".git": "rubbish"},
        {".git": "gitdir: nowhere\n"},
    ],
    ids=["no checkout", "no commit yet", "a way out", "rubbish", "rubbish pointer", "dangling pointer"],
)
def test_no_commit(tmp_path: Path, files: dict[str, str]) -> None:
    """Where there is none to tell, none is told."""
    for name, text in files.items():
        write(tmp_path, name, text)
    assert revision(tmp_path) is None


def test_what_git_keeps_is_no_page(tmp_path: Path) -> None:
    """Hidden folders and files hold no pages."""
    write(tmp_path, ".git/HEAD", HEAD)
    write(tmp_path, ".git/description.md", "Text.")
    write(tmp_path, ".draft.md", "Text.")
    write(tmp_path, "page.md", "Text.")
    assert [each.id for each in load(tmp_path).pages] == ["page"]
