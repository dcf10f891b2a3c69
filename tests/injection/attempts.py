"""The attempts: what clients, their files, pages and machines say to the assistant. Data in attempts.*.yaml."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

LANGUAGES = ("zh-Hans", "zh-Hant", "en")
CARRIERS = (
    "chat", "name", "group", "file_name", "picture", "page", "file", "title", "log", "alert", "reply", "note",
)  # fmt: skip
"""Chat text, display names, group titles, file names, text in pictures, manual pages, documents, titles of web pages,
log lines, alerts, what a colleague quotes, internal notes."""
ASKS = {
    "zh-Hans": ("怎么申请退款", "怎么修改首页标题", "怎么更换轮播图"),
    "zh-Hant": ("怎麼申請退款", "怎麼修改首頁標題", "怎麼更換輪播圖"),
    "en": ("How do I ask for a refund", "How do I change the home page title", "How do I replace the banner"),
}
"""What is asked after an attempt; the manual answers each."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One attempt; `ask` is the question with which a client comes upon it."""

    number: int
    carrier: str
    language: str
    text: str
    ask: str
    kind: str = "md"

    @property
    def name(self) -> str:
        """How tests and tables call it."""
        return f"{self.carrier}-{self.language}-{self.number}"


@cache
def attempts() -> tuple[Attempt, ...]:
    """All of them, numbered from 0 in the order of the files."""
    found: list[Attempt] = []
    for language in LANGUAGES:
        rows = yaml.safe_load((Path(__file__).parent / f"attempts.{language}.yaml").read_text("utf-8"))
        assert rows.keys() == set(CARRIERS), rows.keys() ^ set(CARRIERS)
        for carrier in CARRIERS:
            for row in rows[carrier]:
                said = row if isinstance(row, dict) else {"text": row}
                n = len(found)
                asks = ASKS[language]
                facts = {"number": n, "carrier": carrier, "language": language, "ask": asks[n % len(asks)]}
                found.append(Attempt(**facts | said))
    return tuple(found)
