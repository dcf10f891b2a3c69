"""Sites, private links, shared documents, people and the archive, on both databases."""

from datetime import date, timedelta

import pytest

from handoff import (
    accounts,
    archive,
    directory,
    people,
    progress,
    progress_links,
    shared_documents,
    sites,
)
from handoff.errors import NotFound, NotOnePerson, PastInstant, SiteError, StillOpen
from handoff.kinds import Level, Mode, Tier
from handoff.model import Attachment
from handoff.progress_links import Held, Link, Scope
from handoff.site_rules import Nearness, nearness, read_address, read_site, shown_address
from tests.contract.handoff.conftest import World

SECRET = b"s" * 32
GOLD, STANDARD = Tier.GOLD, Tier.STANDARD


def draft(name: str, **facts: str) -> object:
    return read_site({"name": name, "address": f"https://{name}.example.com"} | facts)


async def link(world: World, tier: Tier = GOLD, *, scope: Scope = Scope.ALL, **facts: object) -> Link:
    until = world.clock() + timedelta(days=30)
    whose = world.clients[tier].id
    return await world.do(
        progress_links.make, client_id=whose, scope=scope, expires_at=until, by=world.lead.id, **facts
    )


async def held(world: World, made: Link) -> Held | None:
    token = progress_links.token(made, secret=SECRET)
    return await world.ask(progress_links.held, token, secret=SECRET, now=world.clock())


@pytest.mark.parametrize(
    ("typed", "kept", "shown"),
    [
        ("example.com", "https://example.com", "example.com"),
        (" HTTPS://Example.COM/ ", "https://example.com", "example.com"),
        ("http://商店.中国/a?b=1", "http://xn--czrs0t.xn--fiqs8s/a?b=1", "http://商店.中国/a?b=1"),
        ("https://xn--czrs0t.xn--fiqs8s", "https://xn--czrs0t.xn--fiqs8s", "商店.中国"),
        ("https://example.com:8443/x/", "https://example.com:8443/x/", "example.com:8443/x"),
        ("http://8.8.8.8/", "http://8.8.8.8", "http://8.8.8.8"),
        ("", "", ""),
    ],
)
def test_addresses_are_kept_in_one_form(typed: str, kept: str, shown: str) -> None:
    """With a scheme and an ASCII host; people read the host in its own script."""
    assert read_address(typed) == kept
    assert shown_address(kept) == shown


@pytest.mark.parametrize(
    ("days", "near"),
    [
        (-1, "over"),
        (0, "week"),
        (7, "week"),
        (8, "fortnight"),
        (14, "fortnight"),
        (15, "month"),
        (30, "month"),
        (31, "far"),
    ],
)
def test_how_near_a_last_day_is(days: int, near: str) -> None:
    """The last day itself still holds; within 7, 14, 30 days."""
    assert nearness(date(2026, 3, 9) + timedelta(days=days), date(2026, 3, 9)) is Nearness(near)


async def test_the_main_site_is_repeated_in_the_client(world: World) -> None:
    """The first is the main one; another may become it; when it goes, the oldest follows; one writer for all."""
    client = world.clients[GOLD].id

    async def repeated() -> tuple[str | None, str | None]:
        found = await world.ask(directory.client, client)
        return found.site, found.cms

    shop = await world.do(sites.add, client_id=client, draft=draft("shop", cms="Shopify"))
    blog = await world.do(sites.add, client_id=client, draft=draft("blog", cms="WordPress", tls_on="2026-03-20"))
    assert (shop.main, blog.main) == (True, False)
    assert await repeated() == ("https://shop.example.com", "Shopify")
    changed = draft("blog", cms="Typecho")
    await world.do(sites.edit, client_id=client, site_id=blog.id, draft=changed, main=True, by=world.lead.id)
    assert await repeated() == ("https://blog.example.com", "Typecho")
    await world.do(sites.remove, client_id=client, site_id=blog.id, by=world.lead.id)
    assert await repeated() == ("https://shop.example.com", "Shopify")
    await world.do(sites.remove, client_id=client, site_id=shop.id, by=world.lead.id)
    assert await repeated() == (None, None)
    assert await world.ask(sites.of_client, client) == ()


