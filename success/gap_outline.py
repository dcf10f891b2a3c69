"""A page drafted from questions and from what colleagues answered: front matter, an outline, what is left to fill in.

Whatever is left open stands in the text as a mark that readers would see, `【待补：…】` or `[TODO: …]`. Pure.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import yaml

from knowledge.concepts import products
from knowledge.language import fold, tokens

OPEN: Final = re.compile(r"【\s*待[补補][^】]*】|\[\s*TODO\b[^\]]*\]", re.IGNORECASE)
MARKS: Final[Mapping[str, str]] = {"zh-Hans": "【待补：{}】", "zh-Hant": "【待補：{}】", "en": "[TODO: {}]"}
_SHOWN_MARK: Final = re.compile(r"〔[^〕]*〕")
_HEADINGS: Final[Mapping[str, Mapping[str, str]]] = {
    "zh-Hans": {
        "asked": "客户会这样问", "steps": "怎么做", "also": "同事还这样答过", "open": "发布前要补的",
        "lead": "一句话说清结论", "steps_open": "操作步骤，同事还没有答过",
        "where": "适用于哪些系统和版本", "who": "需要什么权限", "else": "还是不行时怎么办",
    },
    "zh-Hant": {
        "asked": "客戶會這樣問", "steps": "怎麼做", "also": "同事還這樣答過", "open": "發布前要補的",
        "lead": "一句話說清結論", "steps_open": "操作步驟，同事還沒有答過",
        "where": "適用於哪些系統和版本", "who": "需要什麼權限", "else": "還是不行時怎麼辦",
    },
    "en": {
        "asked": "How clients ask it", "steps": "What to do", "also": "Colleagues also answered",
        "open": "Before it is published",
        "lead": "the answer in one sentence", "steps_open": "the steps; no colleague has answered this yet",
        "where": "which systems and versions this is for", "who": "which rights are needed",
        "else": "what to do if it still fails",
    },
}  # fmt: skip
_GREETING: Final = re.compile(
    r"^(?:【[^】\n]*】|\[TODO[^\]\n]*\]|〔[^〕\n]*〕)?\s*"
    r"(?:(?:[^\s，,。.!！:：]{0,20}|[A-Z][\w ]{0,20},? ?)?(?:您好|你好|早上好|下午好)|(?:hi|hello|hey|dear)\b)"
    r"[^\n，,。.!！:：]{0,12}[，,。.!！:：~～\s]+",
    re.IGNORECASE,
)
_CLOSING: Final = re.compile(
    r"(?:还有问题|有问题|有任何问题|如有疑问|還有問題|有問題)[^\n。！!]{0,16}(?:联系|找我|说|告诉|聯繫|說)[^\n。！!]{0,8}[。！!~～]*"
    r"|(?:祝您|祝你)[^\n。！!]{0,12}[。！!~～]*|(?:let (?:me|us) know|feel free to)[^\n.!]*[.!]*",
    re.IGNORECASE,
)
_STEPS: Final = re.compile(
    r"^\s*(?:\d+[.、)）]|[-*•])|→|->|点击|點擊|打开|打開|进入|進入|选择|選擇|设置|設定"
    r"|\b(?:click|open|go to|choose|select|save)\b",
    re.IGNORECASE | re.MULTILINE,
)
_SENTENCE: Final = re.compile(r"(?<=[。；！？])|(?<=[.!?;])\s+")
_MOST_QUESTIONS: Final = 20
_MOST_ALSO: Final = 2
_LONGEST_TITLE: Final = 40
_ENOUGH: Final = 8
_ALIKE: Final = 0.6
_GOLDEN_EACH: Final = 4
_MOST_GOLDEN: Final = 4
_MANY_SENTENCES: Final = 3


@dataclass(frozen=True, kw_only=True)
class Outline:
    """A drafted page: its text, and the questions that are kept apart to check it with."""

    text: str
    golden: tuple[str, ...]


def open_points(text: str) -> tuple[str, ...]:
    """The marks that are still to be filled in, in their order."""
    return tuple(OPEN.findall(text))


def kept_apart(questions: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The wordings that the page carries, and those that only check it: every fourth, else the first."""
    clear = list(dict.fromkeys(_SHOWN_MARK.sub("", text).strip(" ，,。.") for text in questions))
    worded = [text for text in clear if text][:_MOST_QUESTIONS]
    golden = worded[_GOLDEN_EACH - 1 :: _GOLDEN_EACH][:_MOST_GOLDEN] or worded[:1]
    carried = worded if len(worded) < _GOLDEN_EACH else [text for text in worded if text not in golden]
    return tuple(carried), tuple(golden)


