# ruff: noqa: N818 - the names say what happened
"""What can go wrong with a correction; errors carry data, and become sentences in one place elsewhere.

RecallError
├── NoCorrection(number)           there is none of that number
├── Settled(state, by)             somebody was first, or the manual says it again
├── Rewritten(number)              the manual has changed again: it would say something else now
├── Held(ticket, by)               a colleague has the matter: they are told, and send it
├── Unreachable(why)               the chat is `off`, `lost`, or another client's by now (`left`)
├── NotTheirs(role)                this role sends no corrections
└── Wordless(what)                 there is no `text`, or no `reason`
"""


class RecallError(Exception):
    """Root of what goes wrong with corrections."""


class NoCorrection(RecallError):
    """There is no correction of this number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"no correction {number}")
        self.number = number


class Settled(RecallError):
    """It is decided: `sent`, `dismissed`, or `lapsed` as the manual says it again; `by` whom."""

    def __init__(self, state: str, by: str | None) -> None:
        super().__init__(f"it is {state} already" + (f" by {by}" if by else ""))
        self.state, self.by = state, by


class Rewritten(RecallError):
    """What was read is not what it says now."""

    def __init__(self, number: int) -> None:
        super().__init__(f"the manual has changed again: read correction {number} anew")
        self.number = number


class Held(RecallError):
    """The conversation's ticket is a colleague's."""

    def __init__(self, ticket: str, by: str) -> None:
        super().__init__(f"{ticket} is with {by}, who has the correction before them")
        self.ticket, self.by = ticket, by


class Unreachable(RecallError):
    """Nothing can be said in the chat."""

    def __init__(self, why: str) -> None:
        super().__init__({"off": "the bot is switched off in that chat", "lost": "nothing gets through to that chat",
                          "left": "the chat is not this client's any more"}[why])  # fmt: skip
        self.why = why


class NotTheirs(RecallError):
    """Corrections are for success managers, leads, admins, and whoever has the ticket."""

    def __init__(self, role: str) -> None:
        super().__init__(f"the role {role or 'none'} sends no corrections")
        self.role = role


class Wordless(RecallError):
    """An empty text, or no reason."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the {what} is missing")
        self.what = what
