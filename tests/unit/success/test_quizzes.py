"""Questions as people write them: read, written, refused with the line."""

import pytest

from success import quizzes
from success.drills.errors import QuizBroken

TEXT = "? 多久？\n@ zh/service/service-levels\n- 2 小时\n+ 4 小时\n\n？ Who?\n＋ I\n－ you"


def test_they_are_read_and_written_alike() -> None:
    """Full-width signs count too; nothing is lost."""
    found = quizzes.read(TEXT)
    assert [(q.text, q.page, q.choices, q.right) for q in found] == [
        ("多久？", "zh/service/service-levels", ("2 小时", "4 小时"), 1),
        ("Who?", "", ("I", "you"), 0),
    ]
    assert quizzes.read(quizzes.write(found)) == found
    assert quizzes.of_rows(quizzes.to_rows(found)) == found
    assert quizzes.read(" \n") == ()


def test_the_order_is_drawn_and_always_alike() -> None:
    """So that the right one has no place of its own."""
    question = quizzes.read("? a\n+ 1\n- 2\n- 3")[0]
    assert question.order("x") == question.order("x")
    assert sorted(question.order("y")) == [0, 1, 2]
    assert len({question.order(str(salt)) for salt in range(20)}) > 1


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("hello", 1, "sign"), ("+ a", 1, "first"), ("? a\n+ b", 1, "choices"), ("? a\n+ b\n+ c", 1, "right"), ("? a\n- b\n- c", 1, "right"),
        ("? a\n+ b\n- b", 1, "choices"), ("? a\n@ p\n@ q\n+ 1\n- 2", 3, "page"), (f"? a\n+ {'x' * 101}\n- 2", 2, "choice"), ("?", 1, "sign"),
        (f"? {'x' * 301}\n+ 1\n- 2", 1, "long"), ("x" * 40_001, 1, "long"), ("? a\n+ 1\n- 2\n" * 41, 121, "many"),
    ],
)  # fmt: skip
def test_what_is_wrong_has_its_line(text: str, line: int, why: str) -> None:
    """Precisely."""
    with pytest.raises(QuizBroken) as broken:
        quizzes.read(text)
    assert (broken.value.line, broken.value.why) == (line, why)
