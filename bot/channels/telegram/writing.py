"""A stored message as what Telegram shows: plain text with entities, in parts that fit, with a keyboard. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity

from bot import rich
from bot.arrived import button_data
from bot.rich import Mark, compose
from handoff.model import Citation, Message

__all__ = ["LONGEST", "Mark", "Part", "Rich", "keyboard", "split", "units", "write"]

LONGEST: Final = 4096  # UTF-16 units of a message
_ROW: Final = 2  # buttons beside each other
_NUMBERS: Final = 6  # of those that are numbers


class Rich(rich.Rich):
    """A text with its formatting, as Telegram counts it."""

    @property
    def units(self) -> int:
        """Its length."""
        return units(self.text)

    @property
    def entities(self) -> tuple[MessageEntity, ...]:
        """Its formatting."""
        return tuple(
            MessageEntity(
                type=mark.kind,
                offset=units(self.text[: mark.start]),
                length=units(self.text[mark.start : mark.end]),
                url=mark.url,
                language=mark.language,
            )
            for mark in self.marks
        )

    def under(self, line: str) -> "Rich":
        """It with a line of ours above, where both fit into one message."""
        longer = self.below(line)
        return self if longer.units > LONGEST else longer


@dataclass(frozen=True, kw_only=True)
class Part:
    """One message to send; only the last of several has the keyboard."""

    rich: Rich
    keyboard: InlineKeyboardMarkup | None = None


def write(message: Message, *, href: Callable[[Citation], str | None]) -> tuple[Part, ...]:
    """What to send for a message: none if it has no text. `href` gives a citation's address in the world, if any."""
    composed = compose(message, href=href)
    parts = [Part(rich=part) for part in split(Rich(composed.text, composed.marks))]
    if parts and message.buttons:
        parts[-1] = replace(parts[-1], keyboard=keyboard(message))
    return tuple(parts)


def keyboard(message: Message) -> InlineKeyboardMarkup:
    """The message's buttons, two in a row; numbers stand closer."""
    buttons = [
        InlineKeyboardButton(button.label, callback_data=button_data(message, place))
        for place, button in enumerate(message.buttons)
    ]
    row = _NUMBERS if all(button.label.isdecimal() for button in message.buttons) else _ROW
    return InlineKeyboardMarkup([buttons[start : start + row] for start in range(0, len(buttons), row)])


def units(text: str) -> int:
    """A text's length in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split(whole: Rich, *, most: int = LONGEST) -> list[Rich]:
    """Parts of at most `most` UTF-16 units, cut between paragraphs, else lines, sentences, words; none is blank."""
    return rich.split(whole, most=most, size=units)
