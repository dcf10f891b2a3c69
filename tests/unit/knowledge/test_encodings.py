"""Text files as Chinese offices keep them are read right, or named."""

from pathlib import Path

import pytest

from knowledge.encodings import UndecodableError, decode
from knowledge.loaders import load
from tests.unit.knowledge.pages import write

SIMPLIFIED = "后台密码忘了怎么办？\n打开登录页面，点击“忘记密码”。\n"
TRADITIONAL = "後台密碼忘了怎麼辦？\n打開登入頁面，點選「忘記密碼」。\n"
MENU = "Open **Settings** and save. Ask us for the café’s menu.\n"


@pytest.mark.parametrize(
    ("text", "encoding", "told"),
    [
        (SIMPLIFIED, "utf-8", "utf-8"),
        (SIMPLIFIED, "utf-8-sig", "utf-8"),
        (SIMPLIFIED, "gbk", "gb18030"),
        (SIMPLIFIED, "gb18030", "gb18030"),
        (SIMPLIFIED, "utf-16", "utf-16"),
        (SIMPLIFIED, "utf-16-le", "utf-16-le"),
        (SIMPLIFIED, "utf-16-be", "utf-16-be"),
        (TRADITIONAL, "big5", "big5hkscs"),
        (TRADITIONAL, "gbk", "gb18030"),
        (TRADITIONAL, "utf-16", "utf-16"),
        ("改标题", "gbk", "gb18030"),
        ("改標題", "big5", "big5hkscs"),
        (MENU, "cp1252", "cp1252"),
        (MENU, "utf-16-le", "utf-16-le"),
        ("plain", "ascii", "utf-8"),
    ],
)
def test_an_encoding_is_told(text: str, encoding: str, told: str) -> None:
    """Also on a page of two lines, or of three characters."""
    found = decode(text.encode(encoding))
    assert (found.text, found.encoding) == (text, told)


def test_a_page_names_its_encoding_itself() -> None:
    """What a web page declares is believed where it decodes, and only there."""
    assert decode("龘靐".encode("gbk"), declared="GB2312").text == "龘靐"
    with pytest.raises(UndecodableError):
        decode(b"\xff\xff\xff\xff", declared="big5")
    with pytest.raises(UndecodableError):
        decode(b"\xff\xff\xff\xff", declared="no-such-encoding")


@pytest.mark.parametrize("raw", [b"fine\n\xff\xfe\xfa\xf9\n", b"fine\n\x89PNG\x1a\xff\x80", b"fine\n\xc0\xc1\xf5\xff"])
def test_what_is_no_text_is_named_with_its_line(raw: bytes) -> None:
    """Bytes that are no text in any encoding are refused at the first line that is none."""
    with pytest.raises(UndecodableError) as refused:
        decode(raw)
    assert refused.value.line == 2


def test_a_page_in_another_encoding_is_read_with_a_warning(tmp_path: Path) -> None:
    """The page is there, and somebody is told to save it as UTF-8."""
    write(tmp_path, "gbk.md", f"---\ntitle: 找回密码\naudience: client\n---\n{SIMPLIFIED}".encode("gbk"))
    found = load(tmp_path)
    assert (found.pages[0].title, found.pages[0].body) == ("找回密码", SIMPLIFIED)
    (problem,) = found.problems
    assert problem.warning
    assert problem.message == "read as gb18030: save it as UTF-8"
