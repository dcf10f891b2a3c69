"""Reports as documents: what they say with much and with little, on paper, and where a font is missing."""

import asyncio
import re
from datetime import date
from pathlib import Path

import pypdfium2
import pytest

from console.pages import environment
from console.report_document import Paper, Press
from console.report_pdf import NoFont, NotPrinted, Printer
from console.report_words import spaced
from console.texts import LANGUAGES, Texts
from handoff import directory, sites
from handoff.site_rules import read_site
from success.reports.model import Facts, Kind
from tests.unit.console import report_scene
from tests.unit.console.world import World, opened_world, world

__all__ = ["world"]
PRESS = Press(environment(), Texts.shipped())
ZONE = "Asia/Shanghai"


def paper(facts: Facts, *, language: str = "en", kind: Kind = Kind.HEALTH, **words: str) -> Paper:
    return Paper(kind=kind, facts=facts, language=language, zone=ZONE, words=words)


def seen(html: str) -> str:
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL).split())


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> dict[Kind, Facts]:
    """The facts of a client with everything, of each kind of report; made once."""

    async def made() -> dict[Kind, Facts]:
        async with opened_world(tmp_path_factory.mktemp("rich")) as world:
            scene = await report_scene.rich(world)
            days = {Kind.HEALTH: date(2026, 10, 1), Kind.BRIEF: date(2026, 10, 12), Kind.QUARTER: date(2026, 8, 1)}
            return {kind: await scene.facts(kind, day) for kind, day in days.items()}

    return asyncio.run(made())


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_month_with_everything_fits_on_paper(rich: dict[Kind, Facts], language: str) -> None:
    """Four pages, and the sheet names the sites, the visits, the requests, three pieces of advice and the next dates."""
    made = paper(rich[Kind.HEALTH], language=language)
    html = PRESS.page(made)
    with pypdfium2.PdfDocument(await Printer().pdf(html, title=PRESS.title(made))) as document:
        assert len(document) == 4
    said = seen(html)
    for piece in ("99.62%", "6,498", "1.43", "/products/longjing", "T-1043", "晴川茶业有限公司"):
        assert piece in said, piece
    assert len(made.facts["advice"]) == 3


def test_a_page_loads_nothing_and_leads_nowhere(rich: dict[Kind, Facts]) -> None:
    """No link, script, picture or address: it can be kept and sent on."""
    for kind, facts in rich.items():
        html = PRESS.page(paper(facts, kind=kind))
        assert re.findall(r"<(?:a|script|img|link|iframe|object|form)\b|url\(|@import|style=", html) == []


async def test_a_client_of_whom_nothing_is_known_gets_the_truth(world: World) -> None:
    """Without sites the report is of the service alone; a month without requests says so; nothing is made up."""
    scene = await report_scene.poor(world)
    said = seen(PRESS.page(paper(await scene.facts())))
    assert "No website of yours is on record" in said
    assert "You asked us for nothing in this period." in said
    assert "99" not in said
    assert "Availability" not in said


async def test_what_cannot_be_known_is_said_with_its_reason(world: World) -> None:
    """A site without checks, visits and dates has no number, and the report says why."""
    scene = await report_scene.poor(world)
    draft, now = read_site({"address": "https://fabrikam.example.com"}), world.clock()
    await world.write(lambda conn: sites.add(conn, client_id=scene.client.id, draft=draft, now=now))
    said = seen(PRESS.page(paper(await scene.facts())))
    for piece in (
        "No automatic checks in this period", "No visits were imported for fabrikam.example.com", "no dates on record",
        "No security test ran in this period.", "No last days are on record", "they were not checked automatically",
    ):  # fmt: skip
        assert piece in said, piece


