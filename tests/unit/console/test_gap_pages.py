"""The desk's pages of gaps and of the quarterly review."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from console.app import create
from console.gap_view import HEIGHT, sparkline
from handoff import directory, turn_records
from handoff.kinds import ChatKind, Level, Outcome
from knowledge.gap_facts import Advice
from store.tables import job
from success import gap_store
from success.gap_drafts import GapDrafts
from success.gap_model import Asked, Facts, Found, Gap, Run, State, Why
from tests.unit.console.world import World, submit

TEXTS = ("发票抬头怎么改", "想改发票抬头 <b>", "发票抬头写错了")
PAGE = "---\ntitle: 发票抬头\naudience: internal\nlanguage: zh-Hans\n---\n\n在合同页里改。\n"


def found(conn: Connection, world: World) -> None:
    """A gap of three questions of one client, kept as a run keeps it."""
    now = world.clock()
    chat = directory.ensure_chat(
        conn, platform="web", external_id="g", kind=ChatKind.GROUP, client_id=world.client.id, now=now
    )
    talk = directory.ensure_conversation(conn, chat_id=chat.id, now=now)
    turns = [
        turn_records.record_turn(
            conn, conversation_id=talk.id, person_id=None, message_ids=[], outcome=Outcome.ESCALATE,
            reason="not_in_manual", level=Level.QUESTION, language="zh-Hans", question=text, at=now, ms=1,
        )
        for text in TEXTS
    ]  # fmt: skip
    asked = tuple(
        Asked(turn_id=turn.id, text=turn.question, why=Why.UNANSWERED, at=now, language="zh-Hans") for turn in turns
    )
    facts = Facts(
        terms=("发票抬头",), clients=1, people=1, weeks=(0,) * 11 + (3,), recent=3, before=0, advice=Advice.WRITE,
        page=None, page_title=None, category=None, language="zh-Hans", tried=3, answered=0,
    )  # fmt: skip
    run = Run(at=now, questions=3, left_out=2, version=1, ms=5)
    gap_store.take_in(conn, [Found(questions=asked, answered=(False,) * 3, facts=facts)], run=run)


@pytest.fixture
async def desk(world: World, tmp_path: Path) -> World:
    """A console that may write into a manual's folder, with one gap."""
    manual: Any = world.deps.manual
    folder = tmp_path / "manual"
    folder.mkdir()
    drafts = GapDrafts(db=world.deps.db, manual=manual, clock=world.clock, folder=lambda: folder)
    deps = replace(world.deps, gap_drafts=drafts)
    await world.write(lambda conn: found(conn, world))
    return replace(world, deps=deps, app=create(deps))


async def gap(desk: World) -> Gap:
    (only,) = await desk.deps.db.read(gap_store.gaps)
    return only


async def test_gaps_are_listed_with_their_growth_and_advice(desk: World) -> None:
    """Size, trend as a drawing with words, telling words, advice; what clients typed is text."""
    html = (await (await desk.signed_in("tom")).get("/desk/gaps")).text
    assert "3 questions" in html
    assert 'aria-label="Questions a week, the oldest first: 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3"' in html
    assert "Write a new page" in html
    assert "想改发票抬头 &lt;b&gt;" in html
    assert "2 questions asked on the command line are left out" in html


async def test_an_agent_sees_no_gaps(desk: World) -> None:
    """They are for those who keep the manual and its clients."""
    browser = await desk.signed_in("lin")
    for path in ("/desk/gaps", "/desk/gaps/1", "/desk/manual-review", "/desk/manual-review/document"):
        assert (await browser.get(path)).status_code == 403
    assert 'href="/desk/gaps"' not in (await browser.get("/desk")).text


async def test_from_the_list_to_a_file_of_the_manual(desk: World, tmp_path: Path) -> None:
    """Drafted by a lead, refused while marks are left, filled in and approved by an admin."""
    lead, admin, here = await desk.signed_in("tom"), await desk.signed_in("mira"), "/desk/gaps/1"
    assert (await submit(lead, here, f"{here}/draft")).status_code == 303
    drafted = (await gap(desk)).draft
    assert drafted is not None
    assert "【待补：" in (await lead.get(here)).text
    assert (await submit(lead, here, f"{here}/approve", text=PAGE)).status_code == 403
    refused = await submit(admin, here, f"{here}/approve", text=drafted, audience="client")
    assert refused.status_code == 422
    assert "Please fill in what is marked" in refused.text
    assert (await submit(admin, here, f"{here}/approve", text=PAGE, audience="client")).status_code == 303
    after = await gap(desk)
    assert after.written_to is not None
    assert "audience: client" in (tmp_path / "manual" / after.written_to).read_text("utf-8")
    html = (await admin.get(here)).text
    assert "waits to be indexed" in html
    assert f"{here}/approve" not in html