def outline(
    *,
    title: str,
    questions: Sequence[str],
    replies: Sequence[str],
    language: str,
    comment: str,
    body: str | None = None,
) -> Outline:
    """A page from masked questions (the most central first) and masked replies (the newest of the best first).

    ``body`` is what a model made of the replies; without one they are quoted. ``comment`` goes into the front matter,
    where no reader of the page sees it.
    """
    carried, golden = kept_apart(questions)
    front: dict[str, object] = {"title": _title(title), "audience": "internal", "language": language}
    front |= {"questions": list(carried)} if carried else {}
    product = _product(questions)
    front |= {"product": product} if product else {}
    head = yaml.safe_dump(front, allow_unicode=True, sort_keys=False, width=1000)
    text = body.strip() if body else _quoted(carried, best(replies), language=language)
    return Outline(text=f"---\n# {comment}\n{head}---\n\n{text}\n", golden=golden)


def best(replies: Sequence[str]) -> tuple[str, ...]:
    """Replies without greetings, those with steps first, each once; the order given decides between equals."""
    bare = [text for reply in replies if len(text := plain(reply)) >= _ENOUGH]
    ranked = sorted(bare, key=lambda text: not _STEPS.search(text))
    kept: list[str] = []
    for text in ranked:
        if all(_likeness(text, other) < _ALIKE for other in kept):
            kept.append(text)
    return tuple(kept)


def plain(reply: str) -> str:
    """A reply without what only makes it polite."""
    return _CLOSING.sub("", _GREETING.sub("", reply.strip())).strip()


def _quoted(questions: Sequence[str], replies: Sequence[str], *, language: str) -> str:
    words, mark = _HEADINGS[language], MARKS[language]
    parts = [mark.format(words["lead"])]
    parts.append(f"## {words['asked']}\n" + "\n".join(f"- {text}" for text in questions[:5]))
    steps = _as_steps(replies[0]) if replies else mark.format(words["steps_open"])
    parts.append(f"## {words['steps']}\n{steps}")
    if also := replies[1 : 1 + _MOST_ALSO]:
        parts.append(f"## {words['also']}\n" + "\n\n".join(_as_steps(text) for text in also))
    left = "\n".join(f"- {mark.format(words[name])}" for name in ("where", "who", "else"))
    parts.append(f"## {words['open']}\n{left}")
    return "\n\n".join(parts)


def _as_steps(reply: str) -> str:
    """A reply of several sentences in one line, as numbered steps; one that has lines of its own stays as it is."""
    if "\n" in reply:
        return reply
    sentences = [one.strip() for one in _SENTENCE.split(reply) if one.strip()]
    if len(sentences) < _MANY_SENTENCES:
        return reply
    return "\n".join(f"{n}. {one}" for n, one in enumerate(sentences, 1))


def _title(text: str) -> str:
    bare = _SHOWN_MARK.sub("", text).strip(" ，,。.?？!！")
    return (bare if len(bare) <= _LONGEST_TITLE else bare[: _LONGEST_TITLE - 1] + "…") or "…"


def _product(questions: Sequence[str]) -> str | None:
    """The product that half of the questions name."""
    named = [name for text in questions for name in products(fold(text))]
    first = max(sorted(set(named)), key=named.count, default=None)
    return first if first and 2 * named.count(first) >= len(questions) else None


def _likeness(one: str, other: str) -> float:
    mine, theirs = set(tokens(fold(one))), set(tokens(fold(other)))
    return len(mine & theirs) / max(min(len(mine), len(theirs)), 1)
