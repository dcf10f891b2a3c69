"""Clients in the desk: record, agreement, entitlements, contacts, closures, and the agreement to print."""

from html import unescape

import pytest

from handoff import accounts, directory
from handoff.kinds import Tier
from tests.unit.console.world import World, submit

LIST, PAGE = "/desk/clients", "/desk/clients/nw"
AGREEMENT = {
    "tier": "platinum",
    "starts_on": "2026-01-01",
    "ends_on": "2026-12-31",
    "fee": "620,000",
    "currency": "CNY",
}
ROWS = {"entitlement.0.name": "On-site visit", "entitlement.0.amount": "4", "entitlement.0.unit": "visits"}


async def test_a_client_is_added_with_the_link_of_its_chat(world: World) -> None:
    """Its page is there at once, with the address that its people chat at."""
    mira = await world.signed_in("mira")
    facts = {
        "name": "青禾茶业 <b>",
        "slug": "qinghe",
        "tier": "gold",
        "timezone": "Asia/Taipei",
        "site": "https://q.example",
    }
    answer = await submit(mira, LIST, LIST, **facts)
    assert answer.headers["location"] == "/desk/clients/qinghe"
    page = (await mira.get("/desk/clients/qinghe")).text
    made = await world.deps.db.read(lambda conn: directory.client_by_slug(conn, "qinghe"))
    assert f"/c/{made.web_key}" in page
    assert "青禾茶业 &lt;b&gt;" in page
    assert (made.timezone, made.site) == ("Asia/Taipei", "https://q.example")
    assert "qinghe" in (await mira.get(LIST)).text


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": " "}, "Please give a name"),
        ({"slug": "Nord west"}, "short name has"),
        ({"slug": "../x"}, "short name has"),
        ({"slug": "nw"}, "is taken"),
        ({"tier": "diamond"}, "choose a tier"),
        ({"timezone": "Mars/Base"}, "does not exist"),
        ({"language": "fr"}, "one of the languages"),
    ],
)
async def test_a_client_needs_good_facts(world: World, values: dict[str, str], said: str) -> None:
    """The first wrong field is named, what was typed stays, nobody is added."""
    mira = await world.signed_in("mira")
    answer = await submit(mira, LIST, LIST, **({"name": "Nord", "slug": "nord", "tier": "gold"} | values))
    assert answer.status_code == 422
    assert said in unescape(answer.text)
    assert len(await world.deps.db.read(directory.clients)) == 1


async def test_the_record_is_edited_with_its_managers(world: World) -> None:
    """Success and technical manager by name, the language by choice."""
    mira = await world.signed_in("mira")
    facts = {"name": "Northwind", "tier": "standard", "timezone": "Asia/Hong_Kong", "language": "zh-Hant"}
    managers = {"success_id": str(world.people["tom"].id), "technical_id": str(world.people["lin"].id)}
    assert (await submit(mira, PAGE, f"{PAGE}/record", **facts, **managers)).status_code == 303
    kept = await world.deps.db.read(lambda conn: directory.client(conn, world.client.id))
    assert (kept.tier, kept.language, kept.success_id) == (Tier.STANDARD, "zh-Hant", world.people["tom"].id)
    assert kept.technical_id == world.people["lin"].id
    refused = await submit(mira, PAGE, f"{PAGE}/record", **(facts | {"timezone": "Nowhere"}))
    assert refused.status_code == 422
    assert 'value="Nowhere"' in refused.text


async def test_an_agreement_is_made_edited_and_withdrawn(world: World) -> None:
    """Who, when and what stay in the history; a fee that fits another tier is remarked, not refused."""
    mira = await world.signed_in("mira")
    assert (await submit(mira, PAGE, f"{PAGE}/agreement", **(AGREEMENT | {"tier": "gold"}), **ROWS)).status_code == 303
    page = (await mira.get(PAGE)).text
    assert "The fee fits the tier Platinum." in page
    assert "On-site visit" in page
    [made] = await world.deps.db.read(lambda conn: accounts.agreements(conn, world.client.id))
    edit = AGREEMENT | {"replaces": str(made.id)} | ROWS
    assert (await submit(mira, PAGE, f"{PAGE}/agreement", **edit)).status_code == 303
    page = (await mira.get(PAGE)).text
    assert "The fee fits" not in page
    assert "Replaced or withdrawn (1)" in unescape(page)
    stale = await submit(mira, PAGE, f"{PAGE}/agreement", **(edit | {"fee": "7"}))
    assert stale.status_code == 422
    assert "Somebody else changed it meanwhile" in stale.text
    [now] = await world.deps.db.read(lambda conn: accounts.agreements(conn, world.client.id))
    assert (await submit(mira, PAGE, f"{PAGE}/agreement/withdraw", agreement=str(now.id))).status_code == 303
    assert await world.deps.db.read(lambda conn: accounts.agreements(conn, world.client.id)) == ()


