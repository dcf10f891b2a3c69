"""A client's page in words: stages, deadlines, last days, sizes, in the reader's language. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Final

from markupsafe import Markup, escape

from console import formats
from console.moments import iso, utc
from console.texts import Texts
from handoff.kinds import Author
from handoff.model import Message
from handoff.progress import Deadline, Request, Stage
from handoff.sites import Expiry

_KILO: Final = 1024


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Whom a page speaks to: language, and the zone that times are in until the page's script knows better."""

    texts: Texts
    language: str
    zone: tzinfo
    now: datetime

    def say(self, key: str, /, **values: object) -> str:
        """A sentence in the reader's language."""
        return self.texts.say(key, self.language, **values)

    def sentence(self, key: str, /, **values: object) -> Markup:
        """A sentence as HTML; values that are not `Markup` are escaped."""
        empty = {name: f"{{{name}}}" for name in values}
        return Markup(escape(self.say(key, **empty))).format(**values)  # noqa: S704 - the sentence was escaped

    def moment(self, at: datetime) -> Markup:
        """An instant as an element: as it is at the client's place, and for the script in the reader's own zone."""
        markup = '<time datetime="{}" data-when title="{}">{}</time>'
        return Markup(markup).format(iso(at), utc(at), self.clock(at))  # noqa: S704 - a literal

    def clock(self, at: datetime) -> str:
        """An instant in words, with the year if it is another."""
        local = at.astimezone(self.zone)
        other_year = local.year != self.now.astimezone(self.zone).year
        return f"{formats.weekday(local.date(), self.language, year=other_year)} {local:%H:%M}"

    def day(self, on: date) -> str:
        """A date in words."""
        return formats.day(on, self.language)


def stage(request: Request, reader: Reader) -> str:
    """Where a request stands, in two or three words."""
    return reader.say(f"progress.stage.{request.stage}")


def who(request: Request, reader: Reader) -> str:
    """Who answers."""
    if request.stage is Stage.ASSISTANT:
        return reader.say("progress.who.assistant")
    return request.who or reader.say("progress.who.team")


def promise(request: Request, reader: Reader) -> Markup:
    """What comes next, honestly: what we wait for, by when we answer, or that we are late."""
    match request.stage:
        case Stage.RESOLVED if request.resolved_at is not None:
            return reader.sentence("progress.resolved_at", at=reader.moment(request.resolved_at))
        case Stage.YOURS:
            return reader.sentence("progress.your_turn")
        case Stage.ASSISTANT:
            return reader.sentence("progress.assistant")
    if request.deadline is None:
        return reader.sentence("progress.no_deadline")
    return _deadline(request.deadline, reader)


def expiry(each: Expiry, reader: Reader) -> str:
    """How far off a last day is."""
    match each.days:
        case 0:
            return reader.say("sites.today")
        case 1 | -1:
            return reader.say("sites.tomorrow" if each.days > 0 else "sites.yesterday")
        case days if days < 0:
            return reader.say("sites.ago", days=-days)
    return reader.say("sites.in_days", days=each.days)


def speaker(message: Message, reader: Reader) -> str:
    """Who said something, as the client knows them."""
    if message.author is Author.BOT or message.author is Author.SYSTEM:
        return reader.say("progress.bot")
    return message.name


def size(count: int) -> str:
    """Bytes as people read them."""
    if count < _KILO:
        return f"{count} B"
    if count < _KILO * _KILO:
        return f"{count / _KILO:.0f} KB"
    return f"{count / _KILO / _KILO:.1f} MB"


def _deadline(due: Deadline, reader: Reader) -> Markup:
    by = reader.moment(due.by)
    if due.late:
        return reader.sentence(f"progress.late.{due.next}", by=by)
    if due.opens_at is not None and due.opens_at < due.by:
        return reader.sentence(f"progress.closed.{due.next}", opens=reader.moment(due.opens_at), by=by)
    return reader.sentence(f"progress.due.{due.next}", by=by)
