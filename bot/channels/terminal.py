"""The terminal: a person at a keyboard as a client's contact. Two pure translations; commands are the shell."""

from datetime import datetime
from typing import Any

from bot.model import Inbound
from console.moments import iso
from handoff.kinds import Outcome
from handoff.model import Client, Message, Ticket, Turn

PLATFORM = "terminal"


def chat_id(*, client: Client, session: str) -> str:
    """A terminal conversation's identity."""
    return f"{client.slug}:{session}"


def inbound(*, client: Client, session: str, key: str, text: str, at: datetime) -> Inbound:
    """A typed line; `session` is the conversation, `key` the line's identity."""
    return Inbound(
        platform=PLATFORM,
        chat=chat_id(client=client, session=session),
        person=f"{client.slug}:terminal",
        name="Terminal",
        message=key,
        text=text,
        addressed=True,
        client_id=client.id,
        at=at,
    )


def outcome(
    turn: Turn, *, reply: Message | None, ticket: Ticket | None, links: dict[int, str | None]
) -> dict[str, Any]:
    """What one turn came to, by the command contract of `ask`; `links` are the citations' addresses by number."""
    return {
        "outcome": Outcome(turn.outcome).value,
        "reason": turn.reason,
        "text": reply.text if reply else "",
        "citations": [{"page": c.page, "heading": c.heading, "url": links.get(c.n)} for c in turn.citations],
        "video": reply.video if reply else None,
        "ticket": ticket.number if ticket else None,
        "level": turn.level.value,
        "language": turn.language,
        "ms": turn.ms,
    }


def line(message: Message) -> dict[str, Any]:
    """A message as `aftercare chat` prints it."""
    return {
        "id": message.id,
        "author": message.author.value,
        "name": message.name,
        "text": message.text,
        "buttons": [b.label for b in message.buttons],
        "video": message.video,
        "files": [attachment.name for attachment in message.attachments],
        "at": iso(message.at),
        "sources": [{"n": c.n, "title": c.title, "heading": c.heading, "url": c.url} for c in message.citations],
    }