async def test_overlaps_and_gaps_are_said(world: World) -> None:
    """The clashing days with what was typed kept; in a gap the desk says since when nothing is in force."""
    mira = await world.signed_in("mira")
    await submit(mira, PAGE, f"{PAGE}/agreement", **(AGREEMENT | {"ends_on": "2026-10-31"}))
    clash = await submit(mira, PAGE, f"{PAGE}/agreement", **(AGREEMENT | {"starts_on": "2026-10-01", "scope": "kept"}))
    assert clash.status_code == 422
    assert "Another agreement covers 2026-10-01 to 2026-10-31 already." in clash.text
    assert ">kept</textarea>" in clash.text
    for path in (PAGE, LIST):
        assert "No contract in force since 2026-11-01: served as standard." in (await mira.get(path)).text


@pytest.mark.parametrize(
    ("action", "values", "said"),
    [
        ("agreement", AGREEMENT | {"ends_on": "2025-01-01"}, "Last day"),
        ("agreement", AGREEMENT | {"fee": "-3"}, "Fee"),
        ("agreement", AGREEMENT | {"entitlement.0.name": "x", "entitlement.0.amount": "none"}, "Entitlements"),
        ("agreement", AGREEMENT | {"starts_on": "1950-01-01"}, "First day"),
        ("closure", {"first": "2026-12-02", "last": "2026-12-01"}, "Closure"),
        ("closure", {"first": "2999-12-02"}, "Closure"),
        ("closure", {"remove": "999"}, "no longer there"),
        ("use", {"name": "nothing", "amount": "1"}, "Entitlement"),
        ("contact", {"person": "1", "powers": "money"}, "no longer there"),
    ],
)
async def test_what_cannot_be_meant_is_said(world: World, action: str, values: dict[str, str], said: str) -> None:
    """In one sentence, with the field; nothing is kept."""
    mira = await world.signed_in("mira")
    answer = await submit(mira, PAGE, f"{PAGE}/{action}", **values)
    assert answer.status_code == 422
    assert said in unescape(answer.text)
    assert await world.deps.db.read(lambda conn: accounts.agreements(conn, world.client.id)) == ()
    assert await world.deps.db.read(lambda conn: accounts.closures(conn, world.client.id)) == ()


async def test_entitlements_contacts_and_closures(world: World) -> None:
    """Booked, authorised, closed and opened again, each by its form."""
    mira, tom = await world.signed_in("mira"), await world.signed_in("tom")
    ticket = await world.ticket()
    await submit(mira, PAGE, f"{PAGE}/agreement", **AGREEMENT, **ROWS)
    booked = {"name": "On-site visit", "amount": "3", "ticket": ticket.number, "note": "launch"}
    assert (await submit(tom, PAGE, f"{PAGE}/use", **booked)).status_code == 303
    assert (await submit(tom, PAGE, f"{PAGE}/use", **(booked | {"ticket": "T-9999"}))).status_code == 422
    [used] = await world.deps.db.read(lambda conn: accounts.uses(conn, world.client.id))
    assert (used.amount, used.ticket_id, used.by_id) == (3, ticket.id, world.people["tom"].id)
    await submit(mira, PAGE, f"{PAGE}/contact", person=str(ticket.requester_id), powers="domain")
    assert await world.deps.db.read(lambda conn: accounts.is_authorised(conn, ticket.requester_id, "domain"))
    assert (await submit(mira, PAGE, f"{PAGE}/closure", first="2026-12-24", why="party")).status_code == 303
    [kept] = await world.deps.db.read(lambda conn: accounts.closures(conn, world.client.id))
    assert (kept.closure.first, kept.why) == (kept.closure.last, "party")
    assert (await submit(mira, PAGE, f"{PAGE}/closure", remove=str(kept.id))).status_code == 303
    assert await world.deps.db.read(lambda conn: accounts.closures(conn, world.client.id)) == ()


@pytest.mark.parametrize(
    ("language", "asked", "said"),
    [
        ("zh-Hant", "", "人工首次回應：1 小時（全天候）內。"),
        (None, "", "人工首次响应：1 小时（全天候）内。"),
        ("zh-Hant", "?lang=en", "First answer by a person within 1 h, 24/7."),
    ],
)
async def test_the_agreement_is_printed_in_the_clients_language(
    world: World, language: str | None, asked: str, said: str
) -> None:
    """Its tier's promises as sentences, hours, fee, entitlements; a reader may ask for another language."""
    mira = await world.signed_in("mira")
    await submit(mira, PAGE, f"{PAGE}/agreement", **(AGREEMENT | {"tier": "gold", "scope": "Care <i>"}), **ROWS)
    await world.write(lambda conn: directory.update_client(conn, world.client.id, language=language))
    for first, why in (("2026-12-24", "Moving house"), ("2020-01-01", "Long past")):
        await submit(mira, PAGE, f"{PAGE}/closure", first=first, why=why)
    page = (await mira.get(f"{PAGE}/agreement{asked}")).text
    assert said in unescape(page)
    for also in ("620,000 CNY", "On-site visit", "Care &lt;i&gt;", "2026-12-31", "09:00-21:00", "Moving house"):
        assert also in page
    assert "Long past" not in page
    assert (await (await world.signed_in("lin")).get(f"{PAGE}/agreement")).status_code == 403


async def test_a_client_that_is_not_there(world: World) -> None:
    """Not found, by page and by form."""
    mira = await world.signed_in("mira")
    assert (await mira.get("/desk/clients/nobody")).status_code == 404
    assert (await submit(mira, LIST, "/desk/clients/nobody/closure", first="2026-12-24")).status_code == 404
