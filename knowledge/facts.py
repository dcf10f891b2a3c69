"""Kinds of fact that a question asks for and that likeness cannot supply: an amount of money. Pure."""

import re

_ASKED = re.compile(
    r"多少钱|几块钱|什么价|价格(?:是|多少|怎么)|报价(?:是|多少|呢|吗)|费(?:用)?(?:是|要|大概)?多少|收费(?:标准|多少|吗)"
    r"|\bhow much (?:is|are|does|do|would|will|for)\b|\bwhat (?:does|do|is|are)\b[^.?!]{0,40}\b(?:cost|price|fee)s?\b"
    r"|\b(?:price|cost|fee)s? (?:of|for)\b"
)
_AMOUNT = re.compile(
    r"[¥￥$€£]\s?\d|\d[\d,.]*\s?(?:元|块钱|万元|美元|欧元|人民币|rmb|cny|usd|eur|dollars?|yuan)\b"
    r"|免费|不收费|不另收费|不额外收费|\bfree of charge\b|\bis free\b"
)


def asks_price(folded: str) -> bool:
    """Whether a folded question wants to know what something costs."""
    return bool(_ASKED.search(folded))


def tells_price(folded: str) -> bool:
    """Whether a folded text names an amount of money, or says that something is free."""
    return bool(_AMOUNT.search(folded))
