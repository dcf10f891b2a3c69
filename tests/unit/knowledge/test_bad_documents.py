"""What an ill-wisher, or a tired colleague, puts into the folder: named, and no harm done."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from knowledge import source_files
from knowledge.loaders import load
from knowledge.parsing import limits, sheets
from knowledge.parsing import pdf as pdf_parsing
from knowledge.parsing.model import LONGEST, RefusedError
from knowledge.parsing.reader import Reader
from tests.unit.knowledge.documents import (
    OFFICE,
    RELATIONS,
    compound,
    docx,
    paragraph,
    pdf,
    scanned_pdf,
    sealed_pdf,
    written,
    xlsx,
    zipped,
)
from tests.unit.knowledge.pages import write

GOOD = docx(paragraph("It works."))
LAUGHS = (
    "<!DOCTYPE x [<!ENTITY a 'ha'>"
    + "".join(
        f"<!ENTITY {name} '{('&' + before + ';') * 10}'>" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]>"
)
OUTSIDE = "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>"


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader() as opened:
        yield opened


@pytest.mark.parametrize(
    ("kind", "raw", "message"),
    [
        ("docx", lambda: docx(paragraph("x" * 90_000_000)), "swells to 90 MB"),
        ("docx", lambda: docx(paragraph("x"), more={f"word/media/{n}.bin": bytes(40_000_000) for n in range(8)}), "swells to 320 MB"),
        ("docx", lambda: docx(paragraph("x"), more={f"word/{n}": "" for n in range(10_001)}), "more than 10,000 parts"),
        ("xlsx", lambda: zipped({"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "0" * 70_000_000}), "swells to 70 MB"),
        ("docx", docx(paragraph("x"), main="application/vnd.ms-word.document.macroEnabled.main+xml"), "macros"),
        ("docx", docx(paragraph("x"), more={"word/vbaProject.bin": "x"}), "macros"),
        ("docx", docx(paragraph("&i;"), prolog=LAUGHS), "XML entities"),
        ("docx", docx(paragraph("&a;"), prolog=OUTSIDE), "XML entities"),
        ("docx", docx(paragraph("x"), more={"word/styles.xml": OUTSIDE.encode("utf-16")}), "XML entities"),
        ("docx", compound(["EncryptionInfo", "EncryptedPackage"]), "protected by a password"),
        ("xlsx", compound(["Workbook"]), "old Office format by its content: save it as .xlsx"),
        ("pdf", sealed_pdf(), "protected by a password"),
        ("pdf", scanned_pdf(""), "scanned"),
        ("pdf", pdf([""]), "scanned"),
        ("docx", GOOD[: len(GOOD) // 2], "damaged or cut off"),
        ("docx", zipped({"word/document.xml": "<a/>"}), "not an Office document"),
        ("docx", GOOD.replace(b"PK\x03\x04", b"XX\x03\x04"), "not a Word document"),
        ("pdf", b"%PDF-1.4\nrubbish", "damaged"),
        ("pdf", b"rubbish", "damaged"),
        ("docx", pdf([written("x")]), "is .pdf by its content, not .docx"),
        ("xlsx", GOOD, "is .docx by its content, not .xlsx"),
        ("pdf", GOOD, "is .docx by its content, not .pdf"),
        ("html", GOOD, "is .docx by its content, not .html"),
        ("html", b"<p>\n\xff\xfe\xfa\x80</p>", "line 2: not UTF-8"),
        ("html", b"<div>" * 20_000, "nested too deeply"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)  # fmt: skip
def test_a_bad_document_is_refused_by_name(
    reader: Reader, kind: str, raw: bytes | Callable[[], bytes], message: str
) -> None:
    """Bombs, macros, entities, sealed, scanned, cut off, misnamed: each is told apart, with what to do."""
    with pytest.raises(RefusedError, match=message):
        reader.read(raw if isinstance(raw, bytes) else raw(), kind=kind)


def test_the_next_document_is_none_the_worse(reader: Reader) -> None:
    """After all that, the same process reads a good one."""
    assert reader.read(GOOD, kind="docx").body == "It works.\n"


def test_a_long_pdf_is_read_up_to_a_limit(reader: Reader) -> None:
    """Of 2,000 pages the first 300 are read, and the page says so."""
    found = reader.read(pdf([written(f"Page {number}") for number in range(2_000)]), kind="pdf")
    assert found.body.count("###### p. ") == pdf_parsing.MOST_PAGES
    assert found.cut == ("has 2,000 pages: only the first 300 are read; split it",)


def test_a_long_sheet_is_read_up_to_a_limit(reader: Reader) -> None:
    """Rows and columns beyond what can be a table for people are left out by name."""
    made = xlsx({"long": [(n, "x") for n in range(sheets.MOST_ROWS + 2)], "wide": [tuple(range(1, 120))]})
    found = reader.read(made, kind="xlsx")
    assert found.cut == ("only the first 5,000 rows are read: long", "only the first 100 columns are read: wide")
    assert "| 4999 | x |" in found.body
    assert "| 5000 | x |" not in found.body


def test_an_endless_text_is_cut(reader: Reader) -> None:
    """A document that is a book of books gives its beginning."""
    found = reader.read(docx(paragraph("word " * 600_000)), kind="docx")
    assert len(found.body) == LONGEST
    assert "only the beginning is read" in found.cut[0]


def test_what_takes_too_long_is_ended(tmp_path: Path) -> None:
    """A document is ended when its time is up, and tried again at the next reading."""
    made = pdf([written(*["words"] * 30) for _ in range(pdf_parsing.MOST_PAGES)])
    with Reader(tmp_path, within_s=0.001) as hurried, pytest.raises(RefusedError, match="too long") as refused:
        hurried.read(made, kind="pdf")
    assert not refused.value.lasting
    with Reader(tmp_path) as patient:
        assert "###### p. 300" in patient.read(made, kind="pdf").body


def test_a_process_that_was_ended_is_started_again() -> None:
    """Whatever ends it costs the document at hand, not the ones after it."""
    with Reader() as reader:
        reader.read(GOOD, kind="docx")
        assert reader._worker is not None
        reader._worker.kill()
        reader._worker.wait()
        with pytest.raises(RefusedError, match="broke down"):
            reader.read(GOOD, kind="docx")
        assert reader.read(GOOD, kind="docx").body == "It works.\n"


class _Listener:
    """Counts who calls on loopback."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.calls = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                self._socket.accept()[0].close()
            except OSError:
                return
            self.calls += 1

    def close(self) -> None:
        self._socket.close()


