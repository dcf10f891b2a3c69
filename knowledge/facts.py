"""Kinds of fact that a question asks for and that likeness cannot supply: an amount, a span of time, a number. Pure.

A text on the right topic that lacks the kind of fact asked for does not answer: "how long does it take" is not
answered by how it is done. Only kinds whose words are plain on both sides are told; a text may say them in figures,
in words, or by denying them ("free", "at once", "no limit").
"""

import re
from enum import StrEnum


class Kind(StrEnum):
    """A kind of fact."""

    MONEY = "money"
    SPAN = "span"
    COUNT = "count"
    CONTACT = "contact"


_ASKED = {
    Kind.MONEY: re.compile(
        r"多少钱|几块钱|什么价|价格(?:是|多少|怎么)|报价(?:是|多少|呢|吗)|费(?:用)?(?:是|要|大概)?多少|收费(?:标准|多少|吗)"
        r"|\bhow much (?:is|are|does|do|would|will|for)\b"
        r"|\bwhat (?:does|do|is|are)\b[^.?!]{0,40}\b(?:cost|price|fee)s?\b"
        r"|\b(?:price|cost|fee)s? (?:of|for)\b"
    ),
    Kind.SPAN: re.compile(
        r"多久|多长时间|几天|多少天|几个(?:工作日|小时|月)|多少(?:个)?(?:工作日|小时|个月)|几小时"
        r"|\bhow (?:long|soon)\b|\bhow many (?:business |working )?(?:days|hours|weeks|months|years)\b"
    ),
    Kind.COUNT: re.compile(
        r"多少(?:个|次|条|张|台|人|位|份|页)|最多(?:可以|能|可)?[^,。?]{0,12}(?:几|多少)|\bhow many\b"
    ),
    Kind.CONTACT: re.compile(
        r"(?:电话|手机号|邮箱地址|客服邮箱)(?:号码)?(?:是)?(?:多少|什么|几号)|\bwhat is your (?:phone|email)\b"
    ),
}
_DIGITS = r"\d|[一二两三四五六七八九十百千万半]\s?(?:个|次|条|张|台|人|位|份|页|倍)"
_TOLD = {
    Kind.MONEY: re.compile(
        r"[¥￥$€£]\s?\d|\d[\d,.]*\s?(?:元|块钱|万元|美元|欧元|人民币|rmb|cny|usd|eur|dollars?|yuan)\b"
        r"|免费|不收费|不另收费|不额外收费|\bfree of charge\b|\bis free\b"
    ),
    Kind.SPAN: re.compile(
        r"(?:\d|[一二两三四五六七八九十几数半多])\s?(?:个)?(?:多)?(?:工作日|小时|分钟|秒|天|日|周|星期|月|年)"
        r"|当天|当日|次日|隔天|立即|立刻"
        r"|马上|即时|实时|随时|永久|长期有效|一直|\bat once\b|\bimmediate(?:ly)?\b|\binstant(?:ly)?\b"
        r"|\bpermanent(?:ly)?\b"
        r"|\b(?:\d+|an?|one|two|three|four|five|six|seven|ten|several|few)[ -](?:\w+ )?"
        r"(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?)\b|\bsame day\b|\bovernight\b|\bnever expires?\b"
    ),
    Kind.COUNT: re.compile(
        rf"{_DIGITS}|不限|无限|没有限制|没有上限|任意|\bunlimited\b|\bno limit\b|\bany number\b"
        r"|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|fifty|hundred)\b"
    ),
    Kind.CONTACT: re.compile(r"\d{3,4}[- ]?\d{3,}|[\w.+-]+@[\w-]+\.\w"),
}


def asked(folded: str) -> frozenset[Kind]:
    """Return the kinds of fact that a folded question wants to know."""
    found = {kind for kind, pattern in _ASKED.items() if pattern.search(folded)}
    return frozenset(found - {Kind.COUNT} if Kind.SPAN in found else found)  # "how many days" is a span


def told(folded: str) -> frozenset[Kind]:
    """Return the kinds of fact that a folded text states."""
    return frozenset(kind for kind, pattern in _TOLD.items() if pattern.search(folded))
