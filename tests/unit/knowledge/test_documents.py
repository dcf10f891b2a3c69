"""Documents of every kind become pages: their tables stay tables, their places stay known."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from knowledge.chunking import chunks
from knowledge.loaders import load
from knowledge.model import Audience
from knowledge.parsing.model import Parsed
from knowledge.parsing.reader import Reader
from tests.unit.knowledge.documents import (
    docx,
    heading,
    paragraph,
    pdf,
    pptx,
    ruled,
    scanned_pdf,
    word_table,
    written,
    xlsx,
)
from tests.unit.knowledge.pages import page, write


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader() as opened:
        yield opened


def test_word(reader: Reader) -> None:
    """Headings, text and a table come over; the first heading is the title."""
    body = (
        heading("重置密码")
        + paragraph("打开后台。")
        + heading("价格", 2)
        + word_table([("项目", "价格"), ("建站", "900")])
    )
    found = reader.read(docx(body), kind="docx")
    assert found.title == "重置密码"
    assert found.body == "# 重置密码\n\n打开后台。\n\n## 价格\n\n| 项目 | 价格 |\n| --- | --- |\n| 建站 | 900 |\n"


def test_what_was_struck_out_stays_out(reader: Reader) -> None:
    """A change that was tracked counts as it stands now."""
    struck = "<w:p><w:r><w:t>Costs 90.</w:t></w:r><w:del><w:r><w:delText>Was 50.</w:delText></w:r></w:del>"
    body = f"{struck}<w:ins><w:r><w:t> Per year.</w:t></w:r></w:ins></w:p>"
    assert reader.read(docx(body), kind="docx").body == "Costs 90. Per year.\n"


def test_a_workbook(reader: Reader) -> None:
    """Every sheet is a section; numbers, dates and empty cells read as in the program; hidden sheets stay hidden."""
    sheets = {
        "价格表": [("项目", None, "价格", "起"), ("建站", None, 1200.0, date(2026, 5, 1)), ("a|b", None, 0.5, None)],
        "成本": [("secret",)],
    }
    found = reader.read(xlsx(sheets, hidden=["成本"]), kind="xlsx")
    assert found.body == (
        "## 价格表\n\n| 项目 | 价格 | 起 |\n| --- | --- | --- |\n| 建站 | 1200 | 2026-05-01 |\n| a\\|b | 0.5 |  |\n"
    )
    assert found.notes == ("hidden sheet left out: 成本",)


def test_slides(reader: Reader) -> None:
    """A slide is a section that names its number; hidden slides and the speaker's notes are not for readers."""
    made = pptx([("续费", "第一步\n第二步"), ("成本", "secret"), ("付款", "支付宝")], notes="our margin", hidden=[2])
    found = reader.read(made, kind="pptx")
    assert found.title == "续费"
    assert found.body == "## 续费 (slide 1)\n\n第一步\n第二步\n\n## 付款 (slide 3)\n\n支付宝\n"
    assert found.notes == ("hidden slides are left out: 2", "the speaker's notes are left out")


def test_pages_of_a_pdf(reader: Reader) -> None:
    """Each page is a place of its own below the chapter it belongs to; a ruled table is a table."""
    made = pdf(
        [
            written("How to renew", "# not a heading"),
            written("Prices:") + "\n" + ruled([("plan", "price"), ("gold", "900")]),
        ],
        marks={"Renewal": 0},
    )
    found = reader.read(made, kind="pdf")
    assert [each.heading for each in chunks(page("p", found.body))] == ["Renewal › p. 1", "Renewal › p. 2"]
    assert "How to renew\n\\# not a heading" in found.body
    assert "Prices:\n\n| plan | price |\n| --- | --- |\n| gold | 900 |" in found.body


def test_a_scanned_pdf_is_read_as_a_picture(reader: Reader) -> None:
    """A page without text is recognised within the same limits, and says so."""
    found = reader.read(scanned_pdf("Reset the password"), kind="pdf")
    assert "Reset the password" in found.body
    assert found.notes == ("read by text recognition (OCR), check it: p. 1",)


def test_a_web_page(reader: Reader) -> None:
    """Title, language and audience are taken from where html keeps them; what surrounds the content is not."""
    made = (
        '<html lang="zh-CN"><head><meta charset="gbk"><title>找回密码</title><meta name="audience" content="client"></head>'
        '<body><nav>首页</nav><main><h1>找回密码</h1><p>打开<a href="https://a.example/x_y">登录页</a></p>'
        '<p style="display: none">hidden</p><script>x()</script><table><tr><td>a</td></tr><tr><td>1</td></tr></table>'
        "</main></body></html>"
    ).encode("gbk")
    assert reader.read(made, kind="html") == Parsed(
        body="# 找回密码\n\n打开[登录页](https://a.example/x_y)\n\n| a |\n| --- |\n| 1 |\n",
        title="找回密码",
        language="zh-CN",
        audience="client",
        notes=("read as gb18030: save it as UTF-8",),
    )


def test_documents_and_pages_lie_in_one_folder(tmp_path: Path) -> None:
    """A document is a page like any other: internal unless said, its folder the category, its tables searchable."""
    write(tmp_path, "zh/price/list.xlsx", xlsx({"价格": [("项目", "价格"), ("建站", 900)]}))
    write(tmp_path, "zh/price/how.md", "---\ntitle: 付款\naudience: client\n---\n支付宝。\n")
    write(
        tmp_path, "zh/price/web.html", "<html lang='zh-TW'><meta name='audience' content='client'><p>付款方式說明</p>"
    )
    write(tmp_path, "zh/price/~$list.xlsx", b"lock")
    found = load(tmp_path)
    assert found.problems == ()
    assert [(each.id, each.title, each.audience, each.language) for each in found.pages] == [
        ("zh/price/how", "付款", Audience.CLIENT, "zh-Hans"),
        ("zh/price/list", "list", Audience.INTERNAL, "zh-Hans"),
        ("zh/price/web", "web", Audience.CLIENT, "zh-Hant"),
    ]
    (chunk,) = chunks(found.pages[1])
    assert (chunk.heading, chunk.text) == ("价格", "| 项目 | 价格 |\n| --- | --- |\n| 建站 | 900 |")


def test_what_was_read_is_kept_by_its_content(tmp_path: Path) -> None:
    """A second reading starts no process; a changed file is read anew; what left the manual is not kept."""
    kept, one, other = tmp_path / "kept", docx(paragraph("One.")), docx(paragraph("Other."))
    with Reader(kept) as first:
        first.read(one, kind="docx")
        with pytest.raises(Exception, match="damaged"):
            first.read(b"PK\x03\x04", kind="docx")
    with Reader(kept) as second:
        assert second.read(one, kind="docx").body == "One.\n"
        assert second.fresh == 0
        assert second.read(other, kind="docx").body == "Other.\n"
        assert second.fresh == 1
    assert len(list(kept.iterdir())) == 2
    with Reader(kept) as third:
        third.read(other, kind="docx")
        assert third.fresh == 0
    assert len(list(kept.iterdir())) == 1


def test_a_broken_record_is_made_again(tmp_path: Path) -> None:
    """A record that a crash left half-written costs one reading, nothing else."""
    with Reader(tmp_path) as first:
        first.read(docx(paragraph("One.")), kind="docx")
    (record,) = tmp_path.iterdir()
    record.write_bytes(record.read_bytes()[:20])
    with Reader(tmp_path) as second:
        assert second.read(docx(paragraph("One.")), kind="docx").body == "One.\n"
