"""Drills and exams on both databases: plays keep their edition, exams their rules, drafts give nobody away."""

from datetime import timedelta
from typing import Any

import pytest
import yaml

from handoff.errors import NotFound
from handoff.kinds import Level, Tier
from handoff.policy import load
from success import complaints
from success.complaints import Source
from success.drills import certificates, drafting, drafts, exams, plays, reading, shelf
from success.drills.errors import DrillBroken, DrillRefused, ExamRefused
from success.drills.exam_rules import ExamDraft
from success.drills.plays import Play
from success.drills.ports import Spoken
from success.drills.rubric import Ground
from success.quizzes import Question
from tests.contract.handoff.conftest import World

GROUND, CONTRACT = Ground(), load()
ASKED = Question(text="1 + 1?", page="p", choices=("2", "3"), right=0)


async def begun(world: World, slug: str = "outage", **facts: Any) -> Play:
    made: Play = await world.do(plays.begin, **{"slug": slug, "person_id": world.ann.id, "language": "zh-Hans"} | facts)
    return made


async def say(world: World, play: Play, text: str, *, who: int | None = None, spoken: Spoken | None = None) -> Play:
    seen = len(await world.ask(plays.lines, play.id))
    facts = {"play_id": play.id, "text": text, "person_id": who or world.ann.id, "seen": seen, "spoken": spoken}
    said: Play = await world.do(plays.say, **facts, ground=GROUND, contract=CONTRACT)
    return said


async def test_a_play_is_kept_line_by_line_and_scored_at_its_end(world: World) -> None:
    """Its result comes back as it was."""
    play = await begun(world)
    play = await say(world, play, "抱歉，22:30 前给您第一次进展。")
    assert play.ended == ""
    play = await say(world, play, "你有病吧")
    assert (play.ended, play.passed) == ("leaves", False)
    assert play.result is not None
    assert "tone" in play.result.failed
    quotes = {each.quote for score in play.result.scores for each in score.evidence}
    assert "你有病吧" in quotes
    with pytest.raises(DrillRefused, match="ended"):
        await say(world, play, "抱歉")


async def test_a_models_line_stands_only_where_it_holds(world: World) -> None:
    """Else the script's; and who made which is kept."""
    play = await begun(world)
    await say(world, play, "抱歉", spoken=Spoken(text="那到底几点有消息？给个准信！", made_by="m drill_client@1"))
    await say(world, play, "请问是什么页面？", spoken=Spoken(text="17 天后见，付 500 元", made_by="m drill_client@1"))
    talk = await world.ask(plays.lines, play.id)
    assert [line.made_by for line in talk if line.who == "client"][2:] == ["m drill_client@1", "script"]


async def test_one_writes_in_ones_own_play_once_at_a_time(world: World) -> None:
    """Another's is not there; what was sent on a page that is out of date is refused."""
    play = await begun(world)
    with pytest.raises(NotFound):
        await say(world, play, "抱歉", who=world.bob.id)
    await say(world, play, "抱歉")
    stale = {"play_id": play.id, "text": "抱歉", "person_id": world.ann.id, "seen": 2, "spoken": None}
    with pytest.raises(DrillRefused, match="changed"):
        await world.do(plays.say, **stale, ground=GROUND, contract=CONTRACT)
    with pytest.raises(NotFound):
        await world.do(plays.leave, play_id=play.id, person_id=world.bob.id, ground=GROUND, contract=CONTRACT)


async def given(world: World, *, days: int = 7, **rules: Any) -> int:
    draft = ExamDraft(**{"title": "线上", "questions": (ASKED,), "wait_hours": 2, "attempts": 2} | rules)
    made = await world.do(exams.make, draft=draft, by=world.lead.id)
    due = world.clock() + timedelta(days=days)
    seats = await world.do(exams.give, exam_id=made.id, people=[world.ann.id], due_at=due, by=world.lead.id)
    return int(seats[0].id)


async def attempt(world: World, seat: int, choice: int) -> exams.Standing:
    await world.do(exams.begin, seat_id=seat, person_id=world.ann.id)
    found: exams.Standing = await world.do(exams.answer, seat_id=seat, answers=[choice], person_id=world.ann.id)
    return found


async def test_attempts_wait_and_are_used_up(world: World) -> None:
    """Two, with two hours between; then it is settled as not passed."""
    seat = await given(world)
    assert (await attempt(world, seat, 1)).settled is None
    with pytest.raises(ExamRefused, match="wait"):
        await world.do(exams.begin, seat_id=seat, person_id=world.ann.id)
    world.clock.advance(timedelta(hours=2))
    done = await attempt(world, seat, 1)
    assert done.settled is not None
    assert done.settled[1] is False
    assert done.certificate is None
    with pytest.raises(ExamRefused, match="used_up"):
        await world.do(exams.begin, seat_id=seat, person_id=world.ann.id)


