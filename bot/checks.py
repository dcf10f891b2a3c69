"""A draft is checked before it goes out: marks, facts, links, language (conversation.md, *Answering* 3). Pure.

The model may only point at passages; what it states must stand in a passage that it points at.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from knowledge.language import detect, fold, to_script
from knowledge.model import Passage

MARK = re.compile(r"\[(\d{1,2})\]")
URL = re.compile(r"(?:https?://|www\.)[^\s<>\"'，。；、）】\])]+", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{2,})+")
_DOMAIN = re.compile(r"\b(?:[a-z0-9-]{1,63}\.)+(?:com|net|org|cn|io|co|info|shop|top|xyz|dev|app|me|cc|ru)\b", re.IGNORECASE)
_CODE = re.compile(r"`([^`\n]+)`")
_PATH_STEP = re.compile(r"\s*(?:→|➜|->|＞|»|›| > )\s*")
_STEP_EDGE = re.compile(r"[,，。；;：:!！?？()（）\n]|\[\d+\]|[“”\"「」『』【】]")
_NUMBER = re.compile(
    r"(?<![\w.])\d[\d,.]*\s*(?:%|px|kb|mb|gb|tb|ms|s|fps|天|日|月|年|小时|小時|分钟|分鐘|秒|个|個|元|块|美元|次|位|条|份|级|"
    r"days?|hours?|minutes?|seconds?|weeks?|months?|years?|times?|usd|cny|rmb|characters?|字符|字)(?![a-z])"
    r"|(?<![\w.])[$¥￥€]\s*\d[\d,.]*",
    re.IGNORECASE,
)
_IDENTIFIER = re.compile(r"\b(?=[A-Za-z0-9_.-]*\d)(?=[A-Za-z0-9_.-]*[A-Za-z])[A-Za-z0-9][A-Za-z0-9_.-]{2,}\b")
_PHONE = re.compile(r"(?<!\d)(?:\+?\d[\d\s-]{6,}\d)(?!\d)")
_SQUEEZE = re.compile(r"[\s*_`“”\"'「」『』【】\[\]（）()]+")


@dataclass(frozen=True)
class Problem:
    """One fault of a draft: a stable kind, and the words concerned."""

    kind: str
    words: str = ""


def check(text: str, *, passages: Sequence[Passage], language: str) -> tuple[Problem, ...]:
    """Every fault of a draft answer; empty means that it may go out. `passages[0]` is mark [1]."""
    marks = [int(mark) for mark in MARK.findall(text)]
    wrong = [n for n in marks if not 1 <= n <= len(passages)]
    problems = [Problem("unknown_mark", f"[{n}]") for n in wrong]
    if not marks:
        problems.append(Problem("no_mark"))
    cited = [passages[n - 1] for n in dict.fromkeys(marks) if n not in wrong]
    problems += unfounded(text, sources=[source for p in cited for source in _source(p)])
    if not _same_language(text, language):
        problems.append(Problem("language", detect(MARK.sub("", text))))
    return tuple(problems)


def unfounded(text: str, *, sources: Iterable[str]) -> list[Problem]:
    """Links, commands, menu paths, numbers with a unit and codes of `text` that stand in none of the `sources`."""
    ground = _squeezed("\n".join(sources))
    return [Problem(kind, words) for kind, words in _claims(text) if _squeezed(words) not in ground]


def _source(passage: Passage) -> tuple[str, ...]:
    return (passage.title, passage.heading, passage.text, passage.url or "", passage.video or "")


def _claims(text: str) -> Iterable[tuple[str, str]]:
    bare = MARK.sub(" ", text)
    for kind, pattern in (("link", URL), ("address", _EMAIL), ("link", _DOMAIN), ("number", _NUMBER), ("phone", _PHONE)):
        yield from ((kind, found.rstrip(".,")) for found in pattern.findall(bare))
    yield from (("command", code) for code in _CODE.findall(bare))
    for line in bare.splitlines():
        yield from (("menu", step) for step in _menu_steps(line))
    yield from (("code", word) for word in _IDENTIFIER.findall(URL.sub(" ", bare)))


def _menu_steps(line: str) -> Iterable[str]:
    """The names along a menu path: of "打开设置 → 常规，保存" the parts 设置 and 常规.

    Where the first name begins cannot be told ("打开设置"), so its end stands for it.
    """
    first, *later = _PATH_STEP.split(line)
    if not later:
        return
    if words := _STEP_EDGE.split(first)[-1].split():
        yield words[-1] if words[-1].isascii() else words[-1][-2:]
    for part in later:
        if name := _STEP_EDGE.split(part)[0].strip():
            yield name


def _same_language(text: str, language: str) -> bool:
    prose = URL.sub(" ", _CODE.sub(" ", MARK.sub(" ", text)))
    found = detect(prose, default=language)
    if {found, language} == {"zh-Hans", "zh-Hant"}:
        return to_script(prose, language) == prose
    return found == language


def _squeezed(text: str) -> str:
    return _SQUEEZE.sub("", fold(text))
