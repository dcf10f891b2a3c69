import re
from pathlib import Path

import pytest

from console.errors import TextError
from console.pages import HERE
from console.texts import LANGUAGES, Texts, negotiate
from handoff.bands import VIEWS
from handoff.business_time import WEEKDAYS
from handoff.duty import PresenceState
from handoff.kinds import EventKind, Level, NoticeKind, Role, TicketState, Tier
from handoff.routes import PageStep

TEXTS = Texts.shipped()
ROSTER_FIELDS = (
    "weekly", "zone", "first", "last", "starts", "ends", "why", "until", "skills", "teams", "slug", "name",
)  # fmt: skip


def catalogue(tmp_path: Path, yaml: str) -> Path:
    path = tmp_path / "t.yaml"
    path.write_text(yaml, "utf-8")
    return path


@pytest.mark.parametrize(
    ("yaml", "why"),
    [
        ("a: {en: x, zh-Hans: y}", "needs exactly"),
        ("a: {en: x, zh-Hans: y, zh-Hant: ''}", "empty"),
        ("a: {en: '{n} x', zh-Hans: y, zh-Hant: z}", "different placeholders"),
        ("a: {en: '{n.x}', zh-Hans: '{n.x}', zh-Hant: '{n.x}'}", "plain name"),
        ("a: {en: '{', zh-Hans: '{', zh-Hant: '{'}", "Single"),
    ],
)
def test_a_catalogue_with_a_hole_is_refused(tmp_path: Path, yaml: str, why: str) -> None:
    """A missing language, an empty sentence or unlike placeholders are found when the file is read."""
    with pytest.raises(TextError, match=re.escape(why)) as caught:
        Texts.load(catalogue(tmp_path, yaml))
    assert caught.value.key == "a"


@pytest.mark.parametrize("values", [{}, {"n": 1, "m": 2}, {"m": 2}])
def test_a_sentence_wants_exactly_its_placeholders(values: dict[str, int]) -> None:
    """Too few or too many values are a mistake of ours, not a hole in the sentence."""
    with pytest.raises(TextError):
        TEXTS.say("queue.count", "en", **values)


def test_values_are_not_read_as_placeholders() -> None:
    """A client's name with braces comes out as it is."""
    assert TEXTS.say("error.claimed", "en", name="{0.__class__}").startswith("{0.__class__} has")


def test_every_text_a_template_or_script_asks_for_is_there() -> None:
    """Keys in templates, Python and scripts exist; keys made from data exist for every value."""
    asked = set()
    for path in [*HERE.glob("templates/*.html"), *HERE.glob("*.py")]:
        asked |= set(
            re.findall(r"""(?:\bt|say)\((?:request, )?["']([a-z_.A-Z0-9-]+)["'][,)]""", path.read_text("utf-8"))
        )
    for path, prefix in ((HERE / "static/desk.js", "js."), (HERE / "static/chat.js", "chat.js.")):
        asked |= {prefix + key for key in re.findall(r"""say\("(\w+)\"""", path.read_text("utf-8"))}
    families = {
        "level": Level,
        "tier": Tier,
        "state": TicketState,
        "role": Role,
        "view": VIEWS,
        "notice": NoticeKind,
        "lang": LANGUAGES,
        "weekday": WEEKDAYS,
        "presence": PresenceState,
        "event.paged": PageStep,
        "why": ("team", "no_team", "manager", "skill", "busy", "load"),
        "roster.error": ROSTER_FIELDS,
    }
    asked |= {f"{family}.{value}" for family, values in families.items() for value in values}
    seen_as_messages = {"replied", "noted", "client_wrote"}
    asked |= {f"event.{kind}" for kind in EventKind if kind not in seen_as_messages}
    assert len(asked) > 150
    assert sorted(asked - TEXTS.entries.keys()) == []


def test_chinese_sentences_are_chinese() -> None:
    """No sentence was left in English in the Chinese catalogues."""
    ours = {
        key: said for key, said in TEXTS.entries.items() if not key.startswith(("app.name", "lang.en", "target.on"))
    }
    left = [
        (key, language)
        for key, said in ours.items()
        for language in ("zh-Hans", "zh-Hant")
        if not re.search(r"[\u3400-\u9fff]", said[language])
    ]
    assert left == []


@pytest.mark.parametrize(
    ("header", "chosen", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", None, "zh-Hans"),
        ("zh-TW,zh;q=0.9", None, "zh-Hant"),
        ("zh-Hant-HK", None, "zh-Hant"),
        ("fr,zh;q=0.4,en;q=0.7", None, "en"),
        ("", None, "en"),
        ("de", None, "en"),
        ("en", "zh-Hant", "zh-Hant"),
        ("zh-CN", "xx", "zh-Hans"),
        ("zh;q=abc,en-GB", None, "en"),
        (",,;q=,;" * 500, None, "en"),
    ],
)
def test_the_page_speaks_the_readers_language(header: str, chosen: str | None, language: str) -> None:
    """A choice by hand wins, else the browser's best language that we have."""
    assert negotiate(header, chosen=chosen) == language
