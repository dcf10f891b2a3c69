"""What can go wrong with drills, exams and trainings; errors carry data."""

from success.errors import Refused, SuccessError


class DrillBroken(SuccessError):  # noqa: N818 - the names say what happened
    """A drill that cannot be read: every problem as (where, what)."""

    def __init__(self, problems: tuple[tuple[str, str], ...]) -> None:
        super().__init__("; ".join(f"{where}: {what}" if where else what for where, what in problems))
        self.problems = problems


class DrillRefused(Refused):
    """A drill is not begun or gone on with: unknown, broken, ended, empty, long, flood, busy, state, changed."""


class ExamRefused(Refused):
    """An exam is not made, given or begun: the field, or withdrawn, passed, used_up, wait, late, open, incomplete."""


class TrainingRefused(Refused):
    """A client's training is not kept or changed: the field, or state, nobody, pages, quiz, group."""


class QuizBroken(SuccessError):  # noqa: N818
    """Questions that cannot be read: the line, and why: sign, first, page, choice, right, choices, long, many."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}")
        self.line = line
        self.why = why
