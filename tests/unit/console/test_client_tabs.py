"""A client's tabs in the desk: sites, people, links and documents, history and the archive; and the list of sites."""

import re
from datetime import timedelta
from html import unescape

import pytest

from handoff import accounts, archive, directory, progress_links, shared_documents, sites
from handoff.kinds import ChatKind, Mode
from handoff.progress_links import Scope
from tests.unit.console.progress_world import PNG, Owned, owned, path_of, ticket_of
from tests.unit.console.world import World, submit

PAGE = "/desk/clients/nw"
SITE = {"name": "Shop", "address": "https://商店.中国/店", "cms": "Shopify", "icp": "京ICP备12345678号-1"}


async def read(world: World, body: object, **facts: object) -> object:
    return await world.deps.db.read(lambda conn: body(conn, **facts))  # type: ignore[operator]


@pytest.fixture
async def mine(world: World) -> Owned:
    return await owned(world, "nw", "Northwind")


async def test_a_site_is_added_edited_and_removed(world: World) -> None:
    """A Chinese domain is kept in ASCII and shown as it is written; the first is the main one and fills the record."""
    tom = await world.signed_in("tom")
    dates = {"domain_on": "2026-11-20", "icp_on": "2026-12-10"}
    assert (await submit(tom, f"{PAGE}/sites", f"{PAGE}/sites", **SITE, **dates)).status_code == 303
    [made] = await read(world, sites.of_client, client_id=world.client.id)
    assert made.address == "https://xn--czrs0t.xn--fiqs8s/店"
    assert (made.main, made.cms, str(made.domain_on)) == (True, "Shopify", "2026-11-20")
    kept = await read(world, directory.client, client_id=world.client.id)
    assert (kept.site, kept.cms) == (made.address, "Shopify")
    page = unescape((await tom.get(f"{PAGE}/sites")).text)
    for said in ("商店.中国", "in 4 days", "in 24 days", "京ICP备12345678号-1", "Main site"):
        assert said in page
    second = {"name": "Blog", "address": "blog.example.com", "cms": "WordPress", "main": "yes"}
    await submit(tom, f"{PAGE}/sites", f"{PAGE}/sites", **second)
    assert (await read(world, directory.client, client_id=world.client.id)).cms == "WordPress"
    assert (await submit(tom, f"{PAGE}/sites", f"{PAGE}/sites/remove", site=str(made.id))).status_code == 303
    [left] = await read(world, sites.of_client, client_id=world.client.id)
    assert left.name == "Blog"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"address": "https://me:secret@example.com"}, "without a name, password or key"),
        ({"address": "https://example.com/?api_token=abc"}, "without a name, password or key"),
        ({"address": "ftp://example.com"}, "begins with http"),
        ({"address": "javascript:alert(1)"}, "cannot be read"),
        ({"address": "http://192.168.1.4/"}, "no public address"),
        ({"address": "http://localhost:8080"}, "no public address"),
        ({"address": "-.com"}, "no such domain name"),
        ({"address": "https://exa mple.com"}, "cannot be read"),
        ({"address": "", "name": ""}, "give an address or a name"),
        ({"icp": "12345"}, "cannot be read"),
        ({"tls_on": "2026-02-30"}, "this is no date"),
        ({"notes": "x" * 5000}, "too long"),
    ],
)
async def test_a_site_that_cannot_be_meant(world: World, values: dict[str, str], said: str) -> None:
    """The field is named, what was typed stays, nothing is kept."""
    tom = await world.signed_in("tom")
    typed = {"form": "new", "server": "web-07"} | SITE | values
    answer = await submit(tom, f"{PAGE}/sites", f"{PAGE}/sites", **typed)
    assert answer.status_code == 422
    assert said in unescape(answer.text)
    assert 'value="web-07"' in answer.text
    assert await read(world, sites.of_client, client_id=world.client.id) == ()


