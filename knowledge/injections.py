"""Text in pages that speaks to the assistant instead of to its reader. Pure.

Nothing of it can work: passages are data between delimiters, and every answer is checked. But nobody writes it into a
manual by accident, so an admin should see it. Text about such text ("phishing mails say: ignore …") may be meant.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from knowledge.language import fold
from knowledge.model import Page, Problem

_WHOSE: Final = r"(?:(?:all|any|the|your|every|these|those|previous|prior|above|earlier|preceding|other|of)\s+)+"
_WHAT: Final = r"(?:instructions?|prompts?|rules?|directions?|guidelines|messages?)\b"
_EN: Final = (
    rf"\b(?:ignore|disregard|forget|override|bypass)\s+{_WHOSE}{_WHAT}",
    (
        r"\b(?:you are|act as|pretend to be)\s+(?:now\s+)?(?:an?\s+)?"
        r"(?:dan\b|unrestricted|jailbroken|different (?:ai|assistant))"
    ),
    (
        r"\b(?:reveal|print|show|repeat|output|leak)\s+(?:me\s+)?(?:the|your)\s+(?:system|initial|hidden|secret)\s+"
        r"(?:prompt|instructions?)\b"
    ),
    r"\b(?:new|updated|real|actual)\s+(?:system\s+)?instructions?\s*(?:for (?:the )?(?:ai|assistant|bot|model))?\s*:",
    r"\b(?:do not|don't|never)\s+(?:tell|inform|warn)\s+the\s+(?:user|client|customer|human)\b",
    (
        r"\b(?:attention|note|message|instructions?)\s+(?:to|for)\s+(?:the\s+|any\s+|all\s+)*"
        r"(?:ai|llm|assistant|chat\s?bot|language\s?model)s?\b"
    ),
    r"<\|(?:im_start|im_end|system|endoftext)\|>|\[/?inst\]|<</?sys>>|^[ \t#]*system\s*prompt\s*:",
)
#: Simplified: the text is folded before it is looked at.
_ZH: Final = (
    (
        r"(?:忽略|无视|忘记|忘掉|不要理会|不用理会|抛弃|跳过|绕过)掉?你?"
        r"(?:之前|以上|上面|上述|前面|先前|此前|所有|全部|一切|任何|系统|的|到)+"
        r"(?:指令|指示|提示词?|规则|要求|命令|设定|约束|限制)"
    ),
    (
        r"你(?:现在|从现在起)(?:开始)?(?:是|扮演|将扮演)(?:一个|一名)?(?:没有|不受|无|新的?)?[^。\n]{0,6}"
        r"(?:限制|约束|助手|ai|人工智能|模型)"
    ),
    r"(?:输出|泄露|显示|告诉我|重复|打印|说出)(?:你的|系统|隐藏的?|初始)+(?:提示词|提示|指令|设定)",
    r"系统(?:指令|提示词|提示)\s*:",
    r"(?:不要|不得|别)(?:告诉|提醒|通知)(?:用户|客户)(?:本|此|这|上述|以上)",
    (
        r"(?:致|给|请)(?:所有|各位|本|这个)?(?:ai|人工智能|大模型|语言模型|智能助手|聊天机器人)(?:助手|模型)?"
        r"(?:的(?:指令|指示|命令)|\s*:|注意)"
    ),
)
_ORDER: Final = re.compile("|".join(f"(?:{pattern})" for pattern in (*_EN, *_ZH)), re.MULTILINE)
_LONGEST: Final = 60
_MOST: Final = 3


def problems(pages: tuple[Page, ...]) -> Iterator[Problem]:
    """Yield where pages seem to give orders to the assistant, at most three places a page."""
    for page in pages:
        for words in [words for text in (page.title, *page.questions) for _, words in _orders(text)][:_MOST]:
            yield _problem(page, line=None, words=f"{words} (in the title or a question)")
        for line, words in _orders(page.body):
            yield _problem(page, line=page.first_line + line, words=words)


@lru_cache(maxsize=8_192)  # most pages are the same from one reading to the next
def _orders(text: str) -> tuple[tuple[int, str], ...]:
    """Return the first places of such words: line, from 0, and the words."""
    folded, above = fold(text), text[: len(text) - len(text.lstrip())].count("\n")
    found = zip(range(_MOST), _ORDER.finditer(folded), strict=False)
    return tuple((above + folded.count("\n", 0, match.start()), _short(match.group())) for _, match in found)


def _problem(page: Page, *, line: int | None, words: str) -> Problem:
    message = f"reads like an order to the assistant, which it does not follow: {words}"
    return Problem(file=page.path, line=line, message=message, warning=True)


def _short(words: str) -> str:
    text = " ".join(words.split())
    return f"“{text}”" if len(text) <= _LONGEST else f"“{text[:_LONGEST]}…”"
