"""The quarterly review as a document: Markdown for editing and sending on, and a page to print. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from markupsafe import escape

from console.formats import percent
from console.rendering import page_html
from console.texts import Texts
from knowledge.model import Page
from knowledge.record import Entry
from success.freshness import Concern, Finding
from success.gap_model import Gap
from success.recalled import Recalled
from success.review import Review, Subject, Task

_STYLE: Final = (
    "@page{margin:18mm}body{max-width:50rem;margin:2rem auto;padding:0 1rem;color:#17191e;background:#fff;"
    'font:15px/1.55 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}'
    "h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem;break-after:avoid}h3{font-size:1rem;break-after:avoid}"
    "table{border-collapse:collapse;width:100%;font-size:.87rem}th,td{padding:.3rem .5rem;border-bottom:1px solid #ccd;"
    "text-align:left;vertical-align:top;overflow-wrap:anywhere}tr{break-inside:avoid}ul{padding-left:1.2rem}"
)
_SPECIAL: Final = str.maketrans({each: "\\" + each for each in "\\`*_{}[]<>#|~"})
_TO_DO: Final = "☐"


def markdown(review: Review, texts: Texts, language: str, *, zone: ZoneInfo) -> str:
    """The whole document, in one of the desk's languages."""
    return "\n\n".join(part for part in _parts(_Words(texts, language, zone), review) if part) + "\n"


def printable(review: Review, texts: Texts, language: str, *, zone: ZoneInfo) -> str:
    """The same as a page of its own that prints well and loads nothing."""
    title = texts.say("review.title", language, quarter=review.quarter.written)
    body = page_html(markdown(review, texts, language, zone=zone), anchors={})
    head = f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
    view = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    return f"{head}{view}<style>{_STYLE}</style></head><body>\n{body}</body></html>\n"


class _Words:
    """Sentences of one language, and a zone for instants."""

    def __init__(self, texts: Texts, language: str, zone: ZoneInfo) -> None:
        self.texts, self.language, self.zone = texts, language, zone

    def __call__(self, key: str, /, **values: object) -> str:
        return self.texts.say(key, self.language, **values)

    def change(self, one: Entry) -> str:
        """What somebody did, as a sentence; a verb that has none stands as it is."""
        key = f"review.verb.{one.verb}"
        if not self.texts.has(key):
            return " ".join(str(part) for part in (one.verb, one.version or "", one.page or "") if part)
        return self(key, version=one.version) if one.page is None else self(key, page=one.page)


def concern_words(finding: Finding, texts: Texts, language: str, *, until: datetime) -> tuple[str, ...]:
    """Each of a page's concerns as a sentence; its age is counted until that instant."""
    use, page = finding.use, finding.page
    days = (until - use.first_at).days if use.first_at else 0
    against = finding.against
    there: dict[str, object] = {}
    if against is not None:
        there = {"says": against.says, "page": against.other.id, "otherwise": against.other_says}
    values: dict[Concern, dict[str, object]] = {
        Concern.RETRACTED: {"n": use.retracted},
        Concern.FAILING: {"failed": use.failed, "cited": use.cited, "least": percent(use.at_least, language)},
        Concern.CONTRADICTS: there,
        Concern.OVERDUE: {"day": page.review_by},
        Concern.DUE_SOON: {"day": page.review_by},
        Concern.BEHIND: {"twin": finding.twin},
        Concern.UNUSED: {"days": days},
        Concern.UNASKED: {},
    }
    return tuple(texts.say(f"review.concern.{each}", language, **values[each]) for each in finding.concerns)


def _parts(say: _Words, review: Review) -> Iterator[str]:
    yield f"# {say('review.title', quarter=review.quarter.written)}"
    until = review.until.astimezone(say.zone)
    first = review.since.astimezone(say.zone).date()
    yield say(
        "review.lead", since=first, until=until.date(), zone=say.zone, pages=review.pages, version=review.version or "–"
    )
    yield "" if review.over else f"*{say('review.running')}*"
    yield f"## {say('review.asked')}"
    yield from _asked(say, review)
    yield f"## {say('review.gaps')}"
    yield from _gaps(say, review.gaps)
    if review.closed:
        yield f"### {say('review.closed')}"
        yield "\n".join(f"- {_plain(gap.label)}: {_answered(say, gap)}" for gap in review.closed)
    yield f"## {say('review.pages')}"
    yield _pages(say, review)
    yield f"## {say('review.changes')}"
    yield _changes(say, review.changes)
    if review.recalled:
        yield f"## {say('review.recalled')}"
        yield _recalled(say, review.recalled)
    yield f"## {say('review.tasks')}"
    yield from _tasks(say, review)