async def test_two_edits_of_one_site(world: World, mine: Owned) -> None:
    """The second is told, with what it typed; another client's site is not there."""
    tom = await world.signed_in("tom")
    [made] = await read(world, sites.of_client, client_id=mine.client.id)
    typed = {"site": str(made.id), "seen": sites.version(made), "form": str(made.id)} | SITE
    world.clock.advance(timedelta(seconds=1))
    assert (await submit(tom, f"{PAGE}/sites", f"{PAGE}/sites", **typed)).status_code == 303
    stale = await submit(tom, f"{PAGE}/sites", f"{PAGE}/sites", **(typed | {"name": "Mine"}))
    assert stale.status_code == 422
    assert "somebody else changed this site meanwhile" in unescape(stale.text)
    assert 'value="Mine"' in stale.text
    await owned(world, "blue", "Blue Sea")
    for action in ("sites", "sites/remove"):
        foreign = await submit(tom, "/desk/clients/blue/sites", f"/desk/clients/blue/{action}", **typed)
        assert foreign.status_code == 422
    [kept] = await read(world, sites.of_client, client_id=mine.client.id)
    assert kept.name == "Shop"


async def test_all_sites_by_what_expires_first(world: World, mine: Owned) -> None:
    """Over all clients; searched, filtered by what is near, sorted; an archived client's are not listed."""
    await owned(world, "blue", "Blue Sea")
    tom = await world.signed_in("tom")
    far = {"name": "Zeta", "address": "zeta.example.com", "tls_on": "2027-06-01", "cms": "Joomla"}
    over = {"name": "Old", "address": "old.example.com", "hosting_on": "2026-11-01"}
    for site in (far, over):
        await submit(tom, "/desk/clients/blue/sites", "/desk/clients/blue/sites", **site)

    async def listed(query: str = "") -> list[str]:
        page = (await tom.get(f"/desk/sites{query}")).text
        return re.findall(r'/sites#site-\d+">([^<]+)<', page)

    assert await listed() == ["Old", "Blue Sea shop", "Northwind shop", "Zeta"]
    assert await listed("?within=over") == ["Old"]
    assert await listed("?within=14") == ["Old", "Blue Sea shop", "Northwind shop"]
    assert await listed("?q=north+shop") == ["Northwind shop"]
    assert await listed("?cms=Joomla&sort=site") == ["Zeta"]
    assert (await listed("?sort=client"))[-1] == "Northwind shop"
    assert await listed("?within=nonsense&sort=x") == ["Old", "Blue Sea shop", "Northwind shop", "Zeta"]
    assert "expired 15 days ago" in (await tom.get("/desk/sites")).text


async def test_a_link_is_made_renewed_and_revoked(world: World, mine: Owned) -> None:
    """Its address can be seen again, until it is revoked; then it is not shown and opens nothing, for good."""
    tom, page = await world.signed_in("tom"), f"{PAGE}/sharing"
    await submit(tom, page, f"{page}/links", scope="groups", days="30")
    made = (await read(world, progress_links.of_client, client_id=mine.client.id))[0]
    path = path_of(world, made)
    assert (made.scope, made.by_id, (made.expires_at - made.at).days) == (Scope.GROUPS, world.people["tom"].id, 30)
    assert path in (await tom.get(page)).text
    assert (await world.browser().get(path)).status_code == 200
    await submit(tom, page, f"{page}/links/{made.id}/renew", days="365")
    again = (await read(world, progress_links.of_client, client_id=mine.client.id))[0]
    assert (again.expires_at - again.at).days == 365
    await submit(tom, page, f"{page}/links/{made.id}/revoke")
    assert path not in (await tom.get(page)).text
    assert (await world.browser().get(path)).status_code == 404
    assert (await submit(tom, page, f"{page}/links/{made.id}/renew", days="30")).status_code == 422
    assert (await world.browser().get(path)).status_code == 404