async def test_a_page_is_internal_unless_it_is_said_to_be_for_clients(desk: World, tmp_path: Path) -> None:
    """Whatever else a form says, or if it says nothing."""
    admin, here = await desk.signed_in("mira"), "/desk/gaps/1"
    await submit(admin, here, f"{here}/draft")
    assert (await submit(admin, here, f"{here}/approve", text=PAGE, audience="clients")).status_code == 303
    written = (await gap(desk)).written_to
    assert written is not None
    assert "audience: internal" in (tmp_path / "manual" / written).read_text("utf-8")


async def test_a_press_that_comes_twice_is_one(desk: World) -> None:
    """The second is shown the page as it is."""
    lead = await desk.signed_in("tom")
    for _ in range(2):
        answer = await submit(lead, "/desk/gaps/1", "/desk/gaps/1/dismiss", once="same", reason="财务负责")
        assert answer.status_code == 303
    assert ((await gap(desk)).state, (await gap(desk)).reason) == (State.DISMISSED, "财务负责")
    again = await submit(lead, "/desk/gaps/1", "/desk/gaps/1/reopen")
    assert (again.status_code, (await gap(desk)).state) == (303, State.OPEN)


async def test_a_dismissal_wants_a_reason_and_a_form_of_ours(desk: World) -> None:
    """Without a reason it is said; without the form's token it is refused; a wrong number is no page."""
    lead = await desk.signed_in("tom")
    empty = await submit(lead, "/desk/gaps/1", "/desk/gaps/1/dismiss", reason=" ")
    assert (empty.status_code, "Please say why" in empty.text) == (422, True)
    forged = await lead.post("/desk/gaps/1/dismiss", data={"reason": "x"})
    assert forged.status_code == 403
    assert (await lead.get("/desk/gaps/99")).status_code == 404
    assert (await lead.get(f"/desk/gaps/{10**25}")).status_code == 404


async def test_looking_again_is_a_job(desk: World) -> None:
    """It is done by a worker, and the page says so."""
    lead = await desk.signed_in("tom")
    answer = await submit(lead, "/desk/gaps", "/desk/gaps/recompute")
    assert answer.headers["location"] == "/desk/gaps?queued=yes"
    waiting = select(func.count()).select_from(job).where(job.c.queue == gap_store.RECOMPUTE)
    assert await desk.deps.db.read(lambda conn: conn.execute(waiting).scalar_one()) == 1
    assert "Reload this page" in (await lead.get("/desk/gaps?queued=yes")).text


async def test_the_review_is_read_printed_and_taken_away(desk: World) -> None:
    """In the desk, as a page that loads nothing, as a file; another quarter on request, none by mistake."""
    desk.clock.advance(timedelta(minutes=1))
    lead = await desk.signed_in("tom")
    read = await lead.get("/desk/manual-review")
    assert "Review of the manual, 2026Q4" in read.text
    assert "发票抬头怎么改" in read.text
    printed = await lead.get("/desk/manual-review/document?quarter=2026Q3&lang=zh-Hans")
    assert "2026Q3 手册季度复盘" in printed.text
    assert "default-src 'none'" in printed.headers["content-security-policy"]
    taken = await lead.get("/desk/manual-review/document.md?quarter=2026Q4")
    assert 'filename="manual-review-2026Q4.md"' in taken.headers["content-disposition"]
    wrong = await lead.get("/desk/manual-review?quarter=soon&lang=en")
    assert (wrong.status_code, "no quarter" in wrong.text) == (422, True)


@pytest.mark.parametrize("weeks", [(), (0,) * 12, (1, 2, 4), (9,) * 12])
def test_a_drawing_never_leaves_its_frame(weeks: tuple[int, ...]) -> None:
    """Columns stand on the ground and end at the top, the last four marked."""
    drawn = sparkline(weeks)
    assert all(each.y >= 0 and each.y + each.height == pytest.approx(HEIGHT) for each in drawn.strokes)
    assert sum(each.recent for each in drawn.strokes) == min(4, len(weeks))
