# ruff: noqa: N818 - the names say what happened
"""Errors of the console.

ConsoleError
├── TextError              a catalogue file is unusable (which key, why)
├── RefusedUpload          an uploaded file is too large or of a type that is not taken
├── SignInRefused          wrong login or password, or not active (never says which)
│   └── TooManyAttempts    slow down: carries how long
├── WeakPassword           a new password breaks a rule: carries the rule's name
├── BadPeriod              a period of dates cannot be read: carries why
├── LinkRefused            a private link opens nothing: carries how long to wait after too many tries
├── NoVersion              a prompt has no such version
├── PromptRefused          a text cannot be used as this prompt: carries why
├── BadPeriod              a period of dates, or what it is narrowed to, cannot be read: carries why
└── Forbidden              a form without a valid token, or a role that may not
"""

from datetime import timedelta


class ConsoleError(Exception):
    """Root of everything the console raises itself."""


class TextError(ConsoleError):
    """A text catalogue is incomplete or its placeholders disagree."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(f"{key}: {why}")
        self.key = key
        self.why = why


class RefusedUpload(ConsoleError):
    """A file is not taken; ``reason`` is ``size`` or ``type``."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


class SignInRefused(ConsoleError):
    """Login and password do not belong to an active colleague."""


class TooManyAttempts(SignInRefused):
    """Sign-in is throttled; ``wait`` is how long until the next attempt is looked at."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(wait)
        self.wait = wait


class WeakPassword(ConsoleError):
    """A new password is refused; ``rule`` names the rule (``short``, ``long``, ``login``, ``same``)."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


class BadPeriod(ConsoleError):
    """A period cannot be meant; ``why`` is ``date``, ``order``, ``long``, ``preset`` or what it was narrowed to."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class NoVersion(ConsoleError):
    """There is no version of this number."""

    def __init__(self, name: str, number: int) -> None:
        super().__init__(f"{name} {number}")
        self.name = name
        self.number = number


class PromptRefused(ConsoleError):
    """A text cannot stand in a prompt's place; ``why`` is a sentence."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Forbidden(ConsoleError):
    """The request may not do this; ``rule`` is ``csrf``, ``origin`` or ``role``."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


class LinkRefused(ConsoleError):
    """A private link that opens nothing; ``wait`` is set after too many of them."""

    def __init__(self, wait: timedelta | None = None) -> None:
        super().__init__(wait)
        self.wait = wait
