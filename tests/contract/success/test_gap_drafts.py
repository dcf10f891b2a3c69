"""From a gap to a page: drafted from what colleagues answered, approved, indexed, and the gap closes."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from knowledge import golden
from knowledge.front_matter import read
from success import gap_folder, gap_store
from success.errors import BrokenDraft, NotWritten, OpenPoints, WrongState
from success.gap_drafts import GapDrafts
from success.gap_model import Gap, State
from success.gap_outline import open_points
from tests.contract.success.conftest import Agency

INVOICE = ("发票抬头怎么改", "想改发票抬头", "发票抬头写错了怎么改", "发票的抬头要改", "怎么改发票抬头呢")
ANSWER = "王小明您好，登录后台，打开「我的合同」。点「开票信息」。把抬头改成新公司名，再点「保存」。有问题随时联系我。"


def drafts(agency: Agency) -> GapDrafts:
    return GapDrafts(db=agency.db, manual=agency.manual, clock=agency.clock, folder=lambda: agency.source)


async def asked(agency: Agency, *, answer: str = ANSWER) -> Gap:
    """Five wordings of one question; people answered the first, and its client's name stands in the answer."""
    await agency.room("client0", name="青禾茶业")
    turns = [await agency.turn(text, by=f"client{place}") for place, text in enumerate(INVOICE)]
    await agency.resolved(turns[0], answer)
    await agency.gaps.recompute()
    (gap,) = await agency.db.read(gap_store.gaps)
    return gap


async def test_an_outline_is_made_of_what_colleagues_answered(agency: Agency) -> None:
    """Front matter, questions, steps without greeting; internal, with marks for what is to be filled in."""
    gap = await drafts(agency).draft((await asked(agency)).id, by="ann")
    assert (gap.state, gap.changed_by) == (State.DRAFTED, "ann")
    assert gap.draft is not None
    page = read(gap.draft)
    assert page.faults == ()
    assert (page.values["audience"], page.values["language"]) == ("internal", "zh-Hans")
    assert set(page.values["questions"]) < set(INVOICE)
    assert "点「开票信息」" in page.body
    assert "您好" not in page.body
    assert "联系我" not in page.body
    assert open_points(gap.draft)


async def test_another_clients_facts_never_come_into_a_page(agency: Agency) -> None:
    """Names, sites, mails, accounts, numbers and amounts become marks."""
    await agency.room("other", name="蓝海物流", site="https://blue.example.cn")
    answer = "蓝海物流和青禾茶业一样：登录 blue.example.cn，账号是 admin88，写信到 pay@agency.example，交 380 元，单号 AB20260301。"
    gap = await drafts(agency).draft((await asked(agency, answer=answer)).id, by="ann")
    assert gap.draft is not None
    for fact in ("蓝海", "青禾", "blue.example", "admin88", "pay@", "380", "AB2026"):
        assert fact not in gap.draft
    assert {"【待补：公司名】", "【待补：网址】", "【待补：账号】", "【待补：邮箱】", "【待补：金额】", "【待补：编号】"} <= set(open_points(gap.draft))  # fmt: skip


async def test_from_draft_to_page_to_closed_gap(agency: Agency) -> None:
    """An open mark holds it up; filled in and approved it is a file; indexed, the gap closes by itself."""
    (agency.source / "golden.yaml").write_text("# ours\n- {ask: 邮箱满了, page: [zh/mail/full]}", "utf-8")
    desk, number = drafts(agency), (await asked(agency)).id
    drafted = (await desk.draft(number, by="ann")).draft
    assert drafted is not None
    with pytest.raises(OpenPoints):
        await desk.approve(number, by="ann")
    text = drafted
    for point in open_points(drafted):
        text = text.replace(point, "已核对。")
    await desk.edit(number, text, by="ann")
    done = await desk.approve(number, by="ann")
    written = (agency.source / done.path).read_text("utf-8")
    assert "audience: client" in written
    assert (
        (agency.source / "golden.yaml")
        .read_text("utf-8")
        .startswith("# ours\n- {ask: 邮箱满了, page: [zh/mail/full]}\n")
    )
    checks = golden.read(agency.source / "golden.yaml")
    assert [one.pages for one in checks[1:]] == [(done.path.removesuffix(".md"),)] * done.golden
    assert not {one.ask for one in checks[1:]} & set(read(written).values["questions"])
    with pytest.raises(WrongState):
        await desk.approve(number, by="bob")
    version = await agency.index()
    await agency.gaps.recompute()
    (gap,) = await agency.db.read(gap_store.gaps)
    assert (gap.id, gap.state, gap.published_in) == (number, State.PUBLISHED, version)
    verbs = [event.verb for event in await agency.db.read(lambda conn: gap_store.events(conn, number))]
    assert verbs == ["published", "approved", "edited", "drafted", "found"]


