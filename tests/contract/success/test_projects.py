"""New work on both databases: a proposal accepted once by the right contact, change requests, boards, slips, briefs."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.project_presses import ACCEPT, AGREE, DECLINE, press
from bot.project_work import ProjectWork
from console.pages import environment
from console.proposal_document import ProposalPress
from console.texts import Texts
from handoff import accounts, agreements, board, directory, messages, people
from handoff.errors import NotFound
from handoff.kinds import ClockState, Level, Tier
from handoff.model import Message, Person
from handoff.tables import message as message_table
from success import surveys, tasks
from success.people import NAMED
from success.privacy import erasing
from success.projects import boards, briefs, change_store, changes, price_book, proposal_store, proposals, watch
from success.projects.board_rules import SlipKind
from success.projects.boards import Project, TaskDraft
from success.projects.change_rules import ChangeState, Effort
from success.projects.change_store import Change
from success.projects.changes import ChangeDraft
from success.projects.edits import edited
from success.projects.errors import NotConfirmed, PricesBroken, ProjectRefused
from success.projects.price_rules import Stage
from success.projects.proposal_store import Kept
from success.projects.wish import read_wish
from success.tasks import TaskKind
from tests.contract.handoff.conftest import World
from tests.contract.success.test_erasing import finished

TEXTS = Texts.shipped()
WISH = read_wish({"title": "新官网", "client": "青禾", "functions": "在线商城", "language": "zh-Hans"})
LINES = (Effort(role="design", name="设计师", halves=3, rate=1_500),)


@pytest.fixture
async def world(world: World, tmp_path: Path) -> World:
    """With the managers of the gold client, its group, a contact who may decide, and the worker's jobs of new work."""
    client = world.clients[Tier.GOLD]

    def seed(conn: Any) -> None:
        directory.update_client(conn, client.id, success_id=world.ann.id, technical_id=world.bob.id)
        accounts.authorise(
            conn, client_id=client.id, person_id=world.contacts[Tier.GOLD].id, powers=["contract", "money"], by=world.lead.id,
            now=world.clock(),
        )  # fmt: skip

    await world.db.write(seed)
    work = ProjectWork(
        db=world.db, press=ProposalPress(environment(), TEXTS), files=tmp_path, secret=b"k" * 32, clock=world.clock,
        carrying=frozenset({"web"}), public_url="https://desk.example",
    )  # fmt: skip
    work.register(world.worker)
    await work.begin()
    return world


async def somebody(world: World, name: str = "陌生人") -> Person:
    facts: dict[str, Any] = {
        "platform": "web",
        "external_id": name,
        "name": name,
        "client_id": world.clients[Tier.GOLD].id,
    }
    return await world.do(directory.ensure_person, **facts)


async def drafted(world: World) -> Kept:
    facts = {"client_id": world.clients[Tier.GOLD].id, "say": TEXTS.say, "by": world.ann.id}
    return await world.do(proposals.draft, wish=WISH, **facts)


async def sent(world: World, kept: Kept | None = None) -> tuple[Kept, Message]:
    """The newest version, approved and put to the client."""
    kept = await world.ask(proposal_store.proposal, (kept or await drafted(world)).id)
    await world.do(proposals.approve, proposal_id=kept.id, n=kept.head, by=world.ann.id)
    await world.worker.drain()
    version = await world.ask(proposal_store.version, kept.id, kept.head)
    return kept, await world.ask(messages.message, version.message_id)


async def pressed(world: World, said: Message, button: str, person: Person) -> str | None:
    return await world.db.write(
        lambda conn: press(conn, said, button, person=person, desk=world.desk, texts=TEXTS, now=world.clock())
    )


async def refused(world: World, reason: str, verb: Callable[..., Any], **facts: Any) -> None:
    with pytest.raises(ProjectRefused) as why:
        await world.do(verb, **facts)
    assert why.value.reason == reason


async def begun(world: World) -> Project:
    _, said = await sent(world)
    assert await pressed(world, said, ACCEPT, world.contacts[Tier.GOLD]) == "answered"
    (found,) = await world.ask(boards.listed)
    return found


