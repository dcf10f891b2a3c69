"""What is agreed with a client: dates, tiers, entitlements, contacts; and tickets that follow the agreement."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from handoff import accounts, alignment, board, directory
from handoff.agreements import Draft, balances, cover, fitting_tier, read_draft, year_of
from handoff.errors import Clash, NotAllowed, NotFound, NotMergeable, PolicyError
from handoff.kinds import ClockState, Level, MessageKind, TicketState, Tier
from tests.contract.handoff.conftest import BOOK, MONDAY, World

DRAFT = {
    "tier": "platinum", "starts_on": "2026-01-01", "ends_on": "2026-12-31", "fee": "600,000", "currency": "cny",
    "scope": "网站维护", "entitlements": [{"name": "上门服务", "amount": "4", "unit": "次"}],
}  # fmt: skip


def draft(**facts: Any) -> Draft:
    return read_draft(DRAFT | facts)


async def agree(world: World, tier: Tier = Tier.GOLD, *, replaces: int | None = None, **facts: Any) -> Any:
    """Agree with the client of this tier."""
    client_id = world.clients[tier].id
    return await world.do(
        accounts.agree, client_id=client_id, draft=draft(**facts), replaces=replaces, by=world.lead.id
    )


async def test_an_agreement_sets_the_tier_of_new_and_open_tickets(world: World) -> None:
    """A gold client becomes platinum: what is open follows by a TIER_SET event, what is new starts so."""
    before = await world.open()
    await agree(world)
    after = await world.open()
    await world.worker.drain()
    assert (before.tier, after.tier) == (Tier.GOLD, Tier.PLATINUM)
    assert (await world.ask(board.ticket, before.id)).tier is Tier.PLATINUM
    assert (await world.kinds(before)).count("tier_set") == 1
    assert (await world.clocks(before))["FR"].due_at == MONDAY + timedelta(hours=1)


async def test_agreements_begin_and_end_with_days_not_edits(world: World) -> None:
    """The schedule's look at the day of the change brings open tickets in line; in the gap they are standard."""
    await agree(world, starts_on="2026-03-01", ends_on="2026-03-31")
    ticket = await world.open(Level.BUG)
    await world.worker.drain()
    assert ticket.tier is Tier.PLATINUM
    assert await world.do(alignment.heed_days) == 0
    world.clock.set(datetime(2026, 3, 31, 16, 1, tzinfo=UTC))  # 1 April in Shanghai
    client = world.clients[Tier.GOLD]
    found = await world.ask(accounts.covering, client, now=world.clock())
    assert (found.tier, found.gap, found.since) == (Tier.STANDARD, True, date(2026, 4, 1))
    assert await world.do(alignment.heed_days) == 1
    await world.worker.drain()
    assert (await world.ask(board.ticket, ticket.id)).tier is Tier.STANDARD


async def test_agreements_never_overlap(world: World) -> None:
    """The clashing days are named; a gap and an exact fit are allowed; an edit takes the old one's place."""
    made = await agree(world)
    with pytest.raises(Clash) as clash:
        await agree(world, starts_on="2026-12-01", ends_on="")
    assert (clash.value.first, clash.value.last) == (date(2026, 12, 1), date(2026, 12, 31))
    await agree(world, starts_on="2027-01-01", ends_on="")
    with pytest.raises(Clash) as clash:
        await agree(world, starts_on="2030-01-01", ends_on="")
    assert (clash.value.first, clash.value.last) == (date(2030, 1, 1), None)
    shorter = await agree(world, replaces=made.id, ends_on="2026-06-30")
    client_id = world.clients[Tier.GOLD].id
    kept = await world.ask(accounts.agreements, client_id, replaced=True)
    assert [each.id for each in kept if each.replaced_at is None] == [shorter.id, made.id + 1]
    assert next(each for each in kept if each.id == made.id).ends_on == date(2026, 12, 31)
    with pytest.raises(NotFound):
        await agree(world, replaces=made.id)
    with pytest.raises(NotFound):
        await world.do(accounts.withdraw, client_id=world.clients[Tier.STANDARD].id, agreement_id=shorter.id)


async def test_a_client_without_any_agreement_keeps_its_tier(world: World) -> None:
    """Also after the only one was withdrawn."""
    made = await agree(world)
    await world.do(accounts.withdraw, client_id=world.clients[Tier.GOLD].id, agreement_id=made.id)
    assert (await world.open()).tier is Tier.GOLD


