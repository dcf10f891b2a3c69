"""Text made fit to be stored, and ticket numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.rows import clean, id_of, number_of


@given(st.text(st.characters(codec=None, categories=None), max_size=60))
def test_any_text_can_be_stored(text: str) -> None:
    """NUL and lone surrogates never reach a database; cleaning twice is cleaning once."""
    kept = clean(text)
    assert "\0" not in kept
    assert kept.encode().decode() == clean(kept) == kept


@given(st.integers(1, 10**9))
def test_a_number_leads_back_to_its_ticket(ticket_id: int) -> None:
    """However it is typed."""
    number = number_of(ticket_id)
    assert id_of(number) == id_of(f" {number.lower()} ") == id_of(number.removeprefix("T-")) == ticket_id


@pytest.mark.parametrize("text", ["", "T-", "T-1x", "T--1", "１００１", "T-" + "9" * 40, "-1.5"])
def test_what_is_no_number_leads_nowhere(text: str) -> None:
    """Full-width digits, nonsense, and numbers no database has."""
    assert id_of(text) is None