async def test_nothing_leaves_before_somebody_approves(world: World) -> None:
    """Then once, with a file and a button; approved twice or in an old version it is refused."""
    kept = await drafted(world)
    await world.pass_time(days=1)
    count = select(func.count()).select_from(message_table)
    assert await world.db.read(lambda conn: conn.execute(count).scalar_one()) == 0
    kept, said = await sent(world, kept)
    assert [button.id for button in said.buttons] == [ACCEPT]
    assert "46,000" in said.text
    assert "https://desk.example/p/" in said.text
    await refused(world, "approved", proposals.approve, proposal_id=kept.id, n=1, by=world.ann.id)
    await refused(world, "sent", proposals.send, proposal_id=kept.id, n=1)
    await world.pass_time(days=1)
    assert await world.db.read(lambda conn: conn.execute(count).scalar_one()) == 1


async def test_open_points_are_settled_first(world: World) -> None:
    wish = read_wish({"title": "x", "client": "y", "functions": "火星登陆"})
    facts = {"client_id": None, "say": TEXTS.say, "by": world.ann.id}
    kept = await world.do(proposals.draft, wish=wish, **facts)
    await refused(world, "open", proposals.approve, proposal_id=kept.id, n=1, by=world.ann.id)
    version = await world.ask(proposal_store.version, kept.id, 1)
    settled = edited(version.content, {"open": ""})
    await world.do(proposals.revise, proposal_id=kept.id, content=settled, seen=1, by=world.ann.id)
    assert (await world.do(proposals.approve, proposal_id=kept.id, n=2, by=world.ann.id)).approved_at is not None
    await refused(world, "nobody", proposals.send, proposal_id=kept.id, n=2)
    await world.db.write(lambda conn: proposals.bind(conn, kept.id, world.clients[Tier.GOLD].id))
    await world.do(proposals.send, proposal_id=kept.id, n=2)
    await world.worker.drain()
    assert (await world.ask(proposal_store.version, kept.id, 2)).sent_at is not None


async def test_who_may_not_accept_does_not(world: World) -> None:
    """Somebody else of the client's, another client's contact, a colleague: nothing changes, the button stays."""
    kept, said = await sent(world)
    for person in (await somebody(world), world.contacts[Tier.PLATINUM], world.ann):
        assert await pressed(world, said, ACCEPT, person) == "unauthorised"
    assert await world.ask(proposal_store.acceptance, kept.id) is None
    assert (await world.ask(messages.message, said.id)).buttons
    assert await world.ask(boards.listed) == ()


async def test_accepted_once_with_a_record(world: World) -> None:
    """Who, when, by which way, which version's hash; again says so, and there is one project."""
    kept, said = await sent(world)
    contact = world.contacts[Tier.GOLD]
    assert await pressed(world, said, ACCEPT, contact) == "answered"
    assert await pressed(world, said, ACCEPT, contact) == "again"
    version = await world.ask(proposal_store.version, kept.id, 1)
    record = await world.ask(proposal_store.acceptance, kept.id)
    assert (record.person_id, record.n, record.hash, record.way) == (contact.id, 1, version.hash, "chat")
    assert version.hash == version.content.digest
    told = await world.ask(messages.message, said.id)
    assert not told.buttons
    assert contact.name in told.text
    assert version.hash[:8] in told.text
    (project,) = await world.ask(boards.listed)
    assert project.managers == (world.ann.id, world.bob.id)
    stages = await world.ask(boards.stages, project.id)
    assert [each.due_on for each in stages] == [each.ends_on for each in version.content.milestones]
    again: dict[str, Any] = {"digest": version.hash, "person": contact, "way": "page"}
    await refused(world, "accepted", proposals.accept, proposal_id=kept.id, n=1, **again)
    await refused(
        world, "state", proposals.revise, proposal_id=kept.id, content=version.content, seen=1, by=world.ann.id
    )


async def test_a_newer_version_takes_the_older_off_the_table(world: World) -> None:
    """As soon as it is made, sent or not; the old message says so. What was shown must be what is accepted."""
    kept, said = await sent(world)
    version = await world.ask(proposal_store.version, kept.id, 1)
    newer = edited(version.content, {"remarks": "含培训"})
    await world.do(proposals.revise, proposal_id=kept.id, content=newer, seen=1, by=world.ann.id)
    await refused(world, "changed", proposals.revise, proposal_id=kept.id, content=newer, seen=1, by=world.bob.id)
    assert await pressed(world, said, ACCEPT, world.contacts[Tier.GOLD]) == "again"
    assert "更新版本" in (await world.ask(messages.message, said.id)).text
    facts: dict[str, Any] = {"proposal_id": kept.id, "n": 2, "person": world.contacts[Tier.GOLD], "way": "page"}
    await refused(world, "not_sent", proposals.accept, digest=newer.digest, **facts)
    await sent(world, kept)
    await refused(world, "outdated", proposals.accept, digest=version.hash, **facts)
    assert (await world.do(proposals.accept, digest=newer.digest, **facts)).n == 2


