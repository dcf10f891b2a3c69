"""What can go wrong with new work; errors carry data, and become sentences elsewhere.

SuccessError
├── PricesBroken(problems)      a price list that cannot be meant: lines and what to do
└── Refused
    └── ProjectRefused(reason)  a wish, proposal, change request or project: the field, or why
HandoffError
└── NotConfirmed()              the desk's verb on a ticket whose change request is not confirmed
"""

from handoff.errors import HandoffError
from success.errors import Refused, SuccessError
from success.incident_errors import Problem


class ProjectRefused(Refused):
    """What was asked of new work is not done; `reason` is the field, or one word."""


class PricesBroken(SuccessError):  # noqa: N818 - the names say what happened
    """A price list that cannot be meant."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(f"line {each.line}, {each.where}: {each.why}" for each in problems))
        self.problems = problems


class NotConfirmed(HandoffError):  # noqa: N818
    """Work on a change request that no authorised contact has confirmed is not started, nor confirmed for them."""

    def __init__(self) -> None:
        super().__init__("an authorised contact of the client's confirms a change request before work starts")
