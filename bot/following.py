"""One message's way through the log: every line of its turn and of its answer's delivery says whose it is.

`message` is the client's message (the last of a burst; `messages` are all of them), `conversation` and `turn` are its
own, `job` is what runs. A person's words are in a line only where AFTERCARE_LOG_TEXT=1 asks for them (see `logs`).
"""

from collections.abc import Mapping, Sequence

import structlog
from structlog.contextvars import bind_contextvars

from bot.intake import TURN
from bot.logs import Words
from handoff.messages import DELIVER
from handoff.model import Message, Turn
from store.jobs import Job

log = structlog.get_logger()


def named(job: Job) -> Mapping[str, object]:
    """What the lines of a job say besides its number: the message that it is about, where there is one."""
    body = job.body
    if job.queue == TURN:
        return {"message": body.get("message"), "conversation": _conversation(job.key)}
    if job.queue == DELIVER:
        return {"outgoing": body.get("message")}
    return {}


def stored(message: Message, *, platform: str) -> None:
    """Say that a message came in and is kept; from here on it is known by its number."""
    log.info(
        "message_stored",
        message=message.id,
        conversation=message.conversation_id,
        platform=platform,
        external=message.external_id,
        author=message.author.value,
        files=len(message.attachments),
        characters=len(message.text),
        text=Words(message.text),
    )


def of_burst(pieces: Sequence[Message]) -> None:
    """Let the lines that follow name all messages of a turn."""
    if len(pieces) > 1:
        bind_contextvars(messages=[piece.id for piece in pieces])


def of_outgoing(outgoing: Message, turn: Turn | None) -> None:
    """Let the lines of a delivery name its conversation, and the message that it answers, if it is an answer."""
    bind_contextvars(conversation=outgoing.conversation_id)
    if turn is None:
        return
    bind_contextvars(turn=turn.id, message=turn.message_ids[-1])
    if len(turn.message_ids) > 1:
        bind_contextvars(messages=list(turn.message_ids))


def _conversation(key: str | None) -> int | None:
    kind, _, number = (key or "").partition(":")
    return int(number) if kind == "conversation" and number.isdecimal() else None