async def test_a_link_for_a_stranger_or_of_another_client(world: World, mine: Owned) -> None:
    """A person of another client cannot be given a link, nor can another client's link be touched."""
    blue = await owned(world, "blue", "Blue Sea")
    tom, page = await world.signed_in("tom"), f"{PAGE}/sharing"
    answer = await submit(tom, page, f"{page}/links", scope="own", person=str(blue.said.person_id), days="30")
    assert answer.status_code == 422
    assert (await submit(tom, page, f"{page}/links", scope="own", days="30")).status_code == 422
    for verb in ("renew", "revoke"):
        assert (await submit(tom, page, f"{page}/links/{blue.link.id}/{verb}", days="30")).status_code == 422
    assert (await submit(tom, page, f"{page}/documents/{blue.document.id}/remove")).status_code == 422
    assert (await tom.get(f"{page}/documents/{blue.document.file_id}")).status_code == 404
    assert (await world.browser().get(blue.path)).status_code == 200


@pytest.mark.parametrize(
    ("name", "content", "good"),
    [
        ("report.pdf", b"%PDF-1.7 x", True), ("shot.png", PNG, True), ("list.csv", b"a,b\n", True),
        ("page.html", b"<script>", False), ("evil.pdf", b"MZ\x90", False), ("run.exe", b"MZ\x90", False),
        ("shot.svg", b"<svg/>", False), ("fake.png", b"<html>", False), ("empty.txt", b"", False),
        ("binary.txt", b"a\0b", False), ("big.pdf", b"%PDF-" + b"x" * (10 * 1024 * 1024), False),
    ],
)  # fmt: skip
async def test_documents_are_checked(world: World, name: str, content: bytes, good: bool) -> None:
    """By type, bytes and size; what is refused leaves no file behind."""
    tom, page = await world.signed_in("tom"), f"{PAGE}/sharing"
    answer = await submit(tom, page, f"{page}/documents", files={"document": (name, content)}, note="<b>plan</b>")
    assert answer.status_code == (303 if good else 422)
    shared = await read(world, shared_documents.of_client, client_id=world.client.id)
    files = list(world.deps.files.iterdir()) if world.deps.files.exists() else []
    assert (len(shared), len(files)) == ((1, 1) if good else (0, 0))
    if good:
        assert "&lt;b&gt;plan&lt;/b&gt;" in (await tom.get(page)).text


async def test_a_document_is_fetched_and_removed(world: World, mine: Owned) -> None:
    """As a file to keep, counted; once removed its bytes are gone and the client's page has it no more."""
    tom, page = await world.signed_in("tom"), f"{PAGE}/sharing"
    got = await tom.get(f"{page}/documents/{mine.document.file_id}")
    assert got.content.startswith(b"%PDF")
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["content-disposition"].startswith("attachment")
    assert "fetched 1 ×" in (await tom.get(page)).text
    await submit(tom, page, f"{page}/documents/{mine.document.id}/remove")
    assert not (world.deps.files / mine.document.file_id).exists()
    assert (await world.browser().get(f"{mine.path}/files/{mine.document.file_id}")).status_code == 404


async def test_people_are_renamed_and_made_one(world: World, mine: Owned) -> None:
    """The name stays whatever the platform says; two records become one with all accounts, tickets and powers."""
    tom, mira, page = await world.signed_in("tom"), await world.signed_in("mira"), f"{PAGE}/people"
    other, said = await ticket_of(world, mine.client, title="Second account", kind=ChatKind.DIRECT, name="Wang Wu")
    keep, gone = mine.said.person_id, said.person_id
    await submit(tom, page, f"{page}/name", person=str(keep), name="王五 <i>")
    await submit(mira, page, f"{PAGE}/contact", person=str(gone), powers="money")
    again = await world.write(
        lambda conn: directory.ensure_person(
            conn, platform="web", external_id="nw-Northwind form is broken", name="Nick", now=world.clock()
        )
    )
    assert again.name == "王五 <i>"
    assert "王五 &lt;i&gt;" in (await tom.get(page)).text
    assert (await submit(tom, page, f"{page}/merge", keep=str(keep), gone=str(gone))).status_code == 303
    [(person, powers)] = await read(world, accounts.contacts, client_id=mine.client.id)
    assert (person.id, powers) == (keep, ("money",))
    assert len(await read(world, directory.accounts, person_id=keep)) == 2
    page_of_ticket = (await tom.get(f"/desk/t/{other.number}")).text
    assert "王五" in page_of_ticket


