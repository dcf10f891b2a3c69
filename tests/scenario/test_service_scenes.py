"""Scenes about what clients are owed, over HTTP, on the whole application."""

from handoff import accounts, board, contracts
from handoff.agreements import read_draft
from handoff.kinds import Level, Role, TicketState, Tier
from tests.house import House


async def test_two_tickets_of_one_matter_become_one(house: House) -> None:
    """The client hears once that they are one; what it writes then belongs to the one that goes on."""
    mira = await house.agent("mira")
    async with house.visitor() as visitor:
        await visitor.say("网站打不开了!!!")
        first = await house.open_ticket()
        second = await house.act(
            "open", conversation_id=first.conversation_id, client_id=first.client_id, requester_id=first.requester_id,
            level=Level.QUESTION, title="twice", summary="", reason="asked_for_person", since=house.clock(),
        )  # fmt: skip
        await house.act("merge", ticket_id=second.id, into=first.id, by=mira.id)
        await house.idle()
        news = [m for m in await visitor.settled() if "合并" in m["html"]]
        assert len(news) == 1
        assert first.number in news[0]["html"]
        await visitor.say("好了吗")
    rows = await house.app.db.read(lambda conn: board.tickets_of_client(conn, first.client_id or 0))
    assert {row.id: row.state for row in rows}[second.id] is TicketState.MERGED
    assert len(rows) == 2
    kinds = [str(e.kind) for e in await house.app.db.read(lambda conn: board.events(conn, first.id))]
    assert kinds.index("absorbed") < kinds.index("client_wrote")


async def test_an_agreement_moves_open_tickets_while_the_worker_runs(house: House) -> None:
    """An edit in the desk, and moments later the open ticket has the other tier's deadline."""
    lead = await house.agent("tom", role=Role.LEAD)
    async with house.visitor() as visitor:
        await visitor.say("我要投诉,请转人工")
    ticket = await house.open_ticket()
    draft = read_draft({"tier": "platinum", "starts_on": "2026-01-01"})
    await house.app.db.write(
        lambda conn: accounts.agree(conn, client_id=ticket.client_id or 0, draft=draft, by=lead.id, now=house.clock())
    )
    await house.idle()
    assert (await house.open_ticket()).tier is Tier.PLATINUM


async def test_the_contract_is_in_force_from_the_first_start(house: House) -> None:
    """Adopted from the file once, with the tables of holidays in the database; the schedule of days is planned."""
    rows = await house.app.db.read(contracts.history)
    assert [row.source for row in rows] == ["file"]
