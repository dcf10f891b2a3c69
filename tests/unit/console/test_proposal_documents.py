"""A proposal's documents: what a client reads of it, in three languages; hostile words stay words, absurd ones stay whole."""

from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from docx import Document

from console.pages import environment
from console.proposal_document import ProposalPress
from console.proposal_sheet import Sheet, bars, money
from console.texts import Texts
from success.projects.edits import edited, typed_lines, typed_payments
from success.projects.errors import PricesBroken, ProjectRefused
from success.projects.model import Line, Payment, Proposal, Service
from success.projects.outline import Ground, outline
from success.projects.plan_rules import Milestone
from success.projects.price_book import shipped
from success.projects.price_reading import read_prices
from success.projects.price_rules import MOST_PRICE, Stage
from success.projects.wish import LANGUAGES, plain, read_wish

PRESS = ProposalPress(environment(), Texts.shipped())
PRICES = read_prices(shipped())
TODAY = date(2026, 11, 23)
WISH = {"title": "新官网", "client": "青禾", "functions": "在线商城\n新闻", "language": "zh-Hans"}
SERVICES = (Service(tier="gold", fee_from=100_000, targets={"emergency.FR": "1 h on A", "bug.RS": "3 working days"}),)
HOSTILE = [
    "<script>alert(1)</script><img src=x onerror=alert(1)>", "[pay](https://evil.example/pay) ![x](//evil.example/p.png)",
    '{ INCLUDETEXT "c:\\\\secret.txt" } { DDEAUTO cmd }', "=cmd|' /C calc'!A0", "{=1+1}", '<w:fldSimple w:instr="DATE"/>',
    "]]></w:t></w:r><w:p/>", "{{ sheet.agency }} {% raw %}", "W" * 300, "a\u202eb\u200bc\u2066d\x00\x1b\x0b", "\ufffe\uffff\ufdd0 x",
    "e" + "\u0301" * 200, "مرحبا بالعالم 123", "&lt;b&gt; &#x3c;b&#x3e;", "\ud83d\ude00 😀", "javascript:alert(1) data:text/html,x",
]  # fmt: skip
TAGS = {
    "html", "head", "meta", "title", "style", "body", "article", "header", "p", "b", "span", "h1", "h2", "div", "section",
    "blockquote", "ul", "li", "table", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "th", "td", "svg", "rect",
}  # fmt: skip


class Reader(HTMLParser):
    """What tags and attributes a page has."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.names: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}


def drafted(**more: Any) -> Proposal:
    ground = Ground(
        prices=PRICES, is_working=lambda day: day.weekday() < 5, covered_until=None, services=SERVICES, today=TODAY
    )
    return outline(read_wish(WISH | more), ground, say=Texts.shipped().say)


def sheet(content: Proposal) -> Sheet:
    return PRESS.sheet(content, agency="北灯 <b>", number=7, n=2, on=TODAY)


def words(content: bytes) -> str:
    """Everything that a Word file says, its foot besides."""
    file = Document(BytesIO(content))
    said = [each.text for each in file.paragraphs] + [each.text for each in file.sections[0].footer.paragraphs]
    return "\n".join(said + [cell.text for table in file.tables for row in table.rows for cell in row.cells])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_client_reads_the_whole_offer(language: str) -> None:
    """Number, version, dates, deliverables, sum, tax, payments that come to it, what is not in it, how it is accepted."""
    content = replace(drafted(language=language), remarks="x y z")
    made = sheet(content)
    html, docx = PRESS.page(made), words(PRESS.docx(made))
    say = Texts.shipped().say
    total, ends = money(content.total, "CNY", language), content.milestones[-1].ends_on
    for each in (total, "0007", content.tax, *content.excluded, "x y z", str(ends.year), *content.pages):
        assert each in html, each
        assert each in docx, each
    for stage in Stage:
        assert say(f"projects.stage.{stage}", language) in docx
    assert [amount for _, amount in content.due()] == [20_200, 15_150, 15_150]
    assert money(20_200, "CNY", language) in docx
    for key in ("proposal.doc.together.changes", "proposal.doc.next.text"):
        assert say(key, language)[:12].replace(" ", "") in docx.replace(" ", "")
    assert html.count("<rect") == 2 * len(Stage)
    assert not any(each in html + docx for each in content.open)


@pytest.mark.parametrize("words_of_theirs", HOSTILE)
def test_hostile_words_stay_words(words_of_theirs: str) -> None:
    """In each place of a brief, a title included: no tag, address, field or relation comes of them in page or file."""
    theirs = dict.fromkeys(
        ("functions", "references", "competitors", "indicators", "look", "audience"), words_of_theirs
    )
    content = drafted(**theirs, title=words_of_theirs[:60].replace("\x00", "") or "x", client="青禾 <i>")
    content = edited(content, {"remarks": words_of_theirs, "excluded": words_of_theirs, "pages": words_of_theirs})
    made = sheet(content)
    read = Reader(PRESS.page(made))
    assert read.tags <= TAGS
    assert not {"href", "src", "style", "onerror", "onclick"} & read.names
    content_of = PRESS.docx(made)
    assert plain(words_of_theirs).replace("\n", " ") in words(content_of).replace("\n", " ")
    with ZipFile(BytesIO(content_of)) as file:
        names = file.namelist()
        document = file.read("word/document.xml").decode()
        relations = "".join(file.read(each).decode() for each in names if each.endswith(".rels"))
        foot = "".join(file.read(each).decode() for each in names if "footer" in each and each.endswith(".xml"))
    assert not any(each in document for each in ("<w:instrText", "<w:fldSimple", "<w:hyperlink", "<w:object"))
    assert 'TargetMode="External"' not in relations
    assert sorted(each.split('"')[0] for each in foot.split('w:instr="')[1:]) == ["NUMPAGES", "PAGE"]


def test_marks_over_a_letter_are_kept_to_what_a_language_has() -> None:
    assert plain("e" + "\u0301" * 200) == "e" + "\u0301" * 3
    assert plain("Việt Nam ñ") == "Việt Nam ñ"
    assert plain("\ufffe\uffff\ufdd0x") == "x"


def test_the_longest_brief_is_still_a_document() -> None:
    """Forty lines of three hundred letters each, two thousand in a text; one more is refused."""
    many = "\n".join(f"{n} {'长' * 290}" for n in range(40))
    content = drafted(functions=many, references=many, look="很长" * 1_000)
    assert words(PRESS.docx(sheet(content))).count("长长长") > 80
    with pytest.raises(ProjectRefused):
        drafted(look="x" * 10_000)


def test_absurd_numbers_are_written_whole() -> None:
    """A hundred lines at the highest price, all optional, nobody's days; one day for everything, in the year 2100."""
    lines = tuple(Line(name=f"模块 {n}", days=0, price=MOST_PRICE, optional=True) for n in range(100))
    day = date(2100, 12, 31)
    stages = tuple(Milestone(stage=each, starts_on=day, ends_on=day) for each in Stage)
    content = replace(drafted(), lines=lines, milestones=stages, valid_until=day)
    made = sheet(content)
    assert "¥10,000,000,000" in PRESS.page(made)
    assert "¥10,000,000,000" in words(PRESS.docx(made))
    assert sum(amount for _, amount in content.due()) == content.total
    assert bars(stages) == [(0.0, 1.0)] * len(Stage)
    assert "全部去掉" not in PRESS.page(made)  # nothing would be left


