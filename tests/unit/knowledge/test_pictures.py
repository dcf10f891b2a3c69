"""Pictures of pages: taken where they are what they say, named as problems where not, gone from what is quoted."""

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from knowledge import loaders, pictures
from knowledge.chunking import chunks, embedding_text
from knowledge.model import Page, Problem

FRONT = "---\ntitle: T\naudience: client\n---\n"


def drawn(kind: str = "PNG", *, size: tuple[int, int] = (40, 30), colour: str = "red") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, kind)
    return stream.getvalue()


def bomb() -> bytes:
    """A PNG of a few bytes that says it is 60,000 pixels wide and high."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b""))
    chunk = (struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk)


def load(folder: Path, body: str, **files: bytes) -> tuple[Page, tuple[Problem, ...]]:
    (folder / "a" / "images").mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / "a" / "images" / name.replace("_", ".")).write_bytes(content)
    (folder / "a" / "page.md").write_text(FRONT + body, encoding="utf-8")
    found = loaders.load(folder)
    (page,) = found.pages
    return page, found.problems


@pytest.mark.parametrize(
    ("kind", "media"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp"), ("GIF", "image/gif")]
)
def test_a_picture_is_taken(tmp_path: Path, kind: str, media: str) -> None:
    """Whatever its name says, it is what its bytes are; text, place and line are kept."""
    page, problems = load(
        tmp_path, "Intro.\n\n## Steps\n\n1. Open.\n\n   ![The menu](images/x.png)\n", x_png=drawn(kind)
    )
    assert problems == ()
    (picture,) = page.pictures
    assert (picture.media_type, picture.width, picture.height) == (media, 40, 30)
    assert (picture.alt, picture.path, picture.line) == ("The menu", "a/images/x.png", 11)
    assert pictures.read(picture, root=tmp_path) == drawn(kind)
    cut = {chunk.heading: chunk for chunk in chunks(page)}
    assert pictures.standing_in(page, cut["Steps"].lines) == page.pictures
    assert pictures.standing_in(page, cut[""].lines) == ()


def test_places_are_read_as_people_write_them(tmp_path: Path) -> None:
    """Spaces and Chinese in names, from the manual's root, twice the same, with a title."""
    (tmp_path / "top.png").write_bytes(drawn())
    (tmp_path / "a" / "images").mkdir(parents=True)
    (tmp_path / "a" / "images" / "菜单 图.png").write_bytes(drawn(colour="blue"))
    body = '![a](/top.png) ![b](<images/菜单 图.png> "Title") ![c](../top.png) ![d](/top.png)\n'
    page, problems = load(tmp_path, body)
    assert problems == ()
    assert [picture.path for picture in page.pictures] == ["top.png", "a/images/菜单 图.png", "top.png"]


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("images/gone.png", "is not there"),
        ("../../etc/passwd", "lies outside"),
        ("..%2F..%2Foutside.png", "lies outside"),
        ("images/link.png", "lies outside"),
        ("images/folder.png", "cannot be read"),
        ("images/draw.svg", "no PNG, JPEG, WebP or GIF"),
        ("images/text.png", "no PNG, JPEG, WebP or GIF"),
        ("images/empty.png", "no PNG, JPEG, WebP or GIF"),
        ("images/torn.png", "does not decode"),
        ("images/bomb.png", "more pixels than is shown"),
        ("images/wide.png", "more pixels than is shown"),
        ("images/fat.png", "larger than 5 MB"),
        ("https://elsewhere.example/x.png", "lies elsewhere"),
        ("//elsewhere.example/x.png", "lies elsewhere"),
        ("file:///etc/passwd", "lies elsewhere"),
    ],
)
def test_what_cannot_be_shown_is_named(tmp_path: Path, reference: str, said: str) -> None:
    """With file and line; the page itself is read all the same."""
    room = tmp_path / "manual"
    images = room / "a" / "images"
    images.mkdir(parents=True)
    (tmp_path / "outside.png").write_bytes(drawn())
    (images / "link.png").symlink_to(tmp_path / "outside.png")
    (images / "folder.png").mkdir()
    contents = {
        "draw.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        "text.png": b"no picture",
        "empty.png": b"",
        "torn.png": drawn(size=(200, 200))[:150],
        "bomb.png": bomb(),
        "wide.png": drawn(size=(8_001, 1)),
        "fat.png": drawn() + b"\0" * 5_000_000,
    }
    for name, content in contents.items():
        (images / name).write_bytes(content)
    page, problems = load(room, f"Text.\n\n![x]({reference})\n")
    assert page.pictures == ()
    if reference.startswith("file:"):
        assert problems == ()  # no Markdown renderer takes it for a picture
        return
    (problem,) = problems
    assert (problem.file, problem.line) == ("a/page.md", 7)
    assert said in problem.message


def test_another_picture_under_the_same_name_is_another_page(tmp_path: Path) -> None:
    """Exchanging the file alone changes what there is to index; a picture that changed since is not read."""
    page, _ = load(tmp_path, "![x](images/x.png)\n", x_png=drawn())
    before = loaders.load(tmp_path).hash
    (tmp_path / "a" / "images" / "x.png").write_bytes(drawn(colour="green"))
    again = loaders.load(tmp_path)
    assert again.hash != before
    assert again.pages[0].hash != page.hash
    assert pictures.read(page.pictures[0], root=tmp_path) is None


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("1. Open.\n\n![The menu](images/x.png)\n\nDone.", "1. Open.\n\n\nDone."),
        ("Press ![gear](g.png) now.", "Press gear now."),
        ('![a](<a b.png>) ![b](c.png "t")', ""),
        ("> ![a](x.png)", ""),
        ("Array![0](x) is code, ![not closed](", "Array0 is code, ![not closed]("),
        ("no picture [link](x)", "no picture [link](x)"),
    ],
)
def test_text_without_pictures(text: str, left: str) -> None:
    """A line of pictures goes, words beside them stay, and what is no picture is left alone."""
    assert pictures.without(text) == left


def test_what_a_picture_shows_is_found(tmp_path: Path) -> None:
    """Its words are embedded and indexed, its path is not."""
    page, _ = load(tmp_path, "![The gear wheel](images/x.png)\n", x_png=drawn())
    text = embedding_text(chunks(page)[0], title=page.title)
    assert "The gear wheel" in text
    assert "images/" not in text
