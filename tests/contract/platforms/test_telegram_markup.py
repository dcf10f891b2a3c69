"""Laws of parse_mode, over any text: what the library escapes comes back, what is refused is refused in words."""

import html
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram.helpers import escape_markdown

from tests.platforms.telegram.markup import parse
from tests.platforms.telegram.refusals import ApiError
from tests.platforms.telegram.rules import detect, trim, utf16_length, utf16_slice

MARKED = st.text(st.sampled_from("ab站😀 \n*_~|`[]()<>/!\\&;=\"'.") | st.characters(codec="utf-8"), max_size=60)


@settings(max_examples=60)
@given(MARKED)
def test_escaped_text_comes_back_as_it_was(text):
    assert parse(html.escape(text), "HTML") == (text, [])
    assert parse(escape_markdown(text, version=2), "MarkdownV2") == (text, [])


@settings(max_examples=60)
@given(MARKED)
def test_a_mark_covers_exactly_its_text(text):
    plain, entities = parse(f"x<b>{html.escape(text)}</b>y", "html")
    assert plain == f"x{text}y"
    assert [utf16_slice(plain, each["offset"], each["length"]) for each in entities] == ([text] if text else [])


@pytest.mark.parametrize("mode", ["HTML", "MarkdownV2"])
@settings(max_examples=60)
@given(text=MARKED | st.lists(st.sampled_from(["<b>", "</b>", "<a href=", '"', ">", "*", "__", "_", "`", "[x](", ")", "\n>", "😀"])).map("".join))  # fmt: skip
def test_any_text_is_parsed_or_refused_in_words(mode, text):
    with suppress(ApiError):
        plain, entities = parse(text, mode)
        assert all(0 <= each["offset"] < each["offset"] + each["length"] <= utf16_length(plain) for each in entities)


@settings(max_examples=60)
@given(MARKED)
def test_trimming_keeps_what_entities_say(text):
    plain, kept = trim(f"  {text}/go @anna ", detect(f"  {text}/go @anna "))
    assert plain == plain.strip(" \n")
    assert all(utf16_slice(plain, each["offset"], each["length"]).strip() for each in kept)
