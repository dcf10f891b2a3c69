"""Sections become chunks: nothing lost, nothing too wide, exact lines."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.chunking import MAX_WIDTH, chunks, headings, width
from tests.unit.knowledge.pages import page

BODY = """Short answer.

## First steps

1. Open **Settings**.
2. Save.

### If it fails

Call us.

## Second

```
# no heading
```
"""


def test_chunks_follow_headings() -> None:
    """A section is a chunk, verbatim, with its path, its anchor and its lines in the file."""
    found = chunks(page("p", BODY, first_line=5))
    assert [(each.heading, each.anchor, each.lines) for each in found] == [
        ("", "", (5, 5)),
        ("First steps", "first-steps", (9, 10)),
        ("First steps › If it fails", "if-it-fails", (14, 14)),
        ("Second", "second", (18, 20)),
    ]
    assert found[1].text == "1. Open **Settings**.\n2. Save."
    assert found[3].text == "```\n# no heading\n```"


def test_anchors_are_unique_and_speak_chinese() -> None:
    """Equal headings get numbers; Chinese stays, punctuation goes."""
    found = headings("## 收不到邮件？\n\n## Again\n\na\n\n## Again\n\nSetext\n------\n")
    assert [each.anchor for each in found] == ["收不到邮件", "again", "again-1", "setext"]


def test_a_long_list_is_cut_between_its_steps() -> None:
    """Numbered steps are never torn apart."""
    steps = [f"{i}. {'步骤内容' * 40}\n   第二行" for i in range(1, 21)]
    found = chunks(page("p", "## 步骤\n\n" + "\n".join(steps)))
    assert len(found) > 1
    assert "\n".join(each.text for each in found) == "\n".join(steps)
    assert all(each.text[0].isdigit() and each.text.endswith("第二行") for each in found)


def test_width_counts_chinese_as_wider() -> None:
    """A Chinese character says more than a Latin letter."""
    assert width("后台") == 2
    assert width("abcde") == pytest.approx(3)


def test_content_names_a_chunk() -> None:
    """The hash changes with the text, the heading and the page, not with the place."""
    first, again = chunks(page("p", "## A\n\nText.")), chunks(page("p", "\n\n\n## A\n\nText."))
    assert first[0].hash == again[0].hash
    others = [page("q", "## A\n\nText."), page("p", "## B\n\nText."), page("p", "## A\n\nText!")]
    assert first[0].hash not in {chunks(each)[0].hash for each in others}


PIECES = st.sampled_from(
    ["# H", "## 标题", "text here", "中文句子。" * 60, "- item\n- item", "1. one\n2. two", "```\ncode\n```", "", "|a|b|\n|-|-|\n|1|2|",
     "x" * 3000, "word " * 500, "> quote", "<div>\nhtml\n</div>", "---"]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=12))
def test_nothing_is_lost_and_nothing_too_wide(pieces: list[str]) -> None:
    """Every word of the body that is no heading is in some chunk, and every chunk fits."""
    body = "\n\n".join(pieces)
    found = chunks(page("p", body))
    assert all(width(each.text) <= MAX_WIDTH for each in found)
    kept = "".join("".join(each.text.split()) for each in found)
    wanted = "".join("".join(piece.split()) for piece in pieces if not piece.startswith("#") and piece != "---")
    assert kept.replace("---", "") == wanted.replace("---", "")


def test_one_enormous_line_is_cut_in_time() -> None:
    """Two megabytes without a line break are cut without quadratic work."""
    found = chunks(page("p", "word " * 400_000))
    assert sum(each.text.count("word") for each in found) == 400_000
