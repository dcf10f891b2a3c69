"""A colleague's page and the form for a reply, held to Slack's limits in every language."""

from typing import Any

import pytest

from bot.arrived import read_form, read_ticket_press
from bot.channels.slack.cardroom import MANNER
from bot.channels.slack.views import LONGEST_INPUT, home, modal
from bot.shipped import load_texts
from bot.staff_forms import Form
from bot.staff_home import MINE, PRESSING, HomePage, Row
from bot.staff_words import StaffWords
from console.texts import LANGUAGES, Texts
from handoff.kinds import PersonKind
from handoff.model import Person
from tests.platforms.slack.rules import view_faults

TOM = Person(id=7, kind=PersonKind.STAFF, name="T" * 80, client_id=None, role=None, login="tom", active=True)


def words(language: str) -> StaffWords:
    return StaffWords(texts=load_texts(), desk=Texts.shipped(), language=language, manner=MANNER)


def row(ticket: int, *, claimable: bool = True, link: str | None = "https://desk.test/desk/t/T-1") -> Row:
    return Row(ticket=ticket, head=f"🔴 T-{ticket} <!channel> {'x' * 150}", facts="f", link=link, claimable=claimable)


def page(language: str = "en", **values: Any) -> HomePage:
    return HomePage(**{"words": words(language), "is_ours": True, **values})


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_allowed(language: str) -> None:
    """The fullest, the emptiest and a guest's."""
    full = page(
        language,
        mine=tuple(row(n) for n in range(MINE)),
        pressing=tuple(row(100 + n) for n in range(PRESSING)),
        more=True,
        told="Tom",
    )
    for each in (full, page(language), page(language, is_ours=False)):
        assert list(view_faults(home(each, at="10:00"), kind="home")) == []


def test_what_can_be_pressed() -> None:
    """A free ticket is taken there, any is opened in the desk; without an address of ours there is no such button."""
    shown = home(page(mine=(row(1, claimable=False),), pressing=(row(2), row(3, link=None))), at="10:00")
    buttons = [[part.get("value") or part["url"] for part in block["elements"]] for block in actions(shown)]
    assert buttons == [["https://desk.test/desk/t/T-1"], ["t:2", "https://desk.test/desk/t/T-1"], ["t:3"]]
    assert read_ticket_press("t:2") == 2
    bare = home(page(mine=(row(1, claimable=False, link=None),)), at="10:00")
    assert actions(bare) == []


def test_nothing_on_a_page_is_markup() -> None:
    """A client's title calls nobody."""
    shown = home(page(mine=(row(1),)), at="10:00")
    assert "mrkdwn" not in str(shown)


def test_a_guest_sees_no_ticket() -> None:
    """Whatever there is."""
    assert "T-1" not in str(home(page(is_ours=False, mine=(row(1),)), at="10:00")["blocks"][1:])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("holder", [None, TOM])
def test_every_form_is_allowed(language: str, holder: Person | None) -> None:
    """With whoever else has the ticket, and without."""
    made = modal(Form(message=12, text="x" * LONGEST_INPUT, holder=holder, words=words(language)))
    assert made is not None
    assert list(view_faults(made, kind="modal")) == []
    assert read_form(made["private_metadata"]) == (12, holder.id if holder else None)


@pytest.mark.parametrize("text", ["", "x" * (LONGEST_INPUT + 1)])
def test_what_fits_no_field(text: str) -> None:
    """Is shown otherwise."""
    assert modal(Form(message=12, text=text, holder=None, words=words("en"))) is None


def actions(view: dict[str, Any]) -> list[dict[str, Any]]:
    return [block for block in view["blocks"] if block["type"] == "actions"]