async def test_what_is_not_good_any_more(world: World) -> None:
    """Past its day, or withdrawn, it cannot be accepted; a version made meanwhile stops one on its way."""
    kept, said = await sent(world)
    world.clock.advance(timedelta(days=40))
    assert await pressed(world, said, ACCEPT, world.contacts[Tier.GOLD]) == "again"
    assert "有效期" in (await world.ask(messages.message, said.id)).text
    await world.do(proposals.withdraw, proposal_id=kept.id, by=world.ann.id)
    facts: dict[str, Any] = {"digest": "x", "person": world.contacts[Tier.GOLD], "way": "page"}
    await refused(world, "withdrawn", proposals.accept, proposal_id=kept.id, n=1, **facts)
    late = await drafted(world)
    await world.do(proposals.approve, proposal_id=late.id, n=1, by=world.ann.id)
    content = edited((await world.ask(proposal_store.version, late.id, 1)).content, {"remarks": "x"})
    await world.do(proposals.revise, proposal_id=late.id, content=content, seen=1, by=world.ann.id)
    await world.worker.drain()
    assert (await world.ask(proposal_store.version, late.id, 1)).sent_at is None


async def test_a_stage_is_rated_and_closed_once(world: World) -> None:
    """In order, without open tasks; the contact is asked, a 3 gives somebody a task; the last one ends the project."""
    project = await begun(world)
    verb = {"project_id": project.id, "by": world.ann.id}
    await refused(world, "order", boards.close_stage, stage="design", **verb)
    asked = await world.do(boards.close_stage, stage="needs", **verb)
    await refused(world, "closed", boards.close_stage, stage="needs", **verb)
    with pytest.raises(NotFound):
        await world.do(boards.close_stage, stage="party", **verb)
    contact = world.contacts[Tier.GOLD]
    await world.do(surveys.answer, survey_id=asked, person_id=contact.id, value=3)
    given = [each for each in await world.ask(tasks.open_of) if each.kind is TaskKind.LOW_STAGE]
    assert [each.facts for each in given] == [{"value": 3, "project": "新官网", "stage": "needs"}]
    await world.do(boards.close_stage, stage="design", **verb)
    await refused(world, "tasks", boards.close_stage, stage="build", **verb)
    for each in await world.ask(boards.tasks_of, project.id):
        await world.do(boards.finish_task, task_id=each.id, done=True, **verb)
    for stage in ("build", "test", "launch"):
        await world.do(boards.close_stage, stage=stage, **verb)
    assert (await world.ask(boards.project, project.id)).state == boards.DONE
    await refused(world, "state", boards.close_stage, stage="launch", **verb)


async def test_a_slip_warns_both_managers_once(world: World) -> None:
    """However often it is looked; another date is another slip, and drops what was warned of the old one."""
    project = await begun(world)

    async def warned() -> list[tuple[int | None, str]]:
        found = [each for each in await world.ask(tasks.open_of) if each.facts.get("text") in set(SlipKind)]
        return sorted((each.assignee_id, each.facts["text"]) for each in found)

    draft = TaskDraft(title="画首页", stage="needs", owner_id=world.bob.id, halves=80)
    await world.do(boards.put_task, project_id=project.id, draft=draft, by=world.ann.id)
    both = sorted([world.ann.id, world.bob.id])
    assert await world.do(watch.warn, project_id=project.id) > 0
    assert await world.do(watch.warn, project_id=project.id) == 0
    assert {who for who, _ in await warned()} == set(both)
    (stage, *rest) = await world.ask(boards.stages, project.id)
    world.clock.set(datetime.combine(stage.due_on + timedelta(days=1), datetime.min.time(), UTC) + timedelta(hours=4))
    await world.do(watch.warn, project_id=project.id)
    late = [who for who, kind in await warned() if kind == "late"]
    assert late == both
    moved = {"project_id": project.id, "stage": "needs", "due_on": rest[0].due_on, "by": world.ann.id}
    await world.do(boards.move_stage, **moved)
    assert [kind for _, kind in await warned() if kind == "late"] == []
    await refused(world, "milestones", boards.move_stage, **moved | {"due_on": date(2030, 1, 1)})


