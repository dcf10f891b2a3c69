"""A stored message as Slack shows it: formatting as data, in blocks and messages that fit, and nothing that calls."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.arrived import read_press
from bot.channels.slack.writing import BLOCK, FULL, block, marker, write
from bot.rich import Mark, Rich
from handoff.kinds import Audience, Author
from handoff.model import Button, Citation, Message

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)


def message(text: str, **values: Any) -> Message:
    facts: dict[str, Any] = {"id": 7, "conversation_id": 1, "chat_id": 1, "author": Author.BOT}
    facts |= {"audience": Audience.CLIENT, "name": "Bot", "text": text, "at": NOW, "stored_at": NOW}
    return Message(**facts | values)


def href(cited: Citation) -> str | None:
    return f"https://desk.test/m/{cited.page}"


def runs(text: str, **values: Any) -> list[dict[str, Any]]:
    (part,) = write(message(text, **values), href=href)
    return [run for shown in part.blocks(name="n")[:1] for element in shown["elements"] for run in element["elements"]]


def test_formatting_is_data() -> None:
    """Bold in the middle of Chinese, where markup would need spaces."""
    assert runs("依据**粗体**文字 `a<b`") == [
        {"type": "text", "text": "依据"},
        {"type": "text", "text": "粗体", "style": {"bold": True}},
        {"type": "text", "text": "文字 "},
        {"type": "text", "text": "a<b", "style": {"code": True}},
    ]


def test_boxes() -> None:
    """Code and quotes stand in boxes of their own, between the rest."""
    (part,) = write(message("one\n\n```\na\nb\n```\n\n> said\n\ntwo"), href=href)
    (shown,) = part.blocks(name="n")
    kinds = [(e["type"], "".join(run["text"] for run in e["elements"])) for e in shown["elements"]]
    assert kinds == [
        ("rich_text_section", "one"),
        ("rich_text_preformatted", "a\nb"),
        ("rich_text_quote", "said"),
        ("rich_text_section", "two"),
    ]


def test_links_come_from_citations_and_from_what_was_checked() -> None:
    """A mark that is cited, an address in the text; nothing else."""
    cited = Citation(n=1, page="p", title="T", heading="H", anchor="a", chunk="c")
    shown = runs("看 [1] 和 https://a.test/x。[2]", citations=(cited,))
    links = {run["text"]: run["url"] for run in shown if run["type"] == "link"}
    assert links == {"[1]": "https://desk.test/m/p", "https://a.test/x": "https://a.test/x"}


@pytest.mark.parametrize("text", ["<!channel> hi", "@here", "<@U1>", "a & b"])
def test_nothing_calls(text: str) -> None:
    """Not in the blocks, where it is text, and not in the plain text, where it is escaped."""
    (part,) = write(message(text), href=href)
    assert "<" not in part.plain
    assert {run["type"] for run in runs(text)} == {"text"}


def test_buttons() -> None:
    """Each carries the message and its own place, under the last part."""
    buttons = (Button(id="solved", label="已解决"), Button(id="human", label="转人工"))
    parts = write(message("字" * 9000, buttons=buttons), href=href)
    *others, last = [part.blocks(name="n") for part in parts]
    assert not any(block["type"] == "actions" for blocks in others for block in blocks)
    elements = last[-1]["elements"]
    assert [read_press(element["value"]) for element in elements] == [(7, 0), (7, 1)]
    assert [element["text"]["text"] for element in elements] == ["已解决", "转人工"]


def test_nothing_to_send() -> None:
    """A message of files alone has no text."""
    assert write(message(""), href=href) == ()


def test_what_a_colleague_says_has_their_name() -> None:
    """Above it, in bold."""
    assert runs("您好", author=Author.STAFF, name="Lin")[0] == {"type": "text", "text": "Lin", "style": {"bold": True}}


@pytest.mark.parametrize("length", [1, BLOCK, BLOCK + 1, 4 * BLOCK, 30_000])
def test_everything_fits(length: int) -> None:
    """No block and no message is too long, and nothing is lost."""
    text = "一二三四五六七八九。" * (length // 10) + "完" * (length % 10)
    parts = write(message(text), href=href)
    for part in parts:
        blocks = part.blocks(name="n")
        assert all(len(rich.text) <= BLOCK for rich in part.texts)
        assert len(json.dumps(blocks, ensure_ascii=False)) <= FULL + 200
        assert len(part.plain) <= 40_000
    assert "".join(rich.text for part in parts for rich in part.texts) == text


@pytest.mark.parametrize("text", ["a\x01" * 2500, "\x01" * 9000, "**a**b" * 600, "`x` [1] " * 800])
def test_what_is_long_as_json_fits_too(text: str) -> None:
    """Signs that are written as six, and formatting that changes with every letter; no letter is lost."""
    cited = (Citation(n=1, page="p" * 300, title="T", heading="H", anchor="a", chunk="c"),)
    parts = write(message(text, citations=cited), href=href)
    assert all(len(json.dumps(part.blocks(name="n"), ensure_ascii=False)) <= FULL + 100 for part in parts)
    said = "".join(rich.text for part in parts for rich in part.texts)
    assert len(said.replace(" ", "")) == len(text.replace("*", "").replace("`", "").replace(" ", ""))


def test_a_line_above() -> None:
    """It comes first, and the name stays with the first block."""
    (part,) = write(message("hello"), href=href)
    blocks = part.below("again").blocks(name="n")
    assert [shown.get("block_id") for shown in blocks] == ["n", None]
    assert part.below("again").plain == "again\n\nhello"


def test_names_of_parts() -> None:
    """Different for each part, and for the same number in another installation."""
    later = message("x", stored_at=NOW.replace(hour=3))
    assert len({marker(message("x"), 0), marker(message("x"), 1), marker(later, 0)}) == 3


@given(
    st.text(min_size=1, max_size=60).filter(str.strip),
    st.lists(
        st.tuples(
            st.integers(0, 60), st.integers(0, 60), st.sampled_from(["bold", "italic", "code", "pre", "blockquote"])
        ),
        max_size=5,
    ),
)
def test_no_run_is_empty_and_no_letter_is_lost(text: str, marks: list[tuple[int, int, str]]) -> None:
    """Whatever overlaps: but for line breaks beside boxes, the text is there, in order."""
    whole = Rich(text, tuple(Mark(min(a, len(text)), min(b, len(text)), kind) for a, b, kind in marks if a < b))
    shown = block(whole)
    found = [run["text"] for element in shown["elements"] for run in element["elements"]]
    assert all(found)
    assert "".join(found).replace("\n", "") == text.replace("\n", "")
