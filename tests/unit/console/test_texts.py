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


def counted(tmp_path: Path, form: str = "{one: '{n} ticket', other: '{n} tickets'}") -> Path:
    return catalogue(tmp_path, f"a: {{en: {form}, zh-Hans: '{{n}} 个工单', zh-Hant: '{{n}} 個工單'}}")


@pytest.mark.parametrize(
    ("n", "language", "said"),
    [
        (1, "en", "1 ticket"),
        (0, "en", "0 tickets"),
        (2, "en", "2 tickets"),
        (1.5, "en", "1.5 tickets"),
        (1234567, "en", "1,234,567 tickets"),
        (1, "zh-Hans", "1 个工单"),
        (2, "zh-Hant", "2 個工單"),
    ],
)
def test_a_sentence_takes_its_numbers_form(tmp_path: Path, n: float, language: str, said: str) -> None:
    """As the language has it; Chinese has one form."""
    assert Texts.load(counted(tmp_path)).say("a", language, n=n) == said


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ("{one: '{n} ticket'}", "needs the forms one, other in en"),
        ("{one: '{n} ticket', few: '{n}', other: '{n} tickets'}", "needs the forms"),
        ("{one: 'a ticket', other: '{n} tickets'}", "different placeholders"),
        ("{one: '', other: '{n} tickets'}", "empty"),
        ("[x]", "empty"),
    ],
)
def test_plural_forms_are_complete(tmp_path: Path, form: str, why: str) -> None:
    """Exactly those of the language, each with the number."""
    with pytest.raises(TextError, match=re.escape(why)):
        Texts.load(counted(tmp_path, form))


def test_chinese_has_no_plural_forms(tmp_path: Path) -> None:
    """Forms that its language does not have are refused; forms without a number too."""
    with pytest.raises(TextError, match="needs the forms other in zh-Hans"):
        Texts.load(catalogue(tmp_path, "a: {en: '{n}', zh-Hans: {one: '{n}', other: '{n}'}, zh-Hant: '{n}'}"))
    with pytest.raises(TextError, match="to choose by"):
        Texts.load(catalogue(tmp_path, "a: {en: {one: x, other: y}, zh-Hans: z, zh-Hant: z}"))


@pytest.mark.parametrize("n", ["1", None, True])
def test_a_plural_wants_a_number(tmp_path: Path, n: object) -> None:
    """A number that was made text already cannot choose."""
    with pytest.raises(TextError, match="wants a number"):
        Texts.load(counted(tmp_path)).say("a", "en", n=n)


def test_scripts_get_no_plural_forms(tmp_path: Path) -> None:
    """They fill in placeholders and know no rules."""
    with pytest.raises(TextError, match="plural forms"):
        Texts.load(counted(tmp_path)).under("a", "en")


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