async def test_a_week_is_drafted_from_what_moved(world: World) -> None:
    """Once, by the client's week; sent once it was approved; where nothing moved there is none."""
    project = await begun(world)
    await world.do(boards.close_stage, project_id=project.id, stage="needs", by=world.ann.id)
    assert await world.ask(watch.week, project.id, say=TEXTS.say, now=world.clock()) is None
    await world.pass_time(days=7)
    (found,) = await world.ask(briefs.of_project, project.id)
    assert all(word in found.text for word in ("新官网", "阶段完成：需求", "当前阶段：设计"))
    assert found.state == briefs.DRAFT
    changed = await world.db.write(lambda conn: briefs.edit(conn, found.id, "一切顺利", edits=0))
    await refused(world, "changed", briefs.approve, brief_id=found.id, edits=0, by=world.ann.id)
    await world.do(briefs.approve, brief_id=found.id, edits=changed.edits, by=world.ann.id)
    await world.worker.drain()
    gone = await world.ask(briefs.brief, found.id)
    assert gone.state == briefs.SENT
    assert (await world.ask(messages.message, gone.message_id)).text == "一切顺利"
    await world.pass_time(days=7)
    assert len(await world.ask(briefs.of_project, project.id)) == 1


async def changed(world: World, *, tier: Tier = Tier.GOLD, **more: Any) -> Change:
    ticket = await world.open(Level.QUESTION, tier=tier)
    facts: dict[str, Any] = {"title": "换导航", "says": "把导航换个顺序", "scope": "quoted", "lines": LINES}
    draft = ChangeDraft(**facts | more)
    return await world.do(changes.make, draft=draft, ticket_id=ticket.id, desk=world.desk, by=world.ann.id)


async def put(world: World, found: Change) -> Message:
    await world.do(changes.send, change_id=found.id)
    await world.worker.drain()
    return await world.ask(messages.message, (await world.ask(change_store.change, found.id)).message_id)


async def test_a_quote_is_confirmed_before_work_starts(world: World) -> None:
    """The confirmation starts the plan's clock, once; nobody starts work before, nor confirms for the client."""
    found = await changed(world)
    assert found.total == 2_250
    ticket_id = found.ticket_id
    desk: dict[str, Any] = {"ticket_id": ticket_id, "desk": world.desk, "by": world.ann.id}
    for verb in (changes.start_by_desk, changes.confirm_by_desk):
        with pytest.raises(NotConfirmed):
            await world.do(verb, **desk)
    said = await put(world, found)
    assert [button.id for button in said.buttons] == [AGREE, DECLINE]
    assert "2,250" in said.text
    assert await pressed(world, said, AGREE, await somebody(world)) == "unauthorised"
    assert "confirmed" not in await world.kinds(await world.ask(board.ticket, ticket_id))
    assert await pressed(world, said, AGREE, world.contacts[Tier.GOLD]) == "answered"
    assert await pressed(world, said, DECLINE, world.contacts[Tier.GOLD]) == "again"
    ticket = await world.ask(board.ticket, ticket_id)
    assert (await world.kinds(ticket)).count("confirmed") == 1
    assert ticket.level is Level.CHANGE
    assert (await world.clocks(ticket))["RS"].state is ClockState.RUNNING
    await world.do(world.desk.claim, ticket_id=ticket_id, by=world.ann.id)
    await world.do(changes.start_by_desk, **desk)
    assert (await world.ask(change_store.change, found.id)).started_at is not None
    await refused(world, "started", changes.start, change_id=found.id, desk=world.desk, by=world.ann.id)


