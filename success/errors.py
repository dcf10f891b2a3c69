"""What can go wrong here; errors carry data, and become sentences elsewhere.

SuccessError
├── UnknownGap(number)          there is no gap of that number
├── WrongState(state)           the gap's state forbids it
├── ReasonMissing()             a dismissal without a reason
├── OpenPoints(points)          a draft still has placeholders
├── BrokenDraft(line, why)      a draft that is no page
├── NotWritten(path, why)       the page could not be put into the manual's folder
├── WrongReport(why)            a report that cannot be changed so: its state, `changed` meanwhile, client `archived`
└── Refused(reason)            what was asked is not done
    ├── RatingRefused           a rating: value, requester, not_resolved, late, settled
    ├── FeedbackRefused         a visit, survey, complaint or figure: the field, or why
    ├── MailContactRefused      an address: address, person, many
    ├── ReminderRefused         a reminder to be sent or skipped: gone, taken, night, off
    ├── ErasureRefused          an erasure: asked (it is under way or done)
    ├── BroadcastRefused        a broadcast: title, text, nobody, state, changed, at
    └── ReferralRefused         a referral: company, state
"""


class SuccessError(Exception):
    """Root of everything this package raises."""


class UnknownGap(SuccessError):  # noqa: N818 - the names say what happened
    """There is no gap of that number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"there is no gap {number}")
        self.number = number


class WrongState(SuccessError):  # noqa: N818
    """The gap's state forbids it."""

    def __init__(self, state: str) -> None:
        super().__init__(f"the gap is {state}")
        self.state = state


class ReasonMissing(SuccessError):  # noqa: N818
    """A dismissal wants a reason."""

    def __init__(self) -> None:
        super().__init__("say why: the reason is kept")


class OpenPoints(SuccessError):  # noqa: N818
    """The draft still has placeholders, which readers would see."""

    def __init__(self, points: tuple[str, ...]) -> None:
        super().__init__(f"still to be filled in: {', '.join(points)}")
        self.points = points


class BrokenDraft(SuccessError):  # noqa: N818
    """The draft is no page that the manual could read."""

    def __init__(self, line: int | None, why: str) -> None:
        super().__init__(f"line {line}: {why}" if line else why)
        self.line = line
        self.why = why


class NotWritten(SuccessError):  # noqa: N818
    """The page could not be put there; the draft is kept."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path} cannot be written: {why}; the draft is kept")
        self.path = path
        self.why = why


class Refused(SuccessError):  # noqa: N818
    """What was asked is not done; `reason` is one of its class's words."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{type(self).__name__}: {reason}")
        self.reason = reason


class RatingRefused(Refused):
    """A rating that is not taken."""


class FeedbackRefused(Refused):
    """What was typed of a visit, a survey, a complaint or a figure cannot be kept."""


class MailContactRefused(Refused):
    """An address is not kept."""


class ReminderRefused(Refused):
    """A reminder is not sent or skipped."""


class ErasureRefused(Refused):
    """A person is not erased a second time."""


class BroadcastRefused(Refused):
    """A broadcast is not kept or sent."""


class ReferralRefused(Refused):
    """A referral is not kept."""


class WrongReport(SuccessError):  # noqa: N818
    """A report that cannot be changed so: its state forbids it, or ``changed`` (since it was read), ``archived``."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the report cannot be changed: {why}")
        self.why = why
