"""Errors of the chat.

BotError
├── ModelError        the language model gave nothing usable; `kind` says why
├── PromptError       a prompt file is broken or was filled in wrongly
├── PagerError        nobody could be phoned; `retry_after` where the pager named a pause
├── NotSentError      nothing reached the platform; when to try again, and whether that counts
├── FileLostError     a file that somebody sent could not be fetched
├── SettingsError     a setting cannot be used; `setting` names it
└── OwnerError        the process that owns the data folder could not do what was asked
    └── OwnerAwayError     it does not answer: still starting, stopped, or hung
"""

from datetime import timedelta
from typing import Literal

ModelFault = Literal[
    "unreachable", "timeout", "rate_limited", "refused", "server", "malformed", "cut", "empty", "resting"
]


class BotError(Exception):
    """The root of this package's errors."""


class ModelError(BotError):
    """The model gave nothing usable. `kind` is a stable word for records and metrics, `detail` is for people."""

    def __init__(self, kind: ModelFault, detail: str = "") -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind = kind
        self.detail = detail


class PromptError(BotError):
    """A prompt file is broken, missing, or was filled in with the wrong placeholders."""


class PagerError(BotError):
    """The pager took no call."""

    def __init__(self, problem: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(problem)
        if retry_after is not None:
            self.retry_after = retry_after


class NotSentError(BotError):
    """A platform took nothing of a message, for certain. `held`: we waited for our own limits, no attempt was made."""

    def __init__(self, problem: str, *, retry_after: timedelta | None = None, held: bool = False) -> None:
        super().__init__(problem)
        self.held = held
        if retry_after is not None:
            self.retry_after = retry_after


class FileLostError(BotError):
    """A file that somebody sent could not be fetched from its platform."""


class SettingsError(BotError):
    """A setting cannot be used; the sentence says what to do."""

    def __init__(self, setting: str, problem: str) -> None:
        super().__init__(f"{setting}: {problem}")
        self.setting = setting


class OwnerError(BotError):
    """The process that owns the data folder could not do what was asked; the sentence is its own."""


class OwnerAwayError(OwnerError):
    """The process that owns the data folder does not answer."""
