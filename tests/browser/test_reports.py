"""Reports as pictures: the sheet in the desk, alone on paper, as PDF; kept in artifacts/ for whoever wants to look."""

from datetime import date
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from console.pages import environment
from console.report_document import Paper, Press
from console.report_pdf import Printer
from console.texts import Texts
from success.reports import office, store
from success.reports.model import Kind, Office
from success.reports.periods import of_kind
from tests.browser.conftest import Served
from tests.unit.console import report_scene
from tests.unit.console.report_scene import ZONE, Scene

ARTIFACTS = Path(__file__).parents[2] / "artifacts"
pytestmark = pytest.mark.browser


async def drafted(served: Served, language: str) -> tuple[Scene, int]:
    world = served.world
    now = world.deps.clock()
    await world.write(lambda conn: office.put(conn, Office(agency="云舟网络科技"), by=world.people["tom"].id, now=now))
    scene = await report_scene.rich(world, language=language)
    facts, span = await scene.facts(), of_kind(Kind.HEALTH, date(2026, 10, 1), ZONE)
    made = await world.write(
        lambda conn: store.draft(
            conn, Kind.HEALTH, client_id=scene.client.id, span=span, language=language, facts=facts, now=now
        )
    )
    return scene, made.id


def shot(page: Any, name: str) -> None:
    ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=True)


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_a_report_is_one_that_a_client_would_keep(served: Served, language: str) -> None:
    """Nothing sticks out of the sheet, on a screen, on a phone and on paper; what is read aloud says what plots show."""
    _, report_id = served.run(drafted(served, language))
    page = served.page(f"/desk/reports/{report_id}", login="tom", viewport={"width": 1440, "height": 900})
    assert page.locator("article.report svg[role=img]").count() >= 5
    assert all(
        page.locator("article.report svg[role=img]").evaluate_all(
            "all => all.map(one => one.getAttribute('aria-label'))"
        )
    )
    wide = page.locator("article.report").evaluate("one => one.scrollWidth <= one.clientWidth + 1")
    assert wide
    page.locator("article.report details").first.locator("summary").click()
    assert page.locator("article.report details table").first.is_visible()
    shot(page, f"report-desk-{language}")
    phone = served.page(
        f"/desk/reports/{report_id}", login="tom", viewport={"width": 390, "height": 844}, is_mobile=True
    )
    assert phone.evaluate("document.documentElement.scrollWidth <= 391")
    shot(phone, f"report-phone-{language}")
    paper = served.page(f"/desk/reports/{report_id}/document", login="tom", viewport={"width": 900, "height": 1200})
    paper.emulate_media(media="print")
    assert paper.locator("details").first.is_hidden()
    shot(paper, f"report-paper-{language}")


def test_the_pdf_has_its_words_and_its_plots(served: Served) -> None:
    """Every page has ink from edge to edge of its column and none beyond it; its first page names the client."""
    scene, report_id = served.run(drafted(served, "zh-Hans"))
    report = served.run(served.world.deps.db.read(lambda conn: store.report(conn, report_id)))
    press = Press(environment(), Texts.shipped())
    content = served.run(Printer().pdf(press.page(Paper.of(report)), title="x"))
    ARTIFACTS.mkdir(exist_ok=True)
    with pypdfium2.PdfDocument(content) as document:
        assert len(document) == 4
        for n in range(len(document)):
            picture = document[n].render(scale=1.5).to_pil().convert("L")
            picture.save(ARTIFACTS / f"report-pdf-{n + 1}.png")
            box = picture.point(lambda value: 255 * (value < 250)).getbbox()
            assert box is not None
            assert box[0] > 0.05 * picture.width
            assert box[2] < 0.95 * picture.width
        first = document[0].get_textpage().get_text_range()
    assert scene.client.name[:2] in first
