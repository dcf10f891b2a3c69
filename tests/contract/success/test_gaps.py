"""What the manual lacks, over both databases: what counts, what is one gap, when it closes and comes back."""

from datetime import timedelta

import pytest

from handoff import retraction
from handoff.kinds import Level, Outcome
from success import gap_states, gap_store
from success.errors import ReasonMissing, UnknownGap, WrongState
from success.gap_model import Gap, State, Why
from tests.contract.success.conftest import Agency

INVOICE = ("发票抬头怎么改", "想改发票抬头", "发票抬头写错了怎么改")


async def gaps(agency: Agency, *states: State, tests: bool = False) -> tuple[Gap, ...]:
    await agency.gaps.recompute(tests=tests)
    return await agency.db.read(lambda conn: gap_store.gaps(conn, states=states or tuple(State)))


async def whys(agency: Agency) -> dict[str, Why]:
    found = await gaps(agency)
    members = [await agency.db.read(lambda conn, n=gap.id: gap_store.members(conn, n)) for gap in found]
    return {member.text: member.why for each in members for member in each}


async def verbs(agency: Agency, gap: Gap) -> list[str]:
    return [event.verb for event in await agency.db.read(lambda conn: gap_store.events(conn, gap.id))]


async def test_one_gap_of_three_wordings(agency: Agency) -> None:
    """Two clients ask the same in three ways: one gap, counted, with its telling word and advice to write a page."""
    for place, text in enumerate(INVOICE):
        await agency.turn(text, by=("acme", "acme", "bolt")[place])
    (gap,) = await gaps(agency)
    assert (gap.state, gap.size, gap.facts.clients, gap.facts.people) == (State.OPEN, 3, 2, 2)
    assert gap.label in INVOICE
    assert any("发票" in term for term in gap.facts.terms)
    assert (gap.facts.advice, gap.facts.page) == ("write", None)
    assert (gap.facts.recent, gap.facts.before) == (3, 0)


async def test_what_counts_and_what_does_not(agency: Agency) -> None:
    """Answers in vain and what people answered count; emergencies, complaints, wishes, small talk and faults do not."""
    await agency.turn("发票抬头怎么改")
    await agency.turn("地图上的位置不对", outcome=Outcome.SILENT, reason="shadow", trace={"shadow": {"outcome": "escalate", "reason": "not_in_manual"}})  # fmt: skip
    resolved = await agency.turn("小程序能不能改颜色", reason="asked_for_person")
    await agency.resolved(resolved, "可以，在后台的主题里换颜色。")
    for text, reason, level in (
        ("网站打不开了", "emergency", Level.EMERGENCY),
        ("你们太差了我要投诉", "upset", Level.QUESTION),
        ("我的工资单怎么回事", "sensitive", Level.QUESTION),
        ("加一个直播功能", "change_request", Level.CHANGE),
        ("会员积分怎么清零", "failed", Level.QUESTION),
        ("表单提交报错", "not_in_manual", Level.BUG),
        ("优惠券怎么发", "asked_for_person", Level.QUESTION),  # nobody has answered it yet
    ):
        await agency.turn(text, reason=reason, level=level)
    await agency.turn("谢谢啦", outcome=Outcome.SILENT, reason="small_talk")
    found = await whys(agency)
    assert found == {
        "发票抬头怎么改": Why.UNANSWERED,
        "地图上的位置不对": Why.UNANSWERED,
        "小程序能不能改颜色": Why.RESOLVED,
    }


async def test_an_answer_in_vain_counts_once_and_names_its_page(agency: Agency) -> None:
    """Answered, then "that did not help": the page is there and not understood."""
    await agency.turn("邮箱满了怎么办", outcome=Outcome.ANSWERED, reason="extract", page="zh/mail/full")
    await agency.turn("还是不行", reason="not_solved")
    (gap,) = await gaps(agency)
    assert (gap.size, gap.facts.advice, gap.facts.page) == (1, "clarify", "zh/mail/full")
    assert gap.facts.answered == 0, "the same page is no news"


async def test_an_answer_taken_back_counts(agency: Agency) -> None:
    """A colleague retracts it."""
    answer = await agency.turn("导航菜单怎么改", outcome=Outcome.ANSWERED, reason="extract", page="zh/wordpress/menu")
    other = await agency.turn("另外积分怎么兑换", opens=True)
    assert answer.reply_id is not None
    assert other.ticket_id is not None
    reply, ticket = answer.reply_id, other.ticket_id
    await agency.db.write(
        lambda conn: retraction.retract(conn, ticket_id=ticket, message_id=reply, by=agency.ann.id, now=agency.clock())
    )
    assert (await whys(agency))["导航菜单怎么改"] is Why.RETRACTED


