# ruff: noqa: N818 - the names say what happened
"""What can go wrong at the desk; errors carry data, and become sentences in one place elsewhere.

HandoffError
├── NotFound(what, key)
├── AlreadyClaimed(by)              another person has the ticket
├── NotReplied(ticket_id)           waiting for a client whom no person has answered yet
├── NotAllowed(verb, state)         the ticket's state forbids the verb
├── EmptyText()                     a reply or a note without text and files
├── PastInstant(at)                 an instant that must lie ahead does not
├── Duplicate(what, key)            a slug or a login is taken
├── PolicyError(where, why)         a contract or calendar that cannot be meant
├── CalendarError(where, why)       a window, a zone or a date that cannot be meant
├── NoticeError(line, field, why)   a year's holidays that cannot be meant
├── RosterError(where, why)         a shift, an absence, a team or a skill that cannot be meant
├── Clash(first, last)              two agreements of one client cover the same days
├── NotMergeable(why)               these two tickets cannot become one
├── SiteError(where, why)           what is typed of a site cannot be kept
├── DocumentError(why)              a document cannot be shared
├── StillOpen(numbers)              a client with open tickets is not archived
├── NotOnePerson(why)               two records cannot be one person's
├── BadView(why)                    a view that cannot be kept under this name
├── NotOurChat(chat_id)             others than our own people may read there
├── Overtaken(news)                 the ticket moved on after the actor last saw it (`overtaken`)
└── Outdated(version)               somebody else changed it meanwhile
"""

from datetime import date, datetime

from handoff.kinds import TicketState
from handoff.model import Person


class HandoffError(Exception):
    """Root of everything this package raises."""


class NotFound(HandoffError):
    """There is no such `what` under `key`."""

    def __init__(self, what: str, key: int | str) -> None:
        super().__init__(f"{what} not found: {key}")
        self.what = what
        self.key = key


class AlreadyClaimed(HandoffError):
    """Somebody else, `by`, has the ticket."""

    def __init__(self, by: Person) -> None:
        super().__init__(f"already claimed by {by.name}")
        self.by = by


class NotReplied(HandoffError):
    """One can wait for a client only with or after a person's public reply."""

    def __init__(self, ticket_id: int) -> None:
        super().__init__(f"ticket {ticket_id} has no public reply by a person")
        self.ticket_id = ticket_id


class NotAllowed(HandoffError):
    """The ticket's state does not allow the verb."""

    def __init__(self, verb: str, state: TicketState) -> None:
        super().__init__(f"cannot {verb} a ticket that is {state}")
        self.verb = verb
        self.state = state


class EmptyText(HandoffError):
    """There is nothing to say: no text and no files."""

    def __init__(self) -> None:
        super().__init__("neither text nor files")


class PastInstant(HandoffError):
    """`at` must lie ahead and does not."""

    def __init__(self, at: datetime) -> None:
        super().__init__(f"{at.isoformat()} is not ahead")
        self.at = at


class Duplicate(HandoffError):
    """`key` is taken by another `what`."""

    def __init__(self, what: str, key: str) -> None:
        super().__init__(f"{what} exists already: {key}")
        self.what = what
        self.key = key


class BadView(HandoffError):
    """A view cannot be kept; `why` is ``name`` or ``many``."""

    def __init__(self, why: str) -> None:
        super().__init__(f"view: {why}")
        self.why = why


class PolicyError(HandoffError):
    """The contract's field `where` cannot be read, because of `why`."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why


class CalendarError(HandoffError):
    """The calendar's field `where` cannot be read, because of `why`."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why


class NoticeError(HandoffError):
    """Line `line` of a holiday notice (0: the whole) cannot be meant, because of `why`."""

    def __init__(self, line: int, field: str, why: str) -> None:
        super().__init__(f"line {line}, {field}: {why}" if line else f"{field}: {why}")
        self.line = line
        self.field = field
        self.why = why


class Clash(HandoffError):
    """Two agreements of one client would cover the days from `first` to `last` (None: without end)."""

    def __init__(self, first: date, last: date | None) -> None:
        super().__init__(f"another agreement covers {first} to {last or 'no end'}")
        self.first = first
        self.last = last


class NotMergeable(HandoffError):
    """Two tickets cannot become one; `why` is `itself`, `client` or `unknown`."""

    def __init__(self, why: str) -> None:
        super().__init__(f"cannot merge: {why}")
        self.why = why


class Outdated(HandoffError):
    """What was edited is no longer in force: `version` is."""

    def __init__(self, version: str) -> None:
        super().__init__(f"version {version} is in force meanwhile")
        self.version = version


class NotOurChat(HandoffError):
    """What is meant for our own people cannot be said in a chat that others may read."""

    def __init__(self, chat_id: int) -> None:
        super().__init__(f"chat {chat_id} is not our own people's alone")
        self.chat_id = chat_id


class RosterError(HandoffError):
    """The roster's field `where` cannot be read, because of `why`."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why


class SiteError(HandoffError):
    """A site's field `where` cannot be kept; `why` is one word, such as `form`, `credentials`, `twice`."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why


class DocumentError(HandoffError):
    """A document cannot be shared; `why` is one word: `many`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class StillOpen(HandoffError):
    """The client's tickets `numbers` are not resolved yet."""

    def __init__(self, numbers: tuple[str, ...]) -> None:
        super().__init__(", ".join(numbers))
        self.numbers = numbers


class NotOnePerson(HandoffError):
    """Two records cannot be one person's; `why` is `itself`, `kind` or `client`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
