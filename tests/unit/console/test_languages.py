"""Nothing is shown untranslated: templates, scripts and catalogues, looked through with `tests.untranslated`."""

from pathlib import Path

import pytest
import yaml

from bot.shipped import load_texts
from console.pages import HERE
from console.texts import Texts
from tests import untranslated

ROOT = HERE.parent
TEXTS, PHRASES = Texts.shipped(), load_texts()
CATALOGUES = pytest.mark.parametrize("texts", [TEXTS, PHRASES], ids=["console", "bot"])
SAMPLE = """$signature = hash_hmac('sha256', $id . "\\n" . $name, $secret);
// data-user="$id" data-name="$name" data-signature="$signature\""""
EXAMPLES = {
    "zh/wordpress": "a folder's name, as it is typed",
    "reset-password": "a page's short name, as it is typed",
    "2027-01-01,off,元旦\n2027-02-07,makeup,春节": "a notice in the format that is read; its names are Chinese holidays",
    "https://": "the beginning of an address, as it is typed",
    "https://www.example.com": "an address, as it is typed",
    SAMPLE: "a program, as it is typed",
}
"""Placeholders that show what to type, not what it means."""
AS_TAIWAN_WRITES = {
    "台": "平台 and 工作台 are written so in Taiwan; OpenCC prefers the older form",
    "布": "發布 is as usual as 發佈",
    "只": "“only”; OpenCC takes it for the measure word before some words",
}
NAMES = {
    "products and formats": "Aftercare Telegram Slack Excel Word PowerPoint PDF HTML CSV JSON Markdown yaml PNG JPEG GIF WebP JavaScript",
    "commands, settings and files, as they are typed": (
        "aftercare index preview doctor golden start status AFTERCARE MANUAL APP BASE BOT CHROMA DATA KEY MODEL OPENAI "
        "PAGER PUBLIC RERANKER SECRET SMTP MAIL FROM URL data-name data-signature data-user body aft"
    ),
    "names of other programs and standards": (
        "API Chroma PostgreSQL BotFather setprivacy Disable CSP ICP SSL TLS NTP UTC Jira Trello Office OpenAPI Socket Mode Standard "
        "Webhook Webhooks zip http https"
    ),
    "names of mail, and of programs that count visits": "SMTP MAIL FROM SSL Google Analytics GA Matomo NPS gzip Debian fonts-noto-cjk apt install visits import",
    "what stands in a request or an answer": (
        "Authorization Bearer ETag Idempotency-Key If-Match Link POST RateLimit Retry-After next null"
    ),
    "what web servers, pages and their protocols say, as engineers write it": (
        "AAAA Accept-Encoding AftercareCheck Apache CDN CMS Content-Security-Policy-Report-Only "
        "DNS Disallow Encrypt HSTS HTTP HttpOnly IP Lax Let Off PHP-FPM Referrer-Policy SAMEORIGIN "
        "SameSite Secure Strict-Transport-Security UTF- Web WordPress "
        "X-Content-Type-Options X-Frame-Options expose fullchain html max-age nginx noindex "
        "nosniff pem php readme robots server strict-origin-when-cross-origin tokens txt"
    ),
    "a key of the keyboard": "Enter",
    "examples of a search, of an address": "ERR- example name shop www com",
    "a term of a contract, as it is typed": "min working days on after confirmed mon-fri",
    "a notice of holidays, as it is typed": "off makeup china",
    "examples of skills and teams, as they are typed": "vip dns mail wordpress",
    "other programs, and what installs a font": "Google Analytics GA Matomo NPS gzip Debian apt install fonts-noto-cjk visits import",
    "zones": "Asia Shanghai Taipei",
    "words that Chinese colleagues use": "token Cookie MB",
    "the language's own name": "English",
    "the beginning of a ticket's number": "T-",
    "alerts, as their settings are typed": "Prometheus Alertmanager alertmanager yml server instance client Basic standby scale-out",
}
MADE = (
    "js.", "chat.js.", "progress.js.", "widget.js.", "act.", "error.", "recall.error.", "settings.", "why.due.", "care.",
    "alerts.error.", "incident.", "campaign.finding.", "check.f.", "check.a.",
    "task.", "visits.error.", "stages.error.", "complaints.error.", "figures.error.",
)  # fmt: skip
"""Families whose keys have a dot in what is made from data, or that a script takes whole."""
SOURCES = [
    *(
        path
        for floor in ("console", "bot", "success", "handoff", "knowledge")
        for path in (ROOT / floor).glob("**/*.py")
    ),
    *HERE.glob("templates/*.html"),
    *HERE.glob("static/*.js"),
]


@pytest.mark.parametrize("path", sorted(HERE.glob("templates/*.html")), ids=lambda path: path.name)
def test_templates_write_nothing_out(path: Path) -> None:
    """Texts, titles, labels and placeholders come from a catalogue."""
    assert [words for words in untranslated.literal_words(path.read_text("utf-8")) if words not in EXAMPLES] == []


@pytest.mark.parametrize("path", sorted(HERE.glob("static/*.js")), ids=lambda path: path.name)
def test_scripts_write_nothing_out(path: Path) -> None:
    """What a script puts on the page comes from the texts it was given."""
    assert untranslated.script_words(path.read_text("utf-8")) == []


