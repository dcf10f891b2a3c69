"""A proposal's sheet as a Word file: A4, numbered pages, tables that keep together; nothing in it is a field but these.

Every text goes in as text: what looks like a field, a formula or markup is read as it stands.
"""

from collections.abc import Sequence
from io import BytesIO
from typing import Any, Final

from console.proposal_sheet import Block, Sheet

DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_FONTS: Final = {"zh-Hans": "Microsoft YaHei", "zh-Hant": "Microsoft JhengHei", "en": "Calibri"}
_CJK: Final = {"zh-Hans": "Microsoft YaHei", "zh-Hant": "Microsoft JhengHei", "en": "Microsoft YaHei"}
_TAGS: Final = {"zh-Hans": ("en-US", "zh-CN"), "zh-Hant": ("en-US", "zh-TW"), "en": ("en-GB", "zh-CN")}
_BLUE, _GREY, _PALE, _LINE, _TINT = "3A4FD0", "5B6270", "DFE2E8", "8D94A1", "F3F5FD"
_WIDE_CM: Final = 17.0
_SLOTS: Final = 20
"""Narrow cells that a timeline is drawn in."""
_SHORT: Final = 3
_WHOLE: Final = 14
"""Rows of a table that is not broken between pages."""


def docx(sheet: Sheet) -> bytes:
    """The sheet as a Word file."""
    return _File(sheet).content()