def _asked(say: _Words, review: Review) -> Iterator[str]:
    total = review.total
    if not total.asked and not total.before:
        yield say("review.nothing_asked")
        return
    share = percent(total.answered / total.asked if total.asked else None, say.language)
    yield say("review.summary", asked=total.asked, answered=total.answered, share=share, helped=total.helped)
    names = ("category", "n_asked", "n_before", "change", "n_answered", "n_helped")
    rows = [_subject(say, each, _plain(each.category or say("review.no_category"))) for each in review.subjects]
    yield _table([say(f"review.{name}") for name in names], [*rows, _subject(say, total, say("review.total"))])


def _subject(say: _Words, one: Subject, name: str) -> list[str]:
    answered = f"{one.answered} ({percent(one.answered / one.asked if one.asked else None, say.language)})"
    helped = f"{one.helped} ({percent(one.helped / one.answered if one.answered else None, say.language)})"
    return [name, str(one.asked), str(one.before), f"{one.asked - one.before:+d}", answered, helped]


def _gaps(say: _Words, gaps: Sequence[Gap]) -> Iterator[str]:
    if not gaps:
        yield say("gaps.none")
        return
    yield say("review.gaps_now")
    rows = []
    for gap in gaps:
        facts = gap.facts
        page = f": {_plain(facts.page_title or facts.page)}" if facts.page else ""
        who = say("gaps.who", clients=facts.clients, people=facts.people)
        trend = say("gaps.trend", recent=facts.recent, before=facts.before)
        rows.append([_plain(gap.label), str(gap.size), who, trend, say(f"gaps.advice.{facts.advice}") + page])
    yield _table([say(f"review.{name}") for name in ("gap", "n_asked", "who", "trend", "advice")], rows)


def _answered(say: _Words, gap: Gap) -> str:
    facts = gap.facts
    return say("gaps.answered", version=gap.published_in, answered=facts.answered, tried=facts.tried)


def _pages(say: _Words, review: Review) -> str:
    if not review.findings:
        return say("review.all_fresh")
    rows = [
        [_named(each.page), _owner(say, each.page.owner or ""), _why(say, each, review)] for each in review.findings
    ]
    return _table([say("review.page"), say("review.owner"), say("review.concern")], rows)


def _named(page: Page) -> str:
    return f"{_plain(page.title)} ({_plain(page.id)})"


def _why(say: _Words, finding: Finding, review: Review) -> str:
    words = concern_words(finding, say.texts, say.language, until=review.until)
    return "; ".join(map(_plain, words))


def _changes(say: _Words, changes: Sequence[Entry]) -> str:
    if not changes:
        return say("review.no_changes")
    rows = [
        [
            f"{each.at.astimezone(say.zone):%Y-%m-%d %H:%M}",
            _plain(each.by),
            _plain(say.change(each) + (f" ({each.reason})" if each.reason else "")),
        ]
        for each in changes
    ]
    return _table([say("review.at"), say("review.by"), say("review.what")], rows)


def _recalled(say: _Words, pages: Sequence[Recalled]) -> str:
    rows = [
        [f"{_plain(each.title)} ({_plain(each.page)})", str(each.sent), str(each.dismissed), str(each.waiting)]
        for each in pages
    ]
    return _table([say("review.page"), *(say(f"review.n_{name}") for name in ("sent", "dismissed", "waiting"))], rows)


def _tasks(say: _Words, review: Review) -> Iterator[str]:
    if not review.tasks:
        yield say("review.no_tasks")
    known = {each.page.id: each for each in review.findings}
    for owner, mine in groupby(review.tasks, key=lambda task: task.owner):
        yield f"### {_owner(say, owner)}"
        yield "\n".join(f"- {_TO_DO} {_task(say, task, known, review)}" for task in mine)


def _task(say: _Words, task: Task, known: dict[str, Finding], review: Review) -> str:
    if task.gap is not None:
        page = f" ({_plain(task.page)})" if task.page else ""
        return f"{_plain(task.title)}: {say(f'gaps.advice.{task.concerns[0]}')}{page}"
    return f"{_plain(task.title)} ({_plain(task.page or '')}): {_why(say, known[task.page or ''], review)}"


def _owner(say: _Words, owner: str) -> str:
    return _plain(owner) if owner else say("review.nobody")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _plain(text: str) -> str:
    """Text that is nothing but text in Markdown, on one line."""
    return " ".join(text.split()).translate(_SPECIAL)
