"""Passages of an imagined manual."""

from knowledge.model import Passage


def passage(text: str, *, title: str = "修改首页标题", **more: object) -> Passage:
    """A passage with sensible values for everything but its text."""
    base: dict[str, object] = {
        "chunk": "c1",
        "page": "zh/title",
        "heading": "后台操作",
        "anchor": "后台操作",
        "language": "zh-Hans",
        "video": None,
        "url": "https://help.acme.com/title",
        "category": "content",
        "score": 0.9,
    }
    return Passage(title=title, text=text, **{**base, **more})
