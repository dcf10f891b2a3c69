"""Text of two scripts and one alphabet: cleaning, folding, tokens, and which language it is.

Pure. What the desk's search needs of it too lives in `store.words` and is passed on here.
"""

import re

from store.words import HAN, STOP_WORDS, clean, converter, fold, tokens

__all__ = [
    "ENGLISH", "SIMPLIFIED", "TRADITIONAL", "clean", "detect", "fold", "is_chinese", "salient", "to_script", "tokens",
]  # fmt: skip

#: Names of the languages we tell apart.
SIMPLIFIED, TRADITIONAL, ENGLISH = "zh-Hans", "zh-Hant", "en"

_LETTER = re.compile(r"[A-Za-z]")


def is_chinese(text: str) -> bool:
    """Whether Chinese characters carry the text (English sentences may quote a menu name in Chinese)."""
    han = len(HAN.findall(text))
    if not han:
        return False
    function_words = sum(word in STOP_WORDS for word in re.findall(r"[a-z']+", text.lower()))
    return 2 * function_words <= han


def detect(text: str, *, default: str = SIMPLIFIED) -> str:
    """Return ``zh-Hans``, ``zh-Hant`` or ``en``; ``default`` where no letter tells.

    The script of Chinese is decided by which characters OpenCC would change; where none tells, simplified.
    """
    if is_chinese(text):
        traditional = _changed(text, converter("t2s").convert(text))
        simplified = _changed(text, converter("s2t").convert(text))
        return TRADITIONAL if traditional > simplified else SIMPLIFIED
    return ENGLISH if _LETTER.search(text) else default


def _changed(before: str, after: str) -> int:
    return sum(a != b for a, b in zip(before, after, strict=False))


_VERBATIM = re.compile(r"```.*?(?:```|\Z)|`[^`\n]+`|https?://[^\s)>\]\"'，。；）】]+", re.DOTALL)


def to_script(text: str, language: str) -> str:
    """Return the text in the script of ``language``; URLs and code stay as they are.

    Only Chinese is converted, and only between scripts: English text, or ``language`` ``en``, changes nothing.
    """
    if language not in (SIMPLIFIED, TRADITIONAL) or not HAN.search(text) or detect(text) == language:
        return text
    convert = converter("s2twp" if language == TRADITIONAL else "tw2sp").convert
    pieces, at = [], 0
    for match in _VERBATIM.finditer(text):
        pieces += [convert(text[at : match.start()]), match.group()]
        at = match.end()
    return "".join([*pieces, convert(text[at:])])


_POLITE_ZH = (
    "你好啊|您好啊|你好|您好|大家好|早上好|上午好|下午好|晚上好|早安|晚安|哈喽|哈啰|在吗|在不在|有人在吗|有人吗|请问一下|请问下|请问|"
    "想问一下|想问下|我想问一下|我想问|想问问|问一下|问下|咨询一下|咨询下|请教一下|请教下|请教|打扰一下|打扰了|打扰|麻烦你们|麻烦您|麻烦你|"
    "麻烦|不好意思|劳烦|谢谢您|谢谢你们|谢谢你|谢谢啦|谢谢了|谢谢|多谢|感谢|辛苦了|辛苦|拜托了|拜托|怎么办呢|怎么办呀|怎么办啊|怎么办|怎办|"
    "急急急|很急|在线等|帮忙看下|帮忙看看|帮忙看一下|帮我看下|帮我看看|帮我看一下|亲|老师"
)
_POLITE_EN = (
    r"hello there|hi there|hello|hi|hey|good (?:morning|afternoon|evening)|dear (?:team|support|all)|"
    r"excuse me|sorry to bother you|please|pls|plz|thank you(?: very much| so much)?|thanks(?: a lot| in advance)?|"
    r"thx|cheers|kind regards|best regards|asap|quick question|i have a question|can you help me|could you help me"
)
_POLITE = re.compile(rf"(?:{_POLITE_ZH})|\b(?:{_POLITE_EN})\b")
_EDGE = " \n,.!?;:~…、，。！？；：～-—()（）"


def salient(text: str) -> str:
    """Return the folded text without greetings, thanks and fillers ("请问", "怎么办", "hello", "please").

    What says nothing about the matter must not move the evidence. Text of nothing else gives "".
    """
    folded = _POLITE.sub(" ", fold(text))
    return re.sub(r"\s+", " ", folded).strip(_EDGE)