async def test_who_passes_has_one_certificate(world: World) -> None:
    """Good for as long as the exam says, until it is taken back."""
    seat = await given(world)
    done = await attempt(world, seat, 0)
    assert done.certificate is not None
    assert (done.certificate.number, str(done.certificate.valid_until)) == ("C-2026-0001", "2027-03-09")
    assert done.certificate.good(done.certificate.valid_until)
    await world.do(certificates.revoke, number="C-2026-0001", by=world.lead.id)
    assert not (await world.ask(certificates.certificate, "C-2026-0001")).good(done.certificate.given_on)
    with pytest.raises(ExamRefused, match="passed"):
        await world.do(exams.begin, seat_id=seat, person_id=world.ann.id)


async def test_what_is_due_is_settled(world: World) -> None:
    """Who never began has not passed; nobody can begin then."""
    seat = await given(world, days=1)
    world.clock.advance(timedelta(days=1, seconds=1))
    held = await world.ask(exams.standing, seat, now=world.clock())
    assert held.settled is not None
    assert (held.settled[1], held.closed) == (False, "late")


@pytest.mark.parametrize(
    ("rules", "field"),
    [({"title": ""}, "title"), ({"questions": ()}, "parts"), ({"drills": ("x",)}, "drills"), ({"drills": ("slip", "slip")}, "drills"), ({"pass_mark": 0}, "pass_mark"), ({"valid_months": 61}, "valid_months")],
)  # fmt: skip
async def test_an_exam_that_cannot_be_meant_is_not_made(world: World, rules: dict[str, Any], field: str) -> None:
    """The first wrong field is named."""
    with pytest.raises(ExamRefused, match=field):
        await given(world, **rules)


async def test_a_drill_is_drafted_from_a_complaint_without_whose_it_was(world: World) -> None:
    """Names, firm, address, phone, mail, site and numbers are gone; it reads, and is published only once filled in."""
    client = world.clients[Tier.GOLD]
    ticket = await world.open(Level.EMERGENCY)
    said = f"我是{client.name}的王，官网 gold.example.com 打不开，电话 13812345678，地址北京市朝阳区建国路88号，订单 20261120-7788，找 lead@x.com"
    await world.write_in(ticket, said)
    with pytest.raises(DrillRefused, match="complaint"):
        await world.do(drafts.from_ticket, number=ticket.number, by=world.lead.id)
    with pytest.raises(DrillRefused, match="ticket"):
        await world.do(drafts.from_ticket, number="T-9999", by=world.lead.id)
    matter = {"client_id": client.id, "matter": "慢", "source": Source.TICKET, "ticket_id": ticket.id, "origin": "t"}
    await world.do(complaints.register, **matter, by=world.lead.id)
    made = await world.do(drafts.from_ticket, number=ticket.number, by=world.lead.id)
    assert await world.do(drafts.from_ticket, number=ticket.number, by=world.lead.id) == made
    for secret in (client.name, "gold.example.com", "13812345678", "建国路", "20261120-7788", "lead@x.com"):
        assert secret not in made.text
    assert "打不开" in made.text
    scenario = reading.read(made.text)
    assert (scenario.level, scenario.tier, scenario.name) == (Level.EMERGENCY, Tier.GOLD, made.slug)
    assert drafting.open_points(made.text) > 0
    assert "denied" not in made.text
    with pytest.raises(DrillRefused, match="open"):
        await world.do(drafts.publish, drill_id=made.id, text=made.text, by=world.lead.id)
    assert made.slug not in {each.slug for each in await world.ask(shelf.shelf)}

    filled = yaml.safe_load(shelf.shipped()["outage"]) | {"name": made.slug}
    text = yaml.safe_dump(filled, allow_unicode=True)
    with pytest.raises(DrillBroken, match="name"):
        await world.do(drafts.publish, drill_id=made.id, text=shelf.shipped()["outage"], by=world.lead.id)
    await world.do(drafts.publish, drill_id=made.id, text=text, by=world.lead.id)
    play = await begun(world, made.slug)
    await world.do(drafts.retire, drill_id=made.id)
    assert made.slug not in {each.slug for each in await world.ask(shelf.shelf)}
    assert (await say(world, play, "抱歉")).ended == ""
    with pytest.raises(DrillRefused, match="unknown"):
        await begun(world, made.slug, person_id=world.bob.id)


async def test_a_broken_draft_is_kept_and_not_published(world: World) -> None:
    """What somebody typed is not lost; a drill of another name or over the limit is refused."""
    ticket = await world.open(Level.CHANGE)
    await world.write_in(ticket, "You are useless, call me at +86 138 1234 5678")
    facts = {"client_id": world.clients[Tier.GOLD].id, "matter": "m", "source": Source.TICKET, "ticket_id": ticket.id}
    await world.do(complaints.register, **facts, origin="u", by=world.lead.id)
    made = await world.do(drafts.from_ticket, number=ticket.number.lower(), by=world.lead.id)
    assert "138 1234" not in made.text
    await world.do(drafts.save, drill_id=made.id, text="name: [")
    with pytest.raises(DrillBroken):
        await world.do(drafts.publish, drill_id=made.id, text="name: [", by=world.lead.id)
    with pytest.raises(DrillBroken):
        await world.do(drafts.save, drill_id=made.id, text="x" * (reading.LONGEST + 1))
    await world.do(drafts.retire, drill_id=made.id)
    with pytest.raises(NotFound):
        await world.ask(drafts.draft, made.id)