async def test_platinum_s_clock_stops_with_the_work(world: World) -> None:
    """Twenty-four hours from the confirmation on."""
    contact, client = world.contacts[Tier.PLATINUM], world.clients[Tier.PLATINUM]
    facts: dict[str, Any] = {"client_id": client.id, "person_id": contact.id, "by": world.lead.id}
    await world.do(accounts.authorise, powers=["money"], **facts)
    found = await changed(world, tier=Tier.PLATINUM)
    ticket = await world.ask(board.ticket, found.ticket_id)
    said = await put(world, found)
    assert await pressed(world, said, AGREE, contact) == "answered"
    assert (await world.clocks(ticket))["WS"].state is ClockState.RUNNING
    world.clock.advance(timedelta(hours=3))
    await world.do(world.desk.claim, ticket_id=ticket.id, by=world.ann.id)
    await world.do(changes.start, change_id=found.id, desk=world.desk, by=world.ann.id)
    clock = (await world.clocks(ticket))["WS"]
    assert clock.state is ClockState.MET
    assert clock.elapsed_s == 3 * 3600


async def test_a_quote_is_made_anew_before_it_is_answered(world: World) -> None:
    """What was sent before says so, has no button and cannot be confirmed; the new one can, at its own price."""
    found = await changed(world)
    old = await put(world, found)
    draft = ChangeDraft(title="换导航", says="两处导航", scope="quoted", lines=(*LINES, *LINES))
    facts: dict[str, Any] = {"change_id": found.id, "draft": draft, "outdated": "已更新", "by": world.ann.id}
    await refused(world, "changed", changes.revise, **facts, seen="x")
    anew = await world.do(changes.revise, **facts, seen=found.hash)
    assert (anew.state, anew.total, anew.sent_at) == (ChangeState.DRAFT, 4_500, None)
    closed = await world.ask(messages.message, old.id)
    assert closed.text.endswith("已更新")
    assert not closed.buttons
    contact = world.contacts[Tier.GOLD]
    assert await pressed(world, old, AGREE, contact) is None
    said = await put(world, found)
    assert "4,500" in said.text
    assert await pressed(world, said, AGREE, contact) == "answered"
    await refused(world, "state", changes.revise, **facts, seen=anew.hash)


async def test_a_withdrawn_change_says_so_where_it_was_put(world: World) -> None:
    found = await changed(world)
    said = await put(world, found)
    await world.do(changes.withdraw, change_id=found.id, line="已撤回")
    assert (await world.ask(messages.message, said.id)).text.endswith("已撤回")
    assert await pressed(world, said, AGREE, world.contacts[Tier.GOLD]) == "again"
    assert (await world.ask(change_store.change, found.id)).state is ChangeState.WITHDRAWN


async def test_in_scope_is_taken_from_the_allowance(world: World) -> None:
    """Not more than is left, when it is made and when it is confirmed; a decline takes nothing."""
    client = world.clients[Tier.GOLD]
    draft = agreements.read_draft(
        {"tier": "gold", "starts_on": "2026-01-01", "entitlements": [{"name": "改版", "amount": 2}]}
    )
    await world.do(accounts.agree, client_id=client.id, draft=draft, by=world.lead.id)
    with pytest.raises(ProjectRefused, match="allowance"):
        await changed(world, scope="in", lines=(), allowance="改版", amount=3)
    first = await changed(world, scope="in", lines=(), allowance="改版", amount=2)
    second = await changed(world, scope="in", lines=(), allowance="改版", amount=2)
    contact = world.contacts[Tier.GOLD]
    assert await pressed(world, await put(world, first), AGREE, contact) == "answered"
    said = await put(world, second)
    assert await pressed(world, said, AGREE, contact) == "again"
    assert (await world.ask(change_store.change, second.id)).state is ChangeState.SENT
    (use,) = await world.ask(accounts.uses, client.id)
    assert (use.name, use.amount, use.ticket_id) == ("改版", 2, first.ticket_id)
    third = await changed(world)
    assert await pressed(world, await put(world, third), DECLINE, contact) == "answered"
    assert (await world.ask(change_store.change, third.id)).state is ChangeState.DECLINED


async def test_what_is_no_change_request(world: World) -> None:
    """An emergency, a second one of a ticket, a quote without days, another client's project."""
    ticket = await world.open(Level.EMERGENCY)
    draft = ChangeDraft(title="x", says="y", scope="quoted", lines=LINES)
    facts: dict[str, Any] = {"desk": world.desk, "by": world.ann.id}
    await refused(world, "ticket", changes.make, draft=draft, ticket_id=ticket.id, **facts)
    found = await changed(world)
    await refused(world, "exists", changes.make, draft=draft, ticket_id=found.ticket_id, **facts)
    with pytest.raises(ProjectRefused, match="lines"):
        await changed(world, lines=())


