"""The desk's pages of reports, and a client's own: who may see what, what forms do, what is refused."""

import gzip
import re
from dataclasses import replace
from datetime import date
from typing import Any

import pypdfium2
import pytest

from console.app import create
from console.report_pdf import Printer
from handoff import directory, progress_links
from handoff.kinds import Tier
from handoff.progress_links import Scope
from store.jobs import dead_letters
from success.reports import gathering, office, store
from success.reports.model import Choice, Kind, Office, Report, State
from success.reports.periods import of_kind
from success.traffic import store as traffic
from tests.unit.console import report_scene
from tests.unit.console.progress_world import link, path_of
from tests.unit.console.report_scene import ZONE, Scene
from tests.unit.console.world import World, field, submit, world

__all__ = ["world"]
EVIL = "<script>alert(1)</script>"


async def drafted(scene: Scene, kind: Kind = Kind.HEALTH, day: date = date(2026, 10, 1)) -> Report:
    facts, now = await scene.facts(kind, day), scene.world.clock()
    made = await scene.world.write(
        lambda conn: store.draft(
            conn, kind, client_id=scene.client.id, span=of_kind(kind, day, ZONE), language="en", facts=facts, now=now
        )
    )
    assert made is not None
    return made


async def kept(world: World, report: Report) -> Report:
    return await world.deps.db.read(lambda conn: store.report(conn, report.id))


async def test_a_draft_is_read_edited_and_approved(world: World) -> None:
    """From the list to its page; the words change and are what its client reads; approved, it waits for its job."""
    scene = await report_scene.poor(world, name=f"Fab {EVIL}")
    made = await drafted(scene)
    browser, at = await world.signed_in("tom"), f"/desk/reports/{made.id}"
    assert f'href="{at}"' in (await browser.get("/desk/reports")).text
    page = (await browser.get(at)).text
    assert EVIL not in page
    assert "No website of yours is on record" in page
    answer = await submit(browser, at, f"{at}/words", edits="0", summary=f"A quiet month. {EVIL}", advice="")
    assert (answer.status_code, answer.headers["location"]) == (303, at)
    page = (await browser.get(at)).text
    assert "A quiet month. &lt;script&gt;" in page
    answer = await submit(browser, at, f"{at}/approve", edits=field(page, "edits"))
    assert answer.status_code == 303
    assert (await kept(world, made)).state is State.APPROVED
    assert "Approved by Tom Baker" in (await browser.get(at)).text


