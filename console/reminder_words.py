"""A reminder in words, for the chat and as a letter; with what the manual says has to be prepared. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from html import escape
from typing import Final

from console import formats
from console.texts import LANGUAGES, Texts
from handoff.model import Button, Citation, Client
from success.reminder_rules import SNOOZE, Step
from success.reminders import ACKNOWLEDGE_BUTTON, LATER_BUTTON, Worded

_SIGNIFICANT: Final = re.compile(r"([\\`*_~#<>|])")
_ITEM: Final = re.compile(r"^\s{0,3}(?:\d{1,2}[.)]|[-*+])\s+(?P<said>\S.*)$", re.MULTILINE)
_MOST_LINES: Final = 8


@dataclass(frozen=True, kw_only=True)
class Guidance:
    """What a page of the manual says has to be prepared. `url` is None where the world cannot reach it."""

    lines: tuple[str, ...]
    citation: Citation
    url: str | None


def listed(text: str) -> tuple[str, ...]:
    """The points of the first list in a section, with their own marks of emphasis taken off."""
    found = [each["said"].replace("**", "").strip() for each in _ITEM.finditer(text)]
    return tuple(found[:_MOST_LINES])


def worded(
    texts: Texts, client: Client, steps: Sequence[Step], *, today: date, language: str, name: str,
    guidance: Mapping[str, Guidance],
) -> Worded:  # fmt: skip
    """What a client is told of these steps; `guidance` is by kind, in that language."""
    tongue = language if language in LANGUAGES else "en"
    items = [_facts(texts, client, each, today=today, language=tongue) for each in steps]
    kinds = list(dict.fromkeys(each.lapse.what for each in steps))
    found = [(kind, guidance[kind]) for kind in kinds if kind in guidance]
    cited = tuple(replace(each.citation, n=n) for n, (_, each) in enumerate(found, 1))
    parts = [_list(texts, items, tongue, mark="- ", clean=plain)]
    parts += [_prepare(texts, kind, each, tongue, mark=f"[{n}]") for n, (kind, each) in enumerate(found, 1)]
    closing = texts.say("reminder.close", tongue)
    letter = _letter(texts, items, found, tongue, name=name)
    return Worded(
        text="\n\n".join([*parts, closing]),
        name=name,
        subject=_subject(texts, items, tongue),
        letter=letter,
        html="".join(f"<p>{escape(part).replace(chr(10), '<br>')}</p>" for part in letter.split("\n\n")),
        buttons=_buttons(texts, steps, today=today, language=tongue),
        citations=cited,
    )


def answered(texts: Texts, said: str, *, name: str, on: date | None, language: str) -> str:
    """The line below a reminder that somebody has pressed on; `on` is when it is said again."""
    if on is None:
        return texts.say(f"reminder.answered.{said}", language, name=plain(name))
    day = formats.weekday(on, language, year=False)
    return texts.say(f"reminder.answered.{said}", language, name=plain(name), day=day)


def left(texts: Texts, days: int, language: str) -> str:
    """How long there still is."""
    if days <= 0:
        return texts.say("reminder.left.today", language)
    return texts.say("reminder.left.tomorrow", language) if days == 1 else texts.say("reminder.left", language, n=days)


def _facts(texts: Texts, client: Client, step: Step, *, today: date, language: str) -> dict[str, str]:
    lapse = step.lapse
    day = formats.weekday(lapse.last_on, language, year=lapse.last_on.year != today.year)
    what = texts.say(f"reminder.what.{lapse.what}", language)
    days = (lapse.last_on - today).days
    return {"what": what, "title": lapse.title or client.name, "day": day, "left": left(texts, days, language)}


def _list(
    texts: Texts, items: Sequence[Mapping[str, str]], language: str, *, mark: str, clean: Callable[[str], str]
) -> str:
    told = [{**each, "title": clean(each["title"])} for each in items]
    if len(told) == 1:
        return texts.say("reminder.one", language, **told[0])
    lines = [mark + texts.say("reminder.item", language, **each) for each in told]
    return "\n".join([texts.say("reminder.several", language), "", *lines])


def _prepare(texts: Texts, kind: str, found: Guidance, language: str, *, mark: str) -> str:
    what = texts.say(f"reminder.what.{kind}", language)
    page = plain(found.citation.title)
    head = texts.say("reminder.prepare", language, what=what, page=page, mark=mark)
    return "\n".join([head, "", *(f"{n}. {line}" for n, line in enumerate(found.lines, 1))])


def _letter(
    texts: Texts, items: Sequence[Mapping[str, str]], found: Sequence[tuple[str, Guidance]], language: str, *, name: str
) -> str:
    parts = [texts.say("reminder.hello", language), _list(texts, items, language, mark="· ", clean=str)]
    for kind, each in found:
        what = texts.say(f"reminder.what.{kind}", language)
        head = texts.say("reminder.prepare", language, what=what, page=each.citation.title, mark=each.url or "")
        parts.append("\n".join([head, *(f"{n}. {line}" for n, line in enumerate(each.lines, 1))]))
    return "\n\n".join([*parts, texts.say("reminder.mail_close", language), name])


def _subject(texts: Texts, items: Sequence[Mapping[str, str]], language: str) -> str:
    if len(items) > 1:
        return texts.say("reminder.subject_several", language, n=len(items))
    return texts.say("reminder.subject", language, **{k: v for k, v in items[0].items() if k != "left"})


def _buttons(texts: Texts, steps: Sequence[Step], *, today: date, language: str) -> tuple[Button, ...]:
    """To be reminded later only where three days are left."""
    soonest = min(each.lapse.last_on for each in steps)
    said = [(ACKNOWLEDGE_BUTTON, "acknowledged")]
    said += [(LATER_BUTTON, "later")] if (soonest - today).days >= SNOOZE else []
    return tuple(Button(id=button, label=texts.say(f"reminder.button.{key}", language)) for button, key in said)


def plain(text: str) -> str:
    """A name in our Markdown as it is written, and no mark of a source."""
    return _SIGNIFICANT.sub(r"\\\1", " ".join(text.split())).replace("[", "（").replace("]", "）")
