"""What can go wrong with questionnaires; errors carry data, and become sentences elsewhere.

SuccessError
├── FormBroken(problems)        a form that cannot be meant: lines and what to do
└── IntakeRefused(why)          begun (one is open there), state, nobody, empty, chat, question, form
"""

from success.errors import SuccessError
from success.incident_errors import Problem

__all__ = ["FormBroken", "IntakeRefused", "Problem"]


class FormBroken(SuccessError):  # noqa: N818 - the names say what happened
    """A form that cannot be meant."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(f"line {each.line}, {each.where}: {each.why}" for each in problems))
        self.problems = problems


class IntakeRefused(SuccessError):  # noqa: N818
    """What was asked of a questionnaire is not done; `why` is one word."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
