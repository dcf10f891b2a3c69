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


def test_a_long_table_repeats_its_header() -> None:
    """Every piece of a table is a table that says what its columns are, and knows the lines it comes from."""
    rows = [f"| 套餐{number} | {'说明' * 30} | {number * 100} 元 |" for number in range(60)]
    found = chunks(page("p", "\n".join(["## 价格", "", "| 名称 | 内容 | 价格 |", "| --- | --- | --- |", *rows])))
    assert len(found) > 2
    assert all(each.text.startswith("| 名称 | 内容 | 价格 |\n| --- | --- | --- |\n| 套餐") for each in found)
    assert all(width(each.text) <= MAX_WIDTH for each in found)
    kept = [line for each in found for line in each.text.split("\n")[2:]]
    assert kept == rows
    assert [each.lines[0] for each in found[1:]] == [each.lines[1] + 1 for each in found[:-1]]


def test_a_wide_row_is_cut_between_columns() -> None:
    """A row too wide for a chunk becomes narrower tables, each with the row's name and its own headers."""
    names = ["项目", *(f"列{number}" for number in range(12))]
    values = ["网站建设", *("值" * 200 for _ in range(12))]
    table = "\n".join(f"| {' | '.join(row)} |" for row in (names, ["---"] * 13, values))
    found = chunks(page("p", table))
    assert len(found) > 2
    assert all(each.text.startswith("| 项目 | 列") and "\n| 网站建设 | 值" in each.text for each in found)
    assert [name for each in found for name in names[1:] if f" {name} |" in each.text] == names[1:]
    assert all(width(each.text) <= MAX_WIDTH for each in found)


def test_a_cell_too_wide_for_any_table_is_cut_as_text() -> None:
    """One enormous cell loses nothing."""
    found = chunks(page("p", f"| a | b |\n|---|---|\n| x | {'字' * 3000} |\n| y | 尾 |"))
    assert sum(each.text.count("字") for each in found) == 3000
    assert "| y | 尾 |" in found[-1].text
    assert all(width(each.text) <= MAX_WIDTH for each in found)