async def test_words_that_did_not_change_stay_ours(world: World) -> None:
    """Saving the form as it came keeps no words, whatever browsers make of line ends; an emptied one is ours again."""
    scene = await report_scene.rich(world, tickets=6)
    made = await drafted(scene)
    browser, at = await world.signed_in("mira"), f"/desk/reports/{made.id}"
    page = (await browser.get(at)).text
    texts = dict(re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>([^<]*)</textarea>', page))
    assert "Renew the TLS certificate" in texts["advice"]
    same = {name: text.replace("\n", "\r\n").replace("&#39;", "'") for name, text in texts.items()}
    await submit(browser, at, f"{at}/words", edits="0", **same)
    assert dict((await kept(world, made)).words) == {}
    await submit(browser, at, f"{at}/words", edits="1", summary=same["summary"], advice="Only this.")
    assert dict((await kept(world, made)).words) == {"advice": "Only this."}
    await submit(browser, at, f"{at}/words", edits="2", summary="", advice="")
    assert dict((await kept(world, made)).words) == {}


async def test_a_stale_form_changes_nothing_and_says_so(world: World) -> None:
    """Somebody else edited: the page shows how it stands; sent twice, one form approves once."""
    made = await drafted(await report_scene.poor(world))
    browser, at = await world.signed_in("tom"), f"/desk/reports/{made.id}"
    await submit(browser, at, f"{at}/words", edits="0", summary="Mine.")
    answer = await submit(browser, at, f"{at}/words", edits="0", summary="Theirs.")
    assert answer.status_code == 409
    assert "Somebody changed it since you opened it" in answer.text
    assert dict((await kept(world, made)).words) == {"summary": "Mine."}
    html = (await browser.get(at)).text
    form = {"csrf": field(html, "csrf"), "once": field(html, "once"), "edits": "1"}
    for _ in range(2):
        assert (
            await browser.post(f"{at}/approve", data=form, headers={"Origin": "http://desk.test"})
        ).status_code == 303
    answer = await submit(browser, at, f"{at}/approve", edits="1")
    assert answer.status_code == 409
    assert "It is approved already." in answer.text


async def test_every_number_leads_to_its_rows(world: World) -> None:
    """The links of the desk's sheet open lists of as many tickets as the number says; the client's has no links."""
    scene = await report_scene.rich(world, tickets=12)
    made = await drafted(scene)
    browser = await world.signed_in("tom")
    page = (await browser.get(f"/desk/reports/{made.id}")).text
    leads = set(re.findall(rf'href="(/desk/reports/{made.id}/rows\?of=[\w.]+)"', page))
    assert {each.rpartition("=")[2] for each in leads} >= {"opened", "resolved", "judged", "traffic"}
    rows = (await browser.get(f"/desk/reports/{made.id}/rows?of=opened")).text
    assert len(re.findall(r'href="/desk/t/T-\d+"', rows)) == made.facts["service"]["opened"] == 2
    assert "ga4.csv" in (await browser.get(f"/desk/reports/{made.id}/rows?of=traffic")).text
    assert (await browser.get(f"/desk/reports/{made.id}/rows?of=nonsense")).status_code == 404
    document = await browser.get(f"/desk/reports/{made.id}/document")
    assert "/desk/" not in document.text
    assert "default-src 'none'" in document.headers["content-security-policy"]


async def test_the_pdf_is_a_file_with_its_name(world: World) -> None:
    """Of type PDF, to keep; without a Chinese font the page says how to get one."""
    scene = await report_scene.poor(world, name="晴川")
    made = await drafted(scene)
    browser = await world.signed_in("tom")
    answer = await browser.get(f"/desk/reports/{made.id}/pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert (
        "filename*=utf-8''Website%20health%20report%20October%202026%20%E6%99%B4%E5%B7%9D.pdf"
        in answer.headers["content-disposition"]
    )
    with pypdfium2.PdfDocument(answer.content) as document:
        assert len(document) == 1


async def test_without_a_chinese_font_the_page_says_what_to_do(world: World, tmp_path: Any) -> None:
    """Nothing is downloaded, and the print view still works."""
    config = tmp_path / "fonts.conf"
    config.write_text("<?xml version='1.0'?><fontconfig><dir>/usr/share/fonts/truetype/dejavu</dir></fontconfig>")
    made = await drafted(await report_scene.poor(world, name="晴川"))
    deps = replace(world.deps, printer=Printer(environment={"FONTCONFIG_FILE": str(config)}))
    browser = await replace(world, app=create(deps)).signed_in("tom")
    answer = await browser.get(f"/desk/reports/{made.id}/pdf")
    assert answer.status_code == 503
    assert "fonts-noto-cjk" in answer.text
    assert (await browser.get(f"/desk/reports/{made.id}/document")).status_code == 200


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "health", "client": "poor", "day": "2026-11-16"}, {"kind": "health", "client": "nobody", "day": "2026-10-01"},
        {"kind": "nonsense", "client": "poor", "day": "2026-10-01"}, {"kind": "health", "client": "poor", "day": "yesterday"},
        {"kind": "health", "client": "poor", "day": "0001-01-01"}, {"kind": "week", "client": "", "day": "0001-01-01"},
        {"kind": "health", "client": "", "day": "2026-10-01"}, {},
    ],
)  # fmt: skip
async def test_what_cannot_be_made_is_refused(world: World, asked: dict[str, str]) -> None:
    """A period that is not over, a client or a kind that there is not, a day that is none; what was typed stays."""
    await report_scene.poor(world)
    browser = await world.signed_in("tom")
    answer = await submit(browser, "/desk/reports", "/desk/reports", **asked)
    assert answer.status_code == 422
    assert "Choose whose report" in answer.text