@CATALOGUES
@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant"])
def test_each_chinese_is_in_its_own_script(texts: Texts, language: str) -> None:
    """By OpenCC, but for what is reasoned above."""
    allowed = AS_TAIWAN_WRITES if language == "zh-Hant" else {}
    assert untranslated.unlike_script(texts, language, allowed) == []


@CATALOGUES
def test_no_english_is_left_in_chinese(texts: Texts) -> None:
    """But names, and what is typed as it stands."""
    names = [name for group in NAMES.values() for name in group.split()]
    assert untranslated.english_in_chinese(texts, names) == []


def test_no_excuse_is_idle() -> None:
    """An exception that nothing needs would hide the next mistake."""
    words = {word for texts in (TEXTS, PHRASES) for _, word in untranslated.english_in_chinese(texts, ())}
    assert sorted(set(" ".join(NAMES.values()).split()) - words) == []
    letters = {was for texts in (TEXTS, PHRASES) for _, was, _ in untranslated.unlike_script(texts, "zh-Hant", {})}
    assert letters == set(AS_TAIWAN_WRITES)
    written = {w for path in HERE.glob("templates/*.html") for w in untranslated.literal_words(path.read_text("utf-8"))}
    assert written == set(EXAMPLES)


@CATALOGUES
def test_every_key_is_used(texts: Texts) -> None:
    """A sentence that nothing says is translated for nobody. Families such as `level.…` are made from data."""
    asked = untranslated.asked_for(SOURCES)
    assert [key for key in texts.entries if not asked.uses(key) and not key.startswith(MADE)] == []


def test_every_key_that_is_said_is_there() -> None:
    """In one of the two catalogues."""
    said = untranslated.asked_for(SOURCES).said
    assert len(said) > 300
    assert sorted(key for key in said if not TEXTS.has(key) and not PHRASES.has(key)) == []


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("<p>{{ t('a.b') }}</p>", []),
        ("<p>Hello {{ name }}</p>", ["Hello \x00"]),
        ('<a title="Go on" href="/desk/way">{{ t("a.b") }}</a>', ["Go on"]),
        ('<input placeholder="{{ t("a.b") }}" class="wide input" name="query">', []),
        ('<button aria-label="保存">✓</button>', ["保存"]),
        ("<dt>Telegram</dt><dd><code>/bind CODE</code></dd>", []),
        ("{% if x == 'words here' %}·{% endif %}{# a remark #}", []),
        ('{% block body %}class="alone" title="Alone here"{% endblock %}', ['class="alone" title="Alone here"']),
        ("<option>Every day</option>", ["Every day"]),
        ("<b>3 h</b> &amp; <i>A</i>", []),  # a single letter is no word
    ],
)  # fmt: skip
def test_the_reader_of_templates_sees_words(template: str, found: list[str]) -> None:
    """Shown text and shown attributes, nothing else."""
    assert untranslated.literal_words(template) == found


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ('node.textContent = say("sent");', []),
        ('node.textContent = "Sent";', ["Sent"]),
        ('node.setAttribute("aria-label", "Close it");', ["Close it"]),
        ('node.setAttribute("class", "close it");', []),
        ("flash(`Could not ${verb}`);", ["Could not ${verb}"]),
        ("node.title = `${a} ${b}`;", []),
        ('show("Nothing is here yet.");', ["Nothing is here yet."]),
        ('show("正在输入");', ["正在输入"]),
        ('// A remark with words\nlet a = "data-row";', []),
        ('$("#flash .line a").hidden = true;', []),
    ],
)  # fmt: skip
def test_the_reader_of_scripts_sees_words(script: str, found: list[str]) -> None:
    """What is put on the page, and what looks like a sentence."""
    assert untranslated.script_words(script) == found


def made(**sentences: object) -> Texts:
    return Texts(yaml.safe_load(yaml.safe_dump({"a.b": sentences})))


def test_the_readers_of_catalogues_see_mistakes() -> None:
    """The other script, and English words; placeholders and names are none."""
    mixed = made(**{"en": "x", "zh-Hans": "网站說明", "zh-Hant": "網站说明"})
    assert untranslated.unlike_script(mixed, "zh-Hans", {}) == [("a.b", "說", "说")]
    assert [was for _, was, _ in untranslated.unlike_script(mixed, "zh-Hant", {})] == ["说"]
    english = made(**{"en": "x", "zh-Hans": "用 {name} 打开 Slack desk", "zh-Hant": "用"})
    assert untranslated.english_in_chinese(english, ["slack"]) == [("a.b", "desk")]


def test_the_reader_of_keys_knows_families(tmp_path: Path) -> None:
    """Named, begun, ended, or none of them."""
    source = tmp_path / "x.py"
    source.write_text('say("a.one"); say(f"level.{x}"); say(f"{x}.thread"); t("tier." ~ y); n = "b.two"', "utf-8")
    asked = untranslated.asked_for([source])
    assert asked.said == {"a.one"}
    used = {key: asked.uses(key) for key in ("a.one", "b.two", "level.bug", "tier.gold", "staff.thread", "c.three")}
    assert used == dict.fromkeys(used, True) | {"c.three": False}