def test_nothing_outside_is_fetched(reader: Reader) -> None:
    """Pictures, frames and style sheets by address are left alone, in Word and in html."""
    outside = _Listener()
    relations = (
        f'<Relationships xmlns="{RELATIONS}"><Relationship Id="p" Type="{OFFICE}/image" '
        f'Target="{outside.address}/a.png" TargetMode="External"/></Relationships>'
    )
    picture = (
        '<w:p><w:r><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing">'
        '<a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:graphicData><pic:pic '
        'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:blipFill><a:blip r:link="p"/>'
        "</pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"
    )
    linked = docx(paragraph("Before.") + picture, more={"word/_rels/document.xml.rels": relations})
    page = f"<link rel=stylesheet href={outside.address}/a.css><p>Text<img src={outside.address}/b.png></p>"
    try:
        assert reader.read(linked, kind="docx").body == "Before.\n"
        assert reader.read(page.encode(), kind="html").body.startswith("Text")
    finally:
        outside.close()
    assert outside.calls == 0


CONFINED = """
import socket, subprocess, sys
sys.path.insert(0, sys.argv[1])
from knowledge.parsing import limits
limits.confine()
def refused(act):
    try:
        act()
    except (PermissionError, MemoryError, OSError) as error:
        return type(error).__name__
    return "done"
print(refused(lambda: socket.create_connection(("127.0.0.1", 9), timeout=1)),
      refused(lambda: subprocess.run(["true"])),
      refused(lambda: open(sys.argv[2], "w")),
      refused(lambda: bytearray(limits.MEMORY)))
"""


