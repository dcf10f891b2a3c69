"""The manual's files as people change them."""

import io
import threading
import zipfile
from pathlib import Path

import pytest

from knowledge import golden, uploads
from knowledge.errors import FileChanged, FileRefused
from knowledge.files import SourceFiles, safe_name, with_question
from knowledge.front_matter import read
from tests.unit.knowledge.pages import write


def refused(call: object, *args: object, **kwargs: object) -> str:
    with pytest.raises(FileRefused) as caught:
        call(*args, **kwargs)  # type: ignore[operator]
    return caught.value.why


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        ("标题\n第二行\n".encode(), "utf-8"),
        (b"\xef\xbb\xbf" + "标题\r\n第二行\r\n".encode(), "utf-8-sig"),
        ("您的网站后台在这里设置\r\n点击登录\r\n".encode("gb18030"), "gb18030"),
        ("您的網站後台在這裡設置，點擊這個頁面的按鈕就會說是為了您\n".encode("big5"), "big5hkscs"),
        ("标题\r\n第二行\r\n".encode("utf-16"), "utf-16"),
    ],
)
def test_a_saved_page_keeps_its_encoding_and_line_ends(tmp_path: Path, raw: bytes, encoding: str) -> None:
    """One more line is all that changes in the file."""
    write(tmp_path, "zh/a.md", raw)
    files = SourceFiles(tmp_path)
    held = files.read("zh/a.md")
    assert held.encoding == encoding
    files.save("zh/a.md", held.text.replace("\n", "\r\n") + "好", seen=held.hash)
    assert (tmp_path / "zh/a.md").read_bytes().decode(encoding) == raw.decode(encoding) + "好"
    assert [path.name for path in (tmp_path / "zh").iterdir()] == ["a.md"]


def test_a_text_that_the_encoding_cannot_hold_becomes_utf8(tmp_path: Path) -> None:
    """Nothing that was typed is lost."""
    write(tmp_path, "a.md", "您的網站後台在這裡設置，點擊這個頁面的按鈕就會說是為了您\n".encode("big5"))
    files = SourceFiles(tmp_path)
    files.save("a.md", "😀\n", seen=files.read("a.md").hash)
    assert (tmp_path / "a.md").read_text("utf-8") == "😀\n"


def test_nobody_saves_over_somebody_elses_text(tmp_path: Path) -> None:
    """A text that was changed meanwhile, or deleted, or made, stays as it is."""
    files = SourceFiles(tmp_path)
    first = files.save("a.md", "one\n", seen="")
    write(tmp_path, "a.md", "theirs\n")
    for seen in (first.hash, ""):
        with pytest.raises(FileChanged):
            files.save("a.md", "mine\n", seen=seen)
    assert (tmp_path / "a.md").read_text() == "theirs\n"
    (tmp_path / "a.md").unlink()
    with pytest.raises(FileChanged):
        files.save("a.md", "mine\n", seen=first.hash)


def test_a_hundred_savers_leave_one_whole_text(tmp_path: Path) -> None:
    """Of people who read the same text one wins, the others are told."""
    files = SourceFiles(tmp_path)
    seen = files.save("a.md", "start\n", seen="").hash
    outcomes: list[str] = []

    def save(number: int) -> None:
        try:
            files.save("a.md", f"{number} " * 5_000, seen=seen)
            outcomes.append("saved")
        except FileChanged:
            outcomes.append("told")

    threads = [threading.Thread(target=save, args=(number,)) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("saved") == 1
    assert outcomes.count("told") == 99
    assert len(set((tmp_path / "a.md").read_text().split())) == 1


@pytest.mark.parametrize(
    "name",
    [
        "../x.md", "a/../../x.md", "/etc/passwd.md", "a//b.md", "./a.md", "a\\b.md", "a\0.md", "", ".git/config.md",
        "_drafts/a.md", "a/.hidden.md", "a\u202egpj.md", "x" * 300 + ".md", "/".join("abcdefghi") + ".md", "out/x.md",
    ],
)  # fmt: skip
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    """Neither reading nor saving nor storing."""
    root, outside = tmp_path / "manual", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "x.md").write_text("secret")
    (root / "out").symlink_to(outside)
    files = SourceFiles(root)
    for call in (
        lambda: files.read(name), lambda: files.save(name, "x", seen=""), lambda: files.put(name, b"x", replace=True)
    ):  # fmt: skip
        assert refused(call) in {"place", "name"}
    assert (outside / "x.md").read_text() == "secret"


def test_a_folder_that_takes_nothing_says_so() -> None:
    """A read-only folder is told, and leaves no half-written file."""
    assert refused(SourceFiles(Path("/proc/self")).save, "a.md", "x", seen="") == "read_only"


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("网站 首页.MD", "网站-首页.md"),
        ("../../etc/passwd.md", "passwd.md"),
        ("C:\\Users\\me\\后台.docx", "后台.docx"),
        ("<img src=x onerror=alert(1)>.md", "img-src=x-onerror=alert(1).md"),
        (".htaccess", ""),
        ("_defaults.md", "defaults.md"),
        ("a\u202egpj.md", "a-gpj.md"),
        ("\0\0.md", ""),
    ],
)
def test_names_of_uploads_are_made_harmless(typed: str, name: str) -> None:
    """Chinese stays; paths, controls and signs of markup go."""
    assert safe_name(typed) == name