async def test_a_draft_is_asked_for_by_hand_once(world: World) -> None:
    """The job is there; of a period that has a report none is made."""
    scene = await report_scene.poor(world)
    made = await drafted(scene)
    browser = await world.signed_in("tom")
    answer = await submit(browser, "/desk/reports", "/desk/reports", kind="health", client="poor", day="2026-10-09")
    assert answer.status_code == 422
    assert "There is a report of that period" in answer.text
    at = f"/desk/reports/{made.id}"
    answer = await submit(browser, at, f"{at}/again")
    assert answer.headers["location"] == "/desk/reports?said=making"
    assert ((await kept(world, made)).state, (await kept(world, made)).why) == (State.WITHDRAWN, "anew")
    assert await world.deps.db.read(dead_letters) == []


async def test_agents_and_strangers_see_no_report(world: World) -> None:
    """Neither the list, nor one, nor its file; and nothing of them changes."""
    made = await drafted(await report_scene.poor(world))
    agent, stranger = await world.signed_in("lin"), world.browser()
    for path in ("", f"/{made.id}", f"/{made.id}/pdf", f"/{made.id}/document", f"/{made.id}/rows?of=opened"):
        assert (await agent.get(f"/desk/reports{path}")).status_code == 403
        assert (await stranger.get(f"/desk/reports{path}")).status_code == 303
    page = (await agent.get("/desk")).text
    form = {"csrf": field(page, "csrf"), "once": "x", "edits": "0"}
    answer = await agent.post(f"/desk/reports/{made.id}/approve", data=form, headers={"Origin": "http://desk.test"})
    assert answer.status_code == 403
    assert (await kept(world, made)).state is State.DRAFT
    lead = await world.signed_in("tom")
    for path in ("/desk/reports/99999", "/desk/reports/99999/pdf", "/desk/reports/99999/rows"):
        assert (await lead.get(path)).status_code == 404


async def test_a_clients_page_lists_what_it_got(world: World) -> None:
    """Sent ones alone, by links for the whole client; another client's link, or one person's own, opens none."""
    scene = await report_scene.poor(world)
    made = await drafted(scene)
    mine, now = await link(world, scene.client), world.clock()
    theirs = await link(world, world.client)
    browser = world.browser()
    assert "Website health report" not in (await browser.get(path_of(world, mine))).text
    assert (await browser.get(f"{path_of(world, mine)}/reports/{made.id}")).status_code == 404
    await world.write(lambda conn: store.approve(conn, made.id, edits=0, by=world.people["tom"].id, now=now))
    await world.write(lambda conn: store.sent(conn, made.id, told={"file": None}, now=now))
    page = (await browser.get(path_of(world, mine))).text
    assert f"/reports/{made.id}" in page
    assert "Website health report October 2026" in page
    shown = await browser.get(f"{path_of(world, mine)}/reports/{made.id}")
    assert "You asked us for nothing in this period." in shown.text
    assert shown.headers["referrer-policy"] == "no-referrer"
    assert (await browser.get(f"{path_of(world, mine)}/reports/{made.id}/pdf")).content.startswith(b"%PDF")
    assert (await browser.get(f"{path_of(world, theirs)}/reports/{made.id}")).status_code == 404
    who = await world.write(
        lambda conn: directory.ensure_person(
            conn, platform="web", external_id="p", name="P", client_id=scene.client.id, now=now
        )
    )
    own = await world.write(lambda conn: progress_links.for_person(conn, scene.client.id, who.id, now=now))
    assert own.scope is Scope.OWN
    assert (await browser.get(f"{path_of(world, own)}/reports/{made.id}")).status_code == 404
    assert "Website health report" not in (await browser.get(path_of(world, own))).text