async def test_the_soonest_comes_first(world: World) -> None:
    """By the first of a site's last days; without dates last; an address once for each client."""
    gold, standard = world.clients[GOLD].id, world.clients[STANDARD].id
    for name, facts in (("later", {"tls_on": "2026-05-01"}), ("none", {}), ("soon", {"icp_on": "2026-03-12"})):
        await world.do(sites.add, client_id=gold, draft=draft(name, **facts))
    await world.do(sites.add, client_id=standard, draft=draft("later", hosting_on="2026-04-01"))
    assert [each.name for each in await world.ask(sites.of_client, gold)] == ["soon", "later", "none"]
    assert [(each.name, whose.id) for each, whose in await world.ask(sites.every)][:2] == [
        ("soon", gold), ("later", standard),
    ]  # fmt: skip
    today = date(2026, 3, 9)
    first = await world.ask(sites.soonest, {gold: today, standard: today})
    assert (first[gold].what, first[gold].days, first[standard].what) == ("icp", 3, "hosting")
    with pytest.raises(SiteError, match="twice"):
        await world.do(sites.add, client_id=gold, draft=draft("soon"))


async def test_nobody_touches_anothers_site(world: World) -> None:
    """Not found, to edit and to remove."""
    made = await world.do(sites.add, client_id=world.clients[GOLD].id, draft=draft("shop"))
    other, by = world.clients[STANDARD].id, world.lead.id
    with pytest.raises(NotFound):
        await world.do(sites.edit, client_id=other, site_id=made.id, draft=draft("x"), by=by)
    with pytest.raises(NotFound):
        await world.do(sites.remove, client_id=other, site_id=made.id, by=by)


async def test_a_link_holds_until_it_ends(world: World) -> None:
    """By time, renewed by the same address, revoked for good; another secret's signature opens nothing."""
    made = await link(world)
    client, by = made.client_id, world.lead.id
    found = await held(world, made)
    assert found is not None
    assert found.client.id == client
    foreign = progress_links.token(made, secret=b"other")
    assert await world.ask(progress_links.held, foreign, secret=SECRET, now=world.clock()) is None
    world.clock.advance(timedelta(days=30))
    assert await held(world, made) is None
    until = world.clock() + timedelta(days=7)
    await world.do(progress_links.renew, client_id=client, link_id=made.id, expires_at=until)
    assert await held(world, made) is not None
    with pytest.raises(PastInstant):
        await world.do(progress_links.renew, client_id=client, link_id=made.id, expires_at=world.clock())
    await world.do(progress_links.revoke, client_id=client, link_id=made.id, by=by)
    assert await held(world, made) is None
    with pytest.raises(NotFound):
        await world.do(progress_links.renew, client_id=client, link_id=made.id, expires_at=until)


async def test_the_bot_gives_the_same_link_while_it_is_fresh(world: World) -> None:
    """Then another, so that who has left has none for long; of its own kind, for each client and person."""
    client, who = world.clients[GOLD].id, world.contacts[GOLD].id
    first = await world.do(progress_links.for_group, client_id=client)
    assert (await world.do(progress_links.for_group, client_id=client)).id == first.id
    own = await world.do(progress_links.for_person, client_id=client, person_id=who)
    assert (own.scope, own.person_id, own.id == first.id) == (Scope.OWN, who, False)
    world.clock.advance(progress_links.IN_CHAT - progress_links.FRESH)
    assert (await world.do(progress_links.for_group, client_id=client)).id != first.id
    assert (await world.do(progress_links.for_group, client_id=world.clients[STANDARD].id)).client_id != client


async def test_a_link_shows_its_clients_tickets_alone(world: World) -> None:
    """By each scope, whatever number is asked for."""
    mine, other = await world.open(Level.BUG), await world.open(Level.BUG, tier=STANDARD)
    who = world.contacts[GOLD].id
    for facts in ({}, {"scope": Scope.GROUPS}, {"scope": Scope.OWN, "person_id": who}):
        found = await held(world, await link(world, **facts))
        assert found is not None
        seen = await world.ask(progress.overview, found, desk=world.desk, now=world.clock())
        assert [each.number for each in seen.open] == [mine.number]
        assert await world.ask(progress.detail, found, other.number, desk=world.desk, now=world.clock()) is None
        assert await world.ask(progress.concerns, found, mine.number)
        assert not await world.ask(progress.concerns, found, other.number)