class _File:
    """Writes one file."""

    def __init__(self, sheet: Sheet) -> None:
        from docx import Document

        self.sheet, self.document = sheet, Document()
        self._settings()

    def content(self) -> bytes:
        self._head()
        for block in self.sheet.blocks:
            self.document.add_heading(block.title, 1)
            self._block(block)
        self._foot()
        out = BytesIO()
        self.document.save(out)
        return out.getvalue()

    def _settings(self) -> None:
        from docx.shared import Cm

        for section in self.document.sections:
            section.page_width, section.page_height = Cm(21), Cm(29.7)
            section.left_margin = section.right_margin = Cm(2)
            section.top_margin, section.bottom_margin = Cm(1.8), Cm(1.8)
        self._face("Normal", size=10, after=4, lines=1.25)
        self._face("Heading 1", size=14, before=16, after=5, colour="17191E")
        self._face("Title", size=22, before=10, after=2, colour="17191E")
        self.document.styles["Title"].font.bold = True
        self._face("List Bullet", size=10, after=2, lines=1.25)
        properties = self.document.core_properties
        properties.title, properties.author, properties.comments = self.sheet.title, self.sheet.agency, ""
        properties.last_modified_by, properties.language = self.sheet.agency, _TAGS[self.sheet.language][1]

    def _face(
        self, name: str, *, size: float, before: float = 0, after: float = 0, lines: float = 1.0, colour: str = ""
    ) -> None:
        """Give a style the language's typeface, for Chinese letters too."""
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn
        from docx.shared import Pt, RGBColor

        style, language = self.document.styles[name], self.sheet.language
        style.font.name, style.font.size = _FONTS[language], Pt(size)
        if colour:
            style.font.color.rgb = RGBColor.from_string(colour)
        properties = style.element.get_or_add_rPr()
        fonts = properties.get_or_add_rFonts()
        for each in ("w:ascii", "w:hAnsi", "w:cs"):
            fonts.set(qn(each), _FONTS[language])
        fonts.set(qn("w:eastAsia"), _CJK[language])
        for each in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
            fonts.attrib.pop(qn(each), None)
        latin, chinese = _TAGS[language]
        for old in properties.findall(qn("w:lang")):
            properties.remove(old)
        tag = OxmlElement("w:lang")
        tag.set(qn("w:val"), latin)
        tag.set(qn("w:eastAsia"), chinese)
        properties.append(tag)
        spacing = style.paragraph_format
        spacing.space_before, spacing.space_after, spacing.line_spacing = Pt(before), Pt(after), lines
        borders = style.element.get_or_add_pPr().find(qn("w:pBdr"))
        if borders is not None:
            borders.getparent().remove(borders)

    def _said(self, paragraph: Any, text: str, *, size: float = 0, colour: str = "", bold: bool = False) -> Any:
        from docx.shared import Pt, RGBColor

        run = paragraph.add_run(text)
        run.bold = bold or None
        if size:
            run.font.size = Pt(size)
        if colour:
            run.font.color.rgb = RGBColor.from_string(colour)
        return paragraph

    def _head(self) -> None:
        sheet, document = self.sheet, self.document
        top = self._said(document.add_paragraph(), sheet.agency, size=10, bold=True)
        self._said(top, f"    {sheet.kind}", size=10, colour=_GREY)
        _border(top._p.get_or_add_pPr(), "w:pBdr", {"top": (36, _BLUE)}, space=8)  # noqa: SLF001 - its only door
        document.add_heading(sheet.title, 0)
        self._said(document.add_paragraph(), sheet.client, size=13, colour="3346BD")
        self._said(document.add_paragraph(), " · ".join(sheet.facts), size=9, colour=_GREY)
        table = self._table(1, len(sheet.tiles), [100 // len(sheet.tiles)] * len(sheet.tiles))
        for cell, (name, value, beside) in zip(table.rows[0].cells, sheet.tiles, strict=True):
            _shade(cell, _TINT)
            self._said(cell.paragraphs[0], name, size=9, colour=_GREY)
            self._said(cell.add_paragraph(), value, size=15, bold=True)
            self._said(cell.add_paragraph(), beside, size=9, colour=_GREY)

    def _block(self, block: Block) -> None:
        from docx.shared import Pt

        document = self.document
        if block.hint:
            hint = self._said(document.add_paragraph(), block.hint, size=9, colour=_GREY)
            hint.paragraph_format.keep_with_next = True
        for text in block.paragraphs:
            document.add_paragraph(text)
        for n, text in enumerate(block.items, 1):
            item = document.add_paragraph(text, style="List Bullet")
            item.paragraph_format.keep_with_next = n < len(block.items) <= _WHOLE
        if block.quotes:
            self._quotes(block.quotes)
        if block.short:
            self._columns(block.short)
        if block.head:
            self._rows(block)
        for n, text in enumerate(block.notes, 1):
            note = self._said(document.add_paragraph(), text, size=9, colour=_GREY)
            note.paragraph_format.space_before = Pt(5)
            note.paragraph_format.keep_with_next = n < len(block.notes)

    def _quotes(self, quotes: Sequence[tuple[str, str]]) -> None:
        table = self._table(len(quotes), 2, (22, 78))
        _border(table._tbl.tblPr, "w:tblBorders", {"insideH": (4, _PALE), "bottom": (4, _PALE), "top": (4, _PALE)})  # noqa: SLF001
        for row, (about, text) in zip(table.rows, quotes, strict=True):
            _keep(row)
            self._said(row.cells[0].paragraphs[0], about, size=9.5, colour=_GREY)
            self._lines(row.cells[1], text)

    def _columns(self, short: Sequence[str]) -> None:
        rows = [short[n : n + _SHORT] for n in range(0, len(short), _SHORT)]
        table = self._table(len(rows), _SHORT, (33, 33, 34))
        for n, (row, texts) in enumerate(zip(table.rows, rows, strict=True), 1):
            _keep(row)
            for cell, text in zip(row.cells, texts, strict=False):
                self._said(cell.paragraphs[0], f"·  {text}")
            if n < len(rows) <= _WHOLE:
                _keep_with_next(row)

    def _rows(self, block: Block) -> None:
        every = (block.head, *block.rows, *((block.foot,) if block.foot else ()))
        drawn = _SLOTS if block.bars else 0
        wide = [*block.widths[:-1], *[block.widths[-1] / drawn] * drawn] if drawn else block.widths
        table = self._table(len(every), len(wide), wide)
        _border(table._tbl.tblPr, "w:tblBorders", {"insideH": (4, _PALE), "bottom": (8, _LINE)})  # noqa: SLF001
        for n, (row, texts) in enumerate(zip(table.rows, every, strict=True)):
            _keep(row, head=n == 0)
            cells, strong = row.cells, texts is block.head or texts is block.foot
            if drawn and n == 0:
                cells = (*cells[: -drawn + 1],)
                cells[-1].merge(row.cells[-1])
            for place, (cell, text) in enumerate(zip(cells, texts, strict=False)):
                self._cell(cell, text, right=place in block.right, strong=strong or place == 0, head=n == 0)
            if drawn and n:
                _draw(row.cells[len(block.widths) - 1 :], block.bars[n - 1])
            if len(every) <= _WHOLE and (n + 1 < len(every) or block.notes):
                _keep_with_next(row)

    def _cell(self, cell: Any, text: str, *, right: bool, strong: bool, head: bool) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH

        self._lines(cell, text, size=9 if head else 9.5, colour=_GREY if head else "", bold=strong)
        if right:
            cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT

    def _lines(self, cell: Any, text: str, **face: Any) -> None:
        for n, line in enumerate(text.split("\n")):
            if n:
                cell.paragraphs[0].add_run().add_break()
            self._said(cell.paragraphs[0], line, **face or {"size": 9.5})

    def _table(self, rows: int, columns: int, widths: Sequence[float]) -> Any:
        from docx.shared import Cm, Pt

        table = self.document.add_table(rows=rows, cols=columns)
        table.autofit = False
        for column, share in zip(table.columns, widths, strict=True):
            column.width = Cm(_WIDE_CM * share / 100)
        for row in table.rows:
            for cell, share in zip(row.cells, widths, strict=True):
                cell.width = Cm(_WIDE_CM * share / 100)
                spacing = cell.paragraphs[0].paragraph_format
                spacing.space_before, spacing.space_after = Pt(3), Pt(3)
        return table

    def _foot(self) -> None:
        from docx.enum.text import WD_TAB_ALIGNMENT
        from docx.shared import Cm

        for section in self.document.sections:
            written = section.footer.paragraphs[0]
            self.document.styles["Footer"].paragraph_format.tab_stops.clear_all()
            written.paragraph_format.tab_stops.add_tab_stop(Cm(_WIDE_CM), WD_TAB_ALIGNMENT.RIGHT)
            self._said(written, f"{self.sheet.page}\t", size=8, colour=_GREY)
            _number(written, "PAGE")
            self._said(written, " / ", size=8, colour=_GREY)
            _number(written, "NUMPAGES")


def _draw(cells: Sequence[Any], bar: tuple[float, float]) -> None:
    """Fill the narrow cells of a timeline that a stage takes, one at least."""
    first = min(int(bar[0] * _SLOTS), _SLOTS - 1)
    last = max(first, round(bar[1] * _SLOTS) - 1)
    for begins, ends, filled in ((0, first - 1, False), (first, last, True), (last + 1, _SLOTS - 1, False)):
        if ends < begins:
            continue
        cell = cells[begins].merge(cells[ends])
        white = {"top": (36, "FFFFFF"), "bottom": (36, "FFFFFF")}
        _border(cell._tc.get_or_add_tcPr(), "w:tcBorders", white)  # noqa: SLF001
        if filled:
            _shade(cell, _BLUE)


def _element(parent: Any, name: str, **values: str) -> Any:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    made = OxmlElement(name)
    for key, value in values.items():
        made.set(qn(f"w:{key}"), value)
    parent.append(made)
    return made


def _border(parent: Any, name: str, edges: dict[str, tuple[int, str]], *, space: int = 0) -> None:
    borders = _element(parent, name)
    for edge in ("top", "left", "bottom", "right", "insideH", "insideV"):
        if edge in edges:
            size, colour = edges[edge]
            _element(borders, f"w:{edge}", val="single", sz=str(size), space=str(space), color=colour)


def _shade(cell: Any, colour: str) -> None:
    _element(cell._tc.get_or_add_tcPr(), "w:shd", val="clear", color="auto", fill=colour)  # noqa: SLF001


def _keep(row: Any, *, head: bool = False) -> None:
    """A row stays on one page; a head stands on each."""
    properties = row._tr.get_or_add_trPr()  # noqa: SLF001
    _element(properties, "w:cantSplit")
    if head:
        _element(properties, "w:tblHeader")


def _keep_with_next(row: Any) -> None:
    for cell in row.cells:
        for written in cell.paragraphs:
            written.paragraph_format.keep_with_next = True


def _number(paragraph: Any, field: str) -> None:
    """A field of Word's own: the page, or how many there are."""
    from docx.shared import Pt

    made = _element(paragraph._p, "w:fldSimple", instr=field)  # noqa: SLF001
    run = paragraph.add_run("1")
    run.font.size = Pt(8)
    made.append(run._r)  # noqa: SLF001
