"""A draft is checked before it goes out: marks, facts, links, language (conversation.md, *Answering* 3). Pure.

The model may only point at passages; what it states must stand in a passage that it points at.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from knowledge.language import ENGLISH, SIMPLIFIED, TRADITIONAL, detect, fold, to_script
from knowledge.model import Passage

MARK = re.compile(r"\[(\d{1,3})\]")
URL = re.compile(r"(?:[a-z][a-z0-9+.-]{1,15}://|www\.)[^\s<>\"'，。；、）】\])]+", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{2,})+", re.ASCII)
# Every dotted word with letters after its last dot: a domain of any ending, or a file's name; both must be known.
_DOTTED = re.compile(
    r"(?<![\w.@-])(?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,24}(?:/[^\s<>\"'，。；、）】\])]*)?", re.IGNORECASE | re.ASCII
)
_CODE = re.compile(r"`([^`\n]+)`")
_FENCE = re.compile(r"```[^\n]*\n(.*?)(?:```|\Z)", re.DOTALL)
_COMMAND = re.compile(
    r"\b(?:sudo|rm|chmod|chown|wget|curl|npm|pip|apt-get|yum|systemctl|docker)[ \t]+[-\w./~:]+", re.ASCII
)
_PATH_STEP = re.compile(r"\s*(?:→|➜|->|＞|»|›|(?<=[\w”\"」』】])[ ]?>[ ]?(?=[\w“\"「『【]))\s*")
_STEP_EDGE = re.compile(r"[,，。；;：:!！?？()（）\n]|\[\d+\]|[“”\"「」『』【】]")
_QUOTES = '“”"「」『』【】* '
_UNITS = (
    r"%|px|kb|mb|gb|tb|ms|s|fps|[个個]?(?:工作日|小[时時]|月|星期)|天|日|年|周|週|分[钟鐘]|秒|[个個]|元|[块塊]|折|倍|美元|次|位|[条條]|份|[级級]|"
    r"(?:business |working )?days?|hours?|minutes?|seconds?|weeks?|months?|years?|times?|usd|cny|rmb|"
    r"characters?|字符|字"
)
_TIME_UNITS = r"天|[个個]?(?:工作日|小[时時]|月|星期)|[周週年元折]|分[钟鐘]"
_NUMBER = re.compile(
    rf"(?<![A-Za-z0-9_.,])\d(?:[\d,.]*\d)?\s*(?:{_UNITS})(?![A-Za-z])"
    r"|(?<![A-Za-z0-9_.,])[$¥￥€]\s*\d[\d,.]*"
    r"|(?<![\d:：])\d{1,2}[:：]\d{2}(?!\d)"
    rf"|[二三四五六七八九十两兩百千万萬半]+\s*(?:{_TIME_UNITS})"
    r"|\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|thirty|fifty|hundred)\s+(?:business |working )?"
    r"(?:days?|hours?|minutes?|weeks?|months?|years?|dollars?|euros?)\b",
    re.IGNORECASE,
)
_IDENTIFIER = re.compile(
    r"(?<![A-Za-z0-9_.-])(?=[A-Za-z0-9_.-]*\d)(?=[A-Za-z0-9_.-]*[A-Za-z])[A-Za-z0-9][A-Za-z0-9_.-]+[A-Za-z0-9](?![A-Za-z0-9_])"
)
_PHONE = re.compile(r"(?<!\d)(?:\+?\d[\d\s-]{6,}\d)(?!\d)")
_SQUEEZE = re.compile(r"[\s*_`“”\"'「」『』【】\[\]（）()]+")
_WORD = re.compile(r"[A-Za-z]{2,}")
_HAN = re.compile(r"[\u4e00-\u9fff]")


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
    ground = fold("\n".join(sources))
    squeezed = _squeezed(ground)

    def stands(kind: str, words: str) -> bool:
        if kind in _EXACT:
            return _stands_whole(words, ground, ranges=kind == "number")
        return _squeezed(words) in squeezed

    return [Problem(kind, words) for kind, words in _claims(text) if not stands(kind, words)]


_KINDS = (("link", URL), ("address", _EMAIL), ("link", _DOTTED), ("number", _NUMBER), ("phone", _PHONE))
_EXACT = frozenset({"link", "address", "number", "phone", "code"})


def _stands_whole(words: str, ground: str, *, ranges: bool) -> bool:
    """Whether the words stand in the folded ground as they are: "5天" not within "15天", "a.co" not within "a.com".

    With `ranges` a hyphen may follow ("9:00-18:00").
    """
    parts = re.findall(r"\d+|[^\d\s]+", fold(words).rstrip("/"))
    exact = r"\s*".join(map(re.escape, parts))
    joined = "." if ranges else ".-"
    return re.search(rf"(?<![a-z0-9])(?<!\d[.,]){exact}(?![a-z0-9])(?![{joined}][a-z0-9])", ground) is not None


def _source(passage: Passage) -> tuple[str, ...]:
    return (passage.title, passage.heading, passage.lead, passage.text, passage.url or "", passage.video or "")


def _claims(text: str) -> Iterable[tuple[str, str]]:
    bare = MARK.sub(" ", text)
    for kind, pattern in _KINDS:
        yield from ((kind, found.rstrip(".,")) for found in pattern.findall(bare))
    fenced = [line for block in _FENCE.findall(bare) for line in block.splitlines() if line.strip()]
    yield from (("command", code) for code in [*_CODE.findall(bare), *fenced, *_COMMAND.findall(bare)])
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
    if words := _STEP_EDGE.split(first.rstrip(_QUOTES))[-1].split():
        yield words[-1] if words[-1].isascii() else words[-1][-2:]
    for part in later:
        if name := _STEP_EDGE.split(part.lstrip(_QUOTES))[0].strip():
            yield name


def _same_language(text: str, language: str) -> bool:
    prose = URL.sub(" ", _CODE.sub(" ", MARK.sub(" ", text)))
    found = detect(prose, default=language)
    if {found, language} == {SIMPLIFIED, TRADITIONAL}:
        return to_script(prose, language) == prose
    if language == ENGLISH and found != ENGLISH:  # English that quotes a Chinese menu by its names is English
        return len(_WORD.findall(prose)) > len(_HAN.findall(prose))
    return found == language


def _squeezed(text: str) -> str:
    return _SQUEEZE.sub("", fold(text))
