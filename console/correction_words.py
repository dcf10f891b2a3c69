"""What a client is told when the manual has changed: when we said what, what holds now, where it stands. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from console.texts import LANGUAGES, Texts
from knowledge.claims import MARK
from knowledge.language import ENGLISH, is_chinese, to_script
from knowledge.wording import Change, plain
from store.zones import find_zone
from success.corrections import citations
from success.matters import Matter
from success.recall import Kind, Section

_MOST: Final = 6
_QUESTION: Final = 60


def draft(matter: Matter, texts: Texts) -> str:
    """A correction in the manual's own words: the changed sentences, as they were and as they are."""
    language = spoken(matter.language)
    begun = opening(
        texts, kind=matter.kind, question=matter.question, at=matter.at, zone=matter.zone, language=language
    )
    if matter.kind is not Kind.CHANGED:
        return begun
    return "\n\n".join([begun, *_lines(matter.changes, texts, language), *_basis(matter.now, texts, language)])


def opening(texts: Texts, *, kind: Kind, question: str, at: datetime, zone: str, language: str) -> str:
    """What we said and when, that it holds no more, and one apology."""
    day, asked = _day(at, zone=zone, language=language), _short(question)
    subject = (
        texts.say("recall.client.asked", language, day=day, question=asked)
        if asked
        else texts.say("recall.client.unasked", language, day=day)
    )
    return texts.say(f"recall.client.{kind}", language, subject=subject)


def spoken(language: str) -> str:
    """The language of ours to say it in."""
    return language if language in LANGUAGES else "zh-Hans"


def _lines(changes: Sequence[Change], texts: Texts, language: str) -> list[str]:
    lines = [_line(change, texts, language) for change in changes[:_MOST]]
    words = "".join(change.new or change.old for change in changes)
    if is_chinese(words) != (language != ENGLISH):
        lines.insert(0, texts.say(f"recall.client.only.{'zh' if language == ENGLISH else 'en'}", language))
    if len(changes) > _MOST:
        lines.append(texts.say("recall.client.more", language))
    return lines


def _line(change: Change, texts: Texts, language: str) -> str:
    old, new = (_quoted(side, language) for side in (change.old, change.new))
    if not old:
        return texts.say("recall.client.new", language, new=new)
    if not new:
        return texts.say("recall.client.over", language, old=old)
    was, now = texts.say("recall.client.was", language, old=old), texts.say("recall.client.is", language, new=new)
    return f"{was}\n{now}"


def _basis(now: Sequence[Section], texts: Texts, language: str) -> list[str]:
    cited = citations(now, client=None)  # their numbers and titles alone
    return [
        "\n".join(
            texts.say("recall.client.basis", language, title=_quoted(each.title, language), n=each.n) for each in cited
        )
    ]


def _quoted(sentence: str, language: str) -> str:
    """A sentence of the manual in the client's script; its own "[2]" is no mark of ours."""
    return to_script(MARK.sub(r"(\1)", plain(sentence)), language)


def _short(question: str) -> str:
    line = " ".join(question.split())
    return line if len(line) <= _QUESTION else line[: _QUESTION - 1] + "…"


def _day(at: datetime, *, zone: str, language: str) -> str:
    local = at.astimezone(find_zone(zone) or ZoneInfo("Asia/Shanghai"))
    return f"{local:%B} {local.day}" if language == ENGLISH else f"{local.month}月{local.day}日"
