"""What can go wrong with incidents, alerts, rules and campaigns; errors carry data, and become sentences elsewhere.

SuccessError
├── IncidentRefused(why)        state, empty, language, member, nobody, title, finished
├── AlertUnreadable(where, why) what was posted is no notification of an Alertmanager's
├── HookRefused(why)            name, url, taken, unknown
├── RulesBroken(problems)       rules that cannot be meant: lines and what to do
└── CampaignRefused(why)        name, dates, client, hook, again, sites
"""

from dataclasses import dataclass

from success.errors import SuccessError


class IncidentRefused(SuccessError):  # noqa: N818 - the names say what happened
    """What was asked of an incident cannot be done; `why` is one word."""

    def __init__(self, why: str, what: str = "") -> None:
        super().__init__(f"{why}: {what}" if what else why)
        self.why = why
        self.what = what


class AlertUnreadable(SuccessError):  # noqa: N818
    """The field `where` of what was posted cannot be read, because of `why`."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why


class HookRefused(SuccessError):  # noqa: N818
    """An address to call cannot be kept; `why` is one word."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong with rules as they are written: where, what, and what to do."""

    line: int
    where: str
    why: str


class RulesBroken(SuccessError):  # noqa: N818
    """Rules that cannot be meant."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(f"line {each.line}, {each.where}: {each.why}" for each in problems))
        self.problems = problems


class CampaignRefused(SuccessError):  # noqa: N818
    """A campaign cannot be kept, or not be stood by for; `why` is one word."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