def office(*members: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for member in members:
            archive.writestr(member, "x")
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "raw", "why"),
    [
        ("a.exe", b"MZ", "kind"),
        ("a.docm", office("word/document.xml"), "kind"),
        ("a.docx", b"plain text", "disguised"),
        ("a.docx", office("xl/workbook.xml"), "disguised"),
        ("a.docx", office("word/document.xml", "word/vbaProject.bin"), "macros"),
        ("a.pdf", b"<html>", "disguised"),
        ("a.md", b"\x7fELF\0\0", "disguised"),
        ("a.md", b"  \n", "empty"),
        ("a.pdf", b"%PDF-" + b"x" * uploads.LIMIT, "long"),
        ("a.docx", b"PK\x03\x04" + b"\xff" * 100, "disguised"),
    ],
)
def test_an_upload_must_be_what_its_name_says(name: str, raw: bytes, why: str) -> None:
    """Extension, size and content are looked at before anything is stored."""
    assert refused(uploads.check, name, raw) == why


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("a.md", b"# Hi\n"), ("a.html", b"<p>hi"), ("a.pdf", b"%PDF-1.7\n"), ("a.docx", office("word/document.xml")),
        ("a.xlsx", office("xl/workbook.xml")), ("a.pptx", office("ppt/presentation.xml")),
    ],
)  # fmt: skip
def test_real_documents_are_taken(name: str, raw: bytes) -> None:
    """All six kinds."""
    uploads.check(name, raw)


def test_what_the_form_says_goes_where_the_format_wants_it() -> None:
    """A document gets a sidecar, Markdown takes the head in, a page that has one keeps its own."""
    head = uploads.front({"title": "首页: 怎么改", "audience": "client", "language": "", "questions": ["在哪改"]})
    assert uploads.dressed("a.docx", b"PK", head=head) == {"a.docx": b"PK", "a.docx.yaml": head.encode()}
    (text,) = uploads.dressed("a.md", b"Body", head=head).values()
    front = read(text.decode())
    assert (front.values["title"], front.values["questions"], front.body.strip()) == (
        "首页: 怎么改",
        ("在哪改",),
        "Body",
    )
    assert uploads.dressed("a.md", b"---\ntitle: x\n---\nBody", head=head) == {"a.md": b"---\ntitle: x\n---\nBody"}
    assert refused(uploads.front, {"audience": "everybody"}) == "front"


def test_a_stored_file_is_never_replaced_unasked(tmp_path: Path) -> None:
    """The same name needs a yes; another format of the same page is refused."""
    files = SourceFiles(tmp_path)
    files.put("zh/a.docx", b"one")
    assert refused(files.put, "zh/a.docx", b"two") == "exists"
    assert refused(files.put, "zh/a.md", b"# two", replace=True) == "twin"
    files.put("zh/a.docx.yaml", b"title: x")
    files.put("zh/a.docx", b"two", replace=True)
    assert (tmp_path / "zh/a.docx").read_bytes() == b"two"
    assert files.categories() == ("zh",)


@pytest.mark.parametrize(
    "text", ["", "# comment\n- {ask: a, page: none}  # why\n", "- ask: a\n  page: none\n", "- {ask: a, page: none}"]
)
def test_a_golden_question_is_added_and_comments_stay(text: str) -> None:
    """Whatever is in the question, the file still reads, and what was there stays letter for letter."""
    ask = 'quote " back \\ colon: #hash {x} 换\n行'
    longer = with_question(text, ask=ask, pages=("zh/a", "en/b"), after="之前", must=True)
    assert longer.startswith(text.rstrip("\n"))
    added = golden.parse(longer)[-1]
    assert (added.pages, added.after, added.must) == (("zh/a", "en/b"), "之前", True)
    assert added.ask == 'quote " back \\ colon: #hash {x} 换 行'
    assert len(golden.parse(longer)) == len(golden.parse(text)) + 1


@pytest.mark.parametrize(
    ("head", "lines"),
    [
        ("a: &a [x, x]\nb: &b [*a, *a]\naudience: *b\n", {2}),
        ("title: t\nowner: *nobody\n", {3}),
        ("title: t\n<<: &m {a: b}\n", {3}),
        ("title: " + "x" * 70_000 + "\n", {1}),
        ("[" * 5_000 + "\n", {1, 3}),  # PyYAML in Python gives up where it begins, libyaml where it ends
    ],
)
def test_a_hostile_head_is_named_and_harmless(head: str, lines: set[int]) -> None:
    """Anchors, aliases, merges, giants and abysses: refused with a line, in no time and no memory."""
    front = read(f"---\n{head}---\nBody\n")
    assert not front.readable
    assert front.faults[0].line in lines
