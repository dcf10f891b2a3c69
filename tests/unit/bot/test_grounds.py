"""What a draft rests on."""

from dataclasses import asdict, replace

from bot.answering import Draft, cite
from bot.grounds import resting
from knowledge.model import Passage, Search
from tests.unit.bot.passages import passage

FIRST = passage("每月 300 元。", chunk="a", lead="按月付费。", lead_chunk="lead")
SECOND = passage("见另一页。", chunk="b", page="zh/other")
THIRD = passage("无关。", chunk="c", page="zh/third")


def found(*passages: Passage) -> Search:
    return Search(passages=passages, evidence=0.9, enough=True, version=7, language="zh-Hans", ms=1)


def test_a_quotation_rests_on_what_it_quotes() -> None:
    """The first passage and its page's opening words, not the pages that are only named; and the version they came from."""
    draft = resting(Draft(text="…[1][2]", citations=cite([FIRST, SECOND])), found(FIRST, SECOND, THIRD))
    assert [(each.chunk, each.text) for each in draft.rests] == [("a", "每月 300 元。"), ("lead", "按月付费。")]
    assert draft.version == 7


def test_a_model_rests_on_all_that_it_cites() -> None:
    """Every marked passage, in whatever order it was found."""
    draft = resting(Draft(text="…", citations=cite([SECOND, FIRST]), by="model"), found(FIRST, SECOND, THIRD))
    assert {each.chunk for each in draft.rests} == {"a", "b", "lead"}


def test_a_kept_draft_remembers_its_version() -> None:
    """A checkpoint brings a draft back with what it rests on, though the manual may be another one by then."""
    draft = resting(Draft(text="…", citations=cite([FIRST]), by="model"), found(FIRST))
    assert Draft.from_json(asdict(draft)) == draft
    old = {name: value for name, value in asdict(draft).items() if name not in ("rests", "version")}
    assert Draft.from_json(old) == replace(draft, rests=(), version=None)