async def test_who_insists_may_leave_marks(agency: Agency) -> None:
    """It is written down that they did."""
    desk, number = drafts(agency), (await asked(agency)).id
    await desk.draft(number, by="ann")
    done = await desk.approve(number, by="ann", audience="internal", insist=True, golden=False)
    assert done.golden == 0
    assert "audience: internal" in (agency.source / done.path).read_text("utf-8")
    (event, *_) = await agency.db.read(lambda conn: gap_store.events(conn, number))
    assert event.data == {"path": done.path, "insisted": True}


async def test_a_draft_that_is_no_page_is_refused(agency: Agency) -> None:
    """The line is named; the draft is kept."""
    desk, number = drafts(agency), (await asked(agency)).id
    await desk.edit(number, "---\ntitle: x\naudience: everyone\n---\nText.", by="ann")
    with pytest.raises(BrokenDraft) as refused:
        await desk.approve(number, by="ann")
    assert refused.value.line == 3
    await desk.edit(number, "Just text.", by="ann")
    with pytest.raises(BrokenDraft):
        await desk.approve(number, by="ann")


async def test_a_folder_that_cannot_be_written_is_said(agency: Agency, tmp_path: Path) -> None:
    """The draft stays as it was."""
    nowhere = tmp_path / "file"
    nowhere.write_text("not a folder", "utf-8")
    desk = replace(drafts(agency), folder=lambda: nowhere)
    number = (await asked(agency)).id
    await desk.edit(number, "---\ntitle: x\n---\nText.", by="ann")
    with pytest.raises(NotWritten):
        await desk.approve(number, by="ann")
    gap = await agency.db.read(lambda conn: gap_store.one(conn, number))
    assert (gap.state, gap.written_to) == (State.DRAFTED, None)


class Writer:
    """A model's writer that says what it was told."""

    def __init__(self, body: str | None) -> None:
        self.body = body

    async def write(self, *, title: str, questions: Sequence[str], replies: Sequence[str], language: str) -> str | None:
        assert all("青禾" not in reply for reply in replies)
        return self.body


@pytest.mark.parametrize(("body", "kept"), [("## 怎么改\n1. 打开「我的合同」。", True), (None, False)])
async def test_a_model_writes_where_it_can(agency: Agency, body: str | None, kept: bool) -> None:
    """Without its words the outline stands."""
    desk = replace(drafts(agency), writer=Writer(body))
    gap = await desk.draft((await asked(agency)).id, by="ann")
    assert gap.draft is not None
    assert (gap.draft.split("---\n")[-1].strip() == "## 怎么改\n1. 打开「我的合同」。") is kept


def test_a_file_is_never_overwritten_and_never_outside(tmp_path: Path) -> None:
    """The second page of a name gets a number; the same page is the same file; no name leads out."""
    assert gap_folder.put(tmp_path, "zh/a.md", "one") == "zh/a.md"
    assert gap_folder.put(tmp_path, "zh/a.md", "two") == "zh/a-2.md"
    assert gap_folder.put(tmp_path, "zh/a.md", "one") == "zh/a.md"
    assert sorted(path.name for path in (tmp_path / "zh").iterdir()) == ["a-2.md", "a.md"]
    (tmp_path / "out").symlink_to(tmp_path.parent)
    for name in ("../a.md", "out/a.md"):
        with pytest.raises(NotWritten):
            gap_folder.put(tmp_path, name, "x")


def test_a_broken_golden_file_is_left_alone(tmp_path: Path) -> None:
    """Its own fault is named, and nothing is added."""
    path = tmp_path / "golden.yaml"
    path.write_text("- {ask: [", "utf-8")
    with pytest.raises(NotWritten):
        gap_folder.add_golden(tmp_path, ["a"], page="zh/a")
    assert path.read_text("utf-8") == "- {ask: ["


def test_golden_questions_are_added_once_and_quoted(tmp_path: Path) -> None:
    """Whatever stands in a question, the file reads as before."""
    asks = ['他说"不行": 怎么办', "- {a: b} # c", "it's\\n"]
    assert gap_folder.add_golden(tmp_path, asks, page="zh/a") == 3
    assert gap_folder.add_golden(tmp_path, asks, page="zh/a") == 0
    assert [one.ask for one in golden.read(tmp_path / "golden.yaml")] == asks