@pytest.mark.parametrize("case", ["itself", "stranger", "staff", "nobody", "nonsense"])
async def test_people_who_cannot_be_made_one(world: World, mine: Owned, case: str) -> None:
    """Oneself, another client's person, one of ours, nobody: refused in a sentence, nothing changed."""
    blue, tom = await owned(world, "blue", "Blue Sea"), await world.signed_in("tom")
    keep = mine.said.person_id
    gone = {
        "itself": keep, "stranger": blue.said.person_id, "staff": world.people["lin"].id, "nobody": 9999,
        "nonsense": "' OR 1=1",
    }[case]  # fmt: skip
    answer = await submit(tom, f"{PAGE}/people", f"{PAGE}/people/merge", keep=str(keep), gone=str(gone))
    assert answer.status_code == 422
    for whose in (mine, blue):
        assert len(await read(world, accounts.contacts, client_id=whose.client.id)) == 1


async def test_a_client_is_archived_and_brought_back(world: World, mine: Owned) -> None:
    """Not with open tickets, which are listed; then its chats are silent, its links end, and nothing is lost."""
    mira, page = await world.signed_in("mira"), f"{PAGE}/history"
    refused = await submit(mira, page, f"{PAGE}/archive")
    assert refused.status_code == 422
    assert f"These tickets are still open: {mine.ticket.number}." in refused.text
    lin, now = world.people["lin"].id, world.clock()
    await world.write(lambda conn: world.deps.desk.reply(conn, ticket_id=mine.ticket.id, by=lin, text="done", now=now))
    await world.write(lambda conn: world.deps.desk.resolve(conn, ticket_id=mine.ticket.id, by=lin, now=now))
    assert (await submit(mira, page, f"{PAGE}/archive")).status_code == 303
    assert "Northwind" not in (await mira.get("/desk/clients")).text
    assert "Northwind" in (await mira.get("/desk/clients?archived=1")).text
    assert mine.ticket.number in (await mira.get(page)).text
    assert (await world.browser().get(mine.path)).status_code == 404
    chat = await read(world, directory.chat_of, conversation_id=mine.ticket.conversation_id)
    assert chat.mode is Mode.OFF
    assert await read(world, directory.client_by_web_key, key=mine.client.web_key) is None
    assert await read(world, sites.every) == ()
    assert (await submit(mira, page, f"{PAGE}/restore")).status_code == 303
    assert await read(world, archive.archived) == ()
    assert (await world.browser().get(mine.path)).status_code == 404


async def test_the_list_of_clients(world: World, mine: Owned) -> None:
    """Searched and filtered; with what expires first, open tickets and the success manager."""
    await owned(world, "blue", "Blue Sea")
    tom = await world.signed_in("tom")
    by = world.people["tom"].id
    await world.write(lambda conn: directory.update_client(conn, mine.client.id, success_id=by))
    page = (await tom.get("/desk/clients")).text
    assert "in 9 days" in page
    found = (await tom.get("/desk/clients?q=north")).text
    assert "Tom Baker" in found
    assert "Blue Sea" not in found
    assert "Nothing fits." in (await tom.get("/desk/clients?tier=platinum")).text


@pytest.mark.parametrize("login", ["lin", "tom"])
async def test_who_may(world: World, mine: Owned, login: str) -> None:
    """An agent opens none of it; a lead all of it but the archive."""
    who = await world.signed_in(login)
    reads = {f"{PAGE}/{tab}" for tab in ("sites", "people", "sharing", "history")} | {"/desk/sites"}
    assert {(await who.get(at)).status_code for at in reads} == ({200} if login == "tom" else {403})
    assert (await submit(who, f"{PAGE}/history", f"{PAGE}/archive")).status_code == 403
    without = await who.post(f"{PAGE}/sharing/links", data={"scope": "all"})
    assert without.status_code == 403
    assert len(await read(world, progress_links.of_client, client_id=mine.client.id)) == 1
