"""Whether a colleague said what had been drafted."""

import pytest

from bot.sameness import SAME_MEANING, Judged, comparable, drafted, judge

CITED = {
    "page": "zh/wordpress/reset-password",
    "title": "忘记 WordPress 后台密码怎么办",
    "url": "https://acme.test/help/reset",
}
SHADOW = {"outcome": "answered", "text": "点“忘记密码” [1]，再设新的。[2]", "citations": [CITED]}


@pytest.mark.parametrize(
    ("answer", "likeness", "judged"),
    [
        ("看这里 https://acme.test/help/reset", 0.0, Judged(verdict="hit", how="page")),
        ("看 https://desk.test/m/zh/wordpress/reset-password?s=1", 0.0, Judged(verdict="hit", how="page")),
        ("手册里《忘记WordPress后台密码怎么办》有写", 0.0, Judged(verdict="hit", how="page")),
        ("手冊裡《忘記 WordPress 後台密碼怎麼辦》有寫", 0.0, Judged(verdict="hit", how="page")),
        ("点忘记密码重设", SAME_MEANING, Judged(verdict="hit", how="meaning")),
        ("我给您改好了", SAME_MEANING - 0.001, Judged(verdict="miss")),
        ("I changed it for you", None, Judged(verdict="none")),
    ],
)
def test_a_drafted_answer_hits_or_misses(answer: str, likeness: float | None, judged: Judged) -> None:
    """The page's address or title stands there, in any script; or the texts mean the same."""
    assert judge(SHADOW, answer, likeness=likeness) == judged


@pytest.mark.parametrize("outcome", ["escalate", "clarify", "silent", None])
def test_what_was_no_answer_is_neither(outcome: str | None) -> None:
    """A draft that would have handed over, asked back or been silent proves nothing either way."""
    assert judge({**SHADOW, "outcome": outcome}, "https://acme.test/help/reset", likeness=1.0) == Judged(verdict="none")


@pytest.mark.parametrize(
    ("draft", "answer", "can"),
    [("点这里改", "在設定裡改", True), ("Click here", "In the settings", True), ("点这里改", "In the settings", False)],
)
def test_only_texts_of_one_language_are_compared(draft: str, answer: str, can: bool) -> None:
    """The embedder finds any two texts of one language nearer than two that say the same in two."""
    assert comparable(draft, answer) is can


def test_short_titles_prove_nothing() -> None:
    """A page called "FAQ" is named by accident."""
    shadow = {**SHADOW, "citations": [{"page": "", "title": "FAQ", "url": None}]}
    assert judge(shadow, "see the faq", likeness=0.1) == Judged(verdict="miss")


def test_marks_are_no_part_of_a_draft() -> None:
    """They stand for links, not for words."""
    assert drafted(SHADOW) == "点“忘记密码” ，再设新的。"
    assert drafted({**SHADOW, "text": " [1] "}) is None
