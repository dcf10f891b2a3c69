"""What a text states that can be looked up word by word: links, commands, menu paths, numbers, codes. Pure."""

import re
from collections.abc import Iterable
from typing import Final

MARK: Final = re.compile(r"\[(\d{1,3})\]")
URL: Final = re.compile(r"(?:[a-z][a-z0-9+.-]{1,15}://|www\.)[^\s<>\"'，。；、）】\])]+", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{2,})+", re.ASCII)
# Every dotted word with letters after its last dot: a domain of any ending, or a file's name; both must be known.
_DOTTED = re.compile(
    r"(?<![\w.@-])(?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,24}(?:/[^\s<>\"'，。；、）】\])]*)?", re.IGNORECASE | re.ASCII
)
CODE: Final = re.compile(r"`([^`\n]+)`")
_FENCE = re.compile(r"(?<!`)```[^\n]*\n(.*?)(?:```|\Z)", re.DOTALL)
_COMMAND = re.compile(
    r"\b(?:sudo|rm|chmod|chown|wget|curl|npm|pip|apt-get|yum|systemctl|docker)[ \t]+[-\w./~:]+", re.ASCII
)
_PATH_STEP = re.compile(r"\s*(?:→|➜|->|＞|»|›|(?<=[\w”\"」』】])[ ]?>[ ]?(?=[\w“\"「『【]))\s*")
_ROOM = re.compile(r"\s{2,}")
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
_KINDS = (("link", URL), ("address", _EMAIL), ("link", _DOTTED), ("number", _NUMBER), ("phone", _PHONE))


def claims(text: str) -> Iterable[tuple[str, str]]:
    """Every claim of a text in our Markdown, as (kind, words); marks such as [1] are no part of it."""
    bare = MARK.sub(" ", text)
    for kind, pattern in _KINDS:
        yield from ((kind, found.rstrip(".,")) for found in pattern.findall(bare))
    fenced = [line for block in _FENCE.findall(bare) for line in block.splitlines() if line.strip()]
    yield from (("command", code) for code in [*CODE.findall(bare), *fenced, *_COMMAND.findall(bare)])
    for line in bare.splitlines():
        yield from (("menu", step) for step in _menu_steps(line))
    yield from (("code", word) for word in _IDENTIFIER.findall(URL.sub(" ", bare)))


def _menu_steps(line: str) -> Iterable[str]:
    """The names along a menu path: of "打开设置 → 常规，保存" the parts 设置 and 常规.

    Where the first name begins cannot be told ("打开设置"), so its end stands for it.
    """
    first, *later = _PATH_STEP.split(_ROOM.sub(" ", line))  # long runs of spaces would be tried from each of them
    if not later:
        return
    if words := _STEP_EDGE.split(first.rstrip(_QUOTES))[-1].split():
        yield words[-1] if words[-1].isascii() else words[-1][-2:]
    for part in later:
        if name := _STEP_EDGE.split(part.lstrip(_QUOTES))[0].strip():
            yield name
