"""What every page needs: the dependencies, the templates, the texts; and how a template becomes a response."""

import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context, select_autoescape
from jinja2.runtime import Context

from console import moments
from console.assets import Assets
from console.ports import (
    Health,
    MailServerFacts,
    ManualKeeper,
    PromptFiles,
    Proposer,
    ReplySuggester,
    Summariser,
    Translator,
)
from console.report_pdf import Printer
from console.texts import LANGUAGES, Texts
from handoff.desk import Desk
from handoff.model import Citation
from handoff.rows import number_of
from store.clock import Clock
from store.db import Database
from success.addresses import PUBLIC, Policy
from success.drills.ports import Speaker
from success.gap_drafts import GapDrafts
from success.recalling import Recalls
from success.traffic.importing import Importing

HERE: Final = Path(__file__).parent
TONES: Final = 4
_LINE: Final = 140


@dataclass(frozen=True, kw_only=True)
class ConsoleDeps:
    """What the console is given: ``files`` is the attachments folder, ``secret`` signs links and form tokens.

    ``recalls`` looks for corrections when their page is opened; without it what was found before is shown.
    ``manual_folder`` holds the manual's files; None where this process has none to change. ``model`` is the name of
    what writes answers, None where they are quoted; ``prompts`` is what it is told; ``health`` looks at everything.
    ``summariser``, ``translator``, ``drill_speaker`` and ``proposer`` are None without a model, ``mail_server`` where
    letters cannot leave.
    ``outgoing`` says where webhooks may go; ``api_rate`` is how many requests a token may make in a minute.
    """

    db: Database
    desk: Desk
    manual: ManualKeeper
    clock: Clock
    secret: bytes
    files: Path
    public_url: str | None
    secure_cookies: bool
    gap_drafts: GapDrafts | None = None
    recalls: Recalls | None = None
    manual_folder: Path | None = None
    prompts: PromptFiles | None = None
    model: str | None = None
    health: Health | None = None
    outgoing: Policy = PUBLIC
    api_rate: int = 300
    suggester: ReplySuggester | None = None
    summariser: Summariser | None = None
    mail_server: MailServerFacts | None = None
    translator: Translator | None = None
    drill_speaker: Speaker | None = None
    proposer: Proposer | None = None
    printer: Printer = field(default_factory=Printer)
    importing: Importing = field(default_factory=Importing)


@dataclass(frozen=True, kw_only=True)
class Pages:
    """The console's dependencies with its templates, texts and static files."""

    deps: ConsoleDeps
    templates: Environment
    texts: Texts
    assets: Assets

    def page(self, request: Request, template: str, /, *, status: int = 200, **values: object) -> HTMLResponse:
        """Render a template in the request's language."""
        html = self.templates.get_template(template).render(self._globals(request) | values)
        return HTMLResponse(html, status_code=status)

    def say(self, request: Request, key: str, /, **values: object) -> str:
        """A sentence in the request's language."""
        return self.texts.say(key, request.state.language, **values)

    def _globals(self, request: Request) -> dict[str, Any]:
        language = request.state.language
        return {
            "all_languages": LANGUAGES,
            "language": language,
            "now": self.deps.clock(),
            "texts": self.texts,
            "request": request,
            "t": partial(_say, self.texts, language),
            "js_texts": json.dumps(self.texts.under("js.", language), ensure_ascii=False),
            "static": self.assets.path,
            "once_token": partial(secrets.token_urlsafe, 12),
            "csrf_token": getattr(request.state, "csrf", ""),
            "home": None,
        }


def environment(folder: Path = HERE / "templates") -> Environment:
    """The template environment: autoescaped, strict about names that are not there."""
    loader = FileSystemLoader(folder)
    made = Environment(
        loader=loader,
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # templates change with the program, not while it runs
    )
    made.filters |= {
        "iso": moments.iso,
        "utc": moments.utc,
        "urgency": moments.urgency,
        "span": _span,
        "due": _due,
        "target": _target,
        "in_language": _in_language,
        "initials": initials,
        "tone": tone,
        "first_line": first_line,
        "desk_page": desk_page,
        "number": number_of,
        "pair": _pair,
    }
    return made


def pages_of(request: Request) -> Pages:
    """The application's pages (a FastAPI dependency)."""
    pages: Pages = request.app.state.pages
    return pages


PagesDep = Annotated[Pages, Depends(pages_of)]


def initials(name: str) -> str:
    """Up to two letters for an avatar; the last two characters of a Chinese name."""
    name = name.strip() or "?"
    if any("㐀" <= letter <= "鿿" for letter in name):
        return name[-2:]
    return "".join(word[0] for word in name.split()[:2]).upper()


def tone(name: str) -> int:
    """A stable colour index for an avatar."""
    return sum(map(ord, name)) % TONES


def first_line(text: str) -> str:
    """The beginning of a message for a list."""
    line = " ".join(text.split())
    return line if len(line) <= _LINE else line[: _LINE - 1] + "…"


def desk_page(citation: Citation) -> str:
    """Where staff read a cited page."""
    return f"/desk/manual/{quote(citation.page)}" + (f"#{quote(citation.anchor)}" if citation.anchor else "")


def _pair(value: str) -> tuple[str, str]:
    """A choice that is shown as it is."""
    return value, value


def _say(texts: Texts, language: str, key: str, /, **values: object) -> str:
    return texts.say(key, language, **values)


@pass_context
def _span(context: Context, seconds: float) -> str:
    return moments.span(context["texts"], context["language"], seconds)


@pass_context
def _due(context: Context, at: datetime, now: datetime) -> str:
    return moments.due(context["texts"], context["language"], at, now)


@pass_context
def _target(context: Context, label: str) -> str:
    return moments.target(context["texts"], context["language"], label)


@pass_context
def _in_language(context: Context, tag: str) -> str:
    request: Request = context["request"]
    asked = {key: value for key, value in request.query_params.items() if key != "lang"}
    here = request.url.path if request.method == "GET" else ""
    return f"{here}?{urlencode(asked | {'lang': tag})}"