def test_the_process_that_reads_can_do_nothing_else(tmp_path: Path) -> None:
    """No connection, no program, no file, no more memory than its share."""
    import subprocess
    import sys

    root = Path(limits.__file__).parents[2]
    ran = subprocess.run(
        [sys.executable, "-I", "-c", CONFINED, str(root), str(tmp_path / "x")],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.stdout.split() == ["PermissionError", "PermissionError", "PermissionError", "MemoryError"]
    assert list(tmp_path.iterdir()) == []


def test_one_bad_document_does_not_stop_the_folder(tmp_path: Path) -> None:
    """A folder with a bomb, a macro file, an old file and a sealed one gives the good page and four names."""
    write(tmp_path, "bomb.docx", docx(paragraph("x" * 70_000_000)))
    write(tmp_path, "macro.docm", GOOD)
    write(tmp_path, "old.doc", compound(["WordDocument"]))
    write(tmp_path, "sealed.PDF", sealed_pdf())
    write(tmp_path, "good.docx", GOOD)
    found = load(tmp_path)
    assert [each.id for each in found.pages] == ["good"]
    assert [(each.file, each.message) for each in found.problems] == [
        ("bomb.docx", "swells to 70 MB when unpacked: it is not opened"),
        ("macro.docm", "a file with macros is not read: save it as .docx"),
        ("old.doc", ".doc files are not read: save it as .docx"),
        ("sealed.PDF", "is protected by a password: save a copy without one"),
    ]


def test_large_files_are_not_opened(tmp_path: Path) -> None:
    """A document over the limit is named before any parser sees it."""
    with (tmp_path / "large.pdf").open("wb") as sparse:
        sparse.truncate(source_files.MAX_DOCUMENT_BYTES + 1)
    (problem,) = load(tmp_path).problems
    assert problem.message == "larger than 30 MB"


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe, a link to itself and links in a circle are named at once."""
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "self.md").symlink_to("self.md")
    (tmp_path / "one.md").symlink_to("two.md")
    (tmp_path / "two.md").symlink_to("one.md")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "up").symlink_to(tmp_path)
    write(tmp_path, "good.md", "Text.")
    found = load(tmp_path)
    assert [each.id for each in found.pages] == ["good"]
    assert {each.file: each.message for each in found.problems} == {
        "deep/up": "a linked folder is not followed",
        "one.md": "links to itself",
        "pipe.md": "is no ordinary file",
        "self.md": "links to itself",
        "two.md": "links to itself",
    }


def test_odd_names(tmp_path: Path) -> None:
    """Spaces, Chinese, signs of addresses and both ways to write é are names; bytes that are no text are not."""
    for name in ("常见 问题#1?.md", "100%&'\"<b>.md", "e\u0301.md", "😀.md"):
        write(tmp_path, name, "Text.")
    write(tmp_path, "line\nbreak.md", "Text.")
    (tmp_path / os.fsdecode(b"caf\xe9.md")).write_bytes(b"Text.")
    found = load(tmp_path)
    assert [each.id for each in found.pages] == ["100%&'\"<b>", "é", "常见 问题#1?", "😀"]
    assert [each.file for each in found.problems if "cannot be written" in each.message] == [
        "caf\\udce9.md",
        "line\\x0abreak.md",
    ]


def test_ten_thousand_files(tmp_path: Path) -> None:
    """A folder of ten thousand pages is read whole."""
    for number in range(10_000):
        folder = tmp_path / str(number // 500)
        folder.mkdir(exist_ok=True)
        (folder / f"{number}.md").write_bytes(f"---\ntitle: Page {number}\n---\nText {number}.\n".encode())
    found = load(tmp_path)
    assert len(found.pages) == 10_000
    assert found.problems == ()
