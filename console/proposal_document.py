"""A proposal as a document: one sheet of blocks, written as a page that loads nothing and as a Word file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from io import BytesIO
from typing import Any, Final

from jinja2 import Environment
from markupsafe import Markup

from console import formats, moments
from console.report_document import STYLE
from console.report_words import spaced
from console.texts import Texts
from handoff.kinds import Tier
from success.projects.outline import Proposal, Service

DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_FONTS: Final = {"zh-Hans": "Microsoft YaHei", "zh-Hant": "Microsoft JhengHei", "en": "Calibri"}
_BLUE: Final = "3A4FD0"
_MARGIN_CM: Final = 2.0


@dataclass(frozen=True, kw_only=True)
class Block:
    """A part of the sheet: paragraphs, quotations (about what, the words), a list, or a table whose last line sums up.

    `right` are the columns of numbers.
    """

    title: str
    hint: str = ""
    paragraphs: Sequence[str] = ()
    quotes: Sequence[tuple[str, str]] = ()
    items: Sequence[str] = ()
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    foot: Sequence[str] = ()
    right: frozenset[int] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A proposal in words."""

    title: str
    client: str
    language: str
    agency: str
    facts: Sequence[str]
    blocks: Sequence[Block]


@dataclass(frozen=True)
class ProposalPress:
    """What makes documents of proposals: templates and texts."""

    templates: Environment
    texts: Texts

    def title(self, content: Proposal) -> str:
        """What the document is called, as a file too."""
        return self._say(content, "proposal.doc.file", title=content.title, client=content.client)

    def sheet(self, content: Proposal, *, agency: str, n: int, on: date) -> Sheet:
        """The proposal in words; `n` is its version, `on` its day."""
        facts = [
            self._say(content, "proposal.doc.version", version=n, on=formats.day(on, content.language)),
            self._say(content, "proposal.doc.valid", on=formats.day(content.valid_until, content.language)),
        ]
        return Sheet(
            title=content.title, client=content.client, language=content.language, agency=agency, facts=facts,
            blocks=self._blocks(content),
        )  # fmt: skip

    def body(self, sheet: Sheet) -> Markup:
        """The sheet as HTML, to stand inside an element of class `report`."""
        html = self.templates.get_template("proposal_sheet.html").render(sheet=sheet)
        return Markup(html)  # noqa: S704 - rendered with escaping

    def page(self, sheet: Sheet) -> str:
        """A page of its own, which loads nothing."""
        style = Markup(STYLE.read_text("utf-8"))  # noqa: S704 - ours
        shown: dict[str, Any] = {"language": sheet.language, "title": sheet.title, "style": style, "compact": False}
        return self.templates.get_template("report_document.html").render(shown | {"body": self.body(sheet)})

    def docx(self, sheet: Sheet) -> bytes:
        """The sheet as a Word file."""
        return _docx(sheet)

    def _say(self, content: Proposal, key: str, /, **values: object) -> str:
        said = self.texts.say(key, content.language, **values)
        return said if content.language == "en" else spaced(said)

    @staticmethod
    def _set(content: Proposal, text: str) -> list[str]:
        """The lines of a text of ours, as its language is set."""
        return [row if content.language == "en" else spaced(row) for row in text.split("\n") if row]

    def _blocks(self, content: Proposal) -> list[Block]:
        word = partial(self._say, content)
        blocks = [Block(title=word("proposal.doc.understanding"), paragraphs=self._set(content, content.understanding))]
        if content.quotes:
            quoted = [(word(f"proposal.doc.quote.{each.about}"), each.text) for each in content.quotes]
            blocks.append(
                Block(title=word("proposal.doc.quotes"), hint=word("proposal.doc.quotes.hint"), quotes=quoted)
            )
        blocks.append(Block(title=word("proposal.doc.architecture"), items=self._set(content, content.architecture)))
        if content.pages:
            blocks.append(Block(title=word("proposal.doc.pages"), items=content.pages))
        blocks += [self._plan(content), self._prices(content)]
        if content.services:
            blocks.append(self._services(content))
        if content.remarks:
            blocks.append(Block(title=word("proposal.doc.remarks"), paragraphs=content.remarks.split("\n")))
        return [*blocks, Block(title=word("proposal.doc.next"), paragraphs=[word("proposal.doc.next.text")])]

    def _plan(self, content: Proposal) -> Block:
        language = content.language
        rows = [
            (
                self._say(content, f"projects.stage.{each.stage}"), formats.day(each.starts_on, language),
                formats.day(each.ends_on, language),
            )
            for each in content.milestones
        ]  # fmt: skip
        head = [self._say(content, f"proposal.doc.plan.{name}") for name in ("stage", "starts", "ends")]
        return Block(
            title=self._say(content, "proposal.doc.plan"), hint=self._say(content, "proposal.doc.plan.hint"), head=head,
            rows=rows,
        )  # fmt: skip

    def _prices(self, content: Proposal) -> Block:
        language = content.language
        rows = [
            (each.name, each.what, formats.number(each.days, language), money(each.price, content.currency, language))
            for each in content.lines
        ]
        head = [self._say(content, f"proposal.doc.price.{name}") for name in ("name", "what", "days", "price")]
        foot = (
            self._say(content, "proposal.doc.price.sum"), "", formats.number(content.days, language),
            money(content.total, content.currency, language),
        )  # fmt: skip
        return Block(
            title=self._say(content, "proposal.doc.price"), head=head, rows=rows, foot=foot, right=frozenset({2, 3})
        )

    def _services(self, content: Proposal) -> Block:
        head = [self._say(content, "proposal.doc.service.tier")]
        head += [self._say(content, f"level.{level}") for level in ("emergency", "bug", "question")]
        rows = [self._service(content, each) for each in content.services if each.tier in set(Tier)]
        hint = self._say(content, "proposal.doc.service.hint")
        return Block(title=self._say(content, "proposal.doc.service"), hint=hint, head=head, rows=rows)

    def _service(self, content: Proposal, each: Service) -> tuple[str, ...]:
        language = content.language
        fee = formats.number(each.fee_from, language)
        named = self._say(content, f"tier.{each.tier}")
        tier = self._say(content, "proposal.doc.service.from", tier=named, fee=fee) if each.fee_from else named
        cells = [tier]
        for level in ("emergency", "bug", "question"):
            said = [
                self._say(
                    content, f"proposal.doc.service.{clock}",
                    target=moments.target(self.texts, language, each.targets[f"{level}.{clock}"]),
                )
                for clock in ("FR", "RS") if f"{level}.{clock}" in each.targets
            ]  # fmt: skip
            cells.append("\n".join(said) or formats.NOTHING)
        return tuple(cells)


