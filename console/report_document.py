"""A report as a document: the sheet that the desk shows, and a page that loads nothing, prints well and becomes PDF."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment
from markupsafe import Markup

from console import report_ours, report_plots, report_views, report_words
from console.report_words import PARTS, Words
from console.texts import Texts
from success.reports.model import OURS, WEEKLY, Facts, Kind, Report

STYLE: Final = Path(__file__).parent / "static" / "report.css"
POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Of a page that is a report alone."""
RowsAt = Callable[[str], str | None]
"""The address of the rows behind a number, by its name; None where the reader may not see them."""


@dataclass(frozen=True, kw_only=True)
class Paper:
    """What is written of one report; `words` hold what a person wrote in place of our own."""

    kind: Kind
    facts: Facts
    language: str
    zone: str
    words: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, report: Report) -> "Paper":
        """The paper of a report as it is kept."""
        return cls(kind=report.kind, facts=report.facts, language=report.language, zone=report.zone, words=report.words)


def nowhere(_name: str) -> None:
    """A client sees no rows of ours."""


@dataclass(frozen=True)
class Press:
    """What makes documents: templates and texts."""

    templates: Environment
    texts: Texts

    def words(self, paper: Paper) -> Words:
        """The words of a paper."""
        return Words(self.texts, paper.language, kind=paper.kind, zone=paper.zone)

    def title(self, paper: Paper) -> str:
        """What a paper is called, as a file too."""
        say, facts = self.words(paper), paper.facts
        name = (facts["client"] or {}).get("name", facts["agency"])
        period = say.period(facts["first"], facts["last"])
        return " ".join(say("report.file", kind=say(f"report.kind.{paper.kind}"), period=period, client=name).split())

    def summary(self, paper: Paper) -> str:
        """The summary: as a person wrote it, else as the rules do."""
        say = self.words(paper)
        ours = paper.kind in OURS
        sentences = report_ours.summary(paper.facts, say) if ours else report_words.summary(paper.facts, say)
        return paper.words.get("summary") or (" " if say.language == "en" else "").join(sentences)

    def advice(self, paper: Paper) -> str:
        """The advice as text to edit: a paragraph each."""
        if "advice" in paper.words:
            return paper.words["advice"]
        say = self.words(paper)
        return "\n\n".join("\n".join(say.advice(each)) for each in paper.facts["advice"])

    def sheet(self, paper: Paper, *, rows_at: RowsAt = nowhere, inner: bool = False) -> Markup:
        """The report itself as HTML, to stand inside an element of class `report`."""
        html = self.templates.get_template(f"report_{_TEMPLATE[paper.kind]}.html").render(
            self._values(paper, rows_at=rows_at, inner=inner)
        )
        return Markup(html)  # noqa: S704 - rendered with escaping

    def page(self, paper: Paper) -> str:
        """A page of its own, which loads nothing."""
        values: dict[str, Any] = {"language": paper.language, "title": self.title(paper), "style": Markup(_style())}  # noqa: S704
        values |= {"compact": paper.kind in WEEKLY, "body": self.sheet(paper)}
        return self.templates.get_template("report_document.html").render(values)

    def _values(self, paper: Paper, *, rows_at: RowsAt, inner: bool) -> dict[str, Any]:
        say, facts = self.words(paper), paper.facts
        shown: dict[str, Any] = {
            "w": say, "f": facts, "plots": report_plots, "rows_at": rows_at, "inner": inner,
            "client": facts["client"], "inside": paper.kind in OURS, "light_parts": PARTS,
            "gap": " " if say.language == "en" else "", "summary_text": self.summary(paper),
            "advice_text": paper.words.get("advice"),
            "advice_list": [say.advice(each) for each in facts["advice"][: _ADVICE.get(paper.kind)]],
        }  # fmt: skip
        return shown | _views(paper, say)


def _views(paper: Paper, say: Words) -> dict[str, Any]:
    facts = paper.facts
    if paper.kind in OURS:
        drawn = {"measures": report_views.measures(facts, say), "course": report_views.course(facts, say)}
        return drawn | report_ours.views(facts, say)
    shown: dict[str, Any] = {"tiles": report_views.tiles(facts, say)}
    if paper.kind is Kind.BRIEF:
        return shown | {"happened": [each for each in facts["told"] if _this_week(each, facts)]}
    return shown | {
        "measures": report_views.measures(facts, say), "course": report_views.course(facts, say),
        "speeds": report_views.speeds(facts, say), "visits": report_views.visits(facts, say),
        "findings": _findings(facts),
    }  # fmt: skip


def _findings(facts: Facts) -> list[tuple[str, list[Facts]]]:
    known = facts["security"] or {}
    return [(name, known[name]) for name in ("open", "fixed") if known.get(name)]


def _this_week(each: Facts, facts: Facts) -> bool:
    return bool((each["solved_on"] or "") >= facts["first"] or each["opened_on"] >= facts["first"])


_ADVICE: Final = {Kind.BRIEF: 1}  # a brief has one page
_TEMPLATE: Final = {
    Kind.HEALTH: "health", Kind.QUARTER: "health", Kind.BRIEF: "brief", Kind.REVIEW: "review", Kind.WEEK: "week",
}  # fmt: skip


@cache
def _style() -> str:
    return STYLE.read_text("utf-8")
