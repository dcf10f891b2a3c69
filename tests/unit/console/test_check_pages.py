"""The page of a site's checks: what was found in plain words, what may be done about it, and by whom."""

from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest

from handoff import directory, sites
from handoff.site_rules import read_site
from handoff.sites import Site
from store.jobs import depths
from success import checks
from success.checks import asking, keeping
from success.checks.model import (
    BodyEnd,
    Cause,
    Certificate,
    Cookie,
    Facts,
    Hop,
    Kind,
    PageFacts,
    Part,
    Phases,
    Trouble,
    Verdict,
    Weight,
)
from success.checks.versions import load
from tests.unit.console.world import World, field, submit

EVIL = "<script>alert(1)</script>"


async def kept(world: World, **changes: object) -> Site:
    """A site of Northwind's with a check of everything, by a site that would like to run scripts here."""
    now = world.clock()
    facts = Facts(
        url="https://shop.agency-client.com", kind=Kind.FULL, at=now, addresses=("93.184.216.34",), ip="93.184.216.34",
        phases=Phases(dns_ms=12, connect_ms=30, tls_ms=45, first_byte_ms=2100, total_ms=2600), status=200, body=4000,
        body_end=BodyEnd.WHOLE, final_url="https://shop.agency-client.com",
        hops=(Hop(url=f"http://a/{EVIL}", status=301, to="x"), Hop(url="https://shop.agency-client.com", status=200)),
        certificate=Certificate(verdict=Verdict.HOLDS, issuer=EVIL, names=(EVIL,), not_after=now + timedelta(days=20)),
        cookies=(Cookie(name=EVIL, secure=False, http_only=True, same_site=""),),
        page=PageFacts(title=EVIL, wordpress=True, generator="WordPress 6.1", plugins=(Part(slug="wp-file-manager", version="6.0"),)),
        weight=Weight(html=4000, assets=5_000_000, weighed=3, listed=3),
    )  # fmt: skip

    def body(conn: object) -> Site:
        mine = sites.of_client(conn, world.client.id)  # type: ignore[arg-type]
        site = mine[0] if mine else sites.add(
            conn, client_id=world.client.id, draft=read_site({"name": "Shop", "address": "shop.agency-client.com"}), now=now  # type: ignore[arg-type]
        )  # fmt: skip
        keeping.keep(conn, site, replace(facts, **changes), known=load(), cause=Cause.SCHEDULE, ticket_id=None, now=now)  # type: ignore[arg-type]
        return site

    return await world.write(body)


async def test_findings_stand_in_plain_words_with_advice(world: World) -> None:
    """The state, each finding and what to do, times, certificate; nothing that the site says is anything but text."""
    site = await kept(world)
    tom = await world.signed_in("tom")
    html = (await tom.get(f"/desk/clients/nw/sites/{site.id}")).text
    page = unescape(html)
    for said in (
        "takes 2.1 s before it answers", "page cache", "ends in 20 days", "WordPress 6.1 is out of date", "CVE-2020-25213",
        "4.8 MB", "2,100 ms", "93.184.216.34", "Check now", "Accept as it is", "Security test", "10 minutes (by the client’s tier)",
    ):  # fmt: skip
        assert (said in page) is (said != "Security test"), said
    assert EVIL not in html
    assert "&lt;script&gt;" in html
    tab = (await tom.get("/desk/clients/nw/sites")).text
    assert f"/desk/clients/nw/sites/{site.id}" in tab
    assert "check-ok" in tab or "check-degraded" in tab
    assert "check-" in (await tom.get("/desk/sites")).text


@pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant"])
async def test_a_site_that_is_down_says_so_in_each_language(world: World, language: str) -> None:
    """First that it will be looked at again, then that it is down."""
    down = {
        "trouble": Trouble.CONNECTION_REFUSED,
        "status": None,
        "page": None,
        "certificate": None,
        "kind": Kind.LIGHT,
    }
    site = await kept(world, **down)
    tom = await world.signed_in("tom")
    first = (await tom.get(f"/desk/clients/nw/sites/{site.id}?lang={language}")).text
    await kept(world, **down)
    second = (await tom.get(f"/desk/clients/nw/sites/{site.id}?lang={language}")).text
    texts = world.app.state.pages.texts
    said = texts.say("check.f.reach.connection_refused", language)
    assert said in unescape(first)
    assert texts.say("check.unconfirmed", language) in unescape(first)
    assert "check-down" in second.partition("<table")[0]
    assert texts.say("check.unconfirmed", language) not in unescape(second)


async def test_a_press_asks_for_one_check(world: World) -> None:
    """However often it is pressed; the page says that one is under way."""
    site = await kept(world)
    tom = await world.signed_in("tom")
    here = f"/desk/clients/nw/sites/{site.id}"
    page = (await tom.get(here)).text
    form = {"csrf": field(page, "csrf"), "once": field(page, "once")}
    for _ in range(2):
        answer = await tom.post(f"{here}/check", data=form, headers={"Origin": "http://desk.test"})
        assert (answer.status_code, answer.headers["location"]) == (303, here)
    await submit(tom, here, f"{here}/check")
    [queue] = [
        d for d in await world.deps.db.read(lambda conn: depths(conn, now=world.clock())) if d.queue == asking.CHECK
    ]
    assert queue.waiting == 1
    assert "A check is under way" in (await tom.get(here)).text


