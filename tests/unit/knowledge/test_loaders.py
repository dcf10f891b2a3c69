"""One bad file is named and never stops the rest."""

from datetime import date
from pathlib import Path

import pytest

from knowledge.errors import SourceMissing
from knowledge.loaders import current, load
from knowledge.model import Audience, Problem
from tests.unit.knowledge.pages import page, write

GOOD = "---\ntitle: Good\naudience: client\nlanguage: en\n---\nIt works.\n"


def test_a_page_is_read_with_all_its_keys(tmp_path: Path) -> None:
    """Front matter becomes fields, the folder the category, the path the id; lines count in the file."""
    write(
        tmp_path,
        "zh/wordpress/reset.md",
        "---\ntitle: 重置密码\naudience: client\nlanguage: zh-Hans\nquestions:\n  - 忘了密码\n  - 密码丢了\nproduct: wordpress\n"
        "video: https://help.example.com/videos/a\nowner: support\nreview_by: 2027-06-30\nclients: [acme]\n---\n正文。\n",
    )
    found = load(tmp_path)
    assert found.problems == ()
    (read,) = found.pages
    assert (read.id, read.category, read.title, read.language) == (
        "zh/wordpress/reset", "wordpress", "重置密码", "zh-Hans",
    )  # fmt: skip
    assert read.audience is Audience.CLIENT
    assert read.questions == ("忘了密码", "密码丢了")
    assert (read.product, read.review_by, read.clients) == ("wordpress", date(2027, 6, 30), ("acme",))
    assert (read.body, read.first_line) == ("正文。\n", 14)


def test_audience_is_internal_unless_said(tmp_path: Path) -> None:
    """A page without front matter, or with a misspelt audience, is never shown to a client."""
    write(tmp_path, "plain.md", "# A title\n\nSome text.\n")
    write(tmp_path, "typo.md", "---\ntitle: T\naudience: cleint\n---\nText.\n")
    found = load(tmp_path)
    assert [each.audience for each in found.pages] == [Audience.INTERNAL, Audience.INTERNAL]
    assert [each.title for each in found.pages] == ["A title", "T"]
    assert found.problems == (Problem(file="typo.md", line=3, message="audience is client or internal, not 'cleint'"),)


@pytest.mark.parametrize(
    ("name", "content", "line", "message"),
    [
        ("broken.md", "---\ntitle: [a\n---\nText\n", 3, "front matter"),
        ("open.md", "---\ntitle: a\nText\n", 1, "not closed"),
        ("list.md", "---\n- a\n---\nText\n", 2, "not a list of keys"),
        ("empty.md", "", None, "empty"),
        ("blank.md", "  \n\n", None, "empty"),
        ("bodiless.md", "---\ntitle: a\n---\n\n", 4, "no text"),
        ("latin.md", b"ok\n\xff\xfe\xfa\n", 2, "not UTF-8"),
        ("big.md", b"x" * 2_000_001, None, "larger than 2 MB"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, name: str, content: str | bytes, line: int | None, message: str) -> None:
    """Each kind of broken file gives one problem with its file and line; the good page is read."""
    write(tmp_path, name, content)
    write(tmp_path, "good.md", GOOD)
    found = load(tmp_path)
    assert [each.id for each in found.pages] == ["good"]
    (problem,) = found.problems
    assert (problem.file, problem.line) == (name, line)
    assert message in problem.message


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("colour: red", "unknown key 'colour'"),
        ("language: fr", "language is one of"),
        ("review_by: soon", "review_by is a date"),
        ("video: javascript:alert(1)", "not an http address"),
        ("questions: {a: b}", "questions is a list of texts"),
        ("title: [a, b]", "title is a text"),
    ],
)
def test_a_wrong_key_is_named_and_the_page_kept(tmp_path: Path, entry: str, message: str) -> None:
    """A wrong key or value is dropped and named with its line; the rest of the page counts."""
    write(tmp_path, "p.md", f"---\nowner: me\n{entry}\n---\nText.\n")
    found = load(tmp_path)
    (problem,) = found.problems
    assert problem.line == 3
    assert message in problem.message
    assert found.pages[0].owner == "me"


def test_links_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    """Neither a linked file nor a linked folder brings in what lies outside the manual."""
    write(tmp_path / "outside", "secret.md", GOOD)
    root = tmp_path / "manual"
    write(root, "good.md", GOOD.replace("Good", "Inside"))
    (root / "link.md").symlink_to(tmp_path / "outside" / "secret.md")
    (root / "folder").symlink_to(tmp_path / "outside")
    (root / "gone.md").symlink_to(tmp_path / "nowhere.md")
    found = load(root)
    assert [each.id for each in found.pages] == ["good"]
    assert sorted(problem.file for problem in found.problems) == ["folder", "gone.md", "link.md"]


def test_duplicate_titles_and_unknown_successors_are_named(tmp_path: Path) -> None:
    """Two pages of one title confuse citations; a page cannot replace what is not there."""
    write(tmp_path, "a.md", GOOD)
    write(tmp_path, "b.md", GOOD.replace("language: en", "language: en\nsupersedes: [old/page]"))
    assert [problem.message for problem in load(tmp_path).problems] == [
        "same title as a.md: Good", "supersedes an unknown page: old/page",
    ]  # fmt: skip


def test_a_hash_tells_whether_anything_changed(tmp_path: Path) -> None:
    """The folder's hash is the same for the same pages and another after any edit."""
    write(tmp_path, "a.md", GOOD)
    before = load(tmp_path).hash
    assert load(tmp_path).hash == before
    write(tmp_path, "a.md", GOOD + "More.\n")
    assert load(tmp_path).hash != before


def test_no_folder(tmp_path: Path) -> None:
    """A folder that is not there is an error of its own."""
    with pytest.raises(SourceMissing):
        load(tmp_path / "nowhere")


def test_superseded_pages_are_left_out() -> None:
    """A page that another replaces is not indexed; one that names itself stays."""
    pages = (page("new", supersedes=("old",)), page("old"), page("self", supersedes=("self",)))
    assert [each.id for each in current(pages)] == ["new", "self"]
