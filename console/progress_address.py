"""Where a client's own page is. Pure."""

from typing import Final

from handoff.progress_links import Link, token

PREFIX: Final = "/p/"


def progress_path(link: Link, *, secret: bytes) -> str:
    """The path of a private link."""
    return PREFIX + token(link, secret=secret)


def progress_url(link: Link, *, public_url: str, secret: bytes) -> str:
    """The address of a private link, as it is given in a chat."""
    return public_url.rstrip("/") + progress_path(link, secret=secret)
