"""A proposal as a document: its sheet as a page that loads nothing, and as a Word file."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from console import proposal_docx, proposal_sheet
from console.proposal_sheet import Sheet
from console.report_document import STYLE
from console.report_words import spaced
from console.texts import Texts
from success.projects.model import Proposal


@dataclass(frozen=True)
class ProposalPress:
    """What makes documents of proposals: templates and texts."""

    templates: Environment
    texts: Texts

    def title(self, content: Proposal) -> str:
        """What the document is called, as a file too."""
        said = self.texts.say("proposal.doc.file", content.language, title=content.title)
        return said if content.language == "en" else spaced(said)

    def sheet(self, content: Proposal, *, agency: str, number: int, n: int, on: date) -> Sheet:
        """The proposal in words; `n` is its version, `on` the version's day."""
        return proposal_sheet.sheet(content, self.texts, agency=agency, number=number, n=n, on=on)

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
        return proposal_docx.docx(sheet)