@pytest.mark.parametrize(
    ("facts", "where"),
    [
        ({"starts_on": "2026-02-30"}, "starts_on"),
        ({"starts_on": "1969-12-31"}, "starts_on"),
        ({"ends_on": "2101-01-01"}, "ends_on"),
        ({"ends_on": "2025-12-31"}, "ends_on"),
        ({"tier": "diamond"}, "tier"),
        ({"fee": "-1"}, "fee"),
        ({"fee": "a lot"}, "fee"),
        ({"fee": "99999999999999999999"}, "fee"),
        ({"currency": "RMB!"}, "currency"),
        ({"currency": "人民币"}, "currency"),
        ({"scope": "x" * 20_001}, "scope"),
        ({"entitlements": [{"name": "", "amount": "1"}]}, "entitlements.1.name"),
        ({"entitlements": [{"name": "a", "amount": "0"}]}, "entitlements.1.amount"),
        ({"entitlements": [{"name": "a", "amount": "1"}, {"name": "a", "amount": "2"}]}, "entitlements.2.name"),
        ({"entitlements": [{"name": "a", "amount": "1000001"}]}, "entitlements.1.amount"),
        ({"entitlements": [{"name": str(n), "amount": "1"} for n in range(31)]}, "entitlements"),
        ({"entitlements": ["x"]}, "entitlements.1"),
    ],
)
def test_an_agreement_that_cannot_be_meant_names_the_field(facts: dict[str, Any], where: str) -> None:
    """One field broken, and the error names it."""
    with pytest.raises(PolicyError) as refused:
        draft(**facts)
    assert refused.value.where == where


@pytest.mark.parametrize(
    ("starts", "ends", "today", "year"),
    [
        ("2026-03-01", "", "2026-03-01", ("2026-03-01", "2027-02-28")),
        ("2026-03-01", "", "2027-02-28", ("2026-03-01", "2027-02-28")),
        ("2026-03-01", "", "2027-03-01", ("2027-03-01", "2028-02-29")),
        ("2024-02-29", "", "2025-02-27", ("2024-02-29", "2025-02-27")),
        ("2024-02-29", "", "2025-02-28", ("2025-02-28", "2026-02-27")),
        ("2024-02-29", "", "2028-02-29", ("2028-02-29", "2029-02-27")),
        ("2026-03-01", "2026-06-30", "2026-04-01", ("2026-03-01", "2026-06-30")),
    ],
)
def test_the_year_of_an_agreement(starts: str, ends: str, today: str, year: tuple[str, str]) -> None:
    """It turns on the anniversary, a leap day's on 28 February, and ends with the agreement."""
    found = year_of(draft(starts_on=starts, ends_on=ends), date.fromisoformat(today))
    assert tuple(map(str, found)) == year


@pytest.mark.parametrize(
    ("tier", "fee", "currency", "fits"),
    [
        ("platinum", 500_000, "CNY", None),
        ("gold", 500_000, "CNY", None),
        ("gold", 500_001, "CNY", Tier.PLATINUM),
        ("gold", 99_999, "CNY", Tier.STANDARD),
        ("platinum", 120_000, "CNY", Tier.GOLD),
        ("standard", 100_001, "CNY", Tier.GOLD),
        ("platinum", 1, "USD", None),
        ("platinum", None, "CNY", None),
    ],
)
def test_a_fee_that_fits_another_tier_is_remarked(tier: str, fee: int | None, currency: str, fits: Tier | None) -> None:
    """A remark, never a refusal; at a threshold both tiers fit, and other currencies are not compared."""
    assert fitting_tier(BOOK.current.fees, draft(tier=tier, fee=fee, currency=currency)) is fits


def test_before_the_first_agreement_nothing_is_in_force() -> None:
    """Agreements exist, none has begun."""
    found = cover([], date(2026, 1, 1), otherwise=Tier.GOLD)
    assert (found.tier, found.gap) == (Tier.GOLD, False)


async def test_entitlements_show_what_is_used_and_left(world: World) -> None:
    """By the agreement's year; corrections take back; more than agreed shows as negative; others are refused."""
    made = await agree(world)
    client, by = world.clients[Tier.GOLD], world.ann.id
    for amount in (3, -1, 4):
        await world.do(accounts.use, client=client, name="上门服务", amount=amount, note="现场", by=by)
    found = balances(made, await world.ask(accounts.uses, client.id), date(2026, 3, 9))
    assert [(each.used, each.left) for each in found] == [(6, -2)]
    assert balances(made, await world.ask(accounts.uses, client.id), date(2027, 6, 1))[0].used == 0
    for name, amount in (("培训", 1), ("上门服务", 0), ("上门服务", 2_000_000)):
        with pytest.raises(PolicyError):
            await world.do(accounts.use, client=client, name=name, amount=amount, by=by)


