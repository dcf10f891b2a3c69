"""A broadcast in each reader's language: the chat's text, the letter, the way to hear no more of it. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from html import escape

from opencc import OpenCC

from console.reminder_words import plain
from console.signing import holds, signature
from console.texts import LANGUAGES, Texts
from handoff.model import Button
from success.broadcast_rules import text_in
from success.broadcasts import STOP_BUTTON, Broadcast


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A broadcast as a letter; `leave` is where its reader leaves the list, "" where nobody can reach us."""

    subject: str
    text: str
    html: str
    leave: str


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """Puts broadcasts into words. `named` gives the desk's name in a language."""

    texts: Texts
    named: Callable[[str], str]
    secret: bytes
    public_url: str | None

    def name(self, language: str) -> str:
        """Who speaks."""
        return self.named(_known(language))

    def text(self, found: Broadcast, language: str) -> str:
        """What is said in a group."""
        return text_in(found.texts, language, convert=traditional)

    def buttons(self, language: str) -> tuple[Button, ...]:
        """How a group says that it wants no more."""
        return (Button(id=STOP_BUTTON, label=self.texts.say("broadcast.button.stop", _known(language))),)

    def left(self, language: str, *, name: str) -> str:
        """The line below a broadcast whose group wants no more."""
        return self.texts.say("broadcast.left", _known(language), name=plain(name))

    def letter(self, found: Broadcast, language: str, *, contact_id: int) -> Letter:
        """What is written to a reader."""
        tongue, body = _known(language), self.text(found, language)
        leave = self.public_url.rstrip("/") + leave_path(contact_id, secret=self.secret) if self.public_url else ""
        foot = self.texts.say("broadcast.leave", tongue, link=leave) if leave else ""
        shown = "".join(f"<p>{escape(part).replace(chr(10), '<br>')}</p>" for part in body.split("\n\n"))
        link = f'<p><a href="{escape(leave)}">{escape(self.texts.say("broadcast.leave_here", tongue))}</a></p>'
        title = traditional(found.title) if language == "zh-Hant" else found.title
        text = "\n\n".join(filter(None, (body, self.name(language), foot)))
        return Letter(subject=title, text=text, html=shown + (link if leave else ""), leave=leave)


def traditional(text: str) -> str:
    """Simplified Chinese in the script and the words of Taiwan."""
    return str(_converter().convert(text))


def leave_path(contact_id: int, *, secret: bytes) -> str:
    """The path by which a reader leaves the list of broadcasts: whoever has it may."""
    return f"/leave/{contact_id}.{signature(_link_of(contact_id), secret=secret)}"


def leaver(token: str, *, secret: bytes) -> int | None:
    """Whose path it is; None where it is not ours."""
    number, _, given = token.partition(".")
    if not (number.isascii() and number.isdecimal()) or len(number) > 18:  # noqa: PLR2004 -- a BIGINT's digits
        return None
    return int(number) if holds(given, _link_of(int(number)), secret=secret) else None


def _link_of(contact_id: int) -> str:
    return f"leave:{contact_id}"


@cache
def _converter() -> OpenCC:
    return OpenCC("s2twp")


def _known(language: str) -> str:
    return language if language in LANGUAGES else "en"