async def test_a_confirmed_change_is_on_the_board(world: World) -> None:
    """In the stage that the project is in, once, with its half days."""
    project = await begun(world)
    found = await changed(world, project_id=project.id)
    await pressed(world, await put(world, found), AGREE, world.contacts[Tier.GOLD])
    (task,) = [each for each in await world.ask(boards.tasks_of, project.id) if each.title == "换导航"]
    assert (task.stage, task.halves) == (Stage.NEEDS, 3)
    assert "change_confirmed" in {each.kind for each in await world.ask(boards.moved, project.id)}


async def test_a_request_that_came_another_way(world: World) -> None:
    """It gets a ticket in the client's chat; somebody who is not the client's asks for nothing."""
    client = world.clients[Tier.GOLD]
    facts: dict[str, Any] = {
        "client_id": client.id,
        "title": "加一页",
        "says": "…",
        "desk": world.desk,
        "by": world.ann.id,
    }
    ticket = await world.do(changes.open_ticket, requester_id=world.contacts[Tier.GOLD].id, **facts)
    assert (ticket.level, ticket.reason) == (Level.CHANGE, "change_request")
    with pytest.raises(NotFound):
        await world.do(changes.open_ticket, requester_id=world.ann.id, **facts)


async def test_a_broken_price_list_changes_nothing(world: World) -> None:
    before = await world.ask(price_book.in_force)
    with pytest.raises(PricesBroken):
        await world.do(price_book.publish, source="currency: x", by=world.lead.id)
    assert await world.ask(price_book.in_force) == before
    dear = price_book.shipped().replace("price: 18000", "price: 20000")
    await world.do(price_book.publish, source=dear, by=world.lead.id)
    kept = await drafted(world)
    assert (await world.ask(proposal_store.version, kept.id, 1)).content.total == 48_000


async def test_two_records_of_one_contact_join(world: World) -> None:
    """What was accepted and confirmed moves along."""
    kept, said = await sent(world)
    await pressed(world, said, ACCEPT, world.contacts[Tier.GOLD])
    other = await somebody(world, "陈梅")
    merging: dict[str, Any] = {
        "client_id": world.clients[Tier.GOLD].id,
        "keep": other.id,
        "gone": world.contacts[Tier.GOLD].id,
    }
    await world.do(people.merge, **merging, also=NAMED, by=world.ann.id)
    assert (await world.ask(proposal_store.acceptance, kept.id)).person_id == other.id


@pytest.mark.parametrize("name", ["陈梅梅", "design", "gold", "CNY", "Launch", "start"])
async def test_an_erased_contact_leaves_a_readable_offer(world: World, tmp_path: Path, name: str) -> None:
    """Their name is gone from what was drafted, put and accepted; the offer, its board and its record are still read."""
    client = world.clients[Tier.GOLD]
    facts: dict[str, Any] = {"platform": "web", "external_id": f"e-{name}", "name": name, "client_id": client.id}
    person = await world.do(directory.ensure_person, **facts)
    await world.do(accounts.authorise, client_id=client.id, person_id=person.id, powers=["contract", "money"], by=None)
    wish = read_wish(
        {
            "title": f"新官网 {name}",
            "client": name,
            "functions": "在线商城",
            "language": "zh-Hans",
            "look": f"{name} 喜欢蓝色",
        }
    )
    drawn = {"client_id": client.id, "say": TEXTS.say, "by": world.ann.id}
    kept, said = await sent(world, await world.do(proposals.draft, wish=wish, **drawn))
    assert await pressed(world, said, ACCEPT, person) == "answered"
    before = await world.ask(proposal_store.version, kept.id, 1)
    asked = await world.do(erasing.ask, person_id=person.id, by=None)
    await finished(world, asked.id, tmp_path)
    after = await world.ask(proposal_store.version, kept.id, 1)
    assert (after.content.total, after.content.milestones) == (before.content.total, before.content.milestones)
    assert (after.content.language, after.content.currency, after.hash) == ("zh-Hans", "CNY", before.hash)
    (project,) = await world.ask(boards.listed)
    assert [each.stage for each in await world.ask(boards.stages, project.id)] == list(Stage)
    assert (await world.ask(proposal_store.acceptance, kept.id)).person_id == person.id
    if name == "陈梅梅":
        left = [str(after.content.kept), project.title, (await world.ask(messages.message, said.id)).text]
        assert not any(name in each for each in left)