async def test_a_check_that_got_lost_is_not_waited_for(world: World) -> None:
    """After a quarter of an hour the page says nothing of it any more, and its button asks for another."""
    site = await kept(world)
    await world.write(lambda conn: asking.demand(conn, site_id=site.id, now=world.clock()))
    tom = await world.signed_in("tom")
    here = f"/desk/clients/nw/sites/{site.id}"
    world.clock.advance(timedelta(minutes=14, seconds=59))
    page = (await tom.get(here)).text
    assert "A check is under way" in page
    assert 'class="btn primary" disabled' in page
    world.clock.advance(timedelta(seconds=1))
    page = (await tom.get(here)).text
    assert "A check is under way" not in page
    assert 'class="btn primary" disabled' not in page
    await submit(tom, here, f"{here}/check")
    assert "A check is under way" in (await tom.get(here)).text


async def test_a_finding_is_accepted_with_a_reason_and_taken_back(world: World) -> None:
    """Without a reason it is not; by whom and why stands there, as text."""
    site = await kept(world)
    tom = await world.signed_in("tom")
    here = f"/desk/clients/nw/sites/{site.id}"
    found = await world.deps.db.read(lambda conn: checks.findings(conn, site_id=site.id))
    frames = next(each for each in found if each.key == "security.frames")
    assert (await submit(tom, here, f"{here}/accept", finding=str(frames.id), why=" ")).status_code == 422
    assert (await submit(tom, here, f"{here}/accept", finding=str(frames.id), why=f"{EVIL} agreed")).status_code == 303
    html = (await tom.get(here)).text
    assert EVIL not in html
    assert "Accepted by Tom Baker" in unescape(html)
    assert (await submit(tom, here, f"{here}/accept", finding="999999", why="x")).status_code == 422
    assert (await submit(tom, here, f"{here}/accept", finding=str(frames.id), verb="back")).status_code == 303
    assert "Accepted by Tom Baker" not in unescape((await tom.get(here)).text)


async def test_how_a_site_is_checked_is_set(world: World) -> None:
    """Interval, keyword, a pause; what is not in the list is refused and what was typed is kept."""
    site = await kept(world)
    tom = await world.signed_in("tom")
    here = f"/desk/clients/nw/sites/{site.id}"
    answer = await submit(tom, here, f"{here}/settings", interval="300", keyword="  Welcome   to us ", paused="yes")
    assert answer.status_code == 303
    plan = await world.deps.db.read(lambda conn: asking.plan_of(conn, site.id))
    assert (plan.interval_s, plan.keyword, plan.paused) == (300, "Welcome to us", True)
    assert "Checks are paused" in (await tom.get(here)).text
    refused = await submit(tom, here, f"{here}/settings", interval="1", keyword="kept words")
    assert (refused.status_code, "kept words" in refused.text) == (422, True)
    assert (await submit(tom, here, f"{here}/settings", interval="", keyword="x" * 201)).status_code == 422
    unknown = await world.deps.db.read(lambda conn: asking.plan_of(conn, site.id + 1))
    assert unknown.interval_s is None


async def test_other_peoples_sites_are_not_there(world: World) -> None:
    """Another client's site, no site, an agent without the right: nothing is shown or changed."""
    site = await kept(world)
    now, tier = world.clock(), world.client.tier
    await world.write(lambda conn: directory.add_client(conn, slug="other", name="Other", tier=tier, now=now))
    tom, lin = await world.signed_in("tom"), await world.signed_in("lin")
    for path in (
        f"/desk/clients/other/sites/{site.id}",
        "/desk/clients/nw/sites/999",
        "/desk/clients/nw/sites/x",
        "/desk/clients/nw/sites/9999999999999999999999",
    ):
        assert (await tom.get(path)).status_code == 404
    csrf = field((await tom.get("/desk/clients/nw/sites")).text, "csrf")
    answer = await tom.post(
        f"/desk/clients/other/sites/{site.id}/settings",
        data={"csrf": csrf, "once": "o", "paused": "yes"},
        headers={"Origin": "http://desk.test"},
    )
    assert answer.status_code == 404
    assert not (await world.deps.db.read(lambda conn: asking.plan_of(conn, site.id))).paused
    assert (await lin.get(f"/desk/clients/nw/sites/{site.id}")).status_code == 403


async def test_a_site_that_was_never_checked_has_a_page(world: World) -> None:
    """Empty states are written; one without an address cannot be checked."""

    def body(conn: object) -> Site:
        return sites.add(conn, client_id=world.client.id, draft=read_site({"name": "Soon"}), now=world.clock())  # type: ignore[arg-type]

    site = await world.write(body)
    tom = await world.signed_in("tom")
    page = (await tom.get(f"/desk/clients/nw/sites/{site.id}")).text
    assert "no address yet" in page
    assert "Check now" not in page
    assert (
        await submit(tom, f"/desk/clients/nw/sites/{site.id}", f"/desk/clients/nw/sites/{site.id}/check")
    ).status_code == 303