def test_a_timeline_stays_on_the_sheet() -> None:
    """Ten years and a last day: each bar begins before it ends, within the sheet, and is seen in Word."""
    first = date(2026, 1, 1)
    starts = [first, first, first + timedelta(days=9), first + timedelta(days=3_600), first + timedelta(days=3_659)]
    stages = [
        Milestone(stage=s, starts_on=d, ends_on=max(d, first + timedelta(days=9)))
        for s, d in zip(Stage, starts, strict=True)
    ]
    drawn = bars(stages)
    assert all(0 <= begins < ends <= 1 for begins, ends in drawn)
    file = Document(BytesIO(PRESS.docx(sheet(replace(drafted(), milestones=tuple(stages))))))
    (plan,) = [each for each in file.tables if each.rows[0].cells[0].text == "阶段"]
    assert all('w:fill="3A4FD0"' in row._tr.xml for row in plan.rows[1:])


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ({"pay_start": "50"}, "payments"), ({"pay_start": "101"}, "payments"), ({"pay_start": "-1"}, "payments"),
        ({"pay_start": "50", "pay_launch": "51"}, "payments"), ({"pay_needs": "x"}, "payments"), ({"tax": "x" * 6_001}, "tax"),
        ({"excluded": "\n".join(map(str, range(101)))}, "excluded"), ({"lines": "* | 1 | 1 |"}, "lines"),
    ],
)  # fmt: skip
def test_terms_that_cannot_be_meant(typed: dict[str, str], reason: str) -> None:
    with pytest.raises(ProjectRefused) as refused:
        edited(drafted(), typed)
    assert refused.value.reason == reason


def test_terms_are_typed_and_read_again() -> None:
    """Optional lines keep their mark, payments their shares; an old version without terms is still read."""
    content = drafted()
    again = edited(
        content, {"lines": typed_lines(content.lines), **typed_payments(content.payments), "tax": content.tax}
    )
    assert again == content
    assert [each.name for each in content.lines if each.optional] == ["新闻与博客"]
    assert Proposal.of(content.kept) == content
    old = {name: value for name, value in content.kept.items() if name not in {"tax", "excluded", "payments"}}
    old["lines"] = [{name: value for name, value in each.items() if name != "optional"} for each in old["lines"]]
    read = Proposal.of(old)
    assert (read.tax, read.excluded, read.payments) == ("", (), ())
    assert edited(content, dict.fromkeys(typed_payments(()), "")).payments == ()
    odd = replace(
        content, payments=tuple(Payment(when=str(s), share=n) for s, n in zip(Stage, (33, 33, 32, 1, 1), strict=True))
    )
    assert sum(amount for _, amount in odd.due()) == content.total


@pytest.mark.parametrize(
    "wrong",
    ["payments: {start: 40, design: 30}", "payments: {start: 100, party: 0}", "payments: {noon: 100}", "tax: 6%"],
)
def test_prices_whose_terms_cannot_be_meant(wrong: str) -> None:
    source = shipped().replace(
        "payments: {start: 40, design: 30, launch: 30}", wrong if wrong.startswith("pay") else ""
    )
    if wrong.startswith("tax"):
        source = "\n".join(wrong if line.startswith("tax:") else line for line in source.splitlines())
    with pytest.raises(PricesBroken):
        read_prices(source)