async def test_only_authorised_contacts_may_decide(world: World) -> None:
    """Power by power, for their own client, until it is taken away."""
    contact, client = world.contacts[Tier.GOLD], world.clients[Tier.GOLD]
    facts = {"client_id": client.id, "person_id": contact.id, "by": world.lead.id}
    assert not await world.ask(accounts.is_authorised, contact.id, "money")
    await world.do(accounts.authorise, **facts, powers=["money", "domain"])
    assert await world.ask(accounts.is_authorised, contact.id, "money")
    assert not await world.ask(accounts.is_authorised, contact.id, "deletion")
    assert (await world.ask(accounts.contacts, client.id))[0] == (contact, ("money", "domain"))
    await world.do(accounts.authorise, **facts, powers=[])
    assert not await world.ask(accounts.is_authorised, contact.id, "money")
    with pytest.raises(NotFound):
        await world.do(accounts.authorise, **(facts | {"person_id": world.ann.id}), powers=["money"])
    with pytest.raises(PolicyError):
        await world.do(accounts.authorise, **facts, powers=["everything"])


async def test_a_clients_managers_are_kept(world: World) -> None:
    """Routing and reports read them from the client."""
    client = world.clients[Tier.GOLD]
    await world.db.write(
        lambda conn: directory.update_client(conn, client.id, success_id=world.ann.id, technical_id=world.bob.id)
    )
    kept = await world.ask(directory.client, client.id)
    assert (kept.success_id, kept.technical_id) == (world.ann.id, world.bob.id)


async def test_one_matter_in_two_tickets_becomes_one(world: World) -> None:
    """The one's clocks are cancelled, messages of both and later ones are the other's, the client hears it once."""
    twice, kept = await world.open(), await world.open()
    await world.write_in(twice, "还是打不开")
    await world.do(world.desk.merge, ticket_id=twice.id, into=kept.id, by=world.ann.id)
    gone = await world.ask(board.ticket, twice.id)
    assert (gone.state, gone.merged_into) == (TicketState.MERGED, kept.id)
    assert {clock.state for clock in (await world.clocks(twice)).values()} == {ClockState.CANCELLED}
    assert (await world.kinds(kept))[-1] == "absorbed"
    later = await world.write_in(twice, "好了吗", MessageKind.CHASER)
    assert later.id == kept.id
    assert [t.id for t in await world.ask(board.open_tickets, twice.conversation_id)] == [kept.id]
    lines = await world.ask(world.desk.ledger, kept.id, now=world.clock())
    assert [line.data["number"] for line in lines if line.kind == "event.absorbed"] == [twice.number]
    with pytest.raises(NotAllowed):
        await world.do(world.desk.merge, ticket_id=twice.id, into=kept.id, by=world.ann.id)


async def test_a_chain_of_merges_ends_at_the_last(world: World) -> None:
    """A message to the first is one to the third."""
    first, second, third = await world.open(), await world.open(), await world.open()
    await world.do(world.desk.merge, ticket_id=first.id, into=second.id, by=world.ann.id)
    await world.do(world.desk.merge, ticket_id=second.id, into=third.id, by=world.ann.id)
    assert (await world.write_in(first, "在吗")).id == third.id


async def test_what_cannot_be_merged(world: World) -> None:
    """Itself, another client's, a resolved one, one that is not there."""
    mine, theirs = await world.open(), await world.open(tier=Tier.STANDARD)
    done = await world.open()
    await world.do(world.desk.resolve, ticket_id=done.id, by=world.ann.id, text="好了")
    for into, error in ((mine.id, NotMergeable), (theirs.id, NotMergeable), (done.id, NotAllowed), (999, NotFound)):
        with pytest.raises(error):
            await world.do(world.desk.merge, ticket_id=mine.id, into=into, by=world.ann.id)
    with pytest.raises(NotAllowed):
        await world.do(world.desk.merge, ticket_id=done.id, into=mine.id, by=world.ann.id)
    assert (await world.ask(board.ticket, mine.id)).state is TicketState.NEW
