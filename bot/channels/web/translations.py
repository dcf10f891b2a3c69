"""A visitor's payload as our message, our message as the page's JSON. Pure."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from bot.checks import URL
from bot.model import Inbound
from console.file_answers import is_picture
from console.moments import iso
from console.rendering import message_html, page_link, plain_html
from console.widgets import NAME_LENGTH, USER_LENGTH
from handoff.kinds import Author
from handoff.model import Attachment, Citation, Client, Message

PLATFORM = "web"
ASKABLE = frozenset({PLATFORM})  # where a request to rate is shown in the chat itself
LONGEST = 8_000
LARGEST_ID = 2**53


class Text(BaseModel):
    """A message as JSON."""

    id: str = Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9-]+$")
    text: str = Field(max_length=LONGEST)


class Rate(BaseModel):
    """How a resolved matter went; without a comment the one that was given stays."""

    ticket: str = Field(max_length=20)
    value: int = Field(ge=1, le=5)
    comment: str | None = Field(default=None, max_length=LONGEST)


class User(BaseModel):
    """Whom the client's site says is signed in there."""

    user: str = Field(min_length=1, max_length=USER_LENGTH)
    name: str = Field(default="", max_length=NAME_LENGTH)
    signature: str = Field(max_length=128)


class Press(BaseModel):
    """A press of a button under a message."""

    message: int = Field(ge=1, le=LARGEST_ID)
    button: str = Field(max_length=40)


def inbound(
    *,
    client: Client,
    visitor: str,
    key: str,
    text: str,
    files: tuple[Attachment, ...] = (),
    at: datetime,
    name: str,
    thread: str = "",
) -> Inbound:
    """A visitor's message as the core knows it; the browser's own id of it makes a repeated send harmless."""
    return Inbound(
        platform=PLATFORM,
        chat=f"{client.slug}:{visitor}",
        person=visitor,
        name=name,
        message=key,
        text=text,
        attachments=files,
        addressed=True,
        thread=thread,
        client_id=client.id,
        at=at,
    )


def shown(message: Message, *, visitor_id: int | None, secret: bytes, picture: Callable[[str], str]) -> dict[str, Any]:
    """A message as the chat page shows it; HTML is safe by construction."""
    mine = message.author is Author.CLIENT and message.person_id == visitor_id

    def href(cited: Citation) -> str:
        return cited.url or page_link(cited.page, cited.anchor, client=cited.client, secret=secret)

    html = (
        plain_html(message.text)
        if message.author is Author.CLIENT
        else message_html(
            message.text, citations=message.citations, href=href, allowed=frozenset(URL.findall(message.text))
        )
    )
    return {
        "id": message.id,
        "key": message.external_id if mine else None,
        "author": message.author.value,
        "mine": mine,
        "name": message.name,
        "html": html if message.text else "",
        "sources": [{"n": c.n, "title": c.title, "heading": c.heading, "url": href(c)} for c in message.citations],
        "video": message.video,
        "buttons": [{"id": b.id, "label": b.label} for b in message.buttons],
        "pressed": message.pressed,
        "images": [{"url": picture(a.id), "name": a.name} for a in message.attachments if is_picture(a)],
        "files": [{"url": picture(a.id), "name": a.name} for a in message.attachments if not is_picture(a)],
        "at": iso(message.at),
        "talk": message.conversation_id,
    }