async def test_what_a_client_wrote_stays_text(world: World) -> None:
    """Names and titles from outside are escaped, in plots too."""
    evil = "<img src=x onerror=alert(1)>\"'&"
    scene = await report_scene.poor(world, name=evil)
    world.clock.set(world.clock())
    await world.write(lambda conn: directory.update_client(conn, scene.client.id, name=evil))
    html = PRESS.page(paper(await scene.facts()))
    assert "<img" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html


def test_a_persons_words_stand_in_place_of_ours(rich: dict[Kind, Facts]) -> None:
    """The summary and the advice may be written anew; the numbers stay."""
    said = seen(PRESS.page(paper(rich[Kind.HEALTH], summary="A <quiet> month.", advice="Rest.\n\nAnd tea.")))
    assert "A &lt;quiet&gt; month." in said
    assert "And tea." in said
    assert "First on our list" not in said
    assert "99.62%" in said


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_brief_has_one_page(rich: dict[Kind, Facts], language: str) -> None:
    """A week with everything is still one page."""
    made = paper(rich[Kind.BRIEF], language=language, kind=Kind.BRIEF)
    with pypdfium2.PdfDocument(await Printer().pdf(PRESS.page(made), title="x")) as document:
        assert len(document) == 1


async def test_no_letter_is_lost() -> None:
    """The engine draws nothing for some letters of a face: they are drawn all the same, and nothing else changes."""
    html = (
        '<html lang="zh-Hans"><body style="font:20px Noto Sans CJK SC"><p title="如">例如，如有疑问</p></body></html>'
    )
    with pypdfium2.PdfDocument(await Printer().pdf(html, title="如")) as document:
        text, picture = document[0].get_textpage(), document[0].render(grayscale=True).to_numpy()
        assert text.get_text_range().strip() == "例如，如有疑问"
        for n, letter in enumerate("例如，如有疑问"):
            left, low, right, high = (int(edge) for edge in text.get_charbox(n, loose=True))
            top = int(document[0].get_height()) - high
            assert picture[top : top + high - low, left:right].min() < 128, letter


async def test_without_a_chinese_font_there_is_no_page_of_boxes(tmp_path: Path) -> None:
    """A machine without such a font prints English, and refuses Chinese by name."""
    config = tmp_path / "fonts.conf"
    config.write_text("<?xml version='1.0'?><fontconfig><dir>/usr/share/fonts/truetype/dejavu</dir></fontconfig>")
    bare = Printer(environment={"FONTCONFIG_FILE": str(config)})
    assert (await bare.pdf("<p>Plain</p>", title="x")).startswith(b"%PDF-")
    with pytest.raises(NoFont):
        await bare.pdf("<p>网站</p>", title="x")
    assert not await bare.can_write_chinese()


async def test_printing_fetches_nothing_and_ends(tmp_path: Path) -> None:
    """A page that names files, addresses and endless content is printed without them, or not at all."""
    secret = tmp_path / "secret.svg"
    secret.write_text('<svg xmlns="http://www.w3.org/2000/svg"><text>SECRET</text></svg>')
    html = f'<p>Kept</p><img src="file://{secret}"><img src="http://127.0.0.1:9/x.png"><link rel="stylesheet" href="file://{secret}">'
    content = await Printer().pdf(html, title="x")
    with pypdfium2.PdfDocument(content) as document:
        assert document[0].get_textpage().get_text_range().split() == ["Kept"]
    with pytest.raises(NotPrinted):
        await Printer(within_s=0.01).pdf("<p>late</p>", title="x")
    with pytest.raises(NotPrinted):
        await Printer().pdf("x" * (21 * 1024 * 1024), title="x")


@pytest.mark.parametrize(
    ("given", "set_"),
    [
        ("其中 官方网站 的TLS 证书", "其中官方网站的 TLS 证书"),
        ("在 2026年11月24日 前", "在 2026年11月24日前"),
        ("a b", "a b"),
    ],
)
def test_chinese_is_spaced_as_it_is_set(given: str, set_: str) -> None:
    """No gap between two of its letters, one beside a Latin word."""
    assert spaced(given) == set_
