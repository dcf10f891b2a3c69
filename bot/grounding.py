"""Does an answer say what was asked, not only something on the matter (conversation.md, *Answering* 3). Pure.

A model that reads a passage on the right topic likes to answer the question beside the one that was asked: "how long"
with how it is done, an error code with another one's cure. Two plain checks catch much of it without a model.
"""

import re
from collections.abc import Iterator, Sequence

from bot.checks import Problem
from knowledge import facts
from knowledge.claims import MARK
from knowledge.language import fold
from knowledge.model import Passage

#: The code of an error: one stands for one cause. Versions and devices (win11, iphone15) only say where.
_CODE = re.compile(r"(?<![a-z0-9])[a-z]{1,8}[-_]?\d{3,6}(?![a-z0-9])")
_WANTED = {
    facts.Kind.MONEY: "an amount of money",
    facts.Kind.SPAN: "a span of time",
    facts.Kind.COUNT: "a number",
    facts.Kind.CONTACT: "a number or address to reach somebody",
}


def beside(question: str, text: str, *, passages: Sequence[Passage]) -> tuple[Problem, ...]:
    """Return what shows that a text does not answer the question: the kind of fact, or the subject, is missing."""
    return (*_no_fact(question, text), *_other_subject(question, passages=passages))


def _no_fact(question: str, text: str) -> Iterator[Problem]:
    told = facts.told(fold(MARK.sub(" ", text)))
    for kind in sorted(facts.asked(fold(question)) - told):
        yield Problem("no_fact", f"the question wants {_WANTED[kind]}; say it from a passage, or use not_in_manual")


def _other_subject(question: str, *, passages: Sequence[Passage]) -> Iterator[Problem]:
    """Error codes that the question names (ERR-1042) and no passage knows."""
    ground = fold("\n".join(f"{p.title}\n{p.heading}\n{p.lead}\n{p.text}" for p in passages))
    for code in dict.fromkeys(_CODE.findall(fold(question))):
        if code not in ground:
            yield Problem("other_subject", f"no passage speaks of {code}; use not_in_manual")
