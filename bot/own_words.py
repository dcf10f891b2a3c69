"""What a model was told is not for its reader: an answer that repeats its instructions, or speaks about them. Pure.

Instructions in other words cannot be told from any other sentence by their letters; who speaks about instructions,
prompts or passages to a client does it anyway.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from knowledge.hidden_claims import unveiled
from knowledge.language import fold

RUN: Final = 24
"""Letters and digits in a row that are no accident; of Chinese, `RUN_HAN`."""
RUN_HAN: Final = 10
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_ABOUT: Final = re.compile(
    r"\b(?:system|initial|hidden|secret) (?:prompt|instructions?|message)s?\b"
    r"|\b(?:my|these|the) (?:own |original |initial |exact )?(?:instructions|prompt|guidelines) (?:are|is|say|were)\b"
    r"|\bi (?:was|am|have been|'m) (?:told|instructed|asked|programmed|ordered|designed|only allowed) (?:not )?to\b"
    r"|\bas an? (?:ai|language model|large language model)\b"
    r"|\bnumbered (?:passages|parts|sections of the prompt)\b|\bwhat we know of the client\b|\bjson object\b"
    r"|系统(?:提示词?|指令|消息)|提示词|(?:我|本助手|助手)的(?:系统)?(?:指令|规则|设定|初始|提示)"
    r"|我(?:被|只被)(?:要求|指示|告知|设定|允许)|(?:作为|身为)(?:一个|一名)?(?:ai|人工智能|语言模型|大模型)"
    r"|(?:编号|给定|提供)的?段落|根据(?:编号|给定)"
)


def repeated(text: str, *, told: str, sources: Iterable[str]) -> Iterator[str]:
    """The runs of an answer that stand in what the model was `told` and in no source: as they are, or disguised."""
    known = _bare("\n".join(sources))
    for form in _forms(text):
        runs = _runs(told)
        found = next((run for run in _windows(form) if run in runs and run not in known), None)
        if found:
            yield found


def about_itself(text: str, *, sources: Iterable[str]) -> Iterator[str]:
    """Words of an answer about its own instructions that no source has."""
    known = fold("\n".join(sources))
    found = (hit[0] for hit in _ABOUT.finditer(fold(unveiled(text))))
    yield from (words for words in found if words not in known)


def _forms(text: str) -> tuple[str, ...]:
    plain = _bare(text)
    return (plain, plain[::-1], codecs.encode(plain, "rot13"))


@lru_cache(maxsize=32)
def _runs(told: str) -> frozenset[str]:
    return frozenset(_windows(_bare(told)))


def _windows(bare: str) -> Iterator[str]:
    yield from (bare[at : at + RUN] for at in range(len(bare) - RUN + 1))
    for at in range(len(bare) - RUN_HAN + 1):
        run = bare[at : at + RUN_HAN]
        if len(_HAN.findall(run)) == RUN_HAN:
            yield run


def _bare(text: str) -> str:
    return "".join(letter for letter in fold(unveiled(text)) if letter.isalnum())
