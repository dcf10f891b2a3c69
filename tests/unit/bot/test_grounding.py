"""An answer says what was asked, not only something on the matter."""

import pytest

from bot.grounding import beside
from knowledge import facts
from knowledge.language import fold
from knowledge.model import Passage


def passage(text: str) -> Passage:
    return Passage(
        chunk="c", page="p", title="备份", heading="", anchor="", text=text, language="zh-Hans", video=None, url=None,
        category="", score=1.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("question", "text", "kind"),
    [
        ("备份要保存多少天", "备份可以在后台下载[1]。", "no_fact"),
        ("备份要保存多少天", "备份保存三十天[1]。", None),
        ("備份要保存多久？", "永久保存[1]。", None),
        ("SSL 证书多少钱", "证书在后台购买[1]。", "no_fact"),
        ("SSL 证书多少钱", "证书免费[1]。", None),
        ("最多可以绑定几个域名", "域名在后台绑定[1]。", "no_fact"),
        ("最多可以绑定几个域名", "没有限制[1]。", None),
        ("how long does the transfer take", "Start it in the console [1].", "no_fact"),
        ("how long does the transfer take", "It takes five to seven days [1].", None),
        ("how many mailboxes do we have", "Mailboxes are made in the console [1].", "no_fact"),
        ("how do I restore a backup", "Press restore [1].", None),
        ("提示 ERR-1042 怎么处理", "清除缓存即可[1]。", "other_subject"),
        ("用 win11 怎么登录后台", "打开登录页[1]。", None),
    ],
)
def test_the_fact_asked_for_must_be_there(question: str, text: str, kind: str | None) -> None:
    """How long, how much, how many, which code: an answer without it answers another question."""
    found = beside(question, text, passages=[passage("清除缓存。打开登录页。ERR-2001")])
    assert [problem.kind for problem in found] == ([kind] if kind else [])


def test_a_code_that_a_passage_knows_is_no_other_subject() -> None:
    """The same code, however it is written."""
    assert beside("报 err-1042", "清除缓存即可[1]。", passages=[passage("出现 ERR-1042 时清除缓存。")]) == ()


@pytest.mark.parametrize("text", ["多久能好", "几天能到账", "how soon will it be live", "how many days does it take"])
def test_a_span_is_asked_for(text: str) -> None:
    """Ways to ask for a span of time; the number of days is one, too."""
    assert facts.asked(fold(text)) == {facts.Kind.SPAN}