async def test_a_merged_request_leads_to_the_one_it_lives_on_in(world: World) -> None:
    """It is not listed, and its number leads on."""
    old, new = await world.open(Level.BUG), await world.open(Level.BUG)
    await world.do(world.desk.merge, ticket_id=old.id, into=new.id, by=world.ann.id)
    found = await held(world, await link(world))
    assert found is not None
    seen = await world.ask(progress.overview, found, desk=world.desk, now=world.clock())
    assert [each.number for each in seen.open] == [new.number]
    assert await world.ask(progress.moved_to, found, old.number) == new.number


async def test_documents_are_one_clients(world: World) -> None:
    """Shared, counted, found by their client alone, and gone when removed."""
    client, other, by = world.clients[GOLD].id, world.clients[STANDARD].id, world.lead.id
    file = Attachment(id="token-1", name="plan.pdf", media_type="application/octet-stream", size=5)
    made = await world.do(shared_documents.share, client_id=client, file=file, note=" the  plan ", by=by)
    assert made.note == "the plan"
    for _ in range(2):
        await world.do(shared_documents.fetched, document_id=made.id, person_id=by)
    [seen] = await world.ask(shared_documents.of_client, client)
    assert (seen.fetched, seen.fetched_at) == (2, world.clock())
    assert await world.ask(shared_documents.find, client_id=other, file_id="token-1") is None
    with pytest.raises(NotFound):
        await world.do(shared_documents.remove, client_id=other, document_id=made.id, by=by)
    await world.do(shared_documents.remove, client_id=client, document_id=made.id, by=by)
    assert await world.ask(shared_documents.find, client_id=client, file_id="token-1") is None


async def test_two_records_of_one_person(world: World) -> None:
    """Accounts, messages, tickets, links and powers of the second are the first's; no foreign record joins."""
    client, keep, by = world.clients[GOLD].id, world.contacts[GOLD], world.lead.id
    twin = await world.do(directory.ensure_person, platform="telegram", external_id="77", name="Wang", client_id=client)
    await world.do(accounts.authorise, client_id=client, person_id=twin.id, powers=["money"], by=by)
    await world.do(accounts.authorise, client_id=client, person_id=keep.id, powers=["domain"], by=by)
    ticket = await world.open(Level.BUG)
    await world.do(progress_links.for_person, client_id=client, person_id=keep.id)
    one = await world.do(people.merge, client_id=client, keep=twin.id, gone=keep.id, by=by)
    [(person, powers)] = await world.ask(accounts.contacts, client)
    assert (person.id, powers) == (one.id, ("money", "domain"))
    assert len(await world.ask(directory.accounts, one.id)) == 2
    own = await held(world, await link(world, scope=Scope.OWN, person_id=one.id))
    assert own is not None
    assert await world.ask(progress.concerns, own, ticket.number)
    with pytest.raises(NotOnePerson):
        await world.do(people.merge, client_id=client, keep=one.id, gone=one.id, by=by)
    for stranger in (world.contacts[STANDARD].id, world.ann.id):
        with pytest.raises(NotFound):
            await world.do(people.merge, client_id=client, keep=one.id, gone=stranger, by=by)


async def test_a_name_given_by_hand_stays(world: World) -> None:
    """Whatever the platform says next."""
    who = world.contacts[GOLD]
    await world.db.write(
        lambda conn: people.rename(conn, client_id=world.clients[GOLD].id, person_id=who.id, name=" 王 经理 ")
    )
    again = await world.do(directory.ensure_person, platform="web", external_id=f"u-{GOLD}", name="wang_88")
    assert again.name == "王 经理"


async def test_the_archive(world: World) -> None:
    """Refused with what is open; then chats are off, links and codes end; brought back without them."""
    client, by, ticket = world.clients[GOLD].id, world.lead.id, await world.open(Level.BUG)
    made = await link(world)
    with pytest.raises(StillOpen) as refused:
        await world.do(archive.archive, client_id=client, by=by)
    assert refused.value.numbers == (ticket.number,)
    await world.do(world.desk.reply, ticket_id=ticket.id, by=by, text="done")
    await world.do(world.desk.resolve, ticket_id=ticket.id, by=by)
    await world.do(archive.archive, client_id=client, by=by)
    assert client not in {each.id for each in await world.ask(directory.clients)}
    assert [each.id for each in await world.ask(archive.archived)] == [client]
    assert (await world.ask(directory.chat_of, ticket.conversation_id)).mode is Mode.OFF
    assert await held(world, made) is None
    await world.db.write(lambda conn: archive.restore(conn, client))
    assert client in {each.id for each in await world.ask(directory.clients)}
    assert await held(world, made) is None
