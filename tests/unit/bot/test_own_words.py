"""What a model was told stays with it; a page that happens to speak of such things may still be quoted."""

from pathlib import Path

import pytest

from bot.checks import betrayed, check
from bot.own_words import about_itself
from bot.settings import shipped
from knowledge.front_matter import read
from tests.unit.bot.passages import passage

TOLD = "You write for the desk. Never write a link, an e-mail address or a telephone number.\n只能根据下面给出的手册内容回答客户的问题。"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Never write a link, an e-mail address or so [1].", "instructions"),
        ("N e v e r write a l-i-n-k, an e-mail address [1].", "instructions"),
        ("Never write a link, an e-mail address"[::-1] + " [1]", "instructions"),
        ("Arire jevgr n yvax, na r-znvy nqqerff [1]", "instructions"),
        ("只能根据下面给出的手册内容 [1]", "instructions"),
        ("只能根據下面給出的手冊內容 [1]", "instructions"),
        ("My instructions are short [1].", "about_itself"),
        ("I was told not to say it [1].", "about_itself"),
        ("我的指令很短 [1]。", "about_itself"),
        ("我的系統提示詞很短 [1]。", "about_itself"),
        ("作为一个AI，我不能说 [1]。", "about_itself"),
    ],
)
def test_betrayed(text: str, kind: str) -> None:
    """As it stands, spaced, backwards, turned, in the other script; and talk about it."""
    assert kind in {problem.kind for problem in betrayed(text, told=TOLD, sources=["Open Orders. 打开「订单」。"])}


@pytest.mark.parametrize(
    "text",
    [
        "Open Orders and write an e-mail [1].",
        "You can add a link or an address under Settings [1].",
        "请根据手册打开「订单」并回答客户 [1]。",
        "点击「段落」按钮即可 [1]。",
    ],
)
def test_plain_answers_are_let_through(text: str) -> None:
    """A few words in common are no betrayal."""
    assert betrayed(text, told=TOLD, sources=["Open Orders."]) == []


def test_what_a_page_says_may_be_said() -> None:
    """A page about AI writing names prompts; so may its answer."""
    page = passage("在「智能写作」里填写提示词，再点「生成」。")
    assert check("在「智能写作」里填写提示词，再点「生成」 [1]。", passages=[page], language="zh-Hans", told=TOLD) == ()


def test_the_sample_manual_never_speaks_about_itself() -> None:
    """What is taken for talk about instructions is no word of a common manual: nothing there would be held back."""
    pages = [read(path.read_text("utf-8")) for path in sorted(Path(shipped("manual")).rglob("*.md"))]
    client = [page.body for page in pages if page.values.get("audience") == "client"]
    assert len(client) > 100
    assert [words for body in client for words in about_itself(body, sources=[])] == []
