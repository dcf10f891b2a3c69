"""Where a citation leads."""

from bot import links
from bot.answering import cite
from console.rendering import page_link_holds
from knowledge.model import Passage

SECRET = b"k" * 32


def passage(client: str | None, url: str | None = None) -> Passage:
    return Passage(
        chunk="c", page="zh/acme", title="T", heading="", anchor="a", text="x", language="en", video=None, url=url,
        category="zh", score=1.0, client=client,
    )  # fmt: skip


def test_a_link_to_a_limited_page_is_made_for_the_client_who_asked() -> None:
    """It names the client and holds for no other; ordinary pages get the common link."""
    (cited,) = cite([passage("acme")])
    address = links.address(cited, public_url="https://desk.example", secret=SECRET)
    assert address is not None
    assert address.startswith("https://desk.example/m/zh/acme?c=acme&s=")
    signature = address.split("s=")[1].split("#")[0]
    assert page_link_holds("zh/acme", signature, client="acme", secret=SECRET)
    assert not page_link_holds("zh/acme", signature, client="nw", secret=SECRET)
    assert not page_link_holds("zh/acme", signature, secret=SECRET)
    (common,) = cite([passage(None)])
    assert "c=" not in str(links.address(common, public_url="https://desk.example", secret=SECRET))