@pytest.mark.parametrize(("later", "counts"), [(Outcome.ANSWERED, False), (Outcome.SILENT, True)])
async def test_a_question_back_counts_where_nothing_came_of_it(agency: Agency, later: Outcome, counts: bool) -> None:
    """The client explained and was answered, or was not."""
    await agency.turn("那个积分", outcome=Outcome.CLARIFY, reason="vague")
    agency.clock.advance(timedelta(minutes=5))
    await agency.turn("会员中心", outcome=later, reason="extract", page="zh/mail/full" if later == "answered" else None)
    assert ("那个积分" in await whys(agency)) is counts


async def test_questions_of_the_command_line_are_left_out_unless_wanted(agency: Agency) -> None:
    """A test of our own is no gap; the run says how many there were."""
    await agency.turn("发票抬头怎么改", platform="terminal")
    assert await gaps(agency) == ()
    run = await agency.db.read(gap_store.last_run)
    assert run is not None
    assert (run.questions, run.left_out) == (0, 1)
    assert len(await gaps(agency, tests=True)) == 1


async def test_private_facts_are_masked(agency: Agency) -> None:
    """Names, mails, sites and numbers of a client stay in its own chat."""
    await agency.room("acme", name="青禾茶业 Greenleaf Tea", site="https://tea.example.com")
    await agency.turn("青禾茶业的发票寄到 wang@tea.example.com，电话 13800138000，抬头怎么改")
    (gap,) = await gaps(agency)
    assert gap.label == "〔公司名〕的发票寄到 〔邮箱〕，电话 〔电话〕，抬头怎么改"


async def test_a_gap_keeps_its_identity(agency: Agency) -> None:
    """Night after night it is the same one, as it grows and older questions leave."""
    await agency.turn(INVOICE[0])
    (before,) = await gaps(agency)
    agency.clock.advance(timedelta(days=100))
    await agency.turn(INVOICE[1], by="bolt")
    (grown,) = await gaps(agency)
    agency.clock.advance(timedelta(days=100))
    (after,) = await gaps(agency)
    assert {before.id, grown.id, after.id} == {before.id}
    assert (before.size, grown.size, after.size) == (1, 2, 1)
    agency.clock.advance(timedelta(days=100))
    assert await gaps(agency) == (), "what nobody asks any more is no gap"


async def test_a_dismissed_gap_comes_back_when_it_grows_by_half(agency: Agency) -> None:
    """Four questions, dismissed with a reason; a fifth changes nothing, a sixth does."""
    for day in range(4):
        agency.clock.advance(timedelta(days=1))
        await agency.turn(INVOICE[day % 3], by=f"client{day}")
    (gap,) = await gaps(agency)
    with pytest.raises(ReasonMissing):
        await agency.db.write(lambda conn: gap_states.dismiss(conn, gap.id, by="ada", reason=" ", now=agency.clock()))
    await agency.db.write(
        lambda conn: gap_states.dismiss(conn, gap.id, by="ada", reason="财务会直接联系", now=agency.clock())
    )
    with pytest.raises(WrongState):
        await agency.db.write(lambda conn: gap_states.dismiss(conn, gap.id, by="ada", reason="x", now=agency.clock()))
    await agency.turn(INVOICE[0], by="fifth")
    (still,) = await gaps(agency)
    assert (still.state, still.reason, still.changed_by) == (State.DISMISSED, "财务会直接联系", "ada")
    await agency.turn(INVOICE[1], by="sixth")
    (back,) = await gaps(agency)
    assert (back.id, back.state) == (gap.id, State.OPEN)
    assert await verbs(agency, back) == ["returned", "dismissed", "found"]


async def test_a_published_page_closes_the_gap_that_it_answers(agency: Agency) -> None:
    """Its questions are searched for again; it says by which version and how many."""
    for place, text in enumerate(INVOICE):
        await agency.turn(text, by=f"client{place}")
    (gap,) = await gaps(agency)
    assert gap.state is State.OPEN
    await agency.write("zh/service/invoice", "发票抬头在合同页的开票信息里改。", questions=[*INVOICE, "发票抬头填错"])
    version = await agency.index()
    (closed,) = await gaps(agency)
    assert (closed.id, closed.state, closed.published_in) == (gap.id, State.PUBLISHED, version)
    assert (closed.facts.answered, closed.facts.tried) == (3, 3)
    (event, *_) = await agency.db.read(lambda conn: gap_store.events(conn, gap.id))
    assert (event.verb, event.data) == ("published", {"version": version, "answered": 3, "tried": 3})
    await agency.manual.rollback(by="ada")
    (again,) = await gaps(agency)
    assert again.state is State.OPEN, "the version that answered is not live any more"


async def test_an_unknown_gap_is_named(agency: Agency) -> None:
    """A wrong number is said as such."""
    with pytest.raises(UnknownGap):
        await agency.db.write(lambda conn: gap_states.dismiss(conn, 9, by="ada", reason="x", now=agency.clock()))