async def test_who_gets_which_is_chosen(world: World) -> None:
    """Our side by a lead, clients' by any reader; numbers out of range are brought within it, names are cut and plain."""
    scene = await report_scene.poor(world)
    browser, at = await world.signed_in("tom"), "/desk/report-settings"
    answer = await submit(
        browser,
        at,
        at,
        agency=f"  Cloudboat  {EVIL}" + "x" * 200,
        week="1",
        minutes="9999",
        hourly="-3",
        currency="eur",
    )
    assert answer.status_code == 303
    kept_office = await world.deps.db.read(office.of)
    assert (len(kept_office.agency), kept_office.minutes, kept_office.currency) == (80, 240, "EUR")
    assert (kept_office.hourly, kept_office.review, kept_office.week) == (Office().hourly, False, True)
    assert EVIL not in (await browser.get(at)).text
    one = scene.client.id
    await submit(
        browser, at, f"{at}/clients", **{f"shown-{one}": "1", f"brief-{one}": "1", f"language-{one}": "zh-Hant"}
    )
    assert await world.deps.db.read(lambda conn: office.choice(conn, scene.client)) == Choice(
        health=False, brief=True, quarter=False, language="zh-Hant"
    )
    assert await world.deps.db.read(lambda conn: office.choice(conn, world.client)) == Choice(brief=True)
    assert world.client.tier is Tier.GOLD


async def test_our_own_report_is_read_in_the_readers_language(world: World) -> None:
    """Its sheet follows whoever opens it, and it is marked as read."""
    scene = await report_scene.rich(world, tickets=12)
    span, now = of_kind(Kind.REVIEW, date(2026, 10, 1), ZONE), world.clock()
    facts = await world.deps.db.read(
        lambda conn: gathering.gather(conn, Kind.REVIEW, None, span, sources=scene.sources, now=now)
    )
    made = await world.write(
        lambda conn: store.draft(conn, Kind.REVIEW, client_id=None, span=span, language="zh-Hans", facts=facts, now=now)
    )
    browser, at = await world.signed_in("tom"), f"/desk/reports/{made.id}"
    assert "Monthly service review" in (await browser.get(at)).text
    assert "月度服务复盘" in (await browser.get(f"{at}?lang=zh-Hans")).text
    await submit(browser, at, f"{at}/approve", edits="0")
    assert (await kept(world, made)).state is State.SENT


async def test_visits_are_imported_from_a_form(world: World) -> None:
    """What was read is said; sent twice it is one import; what is no such file is refused by its name, escaped."""
    scene = await report_scene.rich(world, tickets=2)
    browser, at = await world.signed_in("tom"), "/desk/traffic"
    page = (await browser.get(at)).text
    site_id = re.findall(r'<option value="(\d+)">[^<]*海外商城', page)[0]
    content = b"Date,Sessions,Views\n2026-10-01,10,25\n2026-10-02,20,50\nbroken,,\n"
    form = {"csrf": field(page, "csrf"), "once": field(page, "once"), "site": site_id}
    for said in ("2026-10-01 to 2026-10-02, 3 lines read, 1 broken, 0 of bots.", "Files read lately"):
        answer = await browser.post(
            at, data=form, files={"file": ("ga4.csv", content)}, headers={"Origin": "http://desk.test"}
        )
        assert said in answer.text
    assert len(await world.deps.db.read(lambda conn: traffic.imports(conn, [int(site_id)]))) == 1
    log = b"".join(
        b'1.2.3.4 - - [01/Oct/%d:09:00:00 +0800] "GET / HTTP/1.1" 200 1 "-" "Chrome"\n' % n for n in (2026, 2011)
    )
    answer = await submit(browser, at, at, site=site_id, files={"file": ("access.log", log)})
    assert "1 line was left out: its day lies far" in answer.text
    answer = await submit(browser, at, at, site=site_id, files={"file": ("access.log.gz", gzip.compress(log)[:-3])})
    assert answer.status_code == 422
    assert "cut off: it ends too early. Nothing was imported" in answer.text
    answer = await submit(browser, at, at, site=site_id, files={"file": (f"{EVIL}.csv", b"nonsense")})
    assert answer.status_code == 422
    assert "This is no export of GA4 or Matomo" in answer.text
    assert EVIL not in answer.text
    for wrong in ("999999", "x", ""):
        assert (await submit(browser, at, at, site=wrong, files={"file": ("a.csv", content)})).status_code == 422
    facts = await scene.facts()
    assert {each["title"]: each["visits"] for each in facts["traffic"]}["海外商城"] == 21