def money(amount: int, currency: str, language: str) -> str:
    """An amount in whole units, with its currency."""
    return f"{currency} {formats.number(amount, language)}"


def _docx(sheet: Sheet) -> bytes:
    from docx import Document
    from docx.shared import Cm, Pt, RGBColor

    document = Document()
    for section in document.sections:
        section.left_margin = section.right_margin = Cm(_MARGIN_CM)
        section.top_margin = section.bottom_margin = Cm(_MARGIN_CM)
    _face(document.styles["Normal"], sheet.language).size = Pt(10.5)
    for level, size in ((1, 15), (2, 12)):
        font = _face(document.styles[f"Heading {level}"], sheet.language)
        font.size, font.color.rgb = Pt(size), RGBColor.from_string(_BLUE)
    _face(document.styles["Title"], sheet.language).size = Pt(24)
    document.core_properties.title, document.core_properties.author = sheet.title, sheet.agency
    document.add_paragraph(sheet.agency)
    document.add_heading(sheet.title, 0)
    document.add_paragraph(sheet.client).runs[0].bold = True
    document.add_paragraph(" · ".join(sheet.facts))
    for block in sheet.blocks:
        document.add_heading(block.title, 1)
        _block(document, block)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def _block(document: Any, block: Block) -> None:
    if block.hint:
        document.add_paragraph(block.hint).runs[0].italic = True
    for text in block.paragraphs:
        document.add_paragraph(text)
    for about, text in block.quotes:
        document.add_paragraph(about).runs[0].bold = True
        document.add_paragraph(text, style="Intense Quote")
    for text in block.items:
        document.add_paragraph(text, style="List Bullet")
    if block.head:
        _table(document, block)


def _table(document: Any, block: Block) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    table = document.add_table(rows=0, cols=len(block.head))
    table.style = "Light Grid Accent 1"
    for row in (block.head, *block.rows, *((block.foot,) if block.foot else ())):
        strong = row is block.head or row is block.foot
        for place, (cell, text) in enumerate(zip(table.add_row().cells, row, strict=True)):
            cell.text = text
            written = cell.paragraphs[0]
            if place in block.right:
                written.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            for run in written.runs:
                run.bold = strong


def _face(style: Any, language: str) -> Any:
    """Give a style the language's typeface, for Chinese letters too."""
    from docx.oxml.ns import qn

    style.font.name = _FONTS[language]
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in ("w:ascii", "w:hAnsi", "w:eastAsia"):
        fonts.set(qn(name), _FONTS[language])
    for name in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme"):
        if qn(name) in fonts.attrib:
            del fonts.attrib[qn(name)]
    return style.font
