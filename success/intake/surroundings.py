"""What the questionnaire knows of a message that came in. Pure."""

from dataclasses import dataclass

from success.intake.form_model import Form
from success.intake.store import Interview


@dataclass(frozen=True, kw_only=True)
class Around:
    """Where somebody speaks: the interview that is under way with its form, and the forms that may be offered.

    `replied`: it answers a message of that interview; `near`: the last thing said before was one. `may_begin`: who is
    no client may be asked here.
    """

    form: Form
    forms: tuple[Form, ...] = ()
    interview: Interview | None = None
    may_begin: bool = False
    replied: bool = False
    near: bool = False
