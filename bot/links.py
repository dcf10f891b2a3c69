"""Where a citation leads in the world. Pure."""

from console.rendering import page_link
from handoff.model import Citation


def address(cited: Citation, *, public_url: str | None, secret: bytes) -> str | None:
    """A citation's address: the page's own, else ours if the world can reach us, else none."""
    if cited.url or not public_url:
        return cited.url
    return public_url + page_link(cited.page, cited.anchor, client=cited.client, secret=secret)
