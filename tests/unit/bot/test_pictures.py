"""Text in pictures: read by the real reader, in a process of its own; what the rules make of it."""

import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from bot import framing, gate
from bot.pictures import MOST, NoReader, Pictures, ProcessReader
from bot.shipped import load_rules, load_texts
from handoff.kinds import Level
from handoff.model import Attachment
from tests.screenshots import screenshot
from tests.unit.bot.test_gate import NOW
from tests.unit.bot.test_planning import situation

RULES, TEXTS = load_rules(), load_texts()


def kept(folder: Path, content: bytes, name: str = "a", media_type: str = "image/png") -> Attachment:
    (folder / name).write_bytes(content)
    return Attachment(id=name, name="截图.png", media_type=media_type, size=len(content))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
async def test_a_screenshot_is_read(tmp_path: Path, kind: str) -> None:
    """Both scripts and English, from above to below."""
    shot = screenshot(
        "建立資料庫連線時發生錯誤", "后台密码忘记了", "Error establishing a database connection", kind=kind
    )
    (tmp_path / "shot").write_bytes(shot)
    lines = (await ProcessReader().read(tmp_path / "shot")).splitlines()
    assert lines == ["建立資料庫連線時發生錯誤", "后台密码忘记了", "Error establishing a database connection"]


def bomb() -> bytes:
    """A PNG of a few kilobytes that says it has ten thousand million points."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    head = (100_000).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(10**6))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG\r\n\x1a\n broken", bomb(), b"<svg onload='x'/>"], ids=["empty", "broken", "bomb", "svg"]
)
async def test_a_bad_picture_says_nothing_and_harms_nothing(tmp_path: Path, content: bytes) -> None:
    """It is not read; that is all."""
    (tmp_path / "shot").write_bytes(content)
    assert not await ProcessReader().read(tmp_path / "shot")


async def test_a_reader_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    """The picture is then not read, and the next one is."""
    (tmp_path / "shot").write_bytes(screenshot("后台密码忘记了"))
    assert not await ProcessReader(within_s=0.01).read(tmp_path / "shot")
    assert await ProcessReader().read(tmp_path / "shot") == "后台密码忘记了"


class Counting:
    """Reads the same from each picture, and counts."""

    def __init__(self, text: str) -> None:
        self.text, self.read_ones = text, 0

    async def read(self, picture: Path) -> str:
        self.read_ones += bool(picture.name)
        return self.text


async def test_secrets_in_a_picture_are_masked_and_few_pictures_are_read(tmp_path: Path) -> None:
    """Only pictures, the first of them; what is kept holds no password."""
    reader = Counting("用户名 admin\n密码：Hunter2!x")
    sent = [kept(tmp_path, b"x", str(n)) for n in range(MOST + 2)]
    paper = kept(tmp_path, b"x", "paper", "application/octet-stream")
    text = await Pictures(reader=reader, files=tmp_path).text([paper, *sent])
    assert reader.read_ones == MOST
    assert "Hunter2" not in text
    assert text.count("用户名 admin") == MOST
    assert not await Pictures(reader=NoReader(), files=tmp_path).text(sent)


SCREEN = "Error establishing a database connection"


def framed(text: str, pictured: str, *, attachments: int = 1) -> framing.Frame:
    files = tuple(Attachment(id=str(n), name="x.png", media_type="image/png", size=1) for n in range(attachments))
    said = situation(text)
    sent = replace(said.pieces[0], attachments=files)
    seen = replace(said, pieces=(sent,), pictured=pictured)
    return framing.frame(seen, rules=RULES, pressed=None, now=NOW, texts=TEXTS)


@pytest.mark.parametrize(
    ("text", "pictured", "plan"),
    [
        ("", "", gate.HandOff("cannot_read", Level.QUESTION)),
        ("", "SEO 标题 元描述 保存更改", gate.Look()),
        ("", SCREEN, gate.Say("emergency")),  # a picture alone wakes nobody, it makes us ask
        ("这个怎么处理?", SCREEN, gate.Look(confirm_emergency=True)),
        ("这个怎么处理?", "转人工 投诉 退款 退出登录", gate.Look()),  # what stands on a screen is nobody's wish
        ("网站打不开了!!!", "", gate.HandOff("emergency", Level.EMERGENCY)),
    ],
)
def test_what_a_picture_changes(text: str, pictured: str, plan: gate.Plan) -> None:
    """It makes a wordless picture a question, and asks where it shows trouble."""
    assert gate.decide(framed(text, pictured).scene) == plan


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("", True), ("这个怎么处理?", True), ("网站打不开了!!!", False), ("转人工", False)],
)
def test_pictures_are_read_where_they_matter(text: str, wanted: bool) -> None:
    """An emergency and a wish for a person do not wait for them."""
    assert gate.wants_pictures(framed(text, "").scene) is wanted
    assert not gate.wants_pictures(framed(text, "", attachments=0).scene)
