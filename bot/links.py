"""Where a citation, or a training's calendar file, leads in the world. Pure."""

from console.rendering import page_link
from console.training_calendar import calendar_link
from handoff.model import Citation


def address(cited: Citation, *, public_url: str | None, secret: bytes) -> str | None:
    """A citation's address: the page's own, else ours if the world can reach us, else none."""
    if cited.url or not public_url:
        return cited.url
    return public_url + page_link(cited.page, cited.anchor, client=cited.client, secret=secret)


def calendar(training_id: int, *, public_url: str | None, secret: bytes) -> str | None:
    """The address of a training's calendar file; None where the world cannot reach us."""
    return public_url + calendar_link(training_id, secret=secret) if public_url else None
